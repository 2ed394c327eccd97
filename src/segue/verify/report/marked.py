"""JSON beside JSON as HTML, with the paths marked at which the two differ; source text with its colours."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

MOST_LINES = 600


def body(value: Any, paths: Collection[str], path: str = "body") -> Markup:
    """``value`` as indented JSON (a text as it is); what lies at one of ``paths`` is in ``<mark>``.

    Paths are those of ``joined/compare.py``: ``body.items[0].id``, ``body.items.length``.
    """
    if isinstance(value, str) and path == "body":
        lines = [_mark(line, path in paths) for line in value.splitlines() or [""]]
    else:
        lines = list(_lines(value, path, frozenset(paths), "", ""))
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], escape(f"… {len(lines) - MOST_LINES} more lines: see --json")]
    return Markup("\n").join(lines)


def _lines(value: Any, path: str, paths: frozenset[str], indent: str, label: str) -> Iterator[Markup]:
    marked = path in paths or f"{path}.length" in paths
    if isinstance(value, dict) and value:
        yield escape(indent) + _mark(f"{label}{{", marked)
        for number, (key, item) in enumerate(value.items()):
            inner = f"{path}.{key}" if path else str(key)
            lines = list(
                _lines(item, inner, paths, indent + "  ", f"{json.dumps(key, ensure_ascii=False)}: ")
            )
            yield from _ended(lines, number < len(value) - 1)
        yield escape(indent) + _mark("}", marked)
    elif isinstance(value, list) and value:
        yield escape(indent) + _mark(f"{label}[", marked)
        for number, item in enumerate(value):
            yield from _ended(
                list(_lines(item, f"{path}[{number}]", paths, indent + "  ", "")), number < len(value) - 1
            )
        yield escape(indent) + _mark("]", marked)
    else:
        yield escape(indent) + _mark(label + json.dumps(value, ensure_ascii=False, default=str), marked)


def _ended(lines: list[Markup], more: bool) -> list[Markup]:
    return [*lines[:-1], lines[-1] + "," if more else lines[-1]]


def _mark(text: str, marked: bool) -> Markup:
    return Markup("<mark>{}</mark>").format(text) if marked else escape(text)


@lru_cache(maxsize=512)
def python(text: str) -> Markup:
    """Python source with the classes of :func:`colours`."""
    return Markup(highlight(text, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).rstrip("\n"))


def colours() -> str:
    """Style rules for :func:`python`, for light and dark pages."""
    light, dark = (_rules(style) for style in ("friendly", "github-dark"))
    return "\n".join([*light, "@media (prefers-color-scheme: dark) {", *dark, "}"])


def _rules(style: str) -> list[str]:
    formatter: Any = HtmlFormatter(style=style)
    return [
        r
        for r in formatter.get_style_defs(".code").splitlines()
        if r.startswith(".code .") and "border" not in r
    ]
