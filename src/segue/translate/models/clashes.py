"""Imported names that an attribute or class of the generated module would hide.

``date: Mapped[date]`` is read by SQLAlchemy and by type checkers with the class's own names first,
and a model may be called ``Text``; such an import gets another local name.
"""

from __future__ import annotations

import io
import re
import token
import tokenize

from segue.target.ir import Import

# ``-> Resource:``, ``is Resource:`` and the like stand before a colon and are uses.
_BEFORE_USE = ("->", "is", "in", "==", "!=", "return", "and", "or", "not")


_BUILTINS = ("bool", "bytes", "float", "int", "list", "str")


def hidden_builtins(code: str, taken: set[str]) -> set[Import]:
    """Imports for builtins that annotations of columns use and an attribute hides: ``float: Mapped[float | None]``."""
    return {
        Import("builtins", name)
        for name in _BUILTINS
        if name in taken and re.search(rf"Mapped\[[^=\n]*\b{name}\b", code)
    }


def rename_clashing(code: str, imports: set[Import], taken: set[str]) -> tuple[str, frozenset[Import]]:
    """``code`` and ``imports`` with every import whose local name is ``taken`` renamed ``name_``."""
    renamed: dict[str, str] = {}
    result = set()
    for item in imports:
        local = item.alias or item.name
        if local in taken and not item.type_only:
            alias = f"{local}_"
            while alias in taken:
                alias += "_"
            renamed[local] = alias
            result.add(Import(item.module, item.name, alias))
        else:
            result.add(item)
    return (_replace(code, renamed) if renamed else code), frozenset(result)


def _replace(code: str, renamed: dict[str, str]) -> str:
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    edits: list[tuple[int, int, int, str]] = []
    depth = 0
    for position, found in enumerate(tokens):
        if found.type == token.OP:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(found.string, 0)
        if found.type != token.NAME or found.string not in renamed:
            continue
        before, after = tokens[position - 1], tokens[position + 1]
        keyword = depth > 0 and after.string == "="
        target = depth == 0 and after.string in (":", "=") and before.string not in _BEFORE_USE
        target = target or before.string in ("class", "def")
        if before.string == "." or keyword or target:
            continue
        edits.append((found.start[0], found.start[1], found.end[1], renamed[found.string]))
    lines = code.splitlines(keepends=True)
    for row, start, end, text in reversed(edits):
        line = lines[row - 1]
        lines[row - 1] = line[:start] + text + line[end:]
    return "".join(lines)
