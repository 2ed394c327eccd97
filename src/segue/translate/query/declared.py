"""Expressions that stand in ``Meta.ordering``: the probe saw the objects (``Lower("name")``, ``F("due").desc(nulls_last=True)``)."""

from __future__ import annotations

import ast

from segue.snapshot.model import Value
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import Const, Expr
from segue.translate.query.expressions import Expression, as_expression
from segue.translate.rules import registry

_ORDER_BY = ("django.db.models.expressions.OrderBy", "django.db.models.OrderBy")
_NULLS = {"nulls_first": "first", "nulls_last": "last"}


def declared(frame: Frame, value: Value) -> Val | None:
    """``value`` as the kernel has it where code says the same; None where Segue cannot read it. Raises ``Refused``."""
    if value.kind != "call":
        return None
    given = {str(key.data): one for key, one in value.pairs}
    if value.name in _ORDER_BY:
        return _ordered(frame, value.items[0] if value.items else given.pop("expression", None), given)
    rule = registry.functions.get(value.name)
    if rule is None or given:
        return None
    arguments = [_argument(frame, one) for one in value.items]
    if any(one is None for one in arguments):
        return None
    known = [one for one in arguments if one is not None]
    called = ast.Call(
        ast.Name(value.name.rpartition(".")[2], ast.Load()), [k.node or literal(None) for k in known], []
    )
    return rule(frame, CallSite(frame, called, value.name, known, {}))


def _ordered(frame: Frame, inner: Value | None, given: dict[str, Value]) -> Val | None:
    """``OrderBy(expression, descending=…, nulls_first=…, nulls_last=…)``."""
    found = _argument(frame, inner) if inner is not None else None
    if found is None or not set(given) <= {"descending", *_NULLS}:
        return None
    nulls = [word for key, word in _NULLS.items() if key in given and given[key].data]
    built = as_expression(found)
    assert isinstance(built, Expression)
    down = "descending" in given and bool(given["descending"].data)
    return Val(Expr(built.ordered(down, nulls[0] if nulls else "")))


def _argument(frame: Frame, value: Value) -> Val | None:
    if value.kind == "const" and isinstance(value.data, str | int):
        return Val(Const(value.data), literal(value.data))
    return declared(frame, value)


__all__ = ["declared"]
