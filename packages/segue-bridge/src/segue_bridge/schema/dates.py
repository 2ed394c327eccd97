"""Date and time fields: DRF's DateTimeField, DateField, TimeField, DurationField."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from segue_bridge import zone as zones
from segue_bridge.schema.base import Field
from segue_bridge.schema.moments import (
    humanized,
    parse_date,
    parse_datetime,
    parse_duration,
    parse_time,
)
from segue_bridge.schema.validators import MaxValue, MinValue
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _

ISO = "iso-8601"


class _Formatted(Field):
    """Tries ``formats`` in order; ``iso-8601`` is Django's own parser."""

    iso_text: ClassVar[str] = ""

    def __init__(self, *, formats: Sequence[str] = (ISO,), **options: Any) -> None:
        super().__init__(**options)
        self.formats = tuple(formats)

    def bad_format(self) -> Any:
        """Raise ``invalid`` with the accepted formats spelled out."""
        self.fail("invalid", format=humanized(", ".join(self.formats).replace(ISO, self.iso_text)))


class DateTime(_Formatted):
    """``DateTimeField``: naive input is taken in the current zone, aware input converted to it.

    ``zone`` overrides the current zone by name (``default_timezone=``).
    """

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid": _("Datetime has wrong format. Use one of these formats instead: {format}."),
        "date": _("Expected a datetime but got a date."),
        "make_aware": _('Invalid datetime for the timezone "{timezone}".'),
        "overflow": _("Datetime value out of range."),
    }
    iso_text: ClassVar[str] = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]"

    def __init__(self, *, zone: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.zone = ZoneInfo(zone) if zone else None

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, dt.datetime):
            return self._in_zone(raw)
        if isinstance(raw, dt.date):
            self.fail("date")
        for text in self.formats:
            try:
                if text.lower() == ISO:
                    parsed = parse_datetime(raw)
                    if parsed is not None:
                        return self._in_zone(parsed)
                # DRF falls through: the word "iso-8601" is then tried as a format and never matches.
                return self._in_zone(dt.datetime.strptime(raw, text))
            except (ValueError, TypeError):
                continue
        return self.bad_format()

    def _in_zone(self, value: dt.datetime) -> dt.datetime:
        zone = self.zone or zones.current()
        if zone is None:
            if value.utcoffset() is None:
                return value
            return value.astimezone(dt.UTC).replace(tzinfo=None)
        if value.utcoffset() is not None:
            try:
                return value.astimezone(zone)
            except OverflowError:
                self.fail("overflow")
        value = value.replace(tzinfo=zone)
        exists = value.astimezone(dt.UTC) == value
        ambiguous = exists and value.replace(fold=1 - value.fold).utcoffset() != value.utcoffset()
        if ambiguous:
            self.fail("make_aware", timezone=zone)
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"} if ISO in self.formats else {"type": "string"}


class Date(_Formatted):
    """``DateField``."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid": _("Date has wrong format. Use one of these formats instead: {format}."),
        "datetime": _("Expected a date but got a datetime."),
    }
    iso_text: ClassVar[str] = "YYYY-MM-DD"

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, dt.datetime):
            self.fail("datetime")
        if isinstance(raw, dt.date):
            return raw
        for text in self.formats:
            try:
                if text.lower() == ISO:
                    parsed = parse_date(raw)
                    if parsed is not None:
                        return parsed
                else:
                    return dt.datetime.strptime(raw, text).date()
            except (ValueError, TypeError):
                continue
        return self.bad_format()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"} if ISO in self.formats else {"type": "string"}


class Time(_Formatted):
    """``TimeField``: an offset is dropped."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid": _("Time has wrong format. Use one of these formats instead: {format}.")
    }
    iso_text: ClassVar[str] = "hh:mm[:ss[.uuuuuu]]"

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, dt.time):
            return raw
        for text in self.formats:
            try:
                if text.lower() == ISO:
                    parsed = parse_time(raw)
                    if parsed is not None:
                        return parsed
                else:
                    return dt.datetime.strptime(raw, text).time()
            except (ValueError, TypeError):
                continue
        return self.bad_format()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "time"} if ISO in self.formats else {"type": "string"}


class Duration(Field):
    """``DurationField``: Django's, ISO 8601 and PostgreSQL's spelling; a number is seconds."""

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid": _("Duration has wrong format. Use one of these formats instead: {format}."),
        "max_value": _("Ensure this value is less than or equal to {max_value}."),
        "min_value": _("Ensure this value is greater than or equal to {min_value}."),
        "overflow": _("The number of days must be between {min_days} and {max_days}."),
    }

    def __init__(
        self,
        *,
        max_value: dt.timedelta | None = None,
        min_value: dt.timedelta | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if max_value is not None:
            self.built_in += (MaxValue(max_value, self.texts["max_value"].format(max_value=max_value)),)
        if min_value is not None:
            self.built_in += (MinValue(min_value, self.texts["min_value"].format(min_value=min_value)),)

    def parse(self, raw: Any) -> Any:
        if isinstance(raw, dt.timedelta):
            return raw
        try:
            parsed = parse_duration(str(raw))
        except OverflowError:
            self.fail("overflow", min_days=dt.timedelta.min.days, max_days=dt.timedelta.max.days)
        if parsed is None:
            self.fail("invalid", format="[DD] [HH:[MM:]]ss[.uuuuuu]")
        return parsed

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string"}
