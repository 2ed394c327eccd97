"""Messages of PostgreSQL's output plugin ``pgoutput``, protocol version 1, as :mod:`.polling` reads them from a slot.

Source: "Logical Replication Message Formats" of PostgreSQL's manual. Values are text, None for NULL; a column that was not changed and
whose value is not in the log (TOAST) is left out.

No library does this for us: psycopg 3 does not speak the replication protocol and decodes none of its messages, psycopg2 hands them on as
bytes, and those on PyPI that do (pypgoutput, pypg-cdc, pgoutput-decoder) are first releases or years old.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from segue.split.tables import Name

Values = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """``kind``: ``insert``, ``update``, ``delete`` or ``truncate``. ``old``: what identified the row before; empty where ``new`` does."""

    kind: str
    table: Name
    new: Values = field(default_factory=dict)
    old: Values = field(default_factory=dict)


@dataclass(slots=True)
class Transaction:
    """``end``: where its commit ends in the log. ``marks``: contents of messages with the prefix asked for."""

    end: int = 0
    changes: list[Change] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Relation:
    name: Name
    columns: tuple[str, ...]


class Reader:
    """Keeps what the messages have said of tables. ``prefix``: of the messages that are told as marks."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._relations: dict[int, _Relation] = {}

    def transactions(self, messages: Iterator[bytes]) -> Iterator[Transaction]:
        """Whole transactions, in the order of their commits. Raises ``ValueError`` for a message that is not known."""
        current = Transaction()
        for message in messages:
            kind, part = message[:1], _Part(message[1:])
            if kind == b"B":
                current = Transaction()
            elif kind == b"C":
                part.take(9)  # flags, where the commit begins
                current.end = part.number("!Q")
                yield current
            elif kind == b"R":
                self._relation(part)
            elif kind in (b"I", b"U", b"D"):
                current.changes.append(self._change(kind, part))
            elif kind == b"T":
                count = part.number("!I")
                part.take(1)
                names = [self._relations[part.number("!I")].name for _ in range(count)]
                current.changes += [Change("truncate", name) for name in names]
            elif kind == b"M":
                part.take(9)  # flags, where it stands
                prefix = part.text()
                body = part.take(part.number("!I"))
                if prefix == self._prefix:
                    current.marks.append(body.decode())
            elif kind not in (b"O", b"Y"):
                raise ValueError(f"pgoutput sent a message {kind!r}, which is not of its protocol version 1")

    def _relation(self, part: _Part) -> None:
        number = part.number("!I")
        schema, table = part.text(), part.text()
        part.take(1)
        columns = []
        for _ in range(part.number("!H")):
            part.take(1)
            columns.append(part.text())
            part.take(8)
        self._relations[number] = _Relation(Name(schema or "pg_catalog", table), tuple(columns))

    def _change(self, kind: bytes, part: _Part) -> Change:
        relation = self._relations[part.number("!I")]
        old: Values = {}
        mark = part.take(1)
        if mark in (b"K", b"O"):
            old = part.values(relation.columns)
            mark = part.take(1) if kind == b"U" else b""
        new = part.values(relation.columns) if mark == b"N" else {}
        name = {b"I": "insert", b"U": "update", b"D": "delete"}[kind]
        return Change(name, relation.name, new, old)


class _Part:
    """The rest of a message."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        found = self._data[self._at : self._at + size]
        self._at += size
        return found

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        end = self._data.index(b"\0", self._at)
        found = self._data[self._at : end].decode()
        self._at = end + 1
        return found

    def values(self, columns: tuple[str, ...]) -> Values:
        found: Values = {}
        for name in columns[: self.number("!H")]:
            kind = self.take(1)
            if kind == b"n":
                found[name] = None
            elif kind == b"t":
                found[name] = self.take(self.number("!I")).decode()
            elif kind != b"u":
                raise ValueError(f"pgoutput sent a value of the kind {kind!r}")
        return found
