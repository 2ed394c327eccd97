"""``service = InvoiceService("EUR")`` in the body of a view's or serializer's class: an object of the project's own, made once.

Every request uses the same object, so it is known where nothing changes it: only its constructor puts anything on it, and what it
holds are constants. Its methods are functions of the generated code.
"""

from __future__ import annotations

from segue.snapshot.model import Value
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Kind, Object, Unknown
from segue.translate.rules.given_attributes import is_set
from segue.translate.rules.plain_objects import is_plain

_OF_CLASSES = {"__doc__", "__module__", "__dict__", "__weakref__", "__annotations__"}


def service_object(frame: Frame, value: Value) -> Val | None:
    """The object that a class attribute holds; None for anything else, and for one that may change."""
    from segue.translate.serializers.held_object import held_kind

    if value.kind != "call" or not is_plain(frame.ctx, value.name):
        return None
    kind = held_kind(frame, value)
    return Val(kind) if kind is not None and _stays(frame.ctx, kind) else None


def _stays(ctx: Context, kind: Kind) -> bool:
    """Whether nothing but its constructor changes it."""
    if isinstance(kind, Object):
        known = ctx.snapshot.classes.get(kind.cls)
        if known is None or not is_plain(ctx, kind.cls):
            return False
        # ``view.service.client = …`` from outside: its class may give the same name to all.
        names = {name for name, _ in kind.fields} | set(known.attributes) - _OF_CLASSES
        return not any(is_set(ctx, name) for name in names) and all(
            _stays(ctx, held) for _, held in kind.fields
        )
    if isinstance(kind, Unknown):
        return True  # refused where it is read
    return isinstance(kind, Const) and isinstance(kind.value, str | int | float | bool | tuple | None)


__all__ = ["service_object"]
