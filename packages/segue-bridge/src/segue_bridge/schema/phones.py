"""Input of phone numbers: the serializer field and the validator of django-phonenumber-field (7.2 to 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from segue_bridge.errors import ValidationError
from segue_bridge.phones import PhoneNumber, Phones
from segue_bridge.schema.text import Char
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _


class Phone(Char):
    """``phonenumber_field.serializerfields.PhoneNumberField``: a valid number; ``region`` is where one without a country is from."""

    messages: ClassVar[Mapping[str, Text]] = {"invalid": _("Enter a valid phone number.")}

    def __init__(self, phones: Phones, *, region: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.phones = phones
        self.region = region

    def parse(self, raw: Any) -> Any:
        """The number. Raises ``ValidationError`` for a text that is none."""
        number = self.phones.read(super().parse(raw), self.region)
        if isinstance(number, PhoneNumber) and not number.is_valid():
            self.fail("invalid")
        return number


@dataclass(frozen=True, slots=True)
class ValidPhone:
    """``validate_international_phonenumber``: the text is a valid number, or empty."""

    phones: Phones
    message: Text = _("The phone number entered is not valid.")
    code: str = "invalid"

    def __call__(self, value: Any) -> None:
        number = self.phones.read(value)
        if isinstance(number, PhoneNumber) and not number.is_valid():
            raise ValidationError([self.message], code=self.code)


__all__ = ["Phone", "ValidPhone"]
