"""Texts that are HTML already. Source: ``django.utils.safestring`` and ``django.utils.html`` (5.2)."""

from __future__ import annotations

import html


class SafeText(str):
    """Text that templates show as it is (``SafeString``). Put together with other text it is one that they escape again.

    It has no ``__html__``: with it ``~`` of Jinja2 would make a text that is not escaped.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return self

    def __add__(self, other: str) -> str:
        joined = str.__add__(self, other)
        return SafeText(joined) if isinstance(other, SafeText) else joined


def is_safe(value: object) -> bool:
    """Whether ``value`` is text that is not to be escaped."""
    return isinstance(value, SafeText)


def escape(value: object) -> SafeText:
    """``django.utils.html.escape``: ``<``, ``>``, ``&`` and both quotes, also of what is safe."""
    return SafeText(html.escape(str(value)))


def conditional_escape(value: object) -> SafeText:
    """The same, but for what is safe already."""
    return value if isinstance(value, SafeText) else escape(value)


__all__ = ["SafeText", "conditional_escape", "escape", "is_safe"]
