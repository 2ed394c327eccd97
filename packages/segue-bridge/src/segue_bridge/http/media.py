"""Media types as DRF compares them (``rest_framework.utils.mediatypes``)."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from functools import lru_cache

JSON = "application/json"
HTML = "text/html"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
NAMES = {"json": JSON, "api": HTML, "form": FORM, "multipart": MULTIPART}
"""Renderers and parsers by the short names that resources use."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type with its parameters."""

    main: str
    sub: str
    params: tuple[tuple[str, str], ...]

    @property
    def precedence(self) -> int:
        """0 ``*/*``, 1 ``main/*``, 2 exact, 3 exact with parameters other than ``q``."""
        if self.main == "*":
            return 0
        if self.sub == "*":
            return 1
        return 2 if not self.params or [key for key, _ in self.params] == ["q"] else 3

    @property
    def name(self) -> str:
        """``main/sub``."""
        return f"{self.main}/{self.sub}"

    def get(self, key: str) -> str | None:
        """A parameter; the last one counts."""
        return dict(self.params).get(key)

    def match(self, other: MediaType) -> bool:
        """Whether this satisfies ``other``; parameters of this must stand in ``other``."""
        theirs = dict(other.params)
        if any(key != "q" and theirs.get(key) != value for key, value in self.params):
            return False
        if self.sub != "*" and other.sub != "*" and other.sub != self.sub:
            return False
        return self.main == "*" or other.main == "*" or other.main == self.main


@lru_cache(maxsize=512)
def parse(text: str) -> MediaType:
    """``_MediaType``; what cannot be parsed matches nothing."""
    try:
        name, params = header(text)
    except ValueError:
        name, params = "", ()
    main, _, sub = name.partition("/")
    return MediaType(main, sub, params)


def header(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """``django.utils.http.parse_header_parameters``: the standard library's reading of such a header.

    Raises ``ValueError`` for an RFC 2231 value in an unknown charset.
    """
    if ";" not in text:
        return text.strip().lower(), ()
    message = Message()
    message["content-type"] = text
    (name, _), *rest = message.get_params() or [("", "")]
    found: dict[str, str] = {}
    for key, value in rest:
        if not key:
            continue
        if isinstance(value, tuple):
            if value[0]:
                try:
                    codecs.lookup(value[0])
                except LookupError:
                    raise ValueError(value[0]) from None
            value = collapse_rfc2231_value(value)
        found[key] = value
    return name.lower(), tuple(found.items())
