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
from segue.translate.rules.output_fields import python_of
from segue.translate.rules.registry import function
from segue.translate.rules.time_zones import zone_of

_OF_DATES = ("year", "quarter", "month", "week", "day")
_UNITS = (*_OF_DATES, "hour", "minute", "second")
_PARTS = {
    "Year": "year", "IsoYear": "iso_year", "Month": "month", "Day": "day", "Week": "week", "WeekDay": "week_day",
    "IsoWeekDay": "iso_week_day", "Quarter": "quarter", "Hour": "hour", "Minute": "minute", "Second": "second",
}  # fmt: skip
_MODULE = "django.db.models.functions"


def cut(first: Val, unit: str, at: ast.AST, zone: str | None = None, *, to: str = "") -> Expression:
    """``Trunc(first, unit, tzinfo=zone)``: a date of a date, a moment of a moment; ``to``: the type that ``output_field`` names."""

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
        if kind.type == "date" and (zone is not None or to == "datetime"):
            raise inner.refuse(
                "expression", ast.unparse(at), "Django raises ValueError: a date has no time.", at
            )
        if kind.type == "datetime" and to == "date":
            if unit not in _OF_DATES:
                raise inner.refuse("expression", ast.unparse(at), f"A date cannot be cut to its {unit}.", at)
            helper = inner.imported("segue_bridge.db.truncation", "first_day")
            return _in_zone(helper, nodes[0], unit, zone), Scalar("date", kind.nullable)
        helper = inner.imported("segue_bridge.db.truncation", "truncated")
        made = _in_zone(helper, nodes[0], unit, zone)
        return made, Scalar("date", kind.nullable) if kind.type == "date" else CutMoment(
            "datetime", kind.nullable
        )

    return composed([as_expression(first)], build, at)


def _in_zone(helper: ast.expr, node: ast.expr, unit: str, zone: str | None) -> ast.expr:
    made = quote("{0}({1}, {2})", helper, node, literal(unit))
    if zone is not None:
        assert isinstance(made, ast.Call)
        made.args.append(literal(zone))
    return made


def _trunc(frame: Frame, call: CallSite) -> Val:
    short = call.name.rpartition(".")[2]
    unit = short.removeprefix("Trunc").lower()
    call, zone = zone_of(frame, call)
    call.only("expression", "kind", "output_field", at_most=2 if short == "Trunc" else 1)
    field = call.kwargs.get("output_field")
    to = "" if field is None else python_of(field)
    if field is not None and to not in ("date", "datetime"):
        raise frame.refuse(
            "expression", ast.unparse(call.node), "Segue has no rule for this output_field.", call.node
        )
    first = call.argument(0, "expression")
    if short == "Trunc":
        given = call.argument(1, "kind")
        if given is None or not isinstance(given.kind, Const):
            raise frame.refuse("expression", ast.unparse(call.node), "The kind is computed.", call.node)
        unit = str(given.kind.value)
    if first is None:
        raise frame.refuse("expression", ast.unparse(call.node), "Nothing is cut.", call.node)
    if unit == "date":
        if field is not None:
            raise frame.refuse(
                "expression", ast.unparse(call.node), "TruncDate has an output_field of its own.", call.node
            )
        return Val(Expr(_part(first, call, "date", zone)))
    return Val(Expr(cut(first, unit, call.node, zone, to=to)))


def _part(first: Val, call: CallSite, part: str, zone: str | None) -> Expression:
    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        kind = widen(kinds[0])
        allowed = ("datetime",) if part == "date" else ("date", "datetime")
        if not isinstance(kind, Scalar) or isinstance(kind, CutMoment) or kind.type not in allowed:
            raise inner.refuse("expression", ast.unparse(call.node), f"It has no {part}.", call.node)
        if kind.type == "date" and part in ("hour", "minute", "second"):
            raise inner.refuse("expression", ast.unparse(call.node), "A date has no time.", call.node)
        if kind.type == "date" and zone is not None:
            raise inner.refuse(
                "expression",
                ast.unparse(call.node),
                "Django raises ValueError: a date has no zone.",
                call.node,
            )
        if part == "date":
            made = quote("{0}({1})", inner.imported("segue_bridge.db.query", "date_of"), nodes[0])
            if zone is not None:
                assert isinstance(made, ast.Call)
                made.args.append(literal(zone))
            return made, Scalar("date", kind.nullable)
        helper = inner.imported("segue_bridge.db.query", "date_part")
        return _in_zone(helper, nodes[0], part, zone), Scalar("int", kind.nullable)

    return composed([as_expression(first)], build, call.node)


def _extract(frame: Frame, call: CallSite) -> Val:
    short = call.name.rpartition(".")[2]
    call, zone = zone_of(frame, call)
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
    return Val(Expr(_part(first, call, str(part), zone)))


for _name in ("Trunc", "TruncDate", *(f"Trunc{unit.capitalize()}" for unit in _UNITS)):
    function(f"{_MODULE}.datetime.{_name}", f"{_MODULE}.{_name}")(_trunc)
for _name in ("Extract", *(f"Extract{part}" for part in _PARTS)):
    function(f"{_MODULE}.datetime.{_name}", f"{_MODULE}.{_name}")(_extract)
