"""How legacy code calls a function: which arguments by position, which by name."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Style:
    """``positional`` arguments come first, then ``keywords`` in their order."""

    positional: int
    keywords: tuple[str, ...]


def style_of(sources: Iterable[str], name: str, *, method: bool) -> Style | None:
    """The one way in which all ``sources`` call ``name`` (dotted for functions, the attribute for methods), else None."""
    found = {style for source in sources for style in _styles(source, name, method)}
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=512)
def _styles(source: str, name: str, method: bool) -> tuple[Style | None, ...]:
    out: list[Style | None] = []
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = (
            isinstance(node.func, ast.Attribute) and node.func.attr == name
            if method
            else ast.unparse(node.func) == name
        )
        if not called:
            continue
        spread = any(isinstance(a, ast.Starred) for a in node.args) or any(
            k.arg is None for k in node.keywords
        )
        out.append(None if spread else Style(len(node.args), tuple(str(k.arg) for k in node.keywords)))
    return tuple(out)
