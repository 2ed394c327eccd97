"""Patterns of Redis (``KEYS``, ``SCAN … MATCH``) as regular expressions, and how django-redis makes them. Needs nothing: it is also loaded by its path."""

from __future__ import annotations

import re
from collections.abc import Callable


def pattern(text: object, prefix: str, version: object) -> str:
    """``DefaultClient.make_pattern`` with the key function of ``default_key_func``."""
    escaped = [re.sub(r"([*?[])", r"[\1]", str(part)) for part in (prefix, version)]
    return f"{escaped[0]}:{escaped[1]}:{text}"


def matcher(text: str) -> Callable[[str], bool]:
    """``stringmatchlen`` of Redis: ``*``, ``?``, ``[ab]``, ``[^a-c]`` and a backslash before what is meant as it stands. It goes by bytes."""
    made = re.compile(_expression(_bytes(text)), re.DOTALL)
    return lambda key: made.fullmatch(_bytes(key)) is not None


def _bytes(text: str) -> str:
    """A character for each byte."""
    return text.encode().decode("latin-1")


def _expression(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*":
            out += ".*"
        elif char == "?":
            out += "."
        elif char == "[":
            found, at = _set(text, at)
            out += found
        else:
            if char == "\\" and at < len(text):
                char, at = text[at], at + 1
            out += re.escape(char)
    return out


def _set(text: str, at: int) -> tuple[str, int]:
    """The set whose first character is at ``at``, and where it ends; one without an end goes to the end of the text."""
    negated = text[at : at + 1] == "^"
    at += negated
    parts = ""
    while at < len(text) and text[at] != "]":
        if text[at] == "\\" and at + 1 < len(text):
            parts, at = parts + re.escape(text[at + 1]), at + 2
        elif text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            first, last = sorted((text[at], text[at + 2]))
            parts, at = f"{parts}{re.escape(first)}-{re.escape(last)}", at + 3
        else:
            parts, at = parts + re.escape(text[at]), at + 1
    made = f"[{'^' if negated else ''}{parts}]" if parts else "." if negated else "(?!)"
    return made, at + 1
