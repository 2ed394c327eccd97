"""A view's ``get_serializer``: DRF's, or the project's own, which is written into its caller.

The serializer object exists during translation only, and so do the arguments that the override hands on.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace

from segue.refusal import Refused
from segue.snapshot.model import Function
from segue.translate.interp.frame import Frame
from segue.translate.interp.inline import inline_call
from segue.translate.interp.value import Val
from segue.translate.kinds import ContextDict, KeywordDict, PositionalArguments, Serializer
from segue.translate.rules.view_self import definition
from segue.translate.serializers.own_context import OF_DRF, context_of
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import generic, serializer_object
from segue.translate.views.given_context import OF_VIEW, Given, given_context


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
    cls, data = generic.asked_serializer_class(frame, endpoint, keywords.get("data"))
    return serializer_object.new(
        frame,
        cls,
        instance=positional[0] if positional else None,
        data=data,
        many=keywords.get("many"),
        partial=keywords.get("partial"),
        context=context_made(frame, endpoint),
    )


def context_made(frame: Frame, endpoint: Endpoint) -> Given:
    """``self.get_serializer_context()`` for a serializer of the view. Raises ``Refused``."""
    dotted = endpoint.overridden("get_serializer_context")
    if not dotted:
        return OF_VIEW
    node = ast.parse("self.get_serializer_context()", mode="eval").body
    return given_context(frame, node, context(frame, endpoint, dotted, node))


def context(frame: Frame, endpoint: Endpoint, dotted: str, node: ast.AST) -> Val:
    """The context that the definition ``dotted`` makes: looked up where a serializer asks for an entry, or computed here.

    Entries that look at the request alone are the former, whatever asks the database the latter. Raises ``Refused``.
    """
    own = endpoint.overridden("get_serializer_context")
    if dotted.startswith("rest_framework.") or not dotted:
        return Val(ContextDict((), "drf"))
    try:
        context_of(endpoint, dotted)
    except Refused as refused:
        function = endpoint.ctx.snapshot.functions.get(dotted)
        if function is None:
            raise
        function = _of_drf(frame, endpoint, function)
        made = inline_call(frame, function, {}, generic.self_of(endpoint), node)
        if not isinstance(made.kind, ContextDict) or not made.kind.beneath:
            raise refused from None
        return made
    return Val(ContextDict((), "view" if dotted == own else dotted))


def _of_drf(frame: Frame, endpoint: Endpoint, function: Function) -> Function:
    """``function`` with ``super().get_serializer_context()`` where it writes DRF's three entries itself.

    Source: ``GenericAPIView.get_serializer_context``.
    """
    behind = definition(frame, endpoint.cls, "get_serializer_context", after=function.owner) or ""
    source = textwrap.dedent(function.source)
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Dict) and _as_drf_has(n)]
    if not behind.startswith("rest_framework.") or len(found) != 1:
        return function
    text = ast.get_source_segment(source, found[0]) or ""
    lines = "\n" * text.count("\n")  # what follows stays in its line
    return replace(function, source=source.replace(text, f"(super().get_serializer_context(){lines})", 1))


def _as_drf_has(node: ast.Dict) -> bool:
    entries = {
        key.value: ast.unparse(value)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    }
    return entries == OF_DRF and len(node.keys) == len(OF_DRF)


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
