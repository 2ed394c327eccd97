"""Dates and times as text by Django's format letters, in the language of the request.

Source: ``django.utils.dateformat`` (5.2), which follows PHP's ``date()``. Which pattern a name such as ``DATE_FORMAT``
stands for is settled when the service is generated.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, time, tzinfo
from email.utils import format_datetime as rfc5322

from segue_bridge import zone
from segue_bridge.translation import Text, gettext, pgettext_lazy
from segue_bridge.translation import gettext_lazy as _

_LETTER = re.compile(r"(?<!\\)([aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTUuwWyYzZ])")
_ESCAPED = re.compile(r"\\(.)")
_DAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
_SHORT_DAYS = (
    _("Mon"),
    _("Tue"),
    _("Wed"),
    _("Thu"),
    _("Fri"),
    _("Sat"),
    _("Sun"),
)
_MONTHS = (
    _("January"),
    _("February"),
    _("March"),
    _("April"),
    _("May"),
    _("June"),
    _("July"),
    _("August"),
    _("September"),
    _("October"),
    _("November"),
    _("December"),
)
_SHORT_MONTHS = (
    _("jan"),
    _("feb"),
    _("mar"),
    _("apr"),
    _("may"),
    _("jun"),
    _("jul"),
    _("aug"),
    _("sep"),
    _("oct"),
    _("nov"),
    _("dec"),
)
_ASSOCIATED_PRESS = (
    pgettext_lazy("abbrev. month", "Jan."),
    pgettext_lazy("abbrev. month", "Feb."),
    pgettext_lazy("abbrev. month", "March"),
    pgettext_lazy("abbrev. month", "April"),
    pgettext_lazy("abbrev. month", "May"),
    pgettext_lazy("abbrev. month", "June"),
    pgettext_lazy("abbrev. month", "July"),
    pgettext_lazy("abbrev. month", "Aug."),
    pgettext_lazy("abbrev. month", "Sept."),
    pgettext_lazy("abbrev. month", "Oct."),
    pgettext_lazy("abbrev. month", "Nov."),
    pgettext_lazy("abbrev. month", "Dec."),
)
# In some languages a month has another form within a date.
_WITHIN = (
    pgettext_lazy("alt. month", "January"),
    pgettext_lazy("alt. month", "February"),
    pgettext_lazy("alt. month", "March"),
    pgettext_lazy("alt. month", "April"),
    pgettext_lazy("alt. month", "May"),
    pgettext_lazy("alt. month", "June"),
    pgettext_lazy("alt. month", "July"),
    pgettext_lazy("alt. month", "August"),
    pgettext_lazy("alt. month", "September"),
    pgettext_lazy("alt. month", "October"),
    pgettext_lazy("alt. month", "November"),
    pgettext_lazy("alt. month", "December"),
)


def date_format(value: date, pattern: Text) -> str:
    """``django.utils.dateformat.format`` of a date or datetime.

    Raises ``AttributeError`` for letters of the time in the pattern of a date (Django: ``TypeError``; such patterns are
    not generated).
    """
    return _filled(pattern, lambda letter: _ANY[letter](value))


def time_format(value: time | datetime, pattern: Text) -> str:
    """``django.utils.dateformat.time_format``: letters of the time only. Raises ``KeyError`` for others."""
    return _filled(pattern, lambda letter: _TIME[letter](value))


def _filled(pattern: Text, text_of: Callable[[str], object]) -> str:
    pieces = _LETTER.split(str(pattern))
    return "".join(
        str(text_of(piece)) if place % 2 else _ESCAPED.sub(r"\1", piece) for place, piece in enumerate(pieces)
    )


def _zone_of(value: date | time) -> tzinfo | None:
    """The zone of a datetime; None for others, and in the hours that a change of clocks skips or repeats."""
    if not isinstance(value, datetime):
        return None
    found = zone.clock() if value.utcoffset() is None else value.tzinfo
    assert found is not None
    other = value.replace(fold=not value.fold)
    return found if found.utcoffset(other) == found.utcoffset(value) else None


def _half_day(value: time | datetime) -> int:
    return value.hour % 12 or 12


def _short_time(value: time | datetime) -> str:
    return f"{_half_day(value)}:{value.minute:02}" if value.minute else str(_half_day(value))


def _dotted(value: time | datetime) -> str:
    return gettext("p.m.") if value.hour > 11 else gettext("a.m.")


def _spoken(value: time | datetime) -> str:
    if value.minute == 0 and value.hour in (0, 12):
        return gettext("noon") if value.hour else gettext("midnight")
    return f"{_short_time(value)} {_dotted(value)}"


def _named_zone(value: time | datetime) -> str:
    if _zone_of(value) is None or value.tzinfo is None:
        return ""
    return value.tzname() or ""


def _zone_name(value: time | datetime) -> str:
    found = _zone_of(value)
    return "" if found is None or not isinstance(value, datetime) else str(found.tzname(value))


def _offset(value: date | time) -> int | None:
    found = _zone_of(value)
    if found is None or not isinstance(value, datetime):
        return None
    offset = found.utcoffset(value)
    assert offset is not None
    return offset.days * 86400 + offset.seconds


def _hours_off(value: time | datetime) -> str:
    seconds = _offset(value)
    if seconds is None:
        return ""
    return f"{'-' if seconds < 0 else '+'}{abs(seconds) // 3600:02}{abs(seconds) // 60 % 60:02}"


def _seconds_off(value: time | datetime) -> str:
    seconds = _offset(value)
    return "" if seconds is None else str(seconds)


def _summer(value: date) -> str:
    found = _zone_of(value)
    if found is None or not isinstance(value, datetime):
        return ""
    return "1" if found.dst(value) else "0"


def _ordinal(value: date) -> str:
    if value.day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value.day % 10, "th")


def _mail(value: date) -> str:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min).replace(tzinfo=zone.clock())
    elif value.utcoffset() is None:
        value = value.replace(tzinfo=_zone_of(value) or zone.current() or zone.clock())
    return rfc5322(value)


def _epoch(value: date) -> int:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if value.utcoffset() is None:  # the clock of a Django process is that of TIME_ZONE
        value = value.replace(tzinfo=zone.clock())
    return int(value.timestamp())


_TIME: dict[str, Callable[..., object]] = {
    "a": _dotted,
    "A": lambda value: gettext("PM") if value.hour > 11 else gettext("AM"),
    "e": _named_zone,
    "f": _short_time,
    "g": _half_day,
    "G": lambda value: value.hour,
    "h": lambda value: f"{_half_day(value):02}",
    "H": lambda value: f"{value.hour:02}",
    "i": lambda value: f"{value.minute:02}",
    "O": _hours_off,
    "P": _spoken,
    "s": lambda value: f"{value.second:02}",
    "T": _zone_name,
    "u": lambda value: f"{value.microsecond:06}",
    "Z": _seconds_off,
}
_ANY: dict[str, Callable[..., object]] = _TIME | {
    "b": lambda value: _SHORT_MONTHS[value.month - 1],
    "c": lambda value: value.isoformat(),
    "d": lambda value: f"{value.day:02}",
    "D": lambda value: _SHORT_DAYS[value.weekday()],
    "E": lambda value: _WITHIN[value.month - 1],
    "F": lambda value: _MONTHS[value.month - 1],
    "I": _summer,
    "j": lambda value: value.day,
    "l": lambda value: _DAYS[value.weekday()],
    "L": lambda value: calendar.isleap(value.year),
    "m": lambda value: f"{value.month:02}",
    "M": lambda value: str(_SHORT_MONTHS[value.month - 1]).title(),
    "n": lambda value: value.month,
    "N": lambda value: _ASSOCIATED_PRESS[value.month - 1],
    "o": lambda value: value.isocalendar().year,
    "r": _mail,
    "S": _ordinal,
    "t": lambda value: calendar.monthrange(value.year, value.month)[1],
    "U": _epoch,
    "w": lambda value: value.isoweekday() % 7,
    "W": lambda value: value.isocalendar().week,
    "y": lambda value: f"{value.year % 100:02}",
    "Y": lambda value: f"{value.year:04}",
    "z": lambda value: value.timetuple().tm_yday,
}

__all__ = ["date_format", "time_format"]
