"""``segue split plan``: what would cross between the two databases."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from segue.commands.common import console, count, print_json, read_snapshot
from segue.commands.split_open import chosen, own_database
from segue.config import Config
from segue.split.crossings import Crossing, Place, crossing_relations, crossings
from segue.split.joins import Joins, both_sides
from segue.split.sides import Side, checked, session
from segue.split.tables import ForeignKey, Name, Table, crossing_keys, named, read

_MOST = 5  # places listed on a terminal


def run(settings: Config, *, apps: str, tables: str, source: str, as_json: bool) -> int:
    """Read the snapshot, and the database where it is a PostgreSQL (``source``, else the project's own). Changes nothing."""
    snapshot = read_snapshot(settings)
    moved = chosen(settings, apps, tables)
    places = Joins(snapshot, crossing_relations(snapshot, moved)).places()
    found = crossings(snapshot, moved, places)
    both = both_sides(snapshot, moved)
    uses_postgres = any(
        d.alias == "default" and d.vendor == "postgresql" for d in snapshot.settings.databases
    )
    url = source or (own_database(settings) if uses_postgres else "")
    live = _live(url, moved, {(named(c.table), c.column) for c in found}) if url else None
    if as_json:
        print_json(
            {
                "tables": [str(name) for name in moved],
                "crossings": [asdict(c) for c in found],
                "both_sides": [asdict(p) for p in both],
                "database": live and _database(*live),
            }
        )
    else:
        _say(moved, found, both, live)
    return 0


def _live(
    url: str, moved: tuple[Name, ...], known: set[tuple[Name, str]]
) -> tuple[list[Table], list[ForeignKey]]:
    """The tables as the database has them, and the foreign keys across that the models do not tell."""
    with session(Side("source", checked(url))) as connection:
        keys = [
            key
            for key in crossing_keys(connection, moved)
            if not any(
                key.table == table and f"({column})" in key.definition.replace('"', "")
                for table, column in known
            )
        ]
        return read(connection, moved), keys


def _database(tables: list[Table], keys: list[ForeignKey]) -> dict[str, Any]:
    return {
        "tables": [
            {
                "table": str(t.name), "rows": t.rows, "bytes": t.size, "refused": t.oddity or ("" if t.key else "has no primary key"),
                "sequences": [s.name for s in t.sequences], "triggers": dict(t.triggers),
            }
            for t in tables
        ],
        "other_foreign_keys": [{"table": str(k.table), "name": k.name, "refers": str(k.refers)} for k in keys],
    }  # fmt: skip


def _say(
    moved: tuple[Name, ...],
    found: list[Crossing],
    both: list[Place],
    live: tuple[list[Table], list[ForeignKey]] | None,
) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    line(f"{count(len(moved), 'table')} would move: {', '.join(map(str, moved))}")
    for way, title in (("from", "Refers to a table that stays"), ("to", "A table that stays refers to it")):
        here = [c for c in found if c.moves == way]
        if here:
            line(f"\n{title}:")
        for one in here:
            line(f"  {one.table}.{one.column} → {one.refers} ({one.kind}): {one.verdict}. {one.advice}")
            _places(one.places, "    ", line)
    if both:
        line("\nOne function with models of both sides; what is one transaction there would be two:")
        _places(tuple(both), "  ", line)
    if live is None:
        line("\nSequences, triggers and sizes were not looked at: no PostgreSQL was named (--from).")
    else:
        _say_live(*live, line)
    line(
        f"\n{count(len(found), 'relation')} would cross, {sum(bool(c.places) for c in found)} of them in the code: {count(sum(len(c.places) for c in found), 'place')}."
    )


def _say_live(tables: list[Table], keys: list[ForeignKey], line: Any) -> None:
    line("\nIn the database:")
    for table in tables:
        parts = [f"some {table.rows} rows", f"{table.size / 1e6:.1f} MB"]
        if table.sequences:
            parts.append(f"sequence {', '.join(s.name for s in table.sequences)}, set at the cut-over")
        if table.triggers:
            parts.append(f"trigger {', '.join(table.triggers)}, not carried over")
        refused = table.oddity or ("" if table.key else "has no primary key")
        line(
            f"  {table.name}: {'; '.join(parts)}{f'. It {refused}, so it cannot be followed' if refused else ''}"
        )
    for key in keys:
        line(f"  {key.table}: the foreign key {key.name} to {key.refers} is in no model")


def _places(places: tuple[Place, ...], indent: str, line: Any) -> None:
    for place in places[:_MOST]:
        line(
            f"{indent}{place.where} {place.what}{'' if place.sure else ' (or another relation of that name)'}"
        )
    if len(places) > _MOST:
        line(f"{indent}and {len(places) - _MOST} more (--json lists all)")
