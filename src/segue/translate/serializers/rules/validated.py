"""``attrs["author"]``: items of validated data by their fields."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, Kind, ValidatedData
from segue.translate.rules.registry import method
from segue.translate.serializers.added import gone, kind_of
from segue.translate.serializers.left_fields import left_fields
from segue.translate.serializers.values import kinds_by_source


def _kind(frame: Frame, owner: Val, key: Val) -> Kind | None:
    assert isinstance(owner.kind, ValidatedData)
    serializer = frame.ctx.snapshot.serializers.get(owner.kind.serializer)
    if serializer is None or not isinstance(key.kind, Const) or not isinstance(key.kind.value, str):
        return None
    kind = kinds_by_source(frame.ctx, serializer).get(key.kind.value)
    return kind if kind is not None else kind_of(frame.ctx, owner.kind.serializer, key.kind.value)


@method(ValidatedData, "__getitem__")
def item(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``attrs[key]``: absent raises ``KeyError``, as in Django."""
    key = call.argument(0)
    if key is None or key.node is None or owner.node is None:
        return None
    kind = _kind(frame, owner, key)
    return None if kind is None else Val(kind, ast.Subscript(owner.node, key.node, ast.Load()))


@method(ValidatedData, "__contains__")
def left_out(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``"user" in validated_data`` of a field whose requests are Django's: here it is never there."""
    return const(False) if is_left(frame, owner, call.argument(0)) else None


def is_left(frame: Frame, owner: Val, key: Val | None) -> bool:
    """Whether ``key`` is that of a field whose requests are Django's, and no code puts it in otherwise."""
    assert isinstance(owner.kind, ValidatedData)
    serializer = frame.ctx.snapshot.serializers.get(owner.kind.serializer)
    wanted = getattr(key.kind, "value", None) if key is not None else None
    return (
        serializer is not None
        and any(item.source == wanted for item in left_fields(frame.ctx, serializer))
        and gone(frame.ctx, serializer.name, str(wanted))
    )
