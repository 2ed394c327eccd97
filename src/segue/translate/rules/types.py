"""``type(x)`` of values whose class is certain."""

from __future__ import annotations

import ast
import datetime
import decimal
import uuid
from types import NoneType

from segue.snapshot.model import GlobalRef
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Global, Instance, Kind, Scalar
from segue.translate.rules.registry import function

# Drivers and the standard library give objects of these classes themselves, never of a subclass. Not so with text
# (``SafeString``) and with numbers (``True`` is an int).
_EXACT: dict[str, type] = {
    "datetime": datetime.datetime,
    "date": datetime.date,
    "time": datetime.time,
    "timedelta": datetime.timedelta,
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
}


# The classes of which a value of this type may be: with bool, an int.
_TYPES = {
    "str": ("str", "builtins.str"),
    "int": ("int", "bool", "builtins.int", "builtins.bool"),
    "bool": ("bool", "builtins.bool"),
    "float": ("float", "builtins.float"),
    "datetime": ("datetime.datetime",),
    "date": ("datetime.date", "datetime.datetime"),
    "time": ("datetime.time",),
    "timedelta": ("datetime.timedelta",),
    "Decimal": ("decimal.Decimal",),
    "UUID": ("uuid.UUID",),
}


def exact_class(kind: Kind) -> type | None:
    """The class of which every value of ``kind`` is, not of a subclass; None where that is not certain."""
    if isinstance(kind, Const):
        # A text or number may be the member of an enum, which the snapshot has by its value.
        return type(kind.value) if isinstance(kind.value, bool | NoneType) else None
    return _EXACT.get(kind.type) if isinstance(kind, Scalar) and not kind.nullable else None


def is_apart(ctx: Context, kind: Scalar, name: str) -> bool:
    """Whether no value of ``kind``, nor None, is of the class ``name`` of the project or a package: it is not of that type, and
    nothing is of both."""
    known = ctx.snapshot.classes.get(name)
    if known is None or known.origin in ("stdlib", "django", "drf") or kind.type not in _TYPES:
        return False
    inherited = [c.mro for c in ctx.snapshot.classes.values() if name in c.mro]
    found = {base for mro in inherited for base in mro}
    # What these say of ``isinstance`` is not in the MRO.
    return not (
        found & set(_TYPES[kind.type])
        or any(b.startswith(("abc.", "typing.", "collections.abc.")) for b in found)
    )


@function("builtins.type")
def type_of(frame: Frame, call: CallSite) -> Val | None:
    """``type(value)``: the class, known while translating."""
    call.only(at_most=1)
    kind = call.args[0].kind
    if isinstance(kind, Instance) and not kind.nullable:
        own = frame.ctx.model(kind.model)
        others = (
            other
            for other in frame.ctx.snapshot.models.values()
            if other.label != own.label
            and own.cls in getattr(frame.ctx.snapshot.classes.get(other.cls), "mro", ())
        )
        if not own.proxy and not any(others):
            return Val(Global(GlobalRef("model", own.cls)))
    cls = exact_class(kind)
    if cls is not None:
        return Val(Global(GlobalRef("class", f"{cls.__module__}.{cls.__qualname__}")))
    raise frame.refuse(
        "type-of", ast.unparse(call.node), "Segue is not certain of which class this is.", call.node
    )
