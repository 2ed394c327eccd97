"""What a cut-over would leave behind: constraints that would be checked against a copy, and triggers that the target does not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segue.split.sides import Connection
from segue.split.tables import Name, crossing_keys, read


@dataclass(frozen=True, slots=True)
class Left:
    """``what`` it is, and what is to be done ``then``, as SQL where there is some."""

    what: str
    then: str


def behind(source: Connection, target: Connection, tables: Sequence[Name], *, back: bool) -> list[Left]:
    """What has to be seen to before the writes move to the target (``back``: to the source, which has everything)."""
    if back:
        return []
    found = [
        Left(
            f"the foreign key {key.name} of {key.table}, which stays, to {key.refers}",
            f"the source would check it against a copy that is behind: ALTER TABLE {key.table} DROP CONSTRAINT {key.name}",
        )
        for key in crossing_keys(source, tables)
        if key.refers in tables
    ]
    found += [
        Left(
            f"the foreign key {key.name} of {key.table} to {key.refers}, on the target",
            f"{key.refers} is not followed, so it would refuse rows: ALTER TABLE {key.table} DROP CONSTRAINT {key.name} there",
        )
        for key in crossing_keys(target, tables)
        if key.table in tables
    ]
    there = {table.name: table for table in read(target, tables)}
    for table in read(source, tables):
        for name in sorted(table.triggers.keys() - there[table.name].triggers.keys()):
            found.append(
                Left(f"the trigger {name} of {table.name}", f"make it on the target: {table.triggers[name]}")
            )
    return found
