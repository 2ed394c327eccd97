"""Look-ups of PostgreSQL's ranges, as ``django.contrib.postgres.fields.ranges`` writes them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, cast, func, literal
from sqlalchemy.orm import InstrumentedAttribute

from segue_bridge.db.query import Condition
from segue_bridge.db.types import Date, Int, UtcDateTime
from segue_bridge.db.types.base import DjangoType
from segue_bridge.db.types.postgres import BigIntRange, DateRange, DateTimeRange, IntRange

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
_KINDS: dict[type[Any], tuple[str, type[DjangoType[Any]]]] = {
    IntRange: ("int4range", Int),
    BigIntRange: ("int8range", Int),
    DateRange: ("daterange", Date),
    DateTimeRange: ("tstzrange", UtcDateTime),
}


def _kind(column: Column) -> tuple[str, type[DjangoType[Any]]]:
    return _KINDS[type(column.type)]


def _made(column: Column, low: Any, high: Any) -> Column:
    """The values from ``low`` up to before ``high``; None is no end."""
    name, item = _kind(column)
    ends = [cast(literal(end, item()), item()) for end in (low, high)]
    made: Column = getattr(func, name)(*ends)
    return made


def compared(column: Column, operator: str, low: Any, high: Any) -> Condition:
    """``column operator [low, high)``; ``operator`` is PostgreSQL's (``&&``, ``<<``, ``-|-`` …)."""
    return column.op(operator, is_comparison=True)(_made(column, low, high))


def holds(column: Column, value: Any) -> Condition:
    """``range__contains=value``."""
    _, item = _kind(column)
    return column.op("@>", is_comparison=True)(cast(literal(value, item()), item()))


def lower_end(column: Column) -> Column:
    """``range__startswith``: NULL where it has no lower end or is empty."""
    made: Column = func.lower(column, type_=_kind(column)[1]())
    return made


def upper_end(column: Column) -> Column:
    """``range__endswith``: NULL where it has no upper end or is empty."""
    made: Column = func.upper(column, type_=_kind(column)[1]())
    return made
