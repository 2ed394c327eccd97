"""Texts made for regular expressions: the expression itself is the judge."""

from __future__ import annotations

import re

import pytest
from django.core import validators

from segue.verify.joined.samples import accepted, matching, sample

PATTERNS = [
    r"^\d{13}$", r"^[-a-zA-Z0-9_]+\Z", r"^[\w.@+-]+\Z", r"^\+?1?\d{9,15}$", r"^(?:[A-Z]{2}|[a-z]{3})-\d+$", r"^#[0-9a-fA-F]{6}$",
    r"[^0-9]", r"^a.c$", r"^(\d{3})-?(\d{4})$", r"x*", r"^[^\W\d]{2}$", r"^\S+\s\S+$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_samples_match(pattern: str) -> None:
    for number in (1, 7, 5001, 5002, 10**12 + 3):
        text = sample(pattern, number)
        assert text is not None
        assert re.search(pattern, text), text


@pytest.mark.parametrize("pattern", [r"^\d{13}$", r"^[A-Z]{4}$", r"^[\w.@+-]+\Z"])
def test_other_numbers_give_other_texts(pattern: str) -> None:
    texts = [sample(pattern, number) for number in range(1, 25)]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("pattern", [r"^(?=a)b", r"(a)\1", r"["])
def test_what_is_not_understood_gives_nothing(pattern: str) -> None:
    assert sample(pattern, 1) is None


def test_all_validators_must_agree() -> None:
    digits = validators.RegexValidator(r"^\d+$")
    long = validators.RegexValidator(r"^.{5}$")
    no_zero = validators.RegexValidator(r"0", inverse_match=True)
    assert matching([digits, long], 1) is None or accepted([digits, long], str(matching([digits, long], 1)))
    found = matching([no_zero, validators.RegexValidator(r"^\d{3}$")], 123)
    assert found is None or "0" not in found
    assert matching([validators.MaxLengthValidator(3)], 1) is None
