"""Texts in several languages, by what django-i18nfield documents of ``LazyI18nString``: its own examples and the order of its look-ups."""

from __future__ import annotations

import pytest

from segue_bridge.errors import Unserved
from segue_bridge.localized import LocalizedText, as_text, by_language, entered, localized, stored


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        ('{"en": "house", "de": "Haus"}', "de", "Haus"),
        ('{"en": "house", "de": "Haus"}', "de-at", "Haus"),  # the general language
        ('{"en": "house", "de-at": "Haus"}', "de", "Haus"),  # a related one
        ('{"en": "house", "fr": "maison"}', "de", "house"),  # that of the service
        ('{"fr": "maison", "de": ""}', "de", "maison"),  # the first that has a text
        ("house", "de", "house"),
        (None, "de", ""),
        ("{}", "de", ""),
        ("5", "de", "5"),
    ],
)
def test_a_text_is_said_in_the_nearest_language(data: str | None, code: str, said: str) -> None:
    assert localized(data).localize(code, "en") == said


def test_what_is_shown_is_by_language() -> None:
    assert by_language(localized('{"en": "a", "de": ""}'), "en") == {"en": "a", "de": ""}
    assert by_language(localized("a"), "en") == {"en": "a"}
    assert by_language(localized(None), "en") is None
    assert by_language("", "en") == {"en": ""}  # an object that was not read again yet
    assert as_text("a", "en") == "a"


def test_what_is_stored_leaves_empty_languages_out() -> None:
    assert stored(entered({"en": "a", "de": ""})) == '{"en": "a"}'
    assert stored(entered("a")) == "a"
    assert stored(None) is None
    assert stored(entered("5")) == "5"


@pytest.mark.parametrize("sent", ["[1]", "1.5", "true"])
def test_other_json_is_left_to_django(sent: str) -> None:
    with pytest.raises(Unserved):
        entered(sent)


def test_it_is_true_and_equal_by_its_texts() -> None:
    assert not LocalizedText({"en": "", "de": ""})
    assert LocalizedText({"en": "", "de": "a"})
    assert LocalizedText("a") == "a"
    assert LocalizedText(None) != None  # noqa: E711
