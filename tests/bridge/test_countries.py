"""Codes of countries are those of django-countries' ``Country``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from segue_bridge.countries import UnknownCountry, code_of, country_choice
from segue_bridge.errors import Unserved

VALUES: list[Any] = [None, "", "NL", "nl", "Nl", "zz", "ZZ", "x", "  ", "N", "GB-WLS", "ß", "ı"]
ASKED = """
import json, sys
import django
from django.conf import settings
settings.configure(USE_I18N=False, COUNTRIES_OVERRIDE={"GB-WLS": "Wales"})
django.setup()
from django_countries import countries
from django_countries.fields import Country
from rest_framework.fields import ChoiceField
field = ChoiceField(choices=list(countries))
def shown(value):
    found = field.to_representation(Country(value))
    return found if isinstance(found, str) else None
values = json.load(sys.stdin)
print(json.dumps([sorted(countries.countries), [[Country(v).code, str(Country(v)), shown(v)] for v in values]]))
"""


def test_codes_are_the_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKED], input=json.dumps(VALUES), capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    listed, wanted = json.loads(done.stdout)
    countries = frozenset(listed)
    for value, (code, text, shown) in zip(VALUES, wanted, strict=True):
        assert code_of(value, countries) == code, value
        assert (code_of(value, countries) or "") == text
        found = country_choice(code_of(value, countries) or "", countries)
        assert (None if isinstance(found, UnknownCountry) else found) == shown, value


@pytest.mark.parametrize("value", ["NLD", "528", "36", "abc"])
def test_what_the_package_looks_up_in_a_table_is_left_to_django(value: str) -> None:
    with pytest.raises(Unserved):
        code_of(value, frozenset({"NL"}))
