"""Tests on one database, each in a transaction that is undone at its end, as Django's ``TestCase`` has it
(``django.test.testcases.TestCase``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Executable, Row, text

from segue_bridge.db.errors import IntegrityError

if TYPE_CHECKING:
    from segue_bridge.db.compiled import Parameters
    from segue_bridge.db.database import Database
    from segue_bridge.db.executor import Executor

_DANGLING = text('SELECT "table", rowid, parent FROM pragma_foreign_key_check')


class Shared:
    """One connection for all sessions of a block, a statement at a time. Raises ``RuntimeError`` once the block has ended: what a session
    that outlives it writes would stay."""

    def __init__(self, executor: Executor) -> None:
        self._executor, self._ended = executor, False
        self._turn = asyncio.Lock()

    async def rows(self, statement: Executable, params: Parameters | None) -> Sequence[Row[object]]:
        async with self._turn:
            return await self._open().rows(statement, params)

    async def run(self, statement: Executable, params: Parameters | None) -> int:
        async with self._turn:
            return await self._open().run(statement, params)

    async def command(self, sql: str) -> None:
        async with self._turn:
            await self._open().command(sql)

    async def close(self, *, broken: bool) -> None:
        """The block closes it, not who uses it meanwhile."""

    def alive(self) -> bool:
        return not self._ended and self._executor.alive()

    def end(self) -> None:
        """The block is over."""
        self._ended = True

    def _open(self) -> Executor:
        if self._ended:
            raise RuntimeError("The isolated block in which this session began has ended.")
        return self._executor


@asynccontextmanager
async def isolated(database: Database) -> AsyncIterator[None]:
    """Everything that ``database`` is used for inside stands in one transaction, which is undone at the end.

    All its sessions have one connection meanwhile, and a replica is not asked. Atomic blocks are savepoints and ``on_commit``
    callbacks run where the outermost one ends, as they do in production. Not undone are the numbers of PostgreSQL's sequences, and the clock
    of the database stands still (``now()`` is the time of the transaction). Sessions that are open at the same time share the savepoints, too:
    ask one request after another.

    Raises :class:`~.errors.IntegrityError` at the end, as ``TestCase`` does, where a row refers to one that is not there: nothing was
    committed that would have told. Raises ``RuntimeError`` inside of another such block.
    """
    if database.pinned is not None:
        raise RuntimeError("This database is isolated already.")
    executor = await database.checkout()
    kept = database.joined, database.replica, dict(database.content_types)
    broken = True
    try:
        await executor.command(
            f"BEGIN ISOLATION LEVEL {database.isolation}" if database.isolation else "BEGIN"
        )
        shared = Shared(executor)
        database.pinned, database.joined, database.replica = shared, True, None
        try:
            yield
            await _check(database, executor)
        finally:
            database.joined, database.replica, types = kept
            database.content_types.clear()  # of rows that are gone
            database.content_types.update(types)
            database.pinned = None
            shared.end()
            await executor.command("ROLLBACK")
            broken = False
    finally:
        await database.give_back(executor, broken=broken)


async def _check(database: Database, executor: Executor) -> None:
    """``connection.check_constraints()``."""
    if database.dialect == "postgresql":
        await executor.command("SET CONSTRAINTS ALL IMMEDIATE")
        return
    found = await executor.rows(_DANGLING, None)
    if found:
        table, row, other = tuple(found[0])
        raise IntegrityError(f"The row {row} of {table} refers to a row of {other} that does not exist.")
