"""Text to dates and times exactly as ``django.utils.dateparse`` reads it (Django 5.2)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})$")
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:[.,](?P<microsecond>\d{1,6})\d{0,6})?)?"
)
_TIME = re.compile(_CLOCK + "$")
_DATETIME = re.compile(_DATE.pattern[:-1] + "[T ]" + _CLOCK + r"\s*(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)?$")
_DJANGO_DURATION = re.compile(
    r"^(?:(?P<days>-?\d+) (?:days?, )?)?(?P<sign>-?)"
    r"(?:(?P<hours>\d+):(?=\d+:\d+))?(?:(?P<minutes>\d+):)?"
    r"(?P<seconds>\d+)(?:[.,](?P<microseconds>\d{1,6})\d{0,6})?$"
)
_ISO_DURATION = re.compile(
    r"^(?P<sign>[-+]?)P(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?$"
)
_POSTGRES_DURATION = re.compile(
    r"^(?:(?P<days>-?\d+) days? ?)?(?:(?P<sign>[-+])?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)"
    r"(?:\.(?P<microseconds>\d{1,6}))?)?$"
)
# rest_framework.utils.humanize_datetime
_HUMAN = {
    "%Y": "YYYY",
    "%y": "YY",
    "%m": "MM",
    "%b": "[Jan-Dec]",
    "%B": "[January-December]",
    "%d": "DD",
    "%H": "hh",
    "%I": "hh",
    "%M": "mm",
    "%S": "ss",
    "%f": "uuuuuu",
    "%a": "[Mon-Sun]",
    "%A": "[Monday-Sunday]",
    "%p": "[AM|PM]",
    "%z": "[+HHMM|-HHMM]",
}


def humanized(formats: str) -> str:
    """strptime directives as DRF spells them in error texts."""
    for directive, text in _HUMAN.items():
        formats = formats.replace(directive, text)
    return formats


def _numbers(match: re.Match[str], *names: str) -> dict[str, Any]:
    found = {name: match[name] for name in names if match[name] is not None}
    if "microsecond" in found:
        found["microsecond"] = found["microsecond"].ljust(6, "0")
    return {name: int(value) for name, value in found.items()}


def parse_date(text: Any) -> dt.date | None:
    """A date; ``None`` when the shape is wrong. Raises ``ValueError`` or ``TypeError``."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        match = _DATE.match(text)
        return dt.date(**_numbers(match, "year", "month", "day")) if match else None


def parse_time(text: Any) -> dt.time | None:
    """A time without offset; ``None`` when the shape is wrong."""
    try:
        return dt.time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        match = _TIME.match(text)
        return dt.time(**_numbers(match, "hour", "minute", "second", "microsecond")) if match else None


def parse_datetime(text: Any) -> dt.datetime | None:
    """A datetime, aware when the text has an offset; ``None`` when the shape is wrong."""
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        match = _DATETIME.match(text)
        if match is None:
            return None
        parts = _numbers(match, "year", "month", "day", "hour", "minute", "second", "microsecond")
        return dt.datetime(**parts, tzinfo=_offset(match["offset"]))


def _offset(text: str | None) -> dt.tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return dt.UTC
    minutes = 60 * int(text[1:3]) + (int(text[-2:]) if len(text) > 3 else 0)
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))


def parse_duration(text: str) -> dt.timedelta | None:
    """A duration; ``None`` when the shape is wrong. Raises ``OverflowError``."""
    match = _DJANGO_DURATION.match(text) or _ISO_DURATION.match(text) or _POSTGRES_DURATION.match(text)
    if match is None:
        return None
    parts = match.groupdict()
    sign = -1 if parts.pop("sign", "+") == "-" else 1
    if parts.get("microseconds"):
        parts["microseconds"] = parts["microseconds"].ljust(6, "0")
    numbers = {name: float(value.replace(",", ".")) for name, value in parts.items() if value is not None}
    days = dt.timedelta(numbers.pop("days", 0.0))
    if match.re is _ISO_DURATION:
        days *= sign
    return days + sign * dt.timedelta(**numbers)
