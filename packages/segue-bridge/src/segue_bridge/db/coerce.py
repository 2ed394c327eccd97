"""Values on the right of a lookup, turned into the column's type as Django does.

Specified by ``Field.get_prep_value`` / ``to_python``; databases and drivers are stricter, so
this has to happen before. ``None`` stays ``None`` (an exact lookup on it means IS NULL).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from uuid import UUID

from segue_bridge import zone
from segue_bridge.auth.users import is_authenticated
from segue_bridge.errors import Invalid
from segue_bridge.schema.moments import parse_date, parse_datetime, parse_time
from segue_bridge.translation import gettext as _


class LookupValueError(Invalid):
    """Django's own ``ValidationError`` raised by a field's ``to_python`` inside a lookup."""


def as_int(value: Any, field: str) -> int | None:
    """``IntegerField.get_prep_value``: ``int(value)``, or Django's ``ValueError`` / ``TypeError``."""
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Field '{field}' expected a number but got {value!r}.") from error


def as_text(value: Any) -> str | None:
    """``CharField.get_prep_value``."""
    return value if isinstance(value, str) or value is None else str(value)


def as_bool(value: Any, field: str = "") -> bool | None:
    """``BooleanField.to_python``."""
    if value is None:
        return None
    if value in (True, False):
        return bool(value)
    if value in ("t", "True", "1"):
        return True
    if value in ("f", "False", "0"):
        return False
    raise LookupValueError(_("“%(value)s” value must be either True or False."), "invalid", {"value": value})


def as_uuid(value: Any) -> UUID | None:
    """``UUIDField.to_python``."""
    if value is None or isinstance(value, UUID):
        return value
    try:
        return UUID(int=value) if isinstance(value, int) else UUID(hex=value)
    except (AttributeError, ValueError) as error:
        raise LookupValueError(_("“%(value)s” is not a valid UUID."), "invalid", {"value": value}) from error


def as_decimal(value: Any) -> Decimal | None:
    """``DecimalField.to_python``: a finite number."""
    if value is None:
        return None
    cause: Exception | None = None
    try:
        found = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        if found.is_finite():
            return found
    except (InvalidOperation, TypeError, ValueError) as error:
        cause = error
    raise LookupValueError(
        _("“%(value)s” value must be a decimal number."), "invalid", {"value": value}
    ) from cause


def as_float(value: Any, field: str) -> float | None:
    """``FloatField.get_prep_value``."""
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Field '{field}' expected a number but got {value!r}.") from error


def as_date(value: Any) -> date | None:
    """``DateField.to_python``: an aware moment is its day in the project's zone."""
    if isinstance(value, datetime):
        default = zone.default()
        return (value.astimezone(default) if value.tzinfo and default else value).date()
    if value is None or isinstance(value, date):
        return value
    shape = _("“%(value)s” value has an invalid date format. It must be in YYYY-MM-DD format.")
    wrong = _("“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.")
    return cast("date", _parsed(parse_date, value, shape, (wrong, "invalid_date")))


def as_datetime(value: Any) -> datetime | None:
    """``DateTimeField.to_python``: a date is its midnight; what has no zone gets the project's where it is compared."""
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    wrong = _(
        "“%(value)s” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but it is an invalid date/time."
    )
    moment = _read(parse_datetime, value, (wrong, "invalid_datetime"))
    if moment is not None:
        return cast("datetime", moment)
    shape = _(
        "“%(value)s” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format."
    )
    wrong = _("“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.")
    found = _parsed(parse_date, value, shape, (wrong, "invalid_date"))
    return datetime(found.year, found.month, found.day)


def as_time(value: Any) -> time | None:
    """``TimeField.to_python``."""
    if value is None or isinstance(value, time):
        return value
    if isinstance(value, datetime):
        return value.time()
    shape = _("“%(value)s” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format.")
    wrong = _("“%(value)s” value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an invalid time.")
    return cast("time", _parsed(parse_time, value, shape, (wrong, "invalid_time")))


def _parsed(parse: Callable[[Any], Any], value: Any, shape: str, wrong: tuple[str, str]) -> Any:
    found = _read(parse, value, wrong)
    if found is None:
        raise LookupValueError(shape, "invalid", {"value": value})
    return found


def _read(parse: Callable[[Any], Any], value: Any, wrong: tuple[str, str]) -> Any:
    try:
        return parse(value)
    except ValueError as error:
        raise LookupValueError(*wrong, {"value": value}) from error


def without_none(values: Iterable[Any]) -> list[Any]:
    """``__in`` leaves ``None`` out."""
    return [value for value in values if value is not None]


def signed_in(user: Any) -> Any:
    """The user's row for a lookup; Django's ``TypeError`` for an anonymous one."""
    if not is_authenticated(user):
        raise TypeError(
            "Field 'id' expected a number but got <django.contrib.auth.models.AnonymousUser object>."
        )
    return user
