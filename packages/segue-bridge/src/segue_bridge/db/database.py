"""One :class:`Database` per application: the engine, its pool and the cache of compiled statements."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from segue_bridge.db.compiled import Cache
from segue_bridge.db.dates import exact_dates
from segue_bridge.db.executor import AsyncpgExecutor, EngineExecutor, Executor, SqliteExecutor
from segue_bridge.db.isolated import Shared
from segue_bridge.db.pool import PoolBusy, Use
from segue_bridge.db.session import Session
from segue_bridge.db.sqlite import prepare
from segue_bridge.db.transaction import Hook

ISOLATION = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "mysql": "mysql+asyncmy",
    "mariadb": "mysql+asyncmy",
}


class Database:
    """The database of an application.

    ``url`` is ``postgresql://…`` (asyncpg), ``sqlite:///path`` (aiosqlite) or ``mysql://…`` (asyncmy, of ``segue-bridge[mysql]``:
    for MySQL and MariaDB there are tables and values only, no query that Segue translates); anything else raises
    ``ValueError``. ``pool_size`` connections at most are in use at a time, handed out first come,
    first served (SQLAlchemy's own queue is not fair). Who has waited for ``pool_wait`` seconds gets
    :class:`~segue_bridge.db.pool.PoolBusy`; None waits for ever.

    ``statement_timeout`` (seconds, PostgreSQL) ends a statement that runs longer with
    :class:`~.errors.OperationalError`; None leaves it to the server's own setting, as Django does.

    ``comments``: statements of sampled traces name the request (PostgreSQL, :mod:`segue_bridge.trace.sql`), as Django's do with
    ``SEGUE_SQL_COMMENTS``. Each of them is planned anew, by one round trip more.

    ``replica`` is asked for what is only read, as with a router whose ``db_for_read`` names another database than its
    ``db_for_write``: all selects but those that lock, that stand in :meth:`~.session.Session.primary`, and that belong to a
    write (what a deletion collects, ``get_or_create``, the rows that ``set_`` of a relation finds). A transaction is one of the
    primary alone, and selects in it go to the replica all the same, as with such a router: a row just written may not be there
    yet. It is closed with this one. Raises ``ValueError`` for one of another kind of server.

    ``isolation`` (PostgreSQL): the level that transactions begin with, ``"REPEATABLE READ"`` or another of :data:`ISOLATION`;
    single statements outside of one keep the server's, as with Django's ``OPTIONS["isolation_level"]`` and psycopg 3. On MySQL it is that
    of the session, READ COMMITTED without one, as Django's.
    Raises ``ValueError`` for any other text.

    ``engine`` hands in an engine made elsewhere. It is taken to be *joined* to a transaction that
    somebody else holds open (verification over Django's connection): there, atomic blocks are
    savepoints, nothing is ever committed, and every write outside a block gets its own
    savepoint, so that a failed one leaves the outer transaction usable.

    ``held_hooks``: put on_commit callbacks in this list instead of running them (Django's
    ``TestCase.captureOnCommitCallbacks``).
    """

    def __init__(
        self,
        url: str | URL = "",
        *,
        pool_size: int = 10,
        engine: AsyncEngine | None = None,
        joined: bool | None = None,
        pool_wait: float | None = 10.0,
        statement_timeout: float | None = None,
        comments: bool = False,
        replica: Database | None = None,
        isolation: str = "",
    ) -> None:
        self.joined = engine is not None if joined is None else joined
        self.held_hooks: list[Hook] | None = None
        self.content_types: dict[tuple[str, str], dict[str, Any]] = {}
        self.engine = (
            _engine(make_url(url), pool_size, statement_timeout, isolation) if engine is None else engine
        )
        self.dialect: str = self.engine.dialect.name
        if isolation and (isolation not in ISOLATION or self.dialect == "sqlite"):
            raise ValueError(f"{isolation!r} is no isolation level of {self.dialect} here.")
        self.isolation = "" if self.dialect == "mysql" else isolation
        self.replica = replica
        if replica is not None and replica.dialect != self.dialect:
            raise ValueError(f"A replica of {self.dialect} is no {replica.dialect}.")
        self.pool_size = None if self.joined else pool_size
        self.pool_wait = pool_wait
        self.use = Use()
        self._turns = None if self.joined else asyncio.Semaphore(pool_size)
        driver = "" if self.joined else self.engine.dialect.driver
        opens: dict[str, Callable[[AsyncEngine, Cache], Awaitable[Executor]]] = {
            "asyncpg": partial(AsyncpgExecutor.open, comments=comments),
            "aiosqlite": SqliteExecutor.open,
        }
        self._opens = opens.get(driver)
        self._cache = Cache(self.engine.dialect)
        self.pinned: Shared | None = None  # the one connection of a test (segue_bridge.db.isolated)
        self._idle: list[Executor] = []  # SQLAlchemy's pool would be asked anew for every request

    def session(self) -> Session:
        """A session for one request: ``async with database.session() as db``."""
        return Session(self)

    @property
    def scarce(self) -> bool:
        """Whether a request that wants a connection now has to wait for it."""
        return self.pinned is None and self._turns is not None and self._turns.locked()

    async def checkout(self) -> Executor:
        """A connection of the pool, in order of asking. Raises :class:`PoolBusy` and the errors of :mod:`.errors`."""
        if self.pinned is not None:
            return self.pinned
        if self._turns is not None:
            await self._turn(self._turns)
        try:
            while self._idle:
                executor = self._idle.pop()
                if executor.alive():
                    return executor
                await executor.close(broken=True)
            if self._opens is not None:
                return await self._opens(self.engine, self._cache)
            return await EngineExecutor.open(self.engine, commits=not self.joined)
        except BaseException:
            self._release()
            raise

    async def _turn(self, turns: asyncio.Semaphore) -> None:
        use = self.use
        if turns.locked():
            use.waiting += 1
            use.waits += 1
            begun = time.monotonic()
            try:
                async with asyncio.timeout(self.pool_wait):
                    await turns.acquire()
            except TimeoutError:
                use.refused += 1
                raise PoolBusy(self.pool_wait or 0, self.pool_size or 0) from None
            finally:
                use.waiting -= 1
                use.waited += time.monotonic() - begun
        else:
            await turns.acquire()  # at once
        use.taken += 1

    def _release(self) -> None:
        if self._turns is not None:
            self._turns.release()
            self.use.taken -= 1

    async def give_back(self, executor: Executor, *, broken: bool) -> None:
        """Return a connection; a ``broken`` one is closed for good."""
        if isinstance(executor, Shared):
            return  # whose block may have ended
        try:
            if not broken and self._opens is not None and executor.alive():
                self._idle.append(executor)
            else:
                await executor.close(broken=broken)
        finally:
            self._release()

    async def close(self) -> None:
        """Close all connections of the pool."""
        idle, self._idle = self._idle, []
        for executor in idle:
            await executor.close(broken=False)
        await self.engine.dispose()
        if self.replica is not None:
            await self.replica.close()


def _engine(url: URL, pool_size: int, statement_timeout: float | None, isolation: str) -> AsyncEngine:
    scheme = url.drivername
    driver = DRIVERS.get(scheme, scheme if scheme in DRIVERS.values() else "")
    if not driver:
        raise ValueError(
            f"Database URL scheme {scheme!r} is not supported: use postgresql://, sqlite:// or mysql://."
        )
    url = url.set(drivername=driver)
    if driver == "mysql+asyncmy":
        return create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            # Django's own default; the server's is REPEATABLE READ
            isolation_level=isolation if isolation in ISOLATION else "READ COMMITTED",
            connect_args={"charset": "utf8mb4"},
        )
    if driver == "postgresql+asyncpg":
        server_settings = {"TimeZone": "UTC"}  # as Django's session
        if statement_timeout is not None:
            server_settings["statement_timeout"] = str(int(statement_timeout * 1000))
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_reset_on_return=None,  # a session always leaves its transaction ended
            native_inet_types=False,  # addresses are text in Django
            connect_args={
                "server_settings": server_settings,
                "statement_cache_size": 1000,
            },
        )
        event.listen(engine.sync_engine, "connect", exact_dates)
        return engine
    options: dict[str, Any] = {}
    if url.database not in (None, "", ":memory:") and "mode=memory" not in str(url.database):
        options = {"pool_size": pool_size, "max_overflow": 0}
    engine = create_async_engine(url, **options)
    event.listen(engine.sync_engine, "connect", prepare)
    return engine
