"""Who may change which table, as ``segue schema own`` has written it: ``migrations/owners.toml`` of the generated
project. The ledger has the handovers as well, but not which tables Django's models have."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

Side = Literal["django", "fastapi"]
NAMES = {"django": "Django", "fastapi": "FastAPI"}


class OwnersUnreadable(Exception):
    """The file cannot be used; the message says which file, and why."""


@dataclass(frozen=True, slots=True)
class Handover:
    """``tables`` go to ``by``. ``since``: the last migrations of the side that gives them away, at that time (``app.name`` of
    Django, revisions of Alembic): what was written until then may still run on a database that lags behind."""

    tables: frozenset[str]
    by: Side
    since: tuple[str, ...]


@dataclass(frozen=True)
class Owners:
    """``tables`` are those of Django's models, and Django's unless a handover gives them to FastAPI. A table that is in neither
    belongs to whoever makes it."""

    tables: frozenset[str] = frozenset()
    handovers: tuple[Handover, ...] = ()

    @cached_property
    def _last(self) -> dict[str, Handover]:
        return {table: handover for handover in self.handovers for table in handover.tables}

    def owner(self, table: str) -> Side | None:
        """Who owns ``table``; None for one that nobody has claimed."""
        if table in self._last:
            return self._last[table].by
        return "django" if table in self.tables else None

    def since(self, table: str) -> tuple[str, ...] | None:
        """:attr:`Handover.since` of the last handover of ``table``; None when it never changed hands."""
        return self._last[table].since if table in self._last else None

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {table.lower(): table for table in {*self.tables, *self._last}}

    def named(self, name: str) -> str:
        """The table that a statement names so: as it is written, else in another case, which is the same table on SQLite and
        whose owner decides elsewhere too rather than nobody; ``name`` itself where neither is known."""
        if name in self.tables or name in self._last:
            return name
        return self._folded.get(name.lower(), name)

    def of(self, side: Side) -> frozenset[str]:
        """All tables of ``side``."""
        return frozenset(table for table in {*self.tables, *self._last} if self.owner(table) == side)


def read(path: Path) -> Owners:
    """Raises :class:`OwnersUnreadable` for a file that is missing or damaged, or has no ``tables`` (the ledger): nobody knows
    then who owns what."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = [_handover(item) for item in document.get("handover", [])]
        if "tables" not in document:
            raise ValueError(
                "it does not list the tables of Django's models, so it is not migrations/owners.toml"
            )
        return Owners(frozenset(map(str, document["tables"])), tuple(found))
    except FileNotFoundError as error:
        raise OwnersUnreadable(
            f"{path} does not exist; restore it from version control, or name the right file."
        ) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise OwnersUnreadable(f"{path} cannot be read: {error!r}.") from error


def _handover(item: Any) -> Handover:
    if item["by"] not in NAMES:
        raise ValueError(f"by is {item['by']!r}")
    if not isinstance(item["tables"], list) or not isinstance(item.get("since", []), list):
        raise TypeError("tables and since are lists")
    return Handover(frozenset(map(str, item["tables"])), item["by"], tuple(map(str, item.get("since", []))))
