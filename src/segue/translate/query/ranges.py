"""Look-ups of the range columns of PostgreSQL. Source: ``django.contrib.postgres.fields.ranges``."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.snapshot.model import ModelField, Value
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, ListOf, Scalar
from segue.translate.query.lookups import TABLE, Target

_BASES = {
    "IntegerRangeField": "int",
    "BigIntegerRangeField": "int",
    "DateRangeField": "date",
    "DateTimeRangeField": "datetime",
}
_PAIRS = {
    "exact": "=",
    "contains": "@>",
    "contained_by": "<@",
    "overlap": "&&",
    "fully_lt": "<<",
    "fully_gt": ">>",
    "not_lt": "&>",
    "not_gt": "&<",
    "adjacent_to": "-|-",
}
_ENDS = {"startswith": "lower", "endswith": "upper"}
_TRUTHS = frozenset({"isempty", "lower_inc", "lower_inf", "upper_inc", "upper_inf"})
_HELPERS = "segue_bridge.db.ranges"


def is_range(item: ModelField) -> bool:
    """Is it a column of ranges?"""
    return item.base.rpartition(".")[2].endswith("RangeField")


def split(parts: list[str]) -> tuple[tuple[str, ...], str] | None:
    """What is taken of the range, and the look-up of that; None for what Django does not have."""
    if parts and (parts[0] in _ENDS or parts[0] in _TRUTHS):
        rest = parts[1:]
        lookup = rest.pop() if rest and rest[-1] in TABLE else "exact"
        return (parts[0], *rest), lookup
    if not parts:
        return (), "exact"
    if len(parts) == 1 and (parts[0] in _PAIRS or parts[0] == "isnull"):
        return (), parts[0]
    return None


def condition(
    frame: Frame, on: Target, taken: tuple[str, ...], lookup: str, value: Val, at: ast.AST
) -> ast.expr:
    """``ages__contains=5``, ``ages__overlap=(1, 9)``, ``ages__startswith__gte=3``, ``ages__isempty=True``."""
    from segue.translate.query import transforms
    from segue.translate.query.postgres import on_postgresql

    on_postgresql(frame, at)
    base = _BASES.get(on.field.base.rpartition(".")[2], "")
    if not base:
        raise frame.refuse("range-lookup", f"__{lookup}", "Segue has no rule for ranges of this type.", at)
    if (lookup == "isnull" and not taken) or (lookup == "exact" and not taken and value.kind == Const(None)):
        return TABLE["isnull"](
            frame, on, value if lookup == "isnull" else Val(Const(True), literal(True)), at
        )
    use_tz = frame.ctx.snapshot.settings.values.get("USE_TZ")
    if base == "datetime" and (use_tz is None or use_tz.data is not True):
        raise frame.refuse(
            "range-lookup", f"__{lookup}", "Without USE_TZ its ends are in the time zone of the server.", at
        )
    if taken and taken[0] in _TRUTHS:
        if len(taken) > 1 or lookup != "exact":
            raise frame.refuse("range-lookup", "__".join(taken), "Segue has no rule for this.", at)
        column = quote(f"{{0}}.{taken[0]}({{1}})", frame.imported("sqlalchemy", "func"), on.column)
        return TABLE["exact"](frame, replace(on, column=column, type="bool", nullable=True), value, at)
    if taken:
        helper = "lower_end" if taken[0] == "startswith" else "upper_end"
        column = quote("{0}({1})", frame.imported(_HELPERS, helper), on.column)
        end = replace(on, column=column, type=base, nullable=True)
        if taken[1:]:
            return transforms.compare(frame, end, taken[1:], lookup, value, at)
        return TABLE[lookup](frame, end, value, at)
    if lookup == "contains" and value.node is not None and _is(value, base):
        return quote("{0}({1}, {2})", frame.imported(_HELPERS, "holds"), on.column, value.node)
    if on.field.options.get("default_bounds") not in (None, Value("const", "[)")):
        raise frame.refuse(
            "range-lookup", f"__{lookup}", "The column has default_bounds of its own for such a pair.", at
        )
    ends = _pair(value)
    if ends is None or not all(_is(end, base) or end.kind == Const(None) for end in ends):
        raise frame.refuse(
            "range-lookup", f"__{lookup}", "Segue does not know that this is a pair of such values.", at
        )
    made = ast.Call(frame.imported(_HELPERS, "compared"), [on.column, literal(_PAIRS[lookup])], [])
    made.args += [end.node for end in ends if end.node is not None]
    return made


def _is(value: Val, base: str) -> bool:
    kind = widen(value.kind)
    return isinstance(kind, Scalar) and kind.type == base and not kind.nullable


def _pair(value: Val) -> tuple[Val, Val] | None:
    kind = value.kind
    if isinstance(kind, Const) and isinstance(kind.value, tuple) and len(kind.value) == 2:
        low, high = (Val(Const(one), literal(one)) for one in kind.value)
        return low, high
    node = value.node
    if not isinstance(kind, ListOf) or not isinstance(node, ast.Tuple | ast.List) or len(node.elts) != 2:
        return None
    first, second = (
        Val(Const(part.value) if isinstance(part, ast.Constant) else kind.item, part) for part in node.elts
    )
    return first, second
