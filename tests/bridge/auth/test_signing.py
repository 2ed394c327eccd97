"""Signed values: what Django signs and what the bridge signs, each read by the other."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing as django
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_bridge.auth import signing as bridge

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
KEY = TEXT.filter(bool)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
quick = settings(max_examples=60, deadline=None)


def said(unsign: Any, text: str) -> tuple[str, Any]:
    """What a signer makes of ``text``: its value, or that it is refused."""
    try:
        return "value", unsign(text)
    except (django.BadSignature, bridge.BadSignature):
        return "refused", None


def theirs(key: str, salt: str) -> django.TimestampSigner:
    """What ``django.core.signing.dumps`` and ``loads`` use, without the settings' older keys."""
    return django.TimestampSigner(key=key, salt=salt, fallback_keys=[])


@pytest.mark.round_trip("Signer", "both", "both")
@quick
@given(TEXT, KEY, TEXT)
def test_both_make_the_same_signature(value: str, key: str, salt: str) -> None:
    expected = django.Signer(key=key, salt=salt or None, fallback_keys=[]).sign(value)
    signer = bridge.Signer(key, salt=salt) if salt else bridge.Signer(key)
    assert signer.sign(value) == expected
    assert signer.unsign(expected) == value


@pytest.mark.round_trip("damaged signatures", "Django, then damaged", "both")
@quick
@given(TEXT, KEY, st.data())
def test_damaged_signatures_are_judged_as_django_judges_them(value: str, key: str, data: Any) -> None:
    signed = django.Signer(key=key, fallback_keys=[]).sign(value)
    cut = data.draw(st.integers(0, len(signed)))
    damaged = data.draw(st.sampled_from([signed[:cut], signed + "é", signed[:cut] + "x" + signed[cut + 1 :]]))
    expected = said(django.Signer(key=key, fallback_keys=[]).unsign, damaged)
    assert said(bridge.Signer(key).unsign, damaged) == expected


@pytest.mark.round_trip("SECRET_KEY_FALLBACKS", "Django", "both")
@quick
@given(TEXT, KEY, KEY, KEY)
def test_older_keys_verify_and_others_do_not(value: str, key: str, older: str, other: str) -> None:
    signed = django.Signer(key=older, fallback_keys=[]).sign(value)
    for fallbacks in ([older], [other], [other, older], []):
        expected = said(django.Signer(key=key, fallback_keys=fallbacks).unsign, signed)
        assert said(bridge.Signer(key, fallbacks=fallbacks).unsign, signed) == expected


@pytest.mark.round_trip("signing.dumps and loads", "both", "the other")
@quick
@given(JSON, KEY, KEY, st.booleans())
def test_objects_are_read_by_the_other_side(value: Any, key: str, salt: str, compress: bool) -> None:
    from_django = theirs(key, salt).sign_object(value, compress=compress)
    assert bridge.loads(from_django, key, salt=salt) == value
    assert theirs(key, salt).unsign_object(bridge.dumps(value, key, salt=salt, compress=compress)) == value
    with pytest.raises(bridge.BadSignature):
        bridge.loads(from_django, key, salt=salt + "x")


def test_compressed_objects_are_read_by_the_other_side() -> None:
    value = ["long enough to be packed"] * 50
    signer = theirs("key", "django.core.signing")
    ours, packed = bridge.dumps(value, "key", compress=True), signer.sign_object(value, compress=True)
    assert ours[0] == packed[0] == "."
    assert bridge.loads(packed, "key") == signer.unsign_object(ours) == value


@pytest.mark.parametrize("age", [0, 1, 59, 60, 61, 10_000])
def test_old_values_expire_when_django_says(age: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000
    monkeypatch.setattr("time.time", lambda: now)
    signed = django.TimestampSigner(key="key", fallback_keys=[]).sign("value")
    assert bridge.TimestampSigner("key").sign("value") == signed
    monkeypatch.setattr("time.time", lambda: now + age)
    expected = said(
        lambda text: django.TimestampSigner(key="key", fallback_keys=[]).unsign(text, max_age=60), signed
    )
    signer = bridge.TimestampSigner("key")
    assert said(lambda text: signer.unsign(text, max_age=60), signed) == expected
    assert (expected[0] == "refused") is (age > 60)
