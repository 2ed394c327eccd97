"""Sequences, which replication leaves out."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from segue.split.sides import Connection, one, rows
from segue.split.tables import Name, Sequence, find

Pair = tuple[str, Sequence, Sequence]
"""``table.column``, its sequence on the side that is written, and on the other."""


def pairs(writer: Connection, other: Connection, tables: Iterable[Name]) -> list[Pair]:
    """The sequences of ``tables``, told by table and column. To be asked before writers wait: it reads both catalogues."""
    found = []
    for name in tables:
        mine, theirs = find(writer, name), find(other, name)
        if mine is None or theirs is None:
            continue
        there = {sequence.column: sequence for sequence in theirs.sequences}
        found += [(f"{name}.{s.column}", s, there[s.column]) for s in mine.sequences if s.column in there]
    return found


def carry(writer: Connection, other: Connection, found: Iterable[Pair]) -> list[str]:
    """Let the sequences go on at ``other`` where they are at ``writer``; returns their names."""
    carried = []
    for name, mine, theirs in found:
        query = sql.SQL("SELECT last_value, is_called FROM {}").format(mine.identifier)
        last, called = rows(writer, query)[0]
        target = theirs.identifier.as_string(other)
        one(other, "SELECT pg_catalog.setval(%s::regclass, %s, %s)", target, last, called)
        carried.append(name)
    return carried
