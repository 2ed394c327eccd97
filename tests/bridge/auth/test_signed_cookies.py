"""Signed cookies: set by either side, read by the other, damaged, renamed, with other salts and older keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.child import Child

from segue_bridge.auth.signed_cookies import SignedCookies
from segue_bridge.auth.signing import BadSignature

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
NAMES = st.sampled_from(["cart", "cart1", "c", "language"])
SALTS = st.sampled_from(["", "1", "t", "art", "é:"])
KEYS = st.sampled_from(["first", "second", "ä third"])
PLACE = st.tuples(NAMES, SALTS)


@pytest.fixture(scope="module")
def django() -> Iterator[Child]:
    child = Child("cookies_child.py", None)
    yield child
    child.close()


def read(cookies: SignedCookies, *arguments: Any) -> list[str]:
    name, signed, salt, age = arguments
    try:
        return ["value", cookies.read(name, signed, salt=salt, max_age=age)]
    except BadSignature:
        return ["refused"]


@pytest.mark.round_trip("signed cookies", "both", "both")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=TEXT, place=PLACE, asked=PLACE | st.none(), keys=st.tuples(KEYS, KEYS), fallbacks=st.lists(KEYS, max_size=2),
    legacy=st.booleans(), old=st.booleans(), cut=st.integers(0, 40) | st.none(), age=st.sampled_from([None, 60, -1]),
)  # fmt: skip
def test_what_one_side_signs_the_other_reads(
    django: Child, value: str, place: tuple[str, str], asked: tuple[str, str] | None, keys: tuple[str, str], fallbacks: list[str],
    legacy: bool, old: bool, cut: int | None, age: int | None,
) -> None:  # fmt: skip
    """``old``: as a release signs that knows no version; ``asked``: another name or salt than it was signed with."""
    versioned = django.ask(["versioned", {}])
    name, salt = place
    theirs = django.ask(["sign", {"SECRET_KEY": keys[0]}, name, value, salt])
    ours = SignedCookies(keys[0], versioned=versioned and not old).sign(name, value, salt=salt)
    reading = {"SECRET_KEY": keys[1], "SECRET_KEY_FALLBACKS": fallbacks}
    if versioned:
        reading["SIGNED_COOKIE_LEGACY_SALT_FALLBACK"] = legacy
    here = SignedCookies(keys[1], fallbacks, versioned=versioned, legacy=legacy)
    name, salt = asked or place
    for signed in (ours, theirs, ours[:cut] + "x"):
        wanted = django.ask(["read", reading, name, signed, salt, age])
        assert read(here, name, signed, salt, age) == wanted
        if signed in (ours, theirs) and asked in (None, place) and keys[0] == keys[1] and age != -1:
            assert wanted == (
                ["value", value] if not (old and versioned) or legacy or signed == theirs else ["refused"]
            )
