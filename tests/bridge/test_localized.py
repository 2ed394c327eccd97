"""Texts in several languages say, show and store what django-i18nfield's ``LazyI18nString`` and its fields do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from tests.forks import Forks

from segue_bridge.errors import Unserved
from segue_bridge.localized import LocalizedText, as_text, by_language, entered, localized, stored, text_in

START = """
import django
from django.conf import settings
settings.configure(LANGUAGE_CODE="en", USE_I18N=True)
django.setup()
from i18nfield.fields import I18nTextField
from i18nfield.rest_framework import I18nField
from i18nfield.strings import LazyI18nString
"""
ASKED = """
import json
from i18nfield.fields import I18nTextField
from i18nfield.rest_framework import I18nField
from i18nfield.strings import LazyI18nString

def told(data, others):
    text = I18nTextField().from_db_value(data, None, None)
    return {
        "said": [text.localize(code) for code in CODES],
        "true": bool(text),
        "equal": [text == other for other in others] + [text == LazyI18nString(other) for other in others],
        "shown": I18nField().to_representation(text),
        "stored": I18nTextField().get_prep_value(text),
    }
"""
CODES = ["en", "de", "de-at", "de-ch", "fr", "pt-br"]
TEXTS = ["", "a", "ä"]
COLUMNS: list[str | None] = [
    None, "", "house", "{}", '"quoted"', "null", "{broken",
    *(
        json.dumps(dict(zip(codes, texts, strict=True)))
        for codes in (["en"], ["de"], ["fr", "de"], ["de-at", "en"], ["de-ch", "de-at", "fr"], ["de-ch", "de"], ["pt", "en"])
        for texts in product(TEXTS, repeat=len(codes))
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def package() -> Iterator[list[dict[str, Any]]]:
    forks = Forks(START, os.environ)
    yield forks.run(f"CODES = {CODES!r}\n{ASKED}\nresult = [told(data, {COLUMNS!r}) for data in {COLUMNS!r}]")
    forks.close()


def test_the_same_is_said_shown_and_stored(package: list[dict[str, Any]]) -> None:
    assert len({json.dumps(t["said"]) for t in package}) > 12
    for data, theirs in zip(COLUMNS, package, strict=True):
        text = localized(data)
        ours = {
            "said": [text.localize(code, "en") for code in CODES],
            "true": bool(text),
            "equal": [text == o for o in COLUMNS] + [text == LocalizedText(o) for o in COLUMNS],
            "shown": by_language(text, "en"),
            "stored": stored(text),
        }
        assert ours == theirs, data


OVERRIDDEN = ["", "en", "de", "DE", "de-at", "de_AT", "pt_br", "pt-BR", "nobodys"]
SAID = """
from django.utils import translation
from i18nfield.strings import LazyI18nString

def said(data):
    found = []
    for code in CODES:
        with translation.override("fr"), translation.override(code):
            found.append(f"{LazyI18nString(data)}")
    return found
"""


def test_text_in_another_language() -> None:
    forks = Forks(START, os.environ)
    try:
        theirs = forks.run(f"CODES = {OVERRIDDEN!r}\n{SAID}\nresult = [said(data) for data in {COLUMNS!r}]")
    finally:
        forks.close()
    for data, texts in zip(COLUMNS, theirs, strict=True):
        # Without a code the language stays as it was: here nobody has chosen one, so that it is the default.
        ours = [text_in(localized(data), code, "en") for code in OVERRIDDEN if code]
        assert ours == texts[1:], data
        assert text_in(localized(data), "", "en") == as_text(localized(data), "en")


def test_an_object_that_was_not_read_again_has_plain_texts() -> None:
    assert by_language("", "en") == {"en": ""}
    assert as_text("a", "en") == "a"


@pytest.mark.parametrize("sent", ["[1]", "1.5", "true", "5"])
def test_other_json_is_left_to_django(sent: str) -> None:
    with pytest.raises(Unserved):
        entered(sent)


def test_sorting_is_left_to_django() -> None:
    """Django's order is that of the language of the request."""
    with pytest.raises(Unserved):
        sorted([LocalizedText('{"en": "b"}'), LocalizedText('{"en": "a"}')])


def test_text_without_a_language_is_left_to_django() -> None:
    with pytest.raises(Unserved):
        str(LocalizedText({"en": "a"}))
