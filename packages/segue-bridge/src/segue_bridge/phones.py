"""Phone numbers of the database: ``PhoneNumberField`` of django-phonenumber-field, over the library phonenumbers.

A column has a number in one format, or the text that somebody gave where that is no valid number. Source:
``phonenumber_field.phonenumber`` (7.2 to 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering
from typing import Any, Final, TypeAlias

import phonenumbers
from phonenumbers import PhoneNumberFormat

_FORMATS: Final = {
    "E164": PhoneNumberFormat.E164,
    "INTERNATIONAL": PhoneNumberFormat.INTERNATIONAL,
    "NATIONAL": PhoneNumberFormat.NATIONAL,
    "RFC3966": PhoneNumberFormat.RFC3966,
}
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], (), {})  # django.core.validators.EMPTY_VALUES


@dataclass(frozen=True, slots=True)
class Phones:
    """How the service writes and reads phone numbers.

    ``region`` is where a number without a country is from (``PHONENUMBER_DEFAULT_REGION``), ``stored`` the format of
    columns (``PHONENUMBER_DB_FORMAT``), ``shown`` that of texts (``PHONENUMBER_DEFAULT_FORMAT``).
    """

    region: str | None = None
    stored: str = "E164"
    shown: str = "E164"

    def read(self, value: Any, region: str | None = None) -> PhoneNumber | Any:
        """The number in a text; what is empty stays as it is, and any other text is a number that is not valid
        (``to_python``). Raises ``TypeError`` for what is neither text nor number."""
        if isinstance(value, PhoneNumber):
            return value
        if value in _EMPTY:
            return value
        number = PhoneNumber(self)
        if isinstance(value, str):
            try:
                phonenumbers.parse(value, region or self.region, keep_raw_input=True, numobj=number)
            except phonenumbers.NumberParseException:
                return PhoneNumber(self, raw_input=value)
            return number
        if isinstance(value, phonenumbers.PhoneNumber):
            number.merge_from(value)
            return number
        raise TypeError(f"Can't convert {type(value).__name__} to PhoneNumber.")

    def written(self, value: Any, region: str | None = None) -> Any:
        """What a column is given for ``value`` (``PhoneNumberField.get_prep_value``)."""
        number = self.read(value, region)
        return number.in_column() if isinstance(number, PhoneNumber) else number


@total_ordering
class PhoneNumber(phonenumbers.PhoneNumber):
    """A number as the service's columns and texts have it; ``str()`` of one that is not valid is what was given."""

    def __init__(self, phones: Phones, **parts: Any) -> None:
        super().__init__(**parts)
        self.phones = phones

    def is_valid(self) -> bool:
        """Whether the number can exist."""
        return phonenumbers.is_valid_number(self)

    def format_as(self, format: int) -> str:
        """The number in one of ``phonenumbers.PhoneNumberFormat``."""
        return phonenumbers.format_number(self, format)

    @property
    def as_e164(self) -> str:
        """``+31201234567``."""
        return self.format_as(PhoneNumberFormat.E164)

    @property
    def as_international(self) -> str:
        """``+31 20 123 4567``."""
        return self.format_as(PhoneNumberFormat.INTERNATIONAL)

    @property
    def as_national(self) -> str:
        """``020 123 4567``."""
        return self.format_as(PhoneNumberFormat.NATIONAL)

    @property
    def as_rfc3966(self) -> str:
        """``tel:+31-20-123-4567``."""
        return self.format_as(PhoneNumberFormat.RFC3966)

    def in_column(self) -> Any:
        """The text of a column: in the format of the database, or as it was given where it is not valid."""
        return self.format_as(_FORMATS[self.phones.stored]) if self.is_valid() else self.raw_input

    def __str__(self) -> str:
        if self.is_valid():
            return self.format_as(_FORMATS[self.phones.shown])
        given: Any = self.raw_input
        return given  # type: ignore[no-any-return]  # None is a TypeError, as in Django

    def __repr__(self) -> str:
        if not self.is_valid():
            return f"InvalidPhoneNumber(raw_input={self.raw_input})"
        return super().__repr__()

    def __len__(self) -> int:
        return len(str(self))

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        """Equal when a column would have the same text; a text is read first."""
        if other in _EMPTY or not isinstance(other, str | phonenumbers.PhoneNumber):
            return False
        return bool(self.in_column() == self.phones.read(other).in_column())

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: object) -> bool:
        """Raises ``TypeError`` beside what is no number, ``ValueError`` where one of both is not valid."""
        if not isinstance(other, phonenumbers.PhoneNumber):
            raise TypeError(
                f"'<' not supported between instances of 'PhoneNumber' and '{type(other).__name__}'"
            )
        second = self.phones.read(other)
        wrong = next((one for one in (self, second) if not one.is_valid()), None)
        if wrong is not None:
            raise ValueError(f"Invalid phone number: {wrong!r}")
        return bool(self.in_column() < second.in_column())


PhoneValue: TypeAlias = PhoneNumber | Any
"""What a column or input has: a number, or an empty text or None where there is none."""

__all__ = ["PhoneNumber", "PhoneValue", "Phones"]
