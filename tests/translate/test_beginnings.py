"""What all texts begin with that a regular expression matches, and what does not tell them apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.translate.beginnings import apart, beginning, literal

PATTERNS = [
    r"^/en/weight/[\s\S]*?overview", r"^/en/sitemap\-(?P<section>[^/]+)\.xml\Z", r"^/api/notes/?\Z", r"^/a+b", r"^/a*b", r"^/ab{0,2}c", r"^/a|b",
    r"^(?:/x|/y)/z", r"^/x/(?P<a>\d+|y)", r"^[a|b]c", r"^/x\d", r"/api/v1/files/(?P<key>[^|])/", r"^\\x", "^", r"^/en\-us/\Z", r"^/\d\Z", "^/en/$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_what_matches_begins_so(pattern: str, data: st.DataObject) -> None:
    found = re.match(pattern, data.draw(st.from_regex(pattern, fullmatch=True)))
    assert found is not None
    assert not literal(pattern) or found[0].rstrip("\n") == beginning(pattern)
    assert found[0].startswith(beginning(pattern))


def test_as_much_as_is_sure_is_told() -> None:
    known = [beginning(pattern) for pattern in PATTERNS[:3]]
    assert apart(known[0], known[1])
    assert apart(known[1], known[2])
    assert not apart(known[2], "/api/")
    assert [literal(pattern) for pattern in PATTERNS[-3:]] == [True, False, True]
