"""What the database computes of columns, read as Django reads it: decimals, sums of large numbers, moments and durations.

Sources: ``SQLiteNumericMixin``, ``BaseExpression.convert_value``, ``CombinedExpression.as_sql``, ``DurationExpression`` and
``TemporalSubtraction`` of ``django.db.models.expressions``, and ``db/backends/sqlite3/{_functions,operations}.py``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Numeric, cast, func, literal, type_coerce
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator

from segue_bridge.db.query import per_dialect
from segue_bridge.db.types import Interval, Money

Column = ColumnElement[Any] | InstrumentedAttribute[Any]


class _Large(TypeDecorator[int]):
    """A number that PostgreSQL computes as ``numeric``."""

    impl = BigInteger
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _as_int if dialect.name == "postgresql" else None


def _as_int(value: Any) -> int | None:
    return None if value is None else int(value)


def numeric(expression: Column) -> Column:
    """A computed decimal: SQLite casts it to NUMERIC, and what is read has 15 significant digits there, not the column's places."""
    kind = Money()
    return per_dialect(type_coerce(expression, kind), type_coerce(cast(expression, Numeric()), kind))


def whole(expression: Column) -> Column:
    """A sum of 64-bit numbers, which PostgreSQL gives as ``numeric``: an ``int`` all the same."""
    return type_coerce(expression, _Large())


def lasting(expression: Column) -> Column:
    """A computed duration: ``timedelta``."""
    return type_coerce(expression, Interval())


def later(moment: Column, duration: Column | dt.timedelta) -> Column:
    """``F("moment") + duration``."""
    return _moved("+", moment, duration)


def earlier(moment: Column, duration: Column | dt.timedelta) -> Column:
    """``F("moment") - duration``."""
    return _moved("-", moment, duration)


def _moved(sign: str, moment: Column, duration: Column | dt.timedelta) -> Column:
    by = literal(duration, Interval()) if isinstance(duration, dt.timedelta) else duration
    return per_dialect(
        type_coerce(moment.op(sign)(by), moment.type),
        func.django_format_dtdelta(sign, moment, by, type_=moment.type),
    )


def between(end: Column | dt.datetime, start: Column | dt.datetime) -> Column:
    """``F("end") - F("start")`` of two moments: a duration, NULL where one is NULL."""
    kind = start.type if isinstance(end, dt.datetime) and not isinstance(start, dt.datetime) else None
    last = literal(end, kind) if isinstance(end, dt.datetime) else end
    first = literal(start, last.type) if isinstance(start, dt.datetime) else start
    return per_dialect(
        type_coerce(last.op("-")(first), Interval()),
        func.django_timestamp_diff(last, first, type_=Interval()),
    )
