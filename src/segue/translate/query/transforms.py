"""Lookups through ``__date``, ``__year`` … on date and time columns.

Django computes them in the current time zone; the bridge's helpers do the same.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.translate.functions.record import reached
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, Scalar
from segue.translate.query.lookups import TABLE, Target
from segue.translate.query.paths import TRANSFORMS

_RESULT = {"date": "date", "time": "time"}
_YEARS = ("year_is", "year_of_date_is", "year_range", "year_of_dates")
# Which end of the year each comparison is with; equality is with both.
_SIGNS = {"exact": "", "gt": "> {0}[1]", "gte": ">= {0}[0]", "lt": "< {0}[0]", "lte": "<= {0}[1]"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """An expression that already has its SQLAlchemy form."""

    node: ast.expr
    nullable: bool = False

    def against(self, frame: Frame, at: ast.AST) -> ast.expr:
        """The form itself."""
        return self.node

    @property
    def key(self) -> str:
        """For :func:`segue.translate.functions.shape.shape_of`."""
        return ast.unparse(self.node)


def compare(
    frame: Frame, on: Target, names: tuple[str, ...], lookup: str, value: Val, at: ast.AST
) -> ast.expr:
    """``column__<names>__<lookup> = value``."""
    if len(names) == 2 and names[0] == "date" and on.type in ("date", "datetime"):
        if on.type == "datetime":
            date_of = frame.imported("segue_bridge.db.query", "date_of")
            on = Target(quote("{0}({1})", date_of, on.column), on.field, "date", on.nullable)
        names = names[1:]
    if on.type not in ("date", "datetime", "time") or len(names) != 1:
        raise frame.refuse("transform", "__".join(names), f"Transform on a column of type {on.type}.", at)
    transform = names[0]
    if transform == "year" and lookup in _SIGNS and on.type != "time":
        return _year(frame, on, transform, lookup, value, at)
    if on.type == "date" and transform == "date":
        return TABLE[lookup](frame, on, value, at)
    helper = frame.imported(
        "segue_bridge.db.query", "date_part" if transform not in _RESULT else f"{transform}_of"
    )
    if transform in _RESULT:
        column = quote("{0}({1})", helper, on.column)
    else:
        column = quote("{0}({1}, {2})", helper, on.column, literal(transform))
    result = Target(column, on.field, _RESULT.get(transform, "int"), on.nullable)
    return TABLE[lookup](frame, result, value, at)


def part_of(frame: Frame, on: Target, name: str, at: ast.AST) -> ast.expr:
    """``published__year`` where it is no condition: ordered by, or shown."""
    if name not in TRANSFORMS or on.type not in ("date", "datetime", "time"):
        raise frame.refuse("transform", name, f"Transform on a column of type {on.type}.", at)
    if name in _RESULT:
        if on.type != "datetime":
            raise frame.refuse("transform", name, f"Transform on a column of type {on.type}.", at)
        return quote("{0}({1})", frame.imported("segue_bridge.db.query", f"{name}_of"), on.column)
    return quote(
        "{0}({1}, {2})", frame.imported("segue_bridge.db.query", "date_part"), on.column, literal(name)
    )


def asks_for_years(frame: Frame, *more: str) -> bool:
    """Whether a statement of this code, of ``more`` lines of it or of a function that it calls compares years: run with one that
    no date has, it raises ``ValueError``."""
    called = reached(frame.ctx, [*frame.lines, *more])
    imports = {*frame.imports}.union(*(record.imports for record in called if record))
    return any(item.module == "segue_bridge.db.query" and item.name in _YEARS for item in imports)


def _year(frame: Frame, on: Target, transform: str, lookup: str, value: Val, at: ast.AST) -> ast.expr:
    """``YearLookup``: the column between the ends of the year, so that an index helps and a year that no date has fails."""
    kind = value.kind
    if transform != "year" or not isinstance(kind, Scalar | Const) or value.node is None:
        raise frame.refuse("transform", transform, "This comparison of years is not translated yet.", at)
    whole = (
        isinstance(kind.value, int) if isinstance(kind, Const) else kind.type == "int" and not kind.nullable
    )
    if kind == Scalar("str") or (isinstance(kind, Const) and isinstance(kind.value, str)):
        # IntegerField.get_prep_value, of the part's output_field
        value, whole = Val(Scalar("int"), quote("int({0})", value.node)), True
    if not whole:
        raise frame.refuse("transform", transform, "A year is compared with something that is no number.", at)
    assert value.node is not None
    date = on.type == "date"
    if lookup == "exact":
        helper = frame.imported("segue_bridge.db.query", "year_of_date_is" if date else "year_is")
        return quote("{0}({1}, {2})", helper, on.column, value.node)
    helper = frame.imported("segue_bridge.db.query", "year_of_dates" if date else "year_range")
    ends = quote("{0}({1})", helper, value.node)
    return quote("{1} " + _SIGNS[lookup], ends, on.column)
