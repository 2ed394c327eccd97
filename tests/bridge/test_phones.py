"""Phone numbers are read, shown, compared, stored and refused as by django-phonenumber-field."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite
from tests.forks import Forks

from segue_bridge.db.phones import Phone
from segue_bridge.errors import ValidationError
from segue_bridge.phones import PhoneNumber, Phones
from segue_bridge.schema.phones import Phone as PhoneInput
from segue_bridge.schema.phones import ValidPhone

START = """
import django
from django.conf import settings
settings.configure(USE_I18N=False)
django.setup()
import phonenumber_field.modelfields, phonenumber_field.serializerfields
"""
TOLD = """
def told(number):
    if not hasattr(number, "as_e164"):
        return [type(number).__name__, repr(number)]
    return [number.is_valid(), str(number), repr(number), len(number), number.as_e164, number.as_international, number.as_national,
            number.as_rfc3966, number.country_code, number.national_number, number.extension, number.raw_input]

def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        detail = getattr(error, "detail", None) or getattr(error, "messages", None)
        codes = [getattr(one, "code", getattr(error, "code", "")) for one in detail or ()]
        return [type(error).__name__, [str(one) for one in detail], codes] if detail else [type(error).__name__]
"""
ASKED = """
from django.conf import settings
from phonenumber_field.modelfields import PhoneNumberField
from phonenumber_field.serializerfields import PhoneNumberField as Input
from phonenumber_field.validators import validate_international_phonenumber as validate
for name, value in SETTINGS.items():
    setattr(settings, name, value)
field = PhoneNumberField(region=REGION)

def all_of(value):
    read = attempt(lambda: field.from_db_value(value, None, None))
    return {
        "read": attempt(lambda: told(read)), "assigned": attempt(lambda: told(field.to_python(value))),
        "stored": attempt(field.get_prep_value, value), "valid": attempt(validate, value),
        "input": attempt(lambda: told(Input(region=REGION, allow_null=True).run_validation(value))),
        "same": [attempt(lambda: read == other) for other in VALUES[:14]],
        "alike": [attempt(lambda: read == field.to_python(other)) for other in VALUES[:14]],
        "less": [attempt(lambda: read < field.to_python(other)) for other in VALUES[:14]],
    }

result = [all_of(value) for value in VALUES]
"""
VALUES: list[Any] = [
    None, "", " ", "+31201234567", "020 1234567", "0201234567 ext. 5", "+32 2 555 12 12", "02 555 12 12", "+1 650-253-0000", "650-253-0000",
    "+31 (0)20 123 4567", "tel:+31-20-123-4567", "call me", "+999123", "112", "+", "0\u0662\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
    "+31201234567\x00", 5, 0, True, [], {}, [1], "+39 06 698 12345", "9" * 300,
]  # fmt: skip
FORMATS = ("E164", "INTERNATIONAL", "NATIONAL", "RFC3966")
CASES = [
    *((None, one, one, None) for one in FORMATS),
    ("NL", "E164", "E164", None), ("NL", "E164", "NATIONAL", "BE"), ("US", "NATIONAL", "RFC3966", None), ("BE", "INTERNATIONAL", "INTERNATIONAL", "US"),
]  # fmt: skip
SPACE: dict[str, Any] = {}
exec(TOLD, SPACE)  # both sides tell in the same words
told, attempt = SPACE["told"], SPACE["attempt"]


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    made = Forks(START, os.environ)
    yield made
    made.close()


@pytest.mark.parametrize(("default", "stored", "shown", "region"), CASES)
def test_numbers_are_the_packages(
    forks: Forks, default: str | None, stored: str, shown: str, region: str | None
) -> None:
    names = {"DEFAULT_REGION": default, "DB_FORMAT": stored, "DEFAULT_FORMAT": shown}
    given = {f"PHONENUMBER_{name}": value for name, value in names.items()}
    wanted = forks.run(f"SETTINGS, REGION, VALUES = {given!r}, {region!r}, {VALUES!r}\n{TOLD}{ASKED}")
    phones = Phones(default, stored, shown)
    column = Phone(128, phones, region)
    dialect = sqlite.dialect()
    sent = PhoneInput(phones, region=region, null=True)
    for value, expected in zip(VALUES, wanted, strict=True):
        read = attempt(lambda value=value: column.process_result_value(value, dialect))
        found = {
            "read": attempt(lambda read=read: told(read)),
            "assigned": attempt(lambda value=value: told(column.assigned(value))),
            "stored": attempt(column.process_bind_param, value, dialect),
            "valid": attempt(ValidPhone(phones), value),
            "input": attempt(lambda value=value: told(sent.run(value))),
            "same": [attempt(lambda read=read, other=other: read == other) for other in VALUES[:14]],
            "alike": [attempt(lambda read=read, o=o: read == column.assigned(o)) for o in VALUES[:14]],
            "less": [attempt(lambda read=read, o=o: read < column.assigned(o)) for o in VALUES[:14]],
        }
        assert found == expected, value


def test_a_wrong_number_is_told_with_its_code() -> None:
    with pytest.raises(ValidationError) as wrong:
        ValidPhone(Phones(), code="invalid_phone_number")("call me")
    assert wrong.value.detail[0].code == "invalid_phone_number"
    assert isinstance(Phones().read("call me"), PhoneNumber)
