"""The literal text that everything begins with that a regular expression matches from the start."""

from __future__ import annotations

import re

_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_SPECIAL = ".^$*+?{}[]\\|()"


def beginning(pattern: str) -> str:
    """``/en/weight/`` of ``^/en/weight/[^/]+/\\Z``; '' where nothing is sure. ``pattern`` has no flags but in itself."""
    text = pattern.removeprefix("^")
    if _alternatives(text):
        return ""
    out: list[str] = []
    position = 0
    while position < len(text):
        escaped = text[position] == "\\" and not text[position + 1 : position + 2].isalnum()
        character = text[position + 1 : position + 2] if escaped else text[position]
        if not character or (not escaped and character in _SPECIAL):
            break
        position += 2 if escaped else 1
        following = text[position : position + 1]
        if following in ("*", "?", "{"):
            break  # it may be missing
        out.append(character)
        if following == "+":
            break
    return "".join(out)


def literal(pattern: str) -> bool:
    """Whether it matches its :func:`beginning` and no more: ``^/en/\\Z``."""
    if not pattern.endswith(("$", "\\Z")):
        return False
    text = pattern.removeprefix("^").removesuffix("$").removesuffix("\\Z")
    return re.sub(r"\\(.)", r"\1", text) == beginning(pattern)


def apart(one: str, other: str) -> bool:
    """Whether no text begins with both."""
    return not one.startswith(other) and not other.startswith(one)


def _alternatives(text: str) -> bool:
    """Whether there is a ``|`` outside of all groups."""
    bare = _CLASS.sub("", re.sub(r"\\.", "", text))
    depth = 0
    for character in bare:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth <= 0:
            return True
    return False
