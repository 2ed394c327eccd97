"""How values are written: ``to_representation`` of each DRF field (DRF 3.18).

Every function takes a value that is not ``None`` (the presenter decides that first, as
``Serializer.to_representation`` does) unless it says otherwise.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol
from urllib.parse import quote, urljoin

from segue_bridge import zone as zones
from segue_bridge.schema.choices import choice_text
from segue_bridge.schema.numbers import _FALSE, _TRUE, quantized


def boolean(value: Any, *, null: bool = False) -> bool | None:
    """``BooleanField``: words and numbers become booleans, anything else by truth."""
    word = value.lower() if isinstance(value, str) else value
    try:
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        if null and word in ("null", "", None):
            return None
    except TypeError:
        pass
    return bool(value)


def datetime_text(value: Any, format: str = "", zone: dt.tzinfo | None = None) -> Any:
    """``DateTimeField``: in ``zone`` or the current one; ``format`` is strftime's, empty is ISO 8601."""
    if not value:
        return None
    if isinstance(value, str):
        return value
    value = in_zone(value, zone)
    if format:
        return value.strftime(format)
    text = value.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def in_zone(value: dt.datetime, zone: dt.tzinfo | None = None) -> dt.datetime:
    """``DateTimeField.enforce_timezone`` for output."""
    zone = zone or zones.current()
    if zone is None:
        return value if value.utcoffset() is None else value.astimezone(dt.UTC).replace(tzinfo=None)
    if value.utcoffset() is not None:
        return value.astimezone(zone)
    return value.replace(tzinfo=zone)


def date_text(value: Any, format: str = "") -> Any:
    """``DateField``. Raises ``AssertionError`` for a datetime, as DRF does."""
    if not value:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        raise AssertionError("Expected a `date`, but got a `datetime`.")
    return value.strftime(format) if format else value.isoformat()


def time_text(value: Any, format: str = "") -> Any:
    """``TimeField``. Raises ``AssertionError`` for a datetime."""
    if value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        raise AssertionError("Expected a `time`, but got a `datetime`.")
    return value.strftime(format) if format else value.isoformat()


def duration_text(value: dt.timedelta) -> str:
    """``DurationField``: ``[D] HH:MM:SS[.uuuuuu]``."""
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}"
    if value.days:
        text = f"{value.days} {text}"
    return f"{text}.{value.microseconds:06d}" if value.microseconds else text


def duration_iso(value: dt.timedelta) -> str:
    """``DurationField(format="iso-8601")``."""
    sign, value = ("-", -value) if value < dt.timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"{sign}P{value.days}DT{hours:02d}H{minutes:02d}M{seconds:02d}{fraction}S"


def decimal_value(
    value: Any,
    max_digits: int | None,
    decimal_places: int | None,
    *,
    rounding: str | None = None,
    normalize: bool = False,
) -> Decimal:
    """``DecimalField(coerce_to_string=False)``: quantized, half even unless ``rounding`` says."""
    number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    number = quantized(number, max_digits, decimal_places, rounding)
    return number.normalize() if normalize else number


def decimal_text(
    value: Any,
    max_digits: int | None,
    decimal_places: int | None,
    *,
    rounding: str | None = None,
    normalize: bool = False,
) -> str:
    """``DecimalField``: fixed-point text."""
    return f"{decimal_value(value, max_digits, decimal_places, rounding=rounding, normalize=normalize):f}"


def uuid_text(value: uuid.UUID | str, format: str = "hex_verbose") -> str | int:
    """``UUIDField``: ``hex_verbose``, ``hex``, ``int`` or ``urn``."""
    if format == "hex_verbose":
        return str(value)
    found: str | int = getattr(value, format)
    return found


def choice(value: Any, choices: Mapping[str, Any]) -> Any:
    """``ChoiceField``: ``choices`` maps texts to values; a value outside the set passes."""
    if value in ("", None):
        return value
    if isinstance(value, Enum):
        value = choice_text(value) if str(value) != str(value.value) else value
    return choices.get(str(value), value)


def choices(values: Any, by_text: Mapping[str, Any]) -> list[Any]:
    """``MultipleChoiceField``: without repeats, in order."""
    return list(dict.fromkeys(by_text.get(str(item), item) for item in values))


def get(value: Any, *path: str) -> Any:
    """``fields.get_attribute`` on plain values: keys of mappings, attributes of others."""
    for name in path:
        value = value[name] if isinstance(value, Mapping) else getattr(value, name)
    return value


def by_text(pairs: Sequence[tuple[Any, str]]) -> dict[str, Any]:
    """Choices by the text that names them (``choice_strings_to_values``)."""
    return {choice_text(value): value for value, _ in pairs}


class Absolute(Protocol):
    """What of :class:`segue_bridge.http.call.Call` addresses need."""

    def absolute(self, url: str) -> str:
        """``url`` with the scheme and host of the request."""


def file_url(call: Absolute, name: str | None, base: str) -> str | None:
    """``FileField`` with ``use_url``: ``None`` for no file, else the absolute address."""
    path = file_path(name, base)
    return None if path is None else call.absolute(path)


def file_path(name: str | None, base: str) -> str | None:
    """:func:`file_url` of a serializer that knows no request: the address under ``MEDIA_URL`` as it is.

    The path is escaped as ``FileSystemStorage.url`` does (``filepath_to_uri``).
    """
    if not name:
        return None
    path = quote(name.replace("\\", "/"), safe="/~!*()'")
    return urljoin(base, path.lstrip("/"))
