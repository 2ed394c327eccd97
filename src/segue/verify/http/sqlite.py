"""A SQLite clone: copied by the backup API, put back by it while the server has it open."""

from __future__ import annotations

import sqlite3
from typing import Any

from segue.verify.http.states import MOST_ROWS, Rows, State


class SqliteState(State):
    """The file ``name``, a copy of the file ``template``."""

    def __init__(self, template: str, name: str) -> None:
        super().__init__()
        self._template = sqlite3.connect(f"file:{template}?mode=ro", uri=True)
        self._connection = sqlite3.connect(name, isolation_level=None, timeout=10)
        self._connection.text_factory = _text
        self._connection.execute("PRAGMA synchronous = OFF")  # a clone need not survive the machine
        self._template.backup(self._connection)
        self._keys: dict[str, list[int]] = {}
        self._version = 0

    def columns(self) -> dict[str, list[str]]:
        tables = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).fetchall()
        out = {}
        for (table,) in sorted(tables):
            info = self._connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
            out[table] = [name for _, name, *_ in info]
            keys = sorted((place, at) for at, (*_, place) in enumerate(info) if place)
            self._keys[table] = [at for _, at in keys] or list(range(len(info)))
        return out

    def rows(self, table: str) -> Rows:
        keys = self._keys[table]
        order = ", ".join(f"{at + 1} DESC" for at in keys)
        cursor = self._connection.execute(
            f"SELECT * FROM {_quoted(table)} ORDER BY {order} LIMIT {MOST_ROWS}"
        )
        return {tuple(row[at] for at in keys): row for row in reversed(cursor.fetchall())}

    def sequences(self) -> dict[str, Any]:
        known = self._connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
        ).fetchone()
        if not known:
            return {}
        return dict(
            self._connection.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()
        )

    def mark(self) -> None:
        self._version = self._now()

    def written(self) -> bool:
        return self._now() != self._version

    def restore(self) -> None:
        self._template.backup(self._connection)
        self.mark()

    def close(self) -> None:
        self._connection.close()
        self._template.close()

    def _now(self) -> int:
        """``PRAGMA data_version``: another one whenever another connection has committed."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
