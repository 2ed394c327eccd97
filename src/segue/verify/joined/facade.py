"""Django's own DBAPI connection, dressed as the awaitable one that SQLAlchemy's async dialects expect.

Commit, rollback and close do nothing: the transaction belongs to Django. Calls run at once, in the thread
that owns the connection.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from .stored import unconverted


class Cursor:
    """An awaitable cursor over a plain one. ``raw`` makes SQLite hand out columns as they are stored."""

    def __init__(self, cursor: Any, *, raw: bool = False) -> None:
        self._cursor = cursor
        self._raw = unconverted if raw else contextlib.nullcontext

    async def __aenter__(self) -> Cursor:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._cursor.close()

    async def execute(self, sql: Any, parameters: Any = None, **options: Any) -> Cursor:
        """Run a statement."""
        with self._raw():
            if parameters is None:
                self._cursor.execute(sql)
            else:
                self._cursor.execute(sql, parameters)
        return self

    async def executemany(self, sql: Any, parameters: Any) -> Cursor:
        """Run a statement for each parameter set."""
        with self._raw():
            self._cursor.executemany(sql, parameters)
        return self

    async def fetchone(self) -> Any:
        """The next row."""
        return self._cursor.fetchone()

    async def fetchmany(self, size: int | None = None) -> Any:
        """The next rows."""
        return self._cursor.fetchmany() if size is None else self._cursor.fetchmany(size)

    async def fetchall(self) -> Any:
        """All rows left."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Close the cursor."""
        self._cursor.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class Connection:
    """An awaitable connection over Django's."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._raw = isinstance(connection, sqlite3.Connection)
        self.daemon = True

    def cursor(self, *args: Any, **options: Any) -> Any:
        """A new cursor: awaitable for aiosqlite, plain object for psycopg's dialect."""
        return _Ready(Cursor(self._plain(*args, **options), raw=self._raw))

    async def execute(self, sql: Any, parameters: Any = None) -> Cursor:
        """Run a statement on a new cursor."""
        return await Cursor(self._plain(), raw=self._raw).execute(sql, parameters)

    def _plain(self, *args: Any, **options: Any) -> Any:
        """Django's cursors on PostgreSQL write values into the statement, where ``-1::integer`` is read as
        ``-(1::integer)``; the generated service sends them beside it."""
        if self._raw or args or options:
            return self._connection.cursor(*args, **options)
        import psycopg

        return psycopg.Cursor(self._connection)

    async def commit(self) -> None:
        """Not ours to do."""

    async def rollback(self) -> None:
        """Not ours to do."""

    async def close(self) -> None:
        """Not ours to do."""

    async def set_autocommit(self, value: bool) -> None:
        """Django decides."""

    async def create_function(self, *args: Any, **options: Any) -> None:
        """Django has made its functions already; ours have the same names."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _Ready:
    """A cursor that can be used at once or awaited first."""

    def __init__(self, cursor: Cursor) -> None:
        self._made = cursor

    def __await__(self) -> Any:
        async def ready() -> Cursor:
            return self._made

        return ready().__await__()

    async def __aenter__(self) -> Cursor:
        return self._made

    async def __aexit__(self, *exc: object) -> None:
        self._made._cursor.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def engine_over(vendor: str, raw: Any) -> AsyncEngine:
    """An engine whose only connection is ``raw``. ``vendor`` is Django's (``sqlite``, ``postgresql``)."""

    async def creator(*args: Any, **options: Any) -> Any:
        return Connection(raw)

    options: dict[str, Any] = {
        "async_creator": creator,
        "poolclass": StaticPool,
        "pool_reset_on_return": None,
    }
    if vendor == "sqlite":
        return create_async_engine("sqlite+aiosqlite://", **options)
    if vendor == "postgresql":
        return create_async_engine("postgresql+psycopg://", use_native_hstore=False, **options)
    raise SystemExit(f"joined mode does not know the database {vendor}")
