"""From the text of a query parameter to a value, as Django's form fields clean it.

Sources: ``django.forms.fields`` and ``django_filters.fields``. A cleaner takes the text (None for an
absent parameter) and returns the value, or None for a blank. It raises :class:`Invalid` with
every text that Django would show.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal, DecimalException
from typing import Any

from segue_bridge import zone
from segue_bridge.schema import moments
from segue_bridge.translation import Text, gettext_lazy, ngettext
from segue_bridge.translation import gettext as _

Cleaner = Callable[[str | None], Any]

# django.conf.locale.en.formats, which is also django.conf.global_settings.
DATE_FORMATS = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%b %d %Y",
    "%b %d, %Y",
    "%d %b %Y",
    "%d %b, %Y",
    "%B %d %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%d %B, %Y",
)
TIME_FORMATS = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M")
DATETIME_FORMATS = tuple(f"{date} {time}" for date in DATE_FORMATS[:3] for time in TIME_FORMATS)

REQUIRED = gettext_lazy("This field is required.")
NULL_CHARACTERS = gettext_lazy("Null characters are not allowed.")


class Invalid(Exception):
    """Why a value is refused: one or more texts.

    ``about`` is what else tells two errors of one text apart (``ValidationError.params``): where errors of
    several inputs are collected, equal ones are told once.
    """

    def __init__(self, *texts: Text, about: object = None) -> None:
        super().__init__(*texts)
        self.texts = [str(text) for text in texts]
        self.about = about


def text(
    raw: str | None, *, strip: bool = True, min_length: int | None = None, max_length: int | None = None
) -> str:
    """``CharField``: stripped; ``""`` for a blank."""
    value = (raw.strip() if strip else raw) if raw else ""
    if not value:
        return ""
    errors = []
    if min_length is not None and len(value) < min_length:
        form = ngettext(
            "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
            "Ensure this value has at least %(limit_value)d characters (it has %(show_value)d).",
            min_length,
        )
        errors.append(_length(form, min_length, value))
    if max_length is not None and len(value) > max_length:
        form = ngettext(
            "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
            "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
            max_length,
        )
        errors.append(_length(form, max_length, value))
    if "\x00" in value:
        errors.append(str(NULL_CHARACTERS))
    if errors:
        raise Invalid(*errors)
    return value


def decimal(
    raw: str | None, *, minimum: Decimal | float | None = None, maximum: Decimal | float | None = None
) -> Decimal | None:
    """``DecimalField``: any finite number that Python's ``Decimal`` reads."""
    if not raw:
        return None
    try:
        value = Decimal(raw)
    except DecimalException:
        raise Invalid(_("Enter a number.")) from None
    if not value.is_finite():
        # NaN is unlike itself, so two of them are two errors.
        raise Invalid(_("Enter a number."), about=object() if value.is_nan() else value)
    errors = []
    if maximum is not None and value > maximum:
        errors.append(_at_most(maximum))
    if minimum is not None and value < minimum:
        errors.append(
            _("Ensure this value is greater than or equal to %(limit_value)s.") % {"limit_value": minimum}
        )
    if errors:
        raise Invalid(*errors)
    return value


def number(
    raw: str | None, *, minimum: Decimal | float | None = None, maximum: Decimal | float | None = None
) -> Decimal | None:
    """``NumberFilter``: a ``DecimalField`` with a further limit of 1e50 behind its own."""
    errors: list[str] = []
    value: Decimal | None = None
    try:
        value = decimal(raw, minimum=minimum, maximum=maximum)
    except Invalid as error:
        if error.texts == [_("Enter a number.")]:
            raise
        errors = error.texts
        value = Decimal(raw or "0")
    if value is not None and value > 1e50:
        errors.append(_at_most(1e50))
    if errors:
        raise Invalid(*errors)
    return value


def integer(raw: str | None) -> int | None:
    """``NumberFilter`` on an integer column: ``1.5`` looks for 1, as ``IntegerField.get_prep_value`` cuts it."""
    found = number(raw)
    return None if found is None else int(found)


def rest_boolean(raw: str | None) -> bool | None:
    """``django_filters.rest_framework.BooleanFilter`` (``BooleanWidget``): anything else is no filter."""
    return {"1": True, "true": True, "0": False, "false": False}.get((raw or "").lower())


def select_boolean(raw: str | None) -> bool | None:
    """``django_filters.BooleanFilter`` (``NullBooleanSelect``)."""
    return {"True": True, "true": True, "2": True, "False": False, "false": False, "3": False}.get(raw or "")


def choice(raw: str | None, choices: Collection[str]) -> str:
    """``ChoiceField``: the text itself; ``""`` for a blank."""
    if not raw:
        return ""
    if raw not in choices:
        raise Invalid(not_a_choice(raw))
    return raw


def not_a_choice(value: object) -> str:
    """The text for a value outside the choices."""
    text = _("Select a valid choice. %(value)s is not one of the available choices.")
    return text % {"value": value}


def date(raw: str | None, *, formats: Sequence[str] = DATE_FORMATS) -> dt.date | None:
    """``DateField``."""
    found = _by_formats(raw, formats, _("Enter a valid date."))
    return None if found is None else found.date()


def time(raw: str | None, *, formats: Sequence[str] = TIME_FORMATS) -> dt.time | None:
    """``TimeField``."""
    found = _by_formats(raw, formats, _("Enter a valid time."))
    return None if found is None else found.time()


def datetime(
    raw: str | None, *, formats: Sequence[str] = (*DATETIME_FORMATS, *DATE_FORMATS)
) -> dt.datetime | None:
    """``DateTimeField``: ISO 8601 first, then the formats; naive means the current zone."""
    if not raw:
        return None
    wrong = _("Enter a valid date/time.")
    try:
        found = moments.parse_datetime(raw.strip())
    except ValueError:
        raise Invalid(wrong) from None
    if found is None:
        found = _by_formats(raw, formats, wrong)
        assert found is not None
    return in_current_zone(found)


def iso_datetime(raw: str | None) -> dt.datetime | None:
    """``IsoDateTimeField``: ISO 8601 only."""
    return datetime(raw, formats=())


def duration(raw: str | None) -> dt.timedelta | None:
    """``DurationField``."""
    if not raw:
        return None
    try:
        found = moments.parse_duration(raw)
    except OverflowError:
        low, high = dt.timedelta.min.days, dt.timedelta.max.days
        text = _("The number of days must be between {min_days} and {max_days}.")
        raise Invalid(text.format(min_days=low, max_days=high)) from None
    if found is None:
        raise Invalid(_("Enter a valid duration."))
    return found


def identifier(raw: str | None) -> uuid.UUID | None:
    """``UUIDField``."""
    value = raw.strip() if raw else ""
    if not value:
        return None
    try:
        return uuid.UUID(value)
    except ValueError:
        raise Invalid(_("Enter a valid UUID.")) from None


def in_current_zone(value: dt.datetime) -> dt.datetime:
    """``from_current_timezone``: refuses moments that the zone has twice or not at all."""
    current = zone.current()
    if current is None or value.utcoffset() is not None:
        return value
    fixed = current.utcoffset(None) is not None
    if not fixed and current.utcoffset(value) != current.utcoffset(value.replace(fold=1 - value.fold)):
        text = _(
            "%(datetime)s couldn’t be interpreted in time zone %(current_timezone)s; "
            "it may be ambiguous or it may not exist."
        )
        raise Invalid(text % {"datetime": value, "current_timezone": current})
    return value.replace(tzinfo=current)


def _by_formats(raw: str | None, formats: Sequence[str], wrong: str) -> dt.datetime | None:
    if not raw:
        return None
    value = raw.strip()
    for pattern in formats:
        try:
            return dt.datetime.strptime(value, pattern)
        except (ValueError, TypeError):
            continue
    raise Invalid(wrong)


def _length(text: str, limit: int, value: str) -> str:
    return text % {"limit_value": limit, "show_value": len(value)}


def _at_most(maximum: object) -> str:
    return _("Ensure this value is less than or equal to %(limit_value)s.") % {"limit_value": maximum}
