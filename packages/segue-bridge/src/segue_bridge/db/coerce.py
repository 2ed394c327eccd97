"""Values on the right of a lookup, turned into the column's type as Django does.

Specified by ``Field.get_prep_value`` / ``to_python``; databases and drivers are stricter, so
this has to happen before. ``None`` stays ``None`` (an exact lookup on it means IS NULL).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from segue_bridge.auth.users import is_authenticated
from segue_bridge.errors import Invalid
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


def as_date(value: date | datetime) -> date:
    """A date for a date column (an aware datetime is refused by translation)."""
    return value.date() if isinstance(value, datetime) else value


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
