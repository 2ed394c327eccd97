"""The rows that a difference needs: few enough to be written down, and put back where it is looked at again."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

from .stored import unconverted

MOST_ROWS = 60  # of a table; larger ones are left as the project has them
MOST = 24  # requests spent on leaving rows out
_TABLE = re.compile(
    r'(?:FROM|JOIN|INTO|UPDATE|EXISTS\s*\()\s*(?:ONLY\s+)?"?(?:\w+"?\.)?"?(\w+)"?', re.IGNORECASE
)
_SECRET = re.compile(r"passw|secret|token|session|credential|api_?key|otp|private", re.IGNORECASE)
_POINT = "segue_rows"

Rows = dict[str, dict[str, Any]]


def needed(world: Any, statements: list[str], still: Callable[[], bool]) -> Rows:
    """``{table: {"columns": […], "rows": [[…]…]}}`` of what ``statements`` touch.

    Rows without which ``still`` shows the difference are left out. Tables with credentials and large tables are not
    written down: of those the project's own rows are used.
    """
    beneath, connection = world.beneath, world.connection
    names = {name for s in statements for name in _TABLE.findall(s)}
    found: Rows = {}
    for table in sorted(names & tables_of(connection)):
        columns, rows = _read(connection, table)
        if len(rows) <= MOST_ROWS and not _SECRET.search(" ".join([table, *columns])):
            found[table] = {"columns": columns, "rows": rows}
    tries = 0
    beneath.savepoint(_POINT)
    try:
        for table in sorted(found, key=lambda t: -len(found[t]["rows"])):
            kept = found[table]["rows"]
            size = len(kept)
            while size and tries < MOST:
                at = 0
                while at < len(kept) and tries < MOST:
                    fewer = [*kept[:at], *kept[at + size :]]
                    tries += 1
                    _put(connection, table, found[table]["columns"], fewer)
                    world.tables.remember_all()
                    if still():
                        kept = fewer
                    else:
                        _put(connection, table, found[table]["columns"], kept)
                        at += size
                size = size // 2 if size > 1 else 0
            found[table]["rows"] = kept
    finally:
        beneath.back_to(_POINT)
        world.tables.remember_all()
    return {
        table: {"columns": f["columns"], "rows": [[_plain(v) for v in row] for row in f["rows"]]}
        for table, f in found.items()
    }


def put_back(world: Any, rows: Rows) -> None:
    """Make each of the tables hold just these rows, inside the transaction that nothing leaves."""
    known = tables_of(world.connection)
    for table, found in rows.items():
        if table in known:
            values = [[_native(v) for v in row] for row in found["rows"]]
            _put(world.connection, table, found["columns"], values)
    world.tables.remember_all()
    if world.connection.vendor == "sqlite":
        world.tables.remember_dangling()


def tables_of(connection: Any) -> set[str]:
    """Tables of the project's models."""
    from django.apps import apps

    models = apps.get_models(include_auto_created=True)
    return {m._meta.db_table for m in models} & set(connection.introspection.table_names())


def _read(connection: Any, table: str) -> tuple[list[str], list[list[Any]]]:
    cursor = connection.connection.cursor()
    try:
        # As it is stored: what Django's converters make of it could not be written back.
        with unconverted() if connection.vendor == "sqlite" else contextlib.nullcontext():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} LIMIT {MOST_ROWS + 1}")
        return [c[0] for c in cursor.description], [list(row) for row in cursor.fetchall()]
    finally:
        cursor.close()


def _put(connection: Any, table: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Exchange the rows of a table. Deferred foreign keys are not checked: the transaction is never committed."""
    quote = connection.ops.quote_name
    place = "?" if connection.vendor == "sqlite" else "%s"
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"DELETE FROM {quote(table)}")
        names = ", ".join(quote(c) for c in columns)
        for row in rows:
            cursor.execute(
                f"INSERT INTO {quote(table)} ({names}) VALUES ({', '.join([place] * len(columns))})",
                [json.dumps(v) if isinstance(v, dict | list) else v for v in row],
            )
    finally:
        cursor.close()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"hex": bytes(value).hex()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _native(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
