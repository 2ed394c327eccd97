"""Dates, times and durations as Django's backends keep them (SEMANTICS-ORM "Storage on SL")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Dialect, String
from sqlalchemy import Date as SaDate
from sqlalchemy import DateTime as SaDateTime
from sqlalchemy import Interval as SaInterval
from sqlalchemy import Time as SaTime
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.types import TypeEngine

from segue_bridge import zone
from segue_bridge.db.types.base import DjangoType
from segue_bridge.schema.moments import parse_date, parse_datetime, parse_time

ZONELESS = frozenset({"sqlite", "mysql"})  # whose moments have no zone, and which Django writes as texts


class _Moment(DjangoType[dt.datetime]):
    """A ``DateTimeField``: ``timestamp with time zone`` on PostgreSQL, text on SQLite, ``datetime(6)`` on MySQL."""

    impl = SaDateTime
    ddl: ClassVar[dict[str, str]] = {
        "": "timestamp with time zone",
        "sqlite": "datetime",
        "mysql": "datetime(6)",
    }

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name in ZONELESS else SaDateTime(timezone=True))

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return Interval() if isinstance(value, dt.timedelta) else self


class UtcDateTime(_Moment):
    """With ``USE_TZ = True``: aware values in, aware UTC values out.

    SQLite holds UTC as ``2024-01-01 05:00:00`` with a fraction only when there is one, MySQL UTC without a zone. A naive
    value is taken in the project's zone (``timezone.get_default_timezone``), as
    ``DateTimeField.get_prep_value`` does; a plain date is its midnight there.
    """

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        moment = aware(value)
        not_infinite(moment, dialect)
        if dialect.name in ZONELESS:
            return str(moment.astimezone(dt.UTC).replace(tzinfo=None))
        return moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if dialect.name == "mysql":
            return _of_utc
        return _read_utc if dialect.name == "sqlite" else _as_utc


class LocalDateTime(_Moment):
    """With ``USE_TZ = False``: naive values of the project's zone, in and out.

    PostgreSQL's column has a zone all the same; Django sets the session's ``TimeZone`` to
    ``TIME_ZONE`` and drops the zone when reading. Here ``name`` is that zone.
    """

    def __init__(self, name: str = "UTC") -> None:
        super().__init__()
        self.name = name

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        value = _moment(value)
        if dialect.name in ZONELESS:
            if value.tzinfo is not None:
                name = "MySQL" if dialect.name == "mysql" else "SQLite"
                raise ValueError(
                    f"{name} backend does not support timezone-aware datetimes when USE_TZ is False."
                )
            return str(value)
        moment = value if value.tzinfo is not None else value.replace(tzinfo=ZoneInfo(self.name))
        not_infinite(moment, dialect)
        return moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if dialect.name in ZONELESS:
            return _read_naive
        local = ZoneInfo(self.name)

        def read(value: Any) -> Any:
            if value is None or value.tzinfo is None:  # Django's own connection answers naive
                return value
            return value.astimezone(local).replace(tzinfo=None)

        return read


def aware(value: Any) -> dt.datetime:
    """``value`` as an aware datetime: text is parsed, a date is its midnight, naive is project time."""
    moment = _moment(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone.default() or dt.UTC)


def not_infinite(moment: dt.datetime, dialect: Dialect) -> None:
    """asyncpg writes the first and the last moment as PostgreSQL's infinities, which Django cannot read. Raises ``ValueError``."""
    if moment.year not in (1, 9999) or getattr(dialect, "driver", "") != "asyncpg":
        return
    if moment.utcoffset() == dt.timedelta(0) and moment.replace(tzinfo=None) in (
        dt.datetime.min,
        dt.datetime.max,
    ):
        raise ValueError(f"{moment.isoformat()} would be written as an infinity: take another moment.")


def _moment(value: Any) -> dt.datetime:
    """``DateTimeField.to_python``. Raises ``ValueError`` for a text that is none, ``TypeError`` for anything else."""
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return midnight(value)
    found = parse_datetime(value) or parse_date(value)
    if found is None:
        raise ValueError(
            f"“{value}” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format."
        )
    return found if isinstance(found, dt.datetime) else midnight(found)


def midnight(value: dt.date) -> dt.datetime:
    """The first moment of a date, naive."""
    return dt.datetime(value.year, value.month, value.day)


def _as_utc(value: Any) -> Any:
    """PostgreSQL drivers answer in the session's zone; Django's is always UTC."""
    if value is None or value.tzinfo is dt.UTC:
        return value
    return value.astimezone(dt.UTC)


def _read_utc(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    moment = dt.datetime.fromisoformat(value)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _of_utc(value: Any) -> Any:
    """MySQL's driver gives what lies there, without a zone."""
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) and value.tzinfo is None else value


def _read_naive(value: Any) -> Any:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


class Date(DjangoType[dt.date]):
    """``DateField``. An aware datetime is first turned into the project's zone, then cut."""

    impl = SaDate
    ddl: ClassVar[dict[str, str]] = {"": "date"}

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name in ZONELESS else SaDate())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        if isinstance(value, dt.datetime):
            default = zone.default()
            value = (value.astimezone(default) if value.tzinfo and default else value).date()
        elif not isinstance(value, dt.date):
            value = _parsed(parse_date(value), value, "YYYY-MM-DD")
        return str(value) if dialect.name in ZONELESS else value

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return Interval() if isinstance(value, dt.timedelta) else self

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _read_date if dialect.name == "sqlite" else None


def _parsed(found: Any, value: Any, shape: str) -> Any:
    if found is None:
        raise ValueError(f"“{value}” value has an invalid format. It must be in {shape} format.")
    return found


def _read_date(value: Any) -> Any:
    return dt.date.fromisoformat(value[:10]) if isinstance(value, str) else value


class Time(DjangoType[dt.time]):
    """``TimeField``: ``03:04:05`` on SQLite, a fraction only when there is one; ``time(6)`` on MySQL."""

    impl = SaTime
    ddl: ClassVar[dict[str, str]] = {"": "time", "mysql": "time(6)"}

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name in ZONELESS else SaTime())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        if isinstance(value, dt.datetime):
            value = value.time()
        elif not isinstance(value, dt.time):
            value = _parsed(parse_time(value), value, "HH:MM[:ss[.uuuuuu]]")
        if value.tzinfo is not None:
            raise ValueError("SQLite backend does not support timezone-aware times.")
        return str(value) if dialect.name in ZONELESS else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _read_time if dialect.name in ZONELESS else None


def _read_time(value: Any) -> Any:
    """A text of SQLite's, or what MySQL's driver takes a time for. Raises ``ValueError`` for one that no clock shows."""
    if isinstance(value, dt.timedelta):
        if not dt.timedelta(0) <= value < dt.timedelta(days=1):
            raise ValueError(f"{value} is no time of a day.")
        return (dt.datetime.min + value).time()
    return dt.time.fromisoformat(value) if isinstance(value, str) else value


class Interval(DjangoType[dt.timedelta]):
    """``DurationField``: ``interval`` on PostgreSQL, whole microseconds in a ``bigint`` elsewhere."""

    impl = SaInterval
    ddl: ClassVar[dict[str, str]] = {"": "bigint", "postgresql": "interval"}

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(INTERVAL() if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return value // dt.timedelta(microseconds=1)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return None if dialect.name == "postgresql" else _read_duration


def _read_duration(value: Any) -> Any:
    return None if value is None else dt.timedelta(0, 0, value)
