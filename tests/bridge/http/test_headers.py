"""Headers of an answer are the bytes that Django's are, or its error."""

from __future__ import annotations

import pytest
from django.http.response import BadHeaderError, ResponseHeaders

from segue_bridge.http.responses import JSON

VALUES = (
    "", "https://example.org/a?b=c#d", "None", "https://exämple.org/é", "https://例え.jp/日本語", "emoji \N{SNOWMAN}" * 40,
    "a\tb", "\x7f", "a" * 2000, "ÿ", "Ā", "a\nb", "a\r\nX-Evil: 1", "日\n本", "=?utf-8?q?x?=",
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_a_header_is_what_django_makes_of_it(value: str) -> None:
    try:
        expected: bytes | None = ResponseHeaders({"Location": value})["Location"].encode("latin-1")
    except BadHeaderError:
        expected = None
    if expected is None:
        with pytest.raises(ValueError, match="can't contain newlines"):
            JSON({}, headers={"Location": value})
    else:
        assert (b"location", expected) in JSON({}, headers={"Location": value}).raw_headers
