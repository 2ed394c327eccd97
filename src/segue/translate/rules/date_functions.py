"""``TruncMonth``, ``Trunc``, ``TruncDate``, ``ExtractYear``, ``Extract`` …"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, CutMoment, Expr, Kind, Scalar
from segue.translate.query.composed import composed
from segue.translate.query.expressions import Expression, as_expression
from segue.translate.rules.registry import function

_OF_DATES = ("year", "quarter", "month", "week", "day")
_UNITS = (*_OF_DATES, "hour", "minute", "second")
_PARTS = {
    "Year": "year", "IsoYear": "iso_year", "Month": "month", "Day": "day", "Week": "week", "WeekDay": "week_day",
    "IsoWeekDay": "iso_week_day", "Quarter": "quarter", "Hour": "hour", "Minute": "minute", "Second": "second",
}  # fmt: skip
_MODULE = "django.db.models.functions"


def cut(first: Val, unit: str, at: ast.AST) -> Expression:
    """``Trunc(first, unit)``: a date of a date, a moment of a moment."""

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        kind = widen(kinds[0])
        known = isinstance(kind, Scalar) and not isinstance(kind, CutMoment)
        if not known or not isinstance(kind, Scalar) or kind.type not in ("date", "datetime"):
            raise inner.refuse(
                "expression", ast.unparse(at), "Only columns of dates and moments are cut.", at
            )
        if unit not in (_OF_DATES if kind.type == "date" else _UNITS):
            raise inner.refuse(
                "expression", ast.unparse(at), f"A {kind.type} cannot be cut to its {unit}.", at
            )
        helper = inner.imported("segue_bridge.db.truncation", "truncated")
        made = quote("{0}({1}, {2})", helper, nodes[0], literal(unit))
        return made, Scalar("date", kind.nullable) if kind.type == "date" else CutMoment(
            "datetime", kind.nullable
        )

    return composed([as_expression(first)], build, at)


def _trunc(frame: Frame, call: CallSite) -> Val:
    short = call.name.rpartition(".")[2]
    unit = short.removeprefix("Trunc").lower()
    call.only("expression", "kind", at_most=2 if short == "Trunc" else 1)
    first = call.argument(0, "expression")
    if short == "Trunc":
        given = call.argument(1, "kind")
        if given is None or not isinstance(given.kind, Const):
            raise frame.refuse("expression", ast.unparse(call.node), "The kind is computed.", call.node)
        unit = str(given.kind.value)
    if first is None:
        raise frame.refuse("expression", ast.unparse(call.node), "Nothing is cut.", call.node)
    if unit == "date":
        return Val(Expr(_part(first, call, "date")))
    return Val(Expr(cut(first, unit, call.node)))


def _part(first: Val, call: CallSite, part: str) -> Expression:
    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        kind = widen(kinds[0])
        allowed = ("datetime",) if part == "date" else ("date", "datetime")
        if not isinstance(kind, Scalar) or isinstance(kind, CutMoment) or kind.type not in allowed:
            raise inner.refuse("expression", ast.unparse(call.node), f"It has no {part}.", call.node)
        if kind.type == "date" and part in ("hour", "minute", "second"):
            raise inner.refuse("expression", ast.unparse(call.node), "A date has no time.", call.node)
        if part == "date":
            helper = inner.imported("segue_bridge.db.query", "date_of")
            return quote("{0}({1})", helper, nodes[0]), Scalar("date", kind.nullable)
        helper = inner.imported("segue_bridge.db.query", "date_part")
        return quote("{0}({1}, {2})", helper, nodes[0], literal(part)), Scalar("int", kind.nullable)

    return composed([as_expression(first)], build, call.node)


def _extract(frame: Frame, call: CallSite) -> Val:
    short = call.name.rpartition(".")[2]
    call.only("expression", "lookup_name", at_most=2 if short == "Extract" else 1)
    first = call.argument(0, "expression")
    part: object = _PARTS.get(short.removeprefix("Extract"))
    if short == "Extract":
        given = call.argument(1, "lookup_name")
        part = given.kind.value if given is not None and isinstance(given.kind, Const) else None
    if first is None or part not in _PARTS.values():
        raise frame.refuse(
            "expression", ast.unparse(call.node), "Segue has no rule for this part.", call.node
        )
    return Val(Expr(_part(first, call, str(part))))


for _name in ("Trunc", "TruncDate", *(f"Trunc{unit.capitalize()}" for unit in _UNITS)):
    function(f"{_MODULE}.datetime.{_name}", f"{_MODULE}.{_name}")(_trunc)
for _name in ("Extract", *(f"Extract{part}" for part in _PARTS)):
    function(f"{_MODULE}.datetime.{_name}", f"{_MODULE}.{_name}")(_extract)
