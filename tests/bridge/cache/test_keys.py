"""Keys of template fragments and pages, as Django's template tag and page cache make them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.cache.places import run

from segue_bridge.cache.keys import forget_page, fragment_key

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PATHS = st.text("abc/é %?&=1", max_size=12).map("/".__add__)
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.round_trip("template fragment keys", "both", "Django")
@quick
@given(name=TEXT, values=st.none() | st.lists(TEXT | st.integers() | st.uuids() | st.booleans(), max_size=3))
def test_fragments(place: Any, name: str, values: list[Any] | None) -> None:
    _, django, _, _ = place("files")
    assert repr(("value", fragment_key(name, values))) == django("fragment", repr((name, values)))


@pytest.mark.round_trip("pages of the page cache, forgotten", "Django", "Django")
@quick
@given(
    path=PATHS,
    host=st.sampled_from(["testserver", "shop.example:8000"]),
    prefix=st.sampled_from(["", "p", "é"]),
    language=st.sampled_from(["en-us", "de"]),
    vary=st.sampled_from(["", "Cookie", "Accept-Language, Cookie"]),
)
def test_pages_are_made_anew(place: Any, path: str, host: str, prefix: str, language: str, vary: str) -> None:
    """Only the page of that address, prefix and language is forgotten; what it was kept under is Django's business."""
    _, django, cache, _ = place("files")
    django("clear", "()")  # a folder keeps 300 entries and drops any of them
    url = eval(django("show", repr((path, host, prefix, language, vary))))[1]
    other = "de" if language != "de" else "en-us"
    django("show", repr((path, host, prefix, other, vary)))
    assert django("kept", repr((path, host, prefix, language))) == "('value', True)"
    assert run(forget_page(cache, url, prefix=prefix, language=language, zone="UTC"))
    assert django("kept", repr((path, host, prefix, language))) == "('value', False)"
    assert django("kept", repr((path, host, prefix, other))) == "('value', True)"
    assert not run(forget_page(cache, url, prefix=prefix, language=language, zone="UTC"))
