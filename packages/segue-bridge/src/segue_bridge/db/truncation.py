"""Dates and moments cut to the start of their month, day, hour … (``django.db.models.functions.TruncBase``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, Dialect, String, cast, func
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator, TypeEngine

from segue_bridge import zone as zones
from segue_bridge.db.query import inline, local_moment, per_dialect, zone_arguments
from segue_bridge.db.types import Date, LocalDateTime
from segue_bridge.db.types.times import _Moment

Column = ColumnElement[Any] | InstrumentedAttribute[Any]


class CutMoment(TypeDecorator[dt.datetime]):
    """What a truncation answers: a moment without zone, which is one of the zone that it was cut in."""

    impl = DateTime
    cache_ok = True

    def __init__(self, name: str | None = None) -> None:
        super().__init__()
        self.name = name

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else DateTime())

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        zone = None if self.name is None else ZoneInfo(self.name)

        def read(value: Any) -> Any:
            if isinstance(value, str):
                value = dt.datetime.fromisoformat(value)
            return value if value is None or zone is None else zones.make_aware(value, zone)

        return read


def truncated(column: Column, unit: str, zone: str | None = None) -> Column:
    """``TruncMonth(column)`` and its kin: a date of a date, of a date-time the moment in ``zone`` (the current one).

    ``unit`` is ``year``, ``quarter``, ``month``, ``week``, ``day``, ``hour``, ``minute`` or ``second``.
    """
    part = inline(unit)
    if not isinstance(column.type, _Moment):
        return per_dialect(
            cast(func.date_trunc(part, column), Date()),
            func.django_date_trunc(part, column, inline(None), inline(None), type_=Date()),
        )
    current = zones.current() if zone is None else zone
    kind = CutMoment(None if isinstance(column.type, LocalDateTime) or current is None else str(current))
    return per_dialect(
        func.date_trunc(part, local_moment(column, zone), type_=kind),
        func.django_datetime_trunc(part, column, *zone_arguments(zone), type_=kind),
    )


def first_day(column: Column, unit: str, zone: str | None = None) -> Column:
    """``TruncMonth(column, output_field=DateField())`` of a date-time: the first day of its month, in ``zone`` (the current one)."""
    part = inline(unit)
    return per_dialect(
        cast(func.date_trunc(part, local_moment(column, zone)), Date()),
        func.django_date_trunc(part, column, *zone_arguments(zone), type_=Date()),
    )
