"""Rows that a request changed, found by comparing touched tables with their state before."""

from __future__ import annotations

import contextlib
import datetime
import re
from typing import Any

from .session_rows import SessionRows
from .stored import unconverted

_WRITE = re.compile(
    r'^\s*(?:WITH\b.*?\b)?(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?["`]?([\w.]+)["`]?',
    re.IGNORECASE | re.DOTALL,
)
_NOT_COUNTED = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SET CONSTRAINTS", "PRAGMA")
MOST_ROWS = 4000


def _existing(connection: Any) -> set[str]:
    """Names of tables, asked past Django so that no test counts the question."""
    if connection.vendor == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    else:
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql)
        return {row[0] for row in cursor.fetchall()}
    finally:
        cursor.close()


def written_tables(statements: list[str]) -> set[str]:
    """Tables that statements write to."""
    return {m[1] for s in statements if (m := _WRITE.match(s))}


def count(statements: list[str]) -> int:
    """Statements that are queries of the application."""
    return sum(1 for s in statements if not s.lstrip().upper().startswith(_NOT_COUNTED))


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T][\d:.+]+")
# Keys and tokens: what is that long and of such letters only says nothing about order.
_RANDOM = re.compile(r"\w*[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|[\w-]{14,}")


def _order(row: dict[str, Any]) -> tuple[str, list[str]]:
    """By what is the same on both sides, then by the moments: each side makes its rows in one order."""
    text = repr(sorted((name, _plain(value)) for name, value in row.items()))
    moments = _MOMENT.findall(text)
    return _RANDOM.sub("*", _MOMENT.sub("*", text)), moments


def _plain(value: Any) -> Any:
    """As a text that says nothing of this process: moments as SQLite has them, no addresses."""
    if isinstance(value, datetime.date | datetime.time):
        return str(value)
    return bytes(value) if isinstance(value, memoryview) else value


class Tables:
    """Baseline of table contents; every case is rolled back, so it stays true.

    Of a table with more than :data:`MOST_ROWS` rows only those with the highest keys are compared.
    """

    def __init__(self) -> None:
        from django.apps import apps
        from django.db import connection

        self._connection = connection
        self._keys: dict[str, tuple[str, ...]] = {}
        for model in apps.get_models(include_auto_created=True):
            fields = getattr(
                model._meta, "pk_fields", [model._meta.pk]
            )  # of Django 5.2: keys of several columns
            self._keys.setdefault(model._meta.db_table, tuple(field.column for field in fields))
        existing = _existing(connection)
        self._keys = {table: key for table, key in self._keys.items() if table in existing}
        self._sessions = SessionRows(connection)
        self._baseline: dict[str, dict[Any, tuple[Any, ...]]] = {}
        self.large: set[str] = set()
        self.dangling: set[str] = set()

    def remember_all(self) -> None:
        """Read every table now, before the first case."""
        self._baseline.clear()
        for table in self._keys:
            self._baseline[table] = self._read(table)[1]
            if len(self._baseline[table]) >= MOST_ROWS:
                self.large.add(table)

    def remember(self, tables: set[str]) -> None:
        """Read these tables anew: what they hold is the state that later cases are compared from."""
        for table in tables & self._keys.keys():
            self._baseline[table] = self._read(table)[1]

    def remember_dangling(self) -> None:
        """Note references that lead nowhere already now (SQLite)."""
        with self._connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_key_check")
            self.dangling = {f"{row[0]} → {row[2]}" for row in cursor.fetchall()}

    def changes(self, statements: list[str] | None) -> dict[str, Any]:
        """``{table: {"inserted": [row…], "deleted": [key…], "updated": [[key, {column: [old, new]}]…]}}``
        of the tables that ``statements`` write to, or of all."""
        out: dict[str, Any] = {}
        for table in sorted(self._keys if statements is None else written_tables(statements)):
            if table not in self._keys:
                continue
            before = self._baseline[table]
            names, now = self._read(table)
            inserted = [dict(zip(names, now[k], strict=True)) for k in now if k not in before]
            if table == self._sessions.table:
                inserted = [self._sessions.told(row) for row in inserted]
            if len(inserted) > 1 and not all(isinstance(k, int) for k in now):
                inserted.sort(key=_order)  # random keys say nothing about order
            deleted = [k for k in before if k not in now]
            updated = [
                [
                    k,
                    {
                        n: [o, v]
                        for n, o, v in zip(names, before[k], now[k], strict=True)
                        if o != v or type(o) is not type(v)
                    },
                ]
                for k in now
                if k in before and before[k] != now[k]
            ]
            if table == self._sessions.table:
                for _, columns in updated:
                    if "session_data" in columns:
                        columns["session_data"] = [self._sessions.decoded(v) for v in columns["session_data"]]
            if inserted or deleted or updated:
                out[table] = {"inserted": inserted, "deleted": deleted, "updated": updated}
        return out

    def _read(self, table: str) -> tuple[list[str], dict[Any, tuple[Any, ...]]]:
        """Column names and rows by key, as the database stores them."""
        quote = self._connection.ops.quote_name
        order = ", ".join(f"{quote(column)} DESC" for column in self._keys[table])
        cursor = self._connection.connection.cursor()
        try:
            with unconverted() if self._connection.vendor == "sqlite" else contextlib.nullcontext():
                cursor.execute(f"SELECT * FROM {quote(table)} ORDER BY {order} LIMIT {MOST_ROWS}")
            names = [c[0] for c in cursor.description]
            at = [names.index(column) for column in self._keys[table]]
            rows = [tuple(row) for row in reversed(cursor.fetchall())]
            return names, {row[at[0]] if len(at) == 1 else repr([row[i] for i in at]): row for row in rows}
        finally:
            cursor.close()
