"""A request's view of the database: autocommit like Django's, one connection, taken when first needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import ColumnElement, Executable, Row, Select, select

from segue_bridge.db import bulk, collector, creating, rereading, selecting, writes
from segue_bridge.db.base import Base, as_loaded
from segue_bridge.db.compiled import Parameters
from segue_bridge.db.early import EarlyRows
from segue_bridge.db.errors import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    TransactionManagementError,
)
from segue_bridge.db.executor import Executor
from segue_bridge.db.listeners import NOBODY, Listeners
from segue_bridge.db.transaction import Hook, Transaction, logged

if TYPE_CHECKING:
    from segue_bridge.db.database import Database

E = TypeVar("E", bound=Base)
EMPTY: Mapping[str, Any] = MappingProxyType({})


class Session:
    """Reads and writes of one request.

    Each write is permanent at once unless it stands in :meth:`atomic`. ``queries`` counts the
    statements sent, savepoints and BEGIN/COMMIT not included, ``changes`` those among them that write or lock,
    ``undone`` those of them that surely failed or were rolled back, ``kept`` the others, ``repeatable`` what DRF's authentication kept: whoever
    authenticates the request again finds that done.
    Errors are those of :mod:`segue_bridge.db.errors`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._executor: Executor | None = None
        self._broken = False
        self._replica = None if database.replica is None else database.replica.session()
        self._primary = 0
        self.dialect: str = database.dialect
        self.queries = 0
        self.changes = self.undone = self.repeatable = 0
        self.kept_values: dict[Hashable, Any] = {}
        """What ``once`` has computed."""
        self.early = EarlyRows()
        """What middleware has inserted before the view."""
        self.refused: Callable[[], Exception] | None = None
        """What is raised in the place of an ``IntegrityError`` (``leaving.leave_conflicts``)."""
        self._transaction = Transaction(
            self._command,
            joined=database.joined,
            held=database.held_hooks,
            isolation=database.isolation,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def queue(self) -> None:
        """Take the connection now if others wait for one, so that a request that gets none is turned away before it has done
        anything. Raises :class:`~.pool.PoolBusy`."""
        if self._database.scarce:
            await self._connection()

    async def close(self) -> None:
        """Return the connection. A session left inside a block gives it back closed."""
        executor, self._executor = self._executor, None
        try:
            if executor is not None:
                broken = self._transaction.in_atomic and not self._database.joined
                await self._database.give_back(executor, broken=broken or self._broken)
        finally:
            if self._replica is not None:
                await self._replica.close()

    # reading

    async def all(self, statement: Executable, params: Parameters | None = None) -> Sequence[Row[Any]]:
        """All rows of a statement (also of a write with RETURNING).

        A select with the execution option ``segue_empty`` is known to find nothing and is not sent,
        as Django does not send ``queryset[0:0]``.
        """
        if "segue_empty" in statement.get_execution_options():
            return []
        executor = await self._ready(statement)
        try:
            return await executor.rows(statement, params)
        except DatabaseError as error:
            self._failed(statement, executor, error)
            self._leave(error)
            raise

    async def first(self, statement: Executable, params: Parameters | None = None) -> Row[Any] | None:
        """The first row, or None. Adds no LIMIT."""
        rows = await self.all(statement, params)
        return rows[0] if rows else None

    async def scalar(self, statement: Executable, params: Parameters | None = None) -> Any:
        """The first column of the first row, or None."""
        rows = await self.all(statement, params)
        return rows[0][0] if rows else None

    async def get(self, entity: type[E], *where: ColumnElement[bool], for_update: bool = False) -> E | None:
        """The one entity that matches, with all its columns, or None.

        Raises :class:`~.errors.MultipleObjectsReturned` with Django's text when there are more.
        """
        statement = select(entity).where(*where).limit(21)
        if for_update:
            statement = statement.with_for_update()
        found = await self.entities(statement)
        if len(found) > 1:
            raise selecting.too_many(entity, len(found))
        return found[0] if found else None

    async def entities(self, statement: Select[E], params: Parameters | None = None) -> list[E]:
        """Entities of ``select(Entity)...``, new objects each time, relations not loaded."""
        entity, columns = selecting.expand(statement)
        return [
            as_loaded(entity, dict(zip(columns.names, row, strict=True)))
            for row in await self.all(columns.statement, params)
        ]

    # writing

    async def execute(self, statement: Executable, params: Parameters | None = None) -> int:
        """Run an ``insert``, ``update`` or ``delete`` statement and return its row count."""
        executor = await self._ready(statement)
        async with self.marks_rollback():
            try:
                async with self._alone():
                    return await executor.run(statement, params)
            except DatabaseError as error:
                self._failed(statement, executor, error)
                self._leave(error)
                raise

    async def insert(self, entity: Base) -> None:
        """INSERT. Fills auto_now fields before, the key and what the database generated after."""
        await writes.insert(self, entity)

    async def insert_all(
        self,
        found: Iterable[E],
        *,
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update: Sequence[str] = (),
        unique: Sequence[str] = (),
        keys: bool = True,
    ) -> list[E]:
        """``bulk_create``: entities of one class by as few statements as possible, and no receivers told.

        A row that is there already raises, is left as it is (``ignore_conflicts``), or gets the columns ``update`` of the
        new one where its columns ``unique`` are the same. Keys come back unless conflicts are ignored or ``keys`` is false.
        """
        return await bulk.insert(
            self,
            found,
            batch_size=batch_size,
            ignore_conflicts=ignore_conflicts,
            update=update,
            unique=unique,
            keys=keys,
        )

    async def update_all(
        self,
        found: Iterable[Base],
        names: Sequence[str],
        *where: ColumnElement[bool],
        batch_size: int | None = None,
    ) -> int:
        """``bulk_update``: the columns ``names`` of entities of one class; of those alone whose rows match ``where``.

        Returns the number of rows that matched. Raises ``ValueError`` for an entity without a key.
        """
        return await bulk.update(self, found, names, where, batch_size=batch_size)

    async def get_or_create(
        self,
        entity: type[E],
        values: Mapping[str, Any],
        defaults: Mapping[str, Any] = EMPTY,
        before: Callable[[E], object] | None = None,
    ) -> tuple[E, bool]:
        """``get_or_create(**values, defaults=defaults)``: an entity, and whether it is new.

        ``before`` is called with a new object before its INSERT (``pre_save``).
        """
        return await creating.get_or_create(self, entity, values, defaults, before)

    async def update_or_create(
        self,
        entity: type[E],
        values: Mapping[str, Any],
        defaults: Mapping[str, Any],
        also: Sequence[str] = (),
    ) -> tuple[E, bool]:
        """``update_or_create(**values, defaults=defaults)``: an entity, and whether it is new.

        ``also`` are columns that the UPDATE of a row writes besides (dates with ``auto_now``).
        """
        return await creating.update_or_create(self, entity, values, defaults, also)

    async def update(self, entity: Base, *names: str, force: bool = False) -> None:
        """UPDATE all columns as ``save()`` does (INSERT when no row matches), or the named ones.

        ``names`` may be relations (``author``) or columns (``author_id``), as ``update_fields``.
        Raises :class:`~.errors.DatabaseError` when a named or forced update matches no row.
        """
        await writes.update(self, entity, names, force=force)

    async def refresh(self, entity: Base, *names: str) -> None:
        """``refresh_from_db()``: read all columns again, or those called ``names``; loaded relations over them are forgotten.

        Raises :class:`~.errors.ObjectDoesNotExist` when its row is gone.
        """
        await rereading.refresh(self, entity, names)

    async def save(self, entity: Base, *names: str) -> bool:
        """``Model.save()``: INSERT for a new entity, UPDATE (or else INSERT) for any other.

        Returns whether a row was made (``created`` of ``post_save``).
        """
        return await writes.save(self, entity, names)

    async def delete(self, entity: Base, listeners: Listeners = NOBODY) -> tuple[int, dict[str, int]]:
        """Delete with all that depends on it (Django's ``Collector``). The key becomes None.

        ``listeners`` are called for the objects of their classes that go, in the same transaction.
        Returns Django's count of deleted rows, in all and per model label. Raises
        :class:`~.errors.ProtectedError` or :class:`~.errors.RestrictedError`.
        """
        return await collector.delete(self, [entity], listeners)

    async def delete_all(
        self, found: Sequence[Base], listeners: Listeners = NOBODY
    ) -> tuple[int, dict[str, int]]:
        """:meth:`delete` for many of one model (``QuerySet.delete()``)."""
        return await collector.delete(self, found, listeners)

    async def delete_matching(
        self, statement: Select[Any], listeners: Listeners = NOBODY
    ) -> tuple[int, dict[str, int]]:
        """``QuerySet.delete()`` of ``select(Entity).where(…)``: unread where nothing depends on the rows."""
        return await collector.delete_matching(self, statement, listeners)

    @contextmanager
    def primary(self) -> Iterator[None]:
        """Selects inside are asked of the database that is written to, not of its replica: ``using("default")``."""
        self._primary += 1
        try:
            yield
        finally:
            self._primary -= 1

    # transactions

    def atomic(self, *, durable: bool = False, savepoint: bool = True) -> AbstractAsyncContextManager[None]:
        """``transaction.atomic``: all or nothing, nests by savepoints."""
        return self._block(durable, savepoint)

    @asynccontextmanager
    async def _block(self, durable: bool, savepoint: bool) -> AsyncIterator[None]:
        kept = self.kept
        try:
            async with self._transaction.atomic(durable=durable, savepoint=savepoint):
                yield
        except BaseException:
            if not self._transaction.stands:
                self.undone = self.changes - kept
                self.repeatable = min(self.repeatable, self.kept)
            raise

    @property
    def kept(self) -> int:
        """How many statements have written or locked something, and were not surely in vain or rolled back."""
        return self.changes - self.undone

    def _failed(self, statement: Executable, executor: Executor, error: DatabaseError) -> None:
        if isinstance(error, OperationalError) and not executor.alive():
            return  # the answer was lost, so that the statement may have been carried out
        locks = getattr(statement, "_for_update_arg", None) is not None
        if locks or not statement.is_select:
            self.undone = min(self.undone + 1, self.changes)

    def _leave(self, error: DatabaseError) -> None:
        if self.refused is not None and isinstance(error, IntegrityError):
            raise self.refused() from error

    async def on_commit(self, hook: Hook, *, robust: bool = False) -> None:
        """``transaction.on_commit``: run ``hook`` (plain or async) after commit, at once outside a block.

        What a ``robust`` one raises is logged, and the next ones run.
        """
        await self._transaction.on_commit(logged(hook) if robust else hook)

    @property
    def content_types(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Columns of the content types that this process has met, by app label and model (in lower case)."""
        return self._database.content_types

    @property
    def in_atomic(self) -> bool:
        """Whether an :meth:`atomic` block is open (``connection.in_atomic_block``)."""
        return self._transaction.in_atomic

    def set_rollback(self, value: bool = True) -> None:
        """``transaction.set_rollback``: make the innermost block roll back when it ends."""
        self._transaction.set_rollback(value)

    @asynccontextmanager
    async def marks_rollback(self) -> AsyncIterator[None]:
        """``transaction.mark_for_rollback_on_error``: a failed write breaks the open block, whatever made it fail."""
        try:
            yield
        except Exception:
            if self._transaction.in_atomic:
                self._transaction.needs_rollback = True
            raise

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """A single write outside any block; joined to another's transaction it needs a savepoint."""
        if self._database.joined and not self._transaction.in_atomic:
            async with self.atomic():
                yield
        else:
            yield

    async def _connection(self) -> Executor:
        if self._executor is None:
            self._executor = await self._database.checkout()
        return self._executor

    async def _ready(self, statement: Executable) -> Executor:
        locks = getattr(statement, "_for_update_arg", None) is not None
        if self._replica is not None and not self._primary and not locks and statement.is_select:
            self.queries += 1  # another connection: this one's transaction does not matter
            return await self._replica._connection()
        self._transaction.check()
        if locks and self.dialect != "sqlite" and not self._transaction.in_atomic:
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        executor = await self._connection()
        self.queries += 1
        if locks or not statement.is_select:
            self.changes += 1
        return executor

    async def _command(self, sql: str) -> None:
        await (await self._connection()).command(sql)
