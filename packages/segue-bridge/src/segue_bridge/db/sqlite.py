"""What Django does to each new SQLite connection: real transactions, foreign keys, functions.

The functions have the names and results of ``django.db.backends.sqlite3._functions``, so that one
statement works here and on Django's own connection (verification in joined mode).
"""

from __future__ import annotations

import datetime as dt
import math
import operator
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo


def prepare(connection: Any, record: Any) -> None:
    """SQLAlchemy's ``connect`` event: autocommit (we send BEGIN ourselves), foreign keys, functions."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA legacy_alter_table = OFF")
    cursor.close()
    for name, arguments, function in FUNCTIONS:
        connection.create_function(name, arguments, function, deterministic=True)


def _moment(value: Any, zone: str | None = None, stored: str | None = None) -> dt.datetime | None:
    """A stored date or date-time, seen in ``zone`` when it was stored in zone ``stored``."""
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    if stored:
        moment = moment.replace(tzinfo=ZoneInfo(stored))
        if zone and zone != stored:
            moment = moment.astimezone(ZoneInfo(zone))
    return moment


_PARTS: dict[str, Callable[[dt.datetime], int]] = {
    "week_day": lambda moment: moment.isoweekday() % 7 + 1,
    "iso_week_day": lambda moment: moment.isoweekday(),
    "week": lambda moment: moment.isocalendar().week,
    "iso_year": lambda moment: moment.isocalendar().year,
    "quarter": lambda moment: (moment.month + 2) // 3,
}


def _part(unit: str, value: Any, zone: str | None = None, stored: str | None = None) -> int | None:
    moment = _moment(value, zone, stored)
    if moment is None:
        return None
    if unit in _PARTS:
        return _PARTS[unit](moment)
    number: int = getattr(moment, unit)
    return number


def _date_part(unit: str, value: Any) -> int | None:
    return _part(unit, value)


def _time_part(unit: str, value: Any) -> int | None:
    if value is None:
        return None
    try:
        number: int = getattr(dt.time.fromisoformat(value), unit)
    except (TypeError, ValueError):
        return None
    return number


def _cast_date(value: Any, zone: str | None, stored: str | None) -> str | None:
    moment = _moment(value, zone, stored)
    return None if moment is None else moment.date().isoformat()


def _cast_time(value: Any, zone: str | None, stored: str | None) -> str | None:
    moment = _moment(value, zone, stored)
    return None if moment is None else moment.time().isoformat()


def _start(unit: str, moment: dt.datetime) -> dt.datetime | None:
    """The first moment of the unit that ``moment`` lies in."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if unit == "year":
        return day.replace(month=1, day=1)
    if unit == "quarter":
        return day.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1)
    if unit == "month":
        return day.replace(day=1)
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    if unit == "day":
        return day
    if unit == "hour":
        return day.replace(hour=moment.hour)
    if unit == "minute":
        return day.replace(hour=moment.hour, minute=moment.minute)
    if unit == "second":
        return day.replace(hour=moment.hour, minute=moment.minute, second=moment.second)
    return None


def _trunc_date(unit: str, value: Any, zone: str | None, stored: str | None) -> str | None:
    moment = _moment(value, zone, stored)
    if moment is None:
        return None
    start = _start(unit, moment)
    if start is None or unit in {"hour", "minute", "second"}:
        raise ValueError(f"Unsupported lookup type: {unit!r}")
    return start.date().isoformat()


def _trunc_moment(unit: str, value: Any, zone: str | None, stored: str | None) -> str | None:
    moment = _moment(value, zone, stored)
    if moment is None:
        return None
    start = _start(unit, moment)
    if start is None:
        raise ValueError(f"Unsupported lookup type: {unit!r}")
    return str(start)


def _moment_or_duration(value: Any) -> Any:
    """``_sqlite_prepare_dtdelta_param``: a number is a duration in microseconds."""
    return dt.timedelta(0, 0, value) if isinstance(value, int) else dt.datetime.fromisoformat(value)


def _moved(sign: str, moment: Any, by: Any) -> str | None:
    if moment is None or by is None:
        return None
    try:
        first, second = _moment_or_duration(moment), _moment_or_duration(by)
    except (TypeError, ValueError):
        return None
    return str(first + second if sign.strip() == "+" else first - second)


def _difference(end: Any, start: Any) -> int | None:
    if end is None or start is None:
        return None
    between = dt.datetime.fromisoformat(end) - dt.datetime.fromisoformat(start)
    return between // dt.timedelta(microseconds=1)


def _regexp(pattern: Any, text: Any) -> bool | None:
    if pattern is None or text is None:
        return None
    return bool(re.search(pattern, text if isinstance(text, str) else str(text)))


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL where an argument is (``none_guard``)."""

    def guarded(*values: Any) -> Any:
        return None if None in values else function(*values)

    return guarded


FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("django_date_extract", 2, _date_part),
    ("django_datetime_extract", 4, _part),
    ("django_time_extract", 2, _time_part),
    ("django_datetime_cast_date", 3, _cast_date),
    ("django_datetime_cast_time", 3, _cast_time),
    ("django_date_trunc", 4, _trunc_date),
    ("django_datetime_trunc", 4, _trunc_moment),
    ("django_format_dtdelta", 3, _moved),
    ("django_timestamp_diff", 2, _difference),
    ("regexp", 2, _regexp),
    ("ceiling", 1, _of_numbers(math.ceil)),
    ("floor", 1, _of_numbers(math.floor)),
    ("mod", 2, _of_numbers(math.fmod)),
    ("power", 2, _of_numbers(operator.pow)),
    ("sqrt", 1, _of_numbers(math.sqrt)),
    ("reverse", 1, _of_numbers(lambda text: text[::-1])),
)
