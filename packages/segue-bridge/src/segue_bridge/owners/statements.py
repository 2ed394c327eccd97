"""What a piece of SQL changes in the schema: enough of its grammar to know the table, on PostgreSQL and SQLite.

What cannot be read (``DO``, functions, views, grants) is told with every name in it, so that a guard can refuse
rather than guess. Statements that only move rows are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<space> \s+ | --[^\n\r]* | /\*(?!M?!).*?\*/ )  # MySQL runs what stands in /*! … */
    | (?P<text> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | "(?P<quoted>(?:[^"]|"")*)" | `(?P<ticked>[^`]*)` | \[(?P<bracketed>\w+)\]
    | (?P<word> [^\W\d][\w$]* )
    | (?P<number> \d[\w.]* )
    | (?P<other> . )
    """,
    re.X | re.S,
)
_NAME = re.compile(r"[^\W\d][\w$]*")
_ROWS = frozenset(
    (
        *(
            "SELECT",
            "INSERT",
            "UPDATE",
            "DELETE",
            "WITH",
            "VALUES",
            "TABLE",
            "MERGE",
            "COPY",
            "EXPLAIN",
            "DECLARE",
        ),
        *(
            "BEGIN",
            "START",
            "COMMIT",
            "END",
            "ROLLBACK",
            "ABORT",
            "SAVEPOINT",
            "RELEASE",
            "LOCK",
            "FETCH",
            "CLOSE",
        ),
        *(
            "SET",
            "RESET",
            "SHOW",
            "PRAGMA",
            "ANALYZE",
            "VACUUM",
            "LISTEN",
            "NOTIFY",
            "UNLISTEN",
            "CHECKPOINT",
            "DISCARD",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Change:
    """``what``: ``create table``, ``alter table``, ``drop table``, ``rename table``, ``truncate``, ``create index``, ``drop index``,
    ``alter index``, ``trigger``, ``comment``, or ``other`` for what cannot be read. ``table`` is '' where the statement names the
    ``index`` only, and for ``other``, of which ``names`` has every name. ``rest``: what follows the table, in upper
    case but for names in quotes, one blank between tokens."""

    what: str
    table: str = ""
    index: str = ""
    names: frozenset[str] = frozenset()
    rest: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word (in upper case as ``word``, as written in ``name``), a name in quotes (no ``word``) or a sign."""

    word: str
    name: str


def changes(sql: str) -> list[Change]:
    """All changes that ``sql``, of one or more statements, makes to tables and what hangs on them."""
    return [change for tokens, text in _statements(sql) for change in _changes(tokens, text)]


def _statements(sql: str) -> Iterator[tuple[list[_Token], str]]:
    tokens: list[_Token] = []
    start = 0
    for match in _TOKEN.finditer(sql):
        if match["space"] is not None:
            continue
        quoted = next((match[k] for k in ("quoted", "ticked", "bracketed") if match[k] is not None), None)
        if match["other"] == ";":
            if tokens:
                yield tokens, sql[start : match.start()]
            tokens, start = [], match.end()
        elif quoted is not None:
            tokens.append(_Token("", quoted.replace('""', '"')))
        elif match["word"] is not None:
            tokens.append(_Token(match["word"].upper(), match["word"].lower()))
        else:
            sign = match["text"] or match["number"] or match["other"]
            tokens.append(_Token(sign, ""))
    if tokens:
        yield tokens, sql[start:]


def _changes(tokens: list[_Token], text: str) -> Iterator[Change]:
    words = [token.word for token in tokens]
    first = words[0]
    if first in _ROWS:
        return
    found = _understood(tokens, words, first)
    # names are searched in all of the text, quoted or not: both ways to write them count
    names = {name for found in _NAME.findall(text) for name in (found, found.lower())}
    yield from found or [Change("other", names=frozenset(names))]


def _understood(tokens: list[_Token], words: list[str], first: str) -> list[Change]:
    kind = next(
        (w for w in words[1:6] if w in ("TABLE", "INDEX", "TRIGGER", "COLUMN", "VIEW", "FUNCTION", "ON")), ""
    )
    at = words.index(kind) + 1 if kind else 0
    if first in ("CREATE", "ALTER", "DROP") and kind == "TABLE":
        return _table(tokens, words, f"{first.lower()} table", at)
    if first == "TRUNCATE":
        return [
            Change("truncate", name) for name in _list(tokens, words, at if kind == "TABLE" else 1)
        ]  # fmt: skip
    if first == "CREATE" and kind == "INDEX" and "ON" in words:
        name, end = _named(tokens, words, words.index("ON") + 1)
        return [Change("create index", name, rest=_rest(tokens[:end]) + " | " + _rest(tokens[end:]))]
    if first in ("ALTER", "DROP") and kind == "INDEX":
        return [
            Change(f"{first.lower()} index", index=name, rest=_rest(tokens))
            for name in _list(tokens, words, at)
        ]  # fmt: skip
    if first in ("CREATE", "DROP", "ALTER") and kind == "TRIGGER" and "ON" in words:
        return [Change("trigger", _named(tokens, words, words.index("ON") + 1)[0])]
    if words[:3] == ["COMMENT", "ON", "TABLE"]:
        return [Change("comment", _named(tokens, words, 3)[0])]
    if words[:3] == ["COMMENT", "ON", "COLUMN"]:
        parts = _path(tokens, words, 3)[0]
        return [Change("comment", parts[-2])] if len(parts) > 1 else []
    return []


def _table(tokens: list[_Token], words: list[str], what: str, at: int) -> list[Change]:
    if what == "drop table":
        return [Change(what, name) for name in _list(tokens, words, at)]
    name, end = _named(tokens, words, at)
    rest = _rest(tokens[end:])
    if what == "alter table" and words[end : end + 2] == ["RENAME", "TO"]:
        return [
            Change("rename table", name, rest=rest),
            Change("rename table", _named(tokens, words, end + 2)[0]),
        ]
    return [Change(what, name, rest=rest)] if name else []


def _skipped(words: list[str], at: int) -> int:
    while at < len(words) and words[at] in ("IF", "NOT", "EXISTS", "ONLY", "CONCURRENTLY"):
        at += 1
    return at


def _path(tokens: list[_Token], words: list[str], at: int) -> tuple[list[str], int]:
    """``a.b.c`` from ``at`` on, and where it ends."""
    at = _skipped(words, at)
    parts = []
    while at < len(tokens) and tokens[at].name:
        parts.append(tokens[at].name)
        at += 1
        if at < len(tokens) and words[at] == ".":
            at += 1
        else:
            break
    return parts, at


def _named(tokens: list[_Token], words: list[str], at: int) -> tuple[str, int]:
    parts, end = _path(tokens, words, at)
    return (parts[-1] if parts else ""), end


def _list(tokens: list[_Token], words: list[str], at: int) -> list[str]:
    found = []
    while True:
        name, at = _named(tokens, words, at)
        if name:
            found.append(name)
        if at >= len(tokens) or words[at] != ",":
            return found
        at += 1


def _rest(tokens: list[_Token]) -> str:
    return " ".join(token.word or f'"{token.name}"' for token in tokens)
