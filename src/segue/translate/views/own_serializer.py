"""A view's ``get_serializer``: DRF's, or the project's own, which is written into its caller.

The serializer object exists during translation only, and so do the arguments that the override hands on.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping, Sequence

from segue.snapshot.model import Function
from segue.translate.interp.frame import Frame
from segue.translate.interp.inline import inline_call
from segue.translate.interp.value import Val
from segue.translate.kinds import KeywordDict, PositionalArguments, Serializer
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import generic, serializer_object


def get_serializer(
    frame: Frame, endpoint: Endpoint, positional: Sequence[Val], keywords: Mapping[str, Val]
) -> Val:
    """``self.get_serializer(…)`` as DRF's mixins call it. Raises ``Refused``."""
    dotted = endpoint.overridden("get_serializer")
    if dotted:
        function = endpoint.ctx.snapshot.functions.get(dotted)
        if function is None:
            raise endpoint.refuse_method("get_serializer", "The snapshot has no source for it.")
        return written_in(frame, endpoint, function, positional, keywords, ast.Pass(lineno=1))
    if endpoint.overridden("get_serializer_context"):
        from segue.translate.serializers.own_context import context_of

        context_of(endpoint)
    cls, data = generic.asked_serializer_class(frame, endpoint, keywords.get("data"))
    return serializer_object.new(
        frame,
        cls,
        instance=positional[0] if positional else None,
        data=data,
        many=keywords.get("many"),
        partial=keywords.get("partial"),
    )


def written_in(
    frame: Frame,
    endpoint: Endpoint,
    function: Function,
    positional: Sequence[Val],
    keywords: Mapping[str, Val],
    node: ast.AST,
) -> Val:
    """The override's body in ``frame``, with these arguments. Raises ``Refused``."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise endpoint.refuse_method("get_serializer", "Its source is not one function.")
    spec = tree.args
    names = [a.arg for a in [*spec.posonlyargs, *spec.args]][1:]
    arguments: dict[str, Val] = dict(zip(names, positional, strict=False))
    beyond = tuple(positional[len(names) :])
    others = {}
    for key, value in keywords.items():
        if key in names or key in [a.arg for a in spec.kwonlyargs]:
            arguments[key] = value
        else:
            others[key] = value
    if (beyond and spec.vararg is None) or (others and spec.kwarg is None):
        raise endpoint.refuse_method("get_serializer", "It does not take what it is called with.")
    if spec.vararg is not None:
        arguments[spec.vararg.arg] = Val(PositionalArguments(beyond))
    if spec.kwarg is not None:
        arguments[spec.kwarg.arg] = Val(KeywordDict(tuple(others.items())))
    made = inline_call(frame, function, arguments, generic.self_of(endpoint), node)
    if not isinstance(made.kind, Serializer):
        raise endpoint.refuse_method("get_serializer", "It gives something else than a serializer.")
    return made
