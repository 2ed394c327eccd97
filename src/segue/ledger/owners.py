"""Who may change which table: handovers in the ledger, and the file for the guards of Alembic and Django."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import tomlkit

Side = Literal["django", "fastapi"]
SIDES: tuple[Side, ...] = ("django", "fastapi")
FILE = "migrations/owners.toml"
_HEADER = """\
# Who may change each table, for the guards of Alembic and Django: `tables` are Django's unless a handover gives them to
# FastAPI. Written by segue; change it with `segue schema own TABLE --by fastapi`.
"""


@dataclass(frozen=True, slots=True)
class Handover:
    """``tables`` go to ``by`` at ``at`` (UTC, ISO 8601). ``since``: the last migrations of the side that gives them away, at that
    time: ``app.name`` of Django, revisions of Alembic."""

    tables: tuple[str, ...]
    by: Side
    at: str
    since: tuple[str, ...] = ()


def owner(table: str, handovers: Sequence[Handover]) -> Side:
    """Who owns ``table``: Django, until a handover says otherwise."""
    return next((h.by for h in reversed(handovers) if table in h.tables), "django")


def entries(handovers: Iterable[Handover]) -> str:
    """``[[handover]]`` as TOML."""
    document = tomlkit.document()
    found = tomlkit.aot()
    for handover in handovers:
        table = tomlkit.table()
        table.add("tables", tomlkit.item(list(handover.tables)).multiline(len(handover.tables) > 1))
        table.add("by", handover.by)
        table.add("at", handover.at)
        if handover.since:
            table.add("since", tomlkit.item(list(handover.since)).multiline(len(handover.since) > 1))
        found.append(table)
    document.add("handover", found)
    return str(tomlkit.dumps(document))


def says(found: str, tables: Iterable[str], handovers: Sequence[Handover]) -> bool:
    """Whether the text ``found`` of :data:`FILE` tells the guards what :func:`text` would."""
    try:
        return tomllib.loads(found) == tomllib.loads(text(tables, handovers))
    except tomllib.TOMLDecodeError:
        return False


def text(tables: Iterable[str], handovers: Sequence[Handover]) -> str:
    """The file :data:`FILE` of the generated project: ``tables`` are those of Django's models."""
    listed = "".join(f"    {tomlkit.item(table).as_string()},\n" for table in sorted(tables))
    rest = f"\n{entries(handovers)}" if handovers else ""
    return f"{_HEADER}\ntables = [\n{listed}]\n{rest}"
