"""Django's pure text functions."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import unicodedata
from html.parser import HTMLParser
from typing import Any

from segue_bridge.errors import Unserved


def shown(value: Any) -> str:
    """``smart_str``: text as it is, bytes decoded, of lists and dicts Python's picture.

    Raises :class:`~segue_bridge.errors.Unserved` for values of which that need not be the same on both sides.
    """
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str) and not _plain(value):
        raise Unserved("renderer")
    return str(value)


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_plain, value))
    return value is None or isinstance(value, (str, int, float))


def slugify(value: object, allow_unicode: bool = False) -> str:
    """``django.utils.text.slugify``: ASCII letters, digits, hyphens and underscores, lower case."""
    text = str(value)
    if allow_unicode:
        text = unicodedata.normalize("NFKC", text)
    else:
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    text = re.sub(r"[^\w\s-]", "", text.lower())
    return re.sub(r"[-\s]+", "-", text).strip("-_")


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")


# Of nested tags, and of "<" in one that is not closed for so long.
_MOST_TAGS = 50
_LONG_TAG = re.compile(r"<[a-zA-Z][^>]{1000,}")


def strip_tags(value: object) -> str:
    """``django.utils.html.strip_tags``: the text without its tags.

    Raises :class:`~segue_bridge.http.pages.SuspiciousOperation` for tags within tags within tags.
    """
    from segue_bridge.http.pages import SuspiciousOperation

    text = str(value)
    if any(found.group().count("<") >= _MOST_TAGS for found in _LONG_TAG.finditer(text)):
        raise SuspiciousOperation("A tag that is not closed.")
    for depth in itertools.count():
        if "<" not in text or ">" not in text:
            break
        if depth >= _MOST_TAGS:
            raise SuspiciousOperation("Tags within tags.")
        parser = _Stripper()
        parser.feed(text)
        parser.close()
        stripped = "".join(parser.parts)
        if text.count("<") == stripped.count("<"):
            break
        text = stripped
    return text


def text_or_none(value: object) -> str | None:
    """``CharField.to_python``: None stays None, all else becomes text."""
    return None if value is None else str(value)


def base64_encode(data: bytes) -> str:
    """``django.utils.http.urlsafe_base64_encode``: without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def base64_decode(text: Any) -> bytes:
    """``django.utils.http.urlsafe_base64_decode``. Raises ``ValueError``; ``AttributeError`` for what is no text."""
    raw = text.encode()
    try:
        return base64.urlsafe_b64decode(raw.ljust(len(raw) + len(raw) % 4, b"="))
    except (LookupError, binascii.Error) as error:
        raise ValueError(error) from error
