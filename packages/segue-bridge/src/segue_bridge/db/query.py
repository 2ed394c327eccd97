"""Conditions that mean on each database what Django's lookups mean there.

Every function takes a column (or any column expression) and a plain Python value and returns a
condition for ``where``. Where the two databases need different SQL, one condition carries both
and the compiler picks (:class:`PerDialect`), so a module-level statement serves both.
Sources: ``django.db.models.lookups``, ``db/backends/{postgresql,sqlite3}/{base,operations}.py``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    String,
    any_,
    bindparam,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    type_coerce,
)
from sqlalchemy import Text as SaText
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.elements import ColumnElement as _Element
from sqlalchemy.sql.visitors import InternalTraversal

from segue_bridge import zone as zones
from segue_bridge.db.types import Converted, DjangoType, Inet, LocalDateTime, Uuid

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
Condition = ColumnElement[bool]


class PerDialect(_Element[Any]):
    """One expression with a PostgreSQL form and a form for the others."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy reads it from the class
        ("postgresql", InternalTraversal.dp_clauseelement),
        ("other", InternalTraversal.dp_clauseelement),
        ("type", InternalTraversal.dp_type),
    ]

    def __init__(self, postgresql: Column, other: Column) -> None:
        self.postgresql = postgresql
        self.other = other
        self.type = postgresql.type

    @property
    def _from_objects(self) -> Any:
        return self.postgresql._from_objects

    def self_group(self, against: Any = None) -> Any:
        return PerDialect(self.postgresql.self_group(against), self.other.self_group(against))


@compiles(PerDialect)
def _other(element: PerDialect, compiler: Any, **kw: Any) -> str:
    text: str = compiler.process(element.other, **kw)
    return text


@compiles(PerDialect, "postgresql")
def _postgresql(element: PerDialect, compiler: Any, **kw: Any) -> str:
    text: str = compiler.process(element.postgresql, **kw)
    return text


def per_dialect(postgresql: Column, other: Column) -> PerDialect:
    """``postgresql`` there, ``other`` on every other database."""
    return PerDialect(postgresql, other)


# NULL


def negate(condition: Condition, *nullable: Column) -> Condition:
    """``exclude(…)`` / ``~Q(…)``: ``NOT (condition AND column IS NOT NULL)`` for each nullable column.

    Rows with NULL there are kept, as Django keeps them; plain ``NOT`` would drop them.
    """
    for column in nullable:
        condition = condition & column.is_not(None)
    return not_(condition)


def exact(column: Column, value: Any) -> Condition:
    """``column=value``; ``None`` is IS NULL."""
    return column.is_(None) if value is None else column == value


def without_none(values: Iterable[Any]) -> list[Any]:
    """The values of an ``__in`` lookup as Django takes them: without None, each once, in order."""
    return [value for value in dict.fromkeys(values) if value is not None]


def as_number(column: Column) -> Column:
    """The column of a foreign key compared as the number it holds: what no such column can hold equals none of them.

    Django does so for ``author__id=…`` (``IntegerFieldExact``), not for ``author=…`` (``RelatedExact``), which leaves
    such a number to the database: SQLite's driver refuses it.
    """
    return type_coerce(column, column.type)


def one_of(column: Column, values: str | Iterable[Any]) -> Condition:
    """``column__in``. ``values`` is the name of a parameter given at execution, or the values.

    PostgreSQL gets one array (``= ANY``), so that the statement's text never changes; others an
    expanding ``IN``. An empty list matches nothing. None among values given here is left out.
    """
    if isinstance(values, str):
        array = bindparam(values, type_=ARRAY(_element_type(column)))
        expanding = bindparam(values, type_=column.type, expanding=True)
    else:
        found = without_none(values)
        if not found:
            return false()
        array = bindparam(None, found, type_=ARRAY(_element_type(column)), unique=True)
        expanding = bindparam(None, found, type_=column.type, expanding=True, unique=True)
    return PerDialect(column == any_(array), column.in_(expanding))


def _element_type(column: Column) -> Any:
    """The column's type without its length: a cast to ``varchar(5)[]`` would cut the values."""
    return column.type.unbounded() if isinstance(column.type, DjangoType) else column.type


# text


def escape(value: Any) -> str:
    """``DatabaseOperations.prep_for_like_query``: backslash, ``%`` and ``_`` stand for themselves."""
    return str(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search_pattern(value: Any, lookup: str = "contains") -> str:
    """The LIKE pattern of ``contains``, ``startswith``, ``endswith`` or ``exact`` (and their ``i`` twins)."""
    text = escape(value)
    kind = lookup.removeprefix("i")
    if kind == "contains":
        return f"%{text}%"
    if kind == "startswith":
        return f"{text}%"
    return f"%{text}" if kind == "endswith" else text


def _like(column: Column, value: Any, lookup: str) -> Condition:
    """``value`` is text to search, or an SQL expression that is a finished pattern."""
    pattern: Any = (
        value if isinstance(value, ClauseElement) else literal(search_pattern(value, lookup), String())
    )
    as_text = _as_text(column)
    if lookup.startswith("i"):
        exact_case = func.upper(as_text).like(func.upper(pattern))
    else:
        exact_case = as_text.like(pattern)
    return PerDialect(exact_case, _untyped(column).like(_as_stored(column, pattern), escape="\\"))


def _kind(column: Column) -> Any:
    return column.type.inner if isinstance(column.type, Converted) else column.type


def _as_text(column: Column) -> Column:
    """What PostgreSQL searches (``DatabaseOperations.lookup_cast``): an address without the ``/32`` of its text."""
    return func.host(column, type_=SaText()) if isinstance(_kind(column), Inet) else cast(column, SaText())


def _as_stored(column: Column, pattern: Any) -> Any:
    """What SQLite searches for: a UUID is stored without hyphens (``UUIDTextMixin``)."""
    return func.replace(pattern, "-", "") if isinstance(_kind(column), Uuid) else pattern


def _untyped(column: Column) -> Column:
    """The same column for LIKE: any column may be searched on SQLite."""
    from sqlalchemy import type_coerce

    return (
        column
        if isinstance(column.type, DjangoType) and column.type.empty == ""
        else type_coerce(column, String())
    )


def contains(column: Column, value: Any) -> Condition:
    """``__contains``: exact case on PostgreSQL; SQLite ignores ASCII case, as in Django."""
    return _like(column, value, "contains")


def icontains(column: Column, value: Any) -> Condition:
    """``__icontains``: by ``UPPER`` on PostgreSQL; SQLite knows ASCII case only."""
    return _like(column, value, "icontains")


def startswith(column: Column, value: Any) -> Condition:
    """``__startswith``."""
    return _like(column, value, "startswith")


def istartswith(column: Column, value: Any) -> Condition:
    """``__istartswith``."""
    return _like(column, value, "istartswith")


def endswith(column: Column, value: Any) -> Condition:
    """``__endswith``."""
    return _like(column, value, "endswith")


def iendswith(column: Column, value: Any) -> Condition:
    """``__iendswith``."""
    return _like(column, value, "iendswith")


def iexact(column: Column, value: Any) -> Condition:
    """``__iexact``: ``UPPER(column) = UPPER(value)`` on PostgreSQL, LIKE on SQLite; None is IS NULL."""
    if value is None:
        return column.is_(None)
    plain = value if isinstance(value, ClauseElement) else literal(str(value), String())
    pattern = value if isinstance(value, ClauseElement) else literal(escape(value), String())
    return PerDialect(
        func.upper(_as_text(column)) == func.upper(plain),
        _untyped(column).like(_as_stored(column, pattern), escape="\\"),
    )


def regex(column: Column, pattern: str) -> Condition:
    """``__regex``: PostgreSQL's ``~``; Python's ``re`` on SQLite."""
    value = literal(str(pattern), String())
    return PerDialect(
        _as_text(column).op("~", is_comparison=True)(value),
        _untyped(column).op("REGEXP", is_comparison=True)(value),
    )


def iregex(column: Column, pattern: str) -> Condition:
    """``__iregex``: PostgreSQL's ``~*``; Python's ``re`` with ``(?i)`` on SQLite."""
    return PerDialect(
        _as_text(column).op("~*", is_comparison=True)(literal(str(pattern), String())),
        _untyped(column).op("REGEXP", is_comparison=True)(literal(f"(?i){pattern}", String())),
    )


# dates


def _zone_name(zone: dt.tzinfo | str | None) -> str | None:
    found = zones.current() if zone is None else zone
    return None if found is None else str(found)


class NoSuchYear(_Element[Any]):
    """A year that no date has: the statement fails when it is run, not when it is made (``YearLookup.as_sql``)."""

    inherit_cache = False
    type = Integer()

    def __init__(self, error: ValueError) -> None:
        self.error = error


@compiles(NoSuchYear)
def _no_such_year(element: NoSuchYear, compiler: Any, **kw: Any) -> str:
    raise ValueError(str(element.error))


def year_range(year: int, zone: dt.tzinfo | None = None) -> tuple[Any, Any]:
    """First and last moment of ``year`` in ``zone`` (the current one), for a date-time column.

    Naive with ``USE_TZ = False`` (``year_lookup_bounds_for_datetime_field``). :class:`NoSuchYear` twice for year 0.
    """
    found = zones.current() if zone is None else zone
    try:
        first = dt.datetime(year, 1, 1)
    except ValueError as error:
        return NoSuchYear(error), NoSuchYear(error)
    last = dt.datetime(year, 12, 31, 23, 59, 59, 999999)
    return first.replace(tzinfo=found), last.replace(tzinfo=found)


def year_is(column: Column, year: int, zone: dt.tzinfo | None = None) -> Condition:
    """``__year=year`` of a date-time column: a range on the raw column, so that indexes work."""
    return column.between(*year_range(year, zone))


def year_of_date_is(column: Column, year: int) -> Condition:
    """``__year=year`` of a date column."""
    return column.between(*year_of_dates(year))


def year_of_dates(year: int) -> tuple[Any, Any]:
    """First and last day of ``year`` (``year_lookup_bounds_for_date_field``); :class:`NoSuchYear` twice for year 0."""
    try:
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    except ValueError as error:
        return NoSuchYear(error), NoSuchYear(error)


def inline(text: str | None) -> Column:
    """A word or the name of a time zone in the statement's own text: the same in SELECT and GROUP BY, as PostgreSQL wants it.

    Raises ``ValueError`` for other text.
    """
    if text is None:
        return null()
    if not re.fullmatch(r"[\w+/-]+", text, re.ASCII):
        raise ValueError(f"{text!r} is no word and no time zone.")
    return literal_column(f"'{text}'", String())


def local_moment(column: Column, zone: dt.tzinfo | str | None = None) -> Column:
    """The date-time column as PostgreSQL's local ``timestamp`` in ``zone``."""
    name = column.type.name if isinstance(column.type, LocalDateTime) else _zone_name(zone)
    return func.timezone(inline(name or "UTC"), column)


def zone_arguments(zone: dt.tzinfo | str | None) -> tuple[Column, Column]:
    """``tzname, conn_tzname`` of Django's SQLite functions."""
    name = _zone_name(zone)
    return inline(name), inline(None if name is None else "UTC")


def date_of(column: Column, zone: dt.tzinfo | str | None = None) -> Column:
    """``__date`` of a date-time column in ``zone`` (the current one)."""
    from segue_bridge.db.types import Date

    return PerDialect(
        cast(local_moment(column, zone), Date()),
        func.django_datetime_cast_date(column, *zone_arguments(zone), type_=Date()),
    )


def time_of(column: Column, zone: dt.tzinfo | str | None = None) -> Column:
    """``__time`` of a date-time column in ``zone`` (the current one)."""
    from segue_bridge.db.types import Time

    return PerDialect(
        cast(local_moment(column, zone), Time()),
        func.django_datetime_cast_time(column, *zone_arguments(zone), type_=Time()),
    )


_PG_PART = {"week_day": "dow", "iso_week_day": "isodow", "iso_year": "isoyear"}


def date_part(column: Column, part: str, zone: dt.tzinfo | str | None = None) -> Column:
    """``__month``, ``__day``, ``__week_day`` (Sunday is 1), ``__hour`` … as an integer.

    ``column`` may be a date-time (in ``zone``, the current one), a date or a time.
    Raises ``ValueError`` for a part Django does not know.
    """
    from segue_bridge.db.types import Int, Time
    from segue_bridge.db.types.times import _Moment

    if not re.fullmatch(r"[a-z]+(_[a-z]+)*", part):
        raise ValueError(f"Invalid lookup_type: {part!r}")
    moment = isinstance(column.type, _Moment)
    source = local_moment(column, zone) if moment else column
    name = _PG_PART.get(part, part)
    if part == "second":
        source = func.date_trunc("second", source)
    postgres: Column = cast(func.date_part(inline(name), source), Int())
    if part == "week_day":
        postgres = postgres + 1
    unit = inline(part)
    if moment:
        other = func.django_datetime_extract(unit, column, *zone_arguments(zone), type_=Int())
    elif isinstance(column.type, Time):
        other = func.django_time_extract(unit, column, type_=Int())
    else:
        other = func.django_date_extract(unit, column, type_=Int())
    return PerDialect(postgres, other)


def any_of(*conditions: Condition) -> Condition:
    """``Q() | Q() | …``; without conditions everything matches, as an empty ``Q`` does."""
    from sqlalchemy import true

    return or_(*conditions) if conditions else true()
