"""How a value looks in a template: numbers and moments as people read them, None as ``None``.

Source: ``django.template.base.render_value_in_context``, ``django.utils.formats.localize``, ``django.utils.numberformat`` (5.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from segue_bridge import zone
from segue_bridge.formats import date_format, time_format
from segue_bridge.templates.safe import SafeText
from segue_bridge.translation import Text

# Numbers of more digits are written with an exponent.
_LONG = 200


@dataclass(frozen=True, slots=True)
class Formats:
    """``DATE_FORMAT``, ``DATETIME_FORMAT``, ``TIME_FORMAT`` and ``DECIMAL_SEPARATOR`` of the project, or by language."""

    date: Text = "N j, Y"
    datetime: Text = "N j, Y, P"
    time: Text = "P"
    decimal: Text = "."


def local(value: object) -> object:
    """``template_localtime``: a moment in the current zone."""
    current = zone.current()
    if current is None or not isinstance(value, datetime) or value.utcoffset() is None:
        return value
    return value.astimezone(current)


def shown(value: object, formats: Formats) -> str:
    """The text of ``value``, not escaped."""
    value = local(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return SafeText(value)
    if isinstance(value, float | Decimal):
        return number(value, formats)
    if isinstance(value, datetime):
        return date_format(value, formats.datetime)
    if isinstance(value, date):
        return date_format(value, formats.date)
    if isinstance(value, time):
        return time_format(value, formats.time)
    return str(value)


def number(value: float | Decimal | str, formats: Formats, places: int | None = None) -> str:
    """``numberformat.format`` without groups of digits: never an exponent, but for very long ones."""
    if isinstance(value, float) and "e" in str(value):
        value = Decimal(str(value))
    if isinstance(value, Decimal):
        _, digits, exponent = value.as_tuple()
        if abs(int(exponent)) + len(digits) > _LONG:
            coefficient, power = f"{value:e}".split("e")
            return f"{number(coefficient, formats, places)}e{power}"
        value = f"{value:f}"
    whole, _, fraction = str(value).partition(".")
    if places is not None:
        fraction = fraction[:places].ljust(places, "0")
    return f"{whole}{formats.decimal}{fraction}" if fraction else whole


__all__ = ["Formats", "local", "number", "shown"]
