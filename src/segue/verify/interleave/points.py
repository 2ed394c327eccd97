"""Where a request can be made to wait: points that are named alike on both sides."""

from __future__ import annotations

import re
from collections.abc import Sequence

BEGIN = "begin"
COMMIT = "commit"

_NAME = r'(?:"?[\w$]+"?\.)?"?([\w$]+)"?'
_WRITE = re.compile(
    rf"\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?|MERGE\s+INTO)\s+{_NAME}", re.I
)
_LOCKS = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+UPDATE|UPDATE|KEY\s+SHARE|SHARE)\b", re.I)
_FROM = re.compile(rf"\bFROM\s+(?:ONLY\s+)?{_NAME}", re.I)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.S)


def kind_of(sql: str) -> tuple[str, str]:
    """``("read" | "write" | "lock" | "commit" | "other", table)`` of one statement; ``other`` are BEGIN, SAVEPOINT and their like."""
    text = _COMMENT.sub(" ", sql).strip()
    word = text.split(None, 1)[0].upper().rstrip(";") if text else ""
    if word in ("COMMIT", "END"):
        return "commit", ""
    if word in ("INSERT", "UPDATE", "DELETE", "MERGE", "WITH") and (found := _WRITE.search(text)):
        return "write", found[1]
    if word in ("SELECT", "WITH", "(", "VALUES") or word.startswith("(SELECT"):
        found = _FROM.search(text)
        return ("lock" if _LOCKS.search(text) else "read"), found[1] if found else ""
    return "other", ""


class Labels:
    """The points of one request, statement by statement."""

    def __init__(self) -> None:
        self._wrote = ""

    def next(self, sql: str) -> str | None:
        """The point before this statement: ``write TABLE``, ``lock TABLE``, ``commit``; ``after TABLE`` before a read that
        follows a write or a lock; None where there is none."""
        kind, table = kind_of(sql)
        before, self._wrote = self._wrote, ("" if kind == "read" else self._wrote)
        if kind in ("write", "lock"):
            self._wrote = table
            return f"{kind} {table}"
        if kind == "commit":
            return COMMIT
        return f"after {before}" if kind == "read" and before else None


def common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """The longest sequence of points that is part of both."""
    best: list[list[list[str]]] = [[[] for _ in range(len(other) + 1)] for _ in range(len(one) + 1)]
    for i in range(len(one) - 1, -1, -1):
        for j in range(len(other) - 1, -1, -1):
            if one[i] == other[j]:
                best[i][j] = [one[i], *best[i + 1][j + 1]]
            else:
                best[i][j] = max(best[i + 1][j], best[i][j + 1], key=len)
    return best[0][0]
