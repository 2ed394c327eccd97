"""Bodies that say what is there already, as it is and in other words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers as s

from .payloads import stored

# Texts that code which compares in its own way (slugs, iexact, strip) may take for the same.
ALIKE: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("as it was", lambda text: text),
    ("in capitals", str.upper),
    ("with a mark behind", lambda text: f"{text}!"),
)


def alike(serializer: Any, body: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """``body`` with its free texts changed."""
    free = {
        n for n, f in serializer.fields.items()
        if type(f) is s.CharField or isinstance(f, s.EmailField | s.SlugField)
    }  # fmt: skip
    return {n: change(v) if n in free and isinstance(v, str) else v for n, v in body.items()}


def held(serializer: Any, most: int = 3) -> list[dict[str, Any]]:
    """What the writable fields hold in the first and the last rows of the serializer's model: texts and numbers."""
    columns = {
        name: found
        for name, field in serializer.fields.items()
        if not field.read_only and (found := stored(field))
    }
    longest = max(map(len, columns.values()), default=0)
    rows = [{name: v[i] for name, v in columns.items() if i < len(v)} for i in range(longest)]
    return rows[:most]
