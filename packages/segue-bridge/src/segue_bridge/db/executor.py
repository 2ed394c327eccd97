"""How a session talks to its connection: straight asyncpg, or SQLAlchemy's engine for the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Executable, Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import greenlet_spawn

from segue_bridge.db.compiled import Cache, Parameters
from segue_bridge.db.errors import OperationalError, translate
from segue_bridge.trace.sql import comment

R = TypeVar("R")


class Executor(Protocol):
    """One checked-out connection in autocommit mode."""

    async def rows(self, statement: Executable, params: Parameters | None) -> Sequence[Row[Any]]: ...
    async def run(self, statement: Executable, params: Parameters | None) -> int: ...
    async def command(self, sql: str) -> None: ...
    async def close(self, *, broken: bool) -> None: ...
    def alive(self) -> bool: ...


async def _guarded(make: Callable[[], Awaitable[R]]) -> R:
    """Await ``make()``; the driver's errors leave as :mod:`segue_bridge.db.errors`."""
    try:
        return await make()
    except Exception as error:
        translated = translate(error)
        if translated is None:
            raise
        raise translated from error


class AsyncpgExecutor:
    """Runs compiled statements on the asyncpg connection of SQLAlchemy's pool.

    With ``comments`` those of sampled traces end with :func:`~segue_bridge.trace.sql.comment`. Each is prepared for this one time,
    beside asyncpg's cache of statements, which texts that never come again would empty.
    """

    def __init__(self, fairy: Any, cache: Cache, dialect: Any, *, comments: bool = False) -> None:
        self._fairy = fairy
        self._connection = fairy.driver_connection
        self._cache = cache
        self._dialect = dialect
        self._comments = comments

    @classmethod
    async def open(cls, engine: AsyncEngine, cache: Cache, *, comments: bool = False) -> AsyncpgExecutor:
        """Take a live connection from the pool; one the server has closed is replaced."""
        while True:
            try:
                fairy: Any = await _guarded(engine.raw_connection)
            except OSError as error:  # refused, no such host: asyncpg hands on what the socket says
                raise OperationalError(str(error)) from error
            if not fairy.driver_connection.is_closed():
                return cls(fairy, cache, engine.dialect, comments=comments)
            await greenlet_spawn(fairy.invalidate)
            await greenlet_spawn(fairy.close)

    async def rows(self, statement: Executable, params: Parameters | None) -> Sequence[Row[Any]]:
        compiled, extracted = self._cache.find(statement)
        sql, values = compiled.text(params, extracted)

        async def fetch() -> Sequence[Row[Any]]:
            shape = compiled.shape
            if shape is None:
                prepared = await self._connection.prepare(sql)
                attributes = [(item.name, item.type.oid) for item in prepared.get_attributes()]
                shape = compiled.shape = compiled.read(self._dialect, attributes)
            if added:
                return shape.rows(await (await self._connection.prepare(sql + added)).fetch(*values))
            return shape.rows(await self._connection.fetch(sql, *values))

        added = comment(sql) if self._comments else ""
        return await _guarded(fetch)

    async def run(self, statement: Executable, params: Parameters | None) -> int:
        compiled, extracted = self._cache.find(statement)
        sql, values = compiled.text(params, extracted)
        added = comment(sql) if self._comments else ""

        async def execute() -> str:
            if added:
                prepared = await self._connection.prepare(sql + added)
                await prepared.fetch(*values)
                named: str = prepared.get_statusmsg()
                return named
            done: str = await self._connection.execute(sql, *values)
            return done

        status = await _guarded(execute)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else -1

    async def command(self, sql: str) -> None:
        await _guarded(lambda: self._connection.execute(sql))

    async def close(self, *, broken: bool) -> None:
        if broken:
            self._connection.terminate()
            await greenlet_spawn(self._fairy.invalidate)
        await greenlet_spawn(self._fairy.close)

    def alive(self) -> bool:
        """Whether the server has not closed it meanwhile, as far as is known here."""
        return not self._connection.is_closed()


class SqliteExecutor:
    """Runs compiled statements on the aiosqlite connection of SQLAlchemy's pool.

    A read is one visit to the connection's thread, where a cursor of SQLAlchemy's would be several.
    """

    def __init__(self, fairy: Any, cache: Cache, dialect: Any) -> None:
        self._fairy = fairy
        self._connection = fairy.driver_connection
        self._cache = cache
        self._dialect = dialect

    @classmethod
    async def open(cls, engine: AsyncEngine, cache: Cache) -> SqliteExecutor:
        """Take a connection from the pool."""
        return cls(await _guarded(engine.raw_connection), cache, engine.dialect)

    async def rows(self, statement: Executable, params: Parameters | None) -> Sequence[Row[Any]]:
        compiled, extracted = self._cache.find(statement)
        sql, values = compiled.text(params, extracted)

        async def fetch() -> Sequence[Row[Any]]:
            shape = compiled.shape
            if shape is None:
                cursor = await self._connection.execute(sql, values)
                attributes = [(item[0], None) for item in cursor.description or ()]
                shape = compiled.shape = compiled.read(self._dialect, attributes)
                found = await cursor.fetchall()
                await cursor.close()
                return shape.rows(found)
            return shape.rows(await self._connection.execute_fetchall(sql, values))

        return await _guarded(fetch)

    async def run(self, statement: Executable, params: Parameters | None) -> int:
        compiled, extracted = self._cache.find(statement)
        sql, values = compiled.text(params, extracted)

        async def count() -> int:
            cursor = await self._connection.execute(sql, values)
            found: int = cursor.rowcount
            await cursor.close()
            return found

        return await _guarded(count)

    async def command(self, sql: str) -> None:
        await _guarded(lambda: self._connection.execute_fetchall(sql))

    async def close(self, *, broken: bool) -> None:
        if broken:
            await greenlet_spawn(self._fairy.invalidate)
        await greenlet_spawn(self._fairy.close)

    def alive(self) -> bool:
        """A file does not go away."""
        return True


class EngineExecutor:
    """Runs statements through SQLAlchemy: any engine handed in."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, engine: AsyncEngine, *, commits: bool = False) -> EngineExecutor:
        """Take a connection from the engine's pool. ``commits``: each statement outside of a transaction is one of its own, as on the
        other connections here; else the engine's owner has settled that."""
        connection = engine.connect()
        await _guarded(connection.start)
        if commits:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
        return cls(connection)

    async def rows(self, statement: Executable, params: Parameters | None) -> Sequence[Row[Any]]:
        async def fetch() -> Sequence[Row[Any]]:
            return (await self._connection.execute(statement, params)).fetchall()

        return await _guarded(fetch)

    async def run(self, statement: Executable, params: Parameters | None) -> int:
        async def count() -> int:
            return (await self._connection.execute(statement, params)).rowcount

        return await _guarded(count)

    async def command(self, sql: str) -> None:
        await _guarded(lambda: self._connection.exec_driver_sql(sql))

    async def close(self, *, broken: bool) -> None:
        if broken:
            await self._connection.invalidate()
        await self._connection.close()

    def alive(self) -> bool:
        """Never kept: the engine has its own pool."""
        return False
