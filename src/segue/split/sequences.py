"""Sequences, which replication leaves out."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from segue.split.sides import Connection, one, rows
from segue.split.tables import Name, find


def carry(writer: Connection, other: Connection, tables: Iterable[Name]) -> list[str]:
    """Let the sequences of ``tables`` go on at ``other`` where they are at ``writer``; returns their names. They are told by table and column."""
    carried = []
    for name in tables:
        mine, theirs = find(writer, name), find(other, name)
        if mine is None or theirs is None:
            continue
        there = {sequence.column: sequence for sequence in theirs.sequences}
        for sequence in mine.sequences:
            if sequence.column not in there:
                continue
            query = sql.SQL("SELECT last_value, is_called FROM {}").format(sequence.identifier)
            last, called = rows(writer, query)[0]
            target = there[sequence.column].identifier.as_string(other)
            one(other, "SELECT pg_catalog.setval(%s::regclass, %s, %s)", target, last, called)
            carried.append(f"{name}.{sequence.column}")
    return carried
