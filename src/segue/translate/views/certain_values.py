"""``f(**serializer.validated_data)`` of a function that is no code of the project's: which keys are there, for certain.

A required field gives its key whenever the input was valid, unless it was validated with ``partial``, a hook of the serializer
takes keys out or the view does.
"""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name
from segue.translate.kinds import Serializer
from segue.translate.serializers.added import may_be_put
from segue.translate.serializers.facts import overridden, serializer_of
from segue.translate.serializers.untouched import fields_vary
from segue.translate.serializers.values import kinds_by_source

_HOOKS = ("validate", "run_validation", "to_internal_value")


def certain_entries(frame: Frame, node: ast.expr) -> dict[str, Val] | None:
    """The entries of ``serializer.validated_data``, where all are known and each is there; else None."""
    from segue.translate.views.serializer_object import held_of

    if not isinstance(node, ast.Attribute) or node.attr != "validated_data":
        return None
    owner = frame.eval(node.value)
    if not isinstance(owner.kind, Serializer):
        return None
    held = held_of(frame, owner)
    if not held.values or held.errors or held.many or held.partial != "False" or _changed(frame):
        return None
    serializer = serializer_of(frame.ctx, held.serializer)
    written = [item for item in serializer.fields if not item.read_only]
    if fields_vary(frame.ctx, held.serializer):
        return None
    if any(overridden(frame.ctx, held.serializer, hook) for hook in _HOOKS) or not all(
        item.required and item.source == item.name and item.name.isidentifier() for item in written
    ):
        return None
    kinds = kinds_by_source(frame.ctx, serializer)
    if any(item.name not in kinds or may_be_put(frame.ctx, held.serializer, item.name) for item in written):
        return None
    return {
        item.name: Val(kinds[item.name], ast.Subscript(name(held.values), literal(item.name), ast.Load()))
        for item in written
    }


def _changed(frame: Frame) -> bool:
    """Whether the function does more with validated data than spread it and read its keys."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    read: set[int] = set()
    for part in ast.walk(tree):
        match part:
            case ast.Subscript(value=ast.Attribute(attr="validated_data") as owner, ctx=ast.Load()):
                read.add(id(owner))
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="validated_data") as owner, attr="get")
            ):
                read.add(id(owner))
            case ast.keyword(arg=None, value=ast.Attribute(attr="validated_data") as owner):
                read.add(id(owner))
    return any(
        isinstance(part, ast.Attribute) and part.attr == "validated_data" and id(part) not in read
        for part in ast.walk(tree)
    )


__all__ = ["certain_entries"]
