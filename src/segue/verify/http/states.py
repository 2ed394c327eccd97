"""The state of a clone: what a request wrote, and how to undo it, by database."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

Rows = dict[tuple[Any, ...], tuple[Any, ...]]
MOST_ROWS = 4000
_SALTED = re.compile(r"^(pbkdf2_\w+\$\d+|scrypt\$\d+|argon2\$\w+\$v=\d+\$[^$]+|bcrypt\w*\$\$?\w+\$\d+)\$.+$")
_UNUSABLE = re.compile(r"^![A-Za-z0-9]{40}$")
_RANDOM = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|\d{4}-\d\d-\d\d[ T][\d:.+]+")


class State(ABC):
    """A database that one server writes to while this process watches it.

    ``large`` tables have more than :data:`MOST_ROWS` rows: only those with the highest keys are compared and undone.
    """

    def __init__(self) -> None:
        self.large: set[str] = set()
        self._columns: dict[str, list[str]] = {}
        self._baseline: dict[str, Rows] = {}
        self._sequences: dict[str, Any] = {}

    def remember(self) -> None:
        """What is there now is what later changes are told against, and what :meth:`restore` brings back."""
        self._columns = self.columns()
        for table in self._columns:
            self._baseline[table] = self.rows(table)
            if len(self._baseline[table]) >= MOST_ROWS:
                self.large.add(table)
        self._sequences = self.sequences()
        self.mark()

    @property
    def baseline(self) -> Mapping[str, Rows]:
        """Table → rows, as they were remembered."""
        return self._baseline

    def changes(self) -> dict[str, Any]:
        """``{table: {"inserted", "deleted", "updated"}}`` as in joined mode, and ``(sequences)``; {} where nothing
        was written since :meth:`mark`. Differences are told against what was remembered."""
        if not self.written():
            return {}
        out: dict[str, Any] = {}
        for table in self.touched():
            told = compared(self._columns[table], self._baseline[table], self.rows(table))
            if told:
                out[table] = told
        now = self.sequences()
        drawn = {
            name: [self._sequences.get(name), value]
            for name, value in now.items()
            if value != self._sequences.get(name)
        }
        return out | ({"(sequences)": drawn} if drawn else {})

    def touched(self) -> Collection[str]:
        """The tables that may have other rows than those remembered: all of them, where no database tells."""
        return self._columns

    @abstractmethod
    def columns(self) -> dict[str, list[str]]:
        """Table → names of its columns, tables of the application only."""

    @abstractmethod
    def rows(self, table: str) -> Rows:
        """Key → row, in the order of the keys; a table without a key has whole rows for keys."""

    @abstractmethod
    def sequences(self) -> dict[str, Any]:
        """Name → value of what hands out keys."""

    @abstractmethod
    def mark(self) -> None:
        """Note where the database stands."""

    @abstractmethod
    def written(self) -> bool:
        """Whether it may have been written to since :meth:`mark`."""

    @abstractmethod
    def restore(self) -> None:
        """Bring back what was remembered."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it and remove it."""


def compared(names: list[str], before: Rows, now: Rows) -> dict[str, Any]:
    """What changed between two states of a table; {} for nothing. Salted password hashes are told without salt and
    digest: two servers never make the same one."""
    if before == now:
        return {}

    def row(values: tuple[Any, ...]) -> dict[str, Any]:
        return {name: _unsalted(value) for name, value in zip(names, values, strict=True)}

    inserted = [row(now[key]) for key in now if key not in before]
    if len(inserted) > 1 and not all(isinstance(key[0], int) for key in now):
        inserted.sort(key=lambda r: _RANDOM.sub("*", repr(sorted(r.items()))))  # random keys have no order
    deleted = [_plain(key) for key in before if key not in now]
    updated = [
        [
            _plain(key),
            {
                name: [_unsalted(old), _unsalted(new)]
                for name, old, new in zip(names, before[key], now[key], strict=True)
                if (old, type(old)) != (new, type(new))
            },
        ]
        for key in now
        if key in before and before[key] != now[key]
    ]
    return {"inserted": inserted, "deleted": deleted, "updated": updated}


def _plain(key: tuple[Any, ...]) -> Any:
    return key[0] if len(key) == 1 else list(key)


def _unsalted(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if _UNUSABLE.match(value):
        return "! (unusable)"
    found = _SALTED.match(value)
    return f"{found[1]}$ (salted)" if found else value


def open_state(vendor: str, template: str, name: str, server: Mapping[str, str]) -> State:
    """A clone called ``name`` (a file, or a database) of ``template``, watched and remembered."""
    state: State
    if vendor == "sqlite":
        from segue.verify.http.sqlite import SqliteState

        state = SqliteState(template, name)
    else:
        from segue.verify.http.postgres import PostgresState

        state = PostgresState(template, name, server)
    state.remember()
    return state
