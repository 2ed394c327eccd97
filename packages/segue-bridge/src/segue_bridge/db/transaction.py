"""Django's ``transaction.atomic`` for one connection (``django.db.transaction.Atomic``).

Blocks nest by savepoints; an error that a block saw while no savepoint could undo it leaves
``needs_rollback`` set, and nothing can be queried until the outermost block has ended.
``on_commit`` callbacks run in order after the outermost COMMIT; those of rolled-back
savepoints are dropped.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from segue_bridge.db.errors import DatabaseError, TransactionManagementError

_LOG = logging.getLogger(__name__)

Hook = Callable[[], object] | Callable[[], Awaitable[object]]
Command = Callable[[str], Awaitable[None]]

BROKEN = (
    "An error occurred in the current transaction. You can't execute queries until the end of the "
    "'atomic' block."
)


def logged(hook: Hook) -> Hook:
    """``on_commit(hook, robust=True)``: what it raises is logged."""

    async def robust() -> None:
        try:
            result = hook()
            if inspect.isawaitable(result):
                await result
        except Exception:  # noqa: BLE001  (as Django: the next ones run)
            _LOG.exception("Error calling %s in on_commit().", getattr(hook, "__qualname__", hook))

    return robust


class Transaction:
    """The transaction state of one session.

    ``command`` runs SQL. With ``joined`` somebody else holds the real transaction: the
    outermost block is a savepoint too and COMMIT is never sent. ``held``: where on_commit
    callbacks are put instead of being run. ``isolation`` is the level of what :meth:`atomic` begins, '' the server's.
    ``stands`` tells of a block that ended with an error whether its work may be in the database all the same: what failed was a callback
    after its COMMIT, or the COMMIT had no answer.
    """

    def __init__(
        self, command: Command, *, joined: bool, held: list[Hook] | None, isolation: str = ""
    ) -> None:
        self._command = command
        self._joined = joined
        self._held = held
        self._begins = f"BEGIN ISOLATION LEVEL {isolation}" if isolation else "BEGIN"
        self._savepoints: list[str | None] = []
        self._made = 0
        self._hooks: list[tuple[frozenset[str | None], Hook]] = []
        self.in_atomic = False
        self.needs_rollback = False
        self.stands = False

    def check(self) -> None:
        """Refuse a query in a broken transaction. Raises :class:`TransactionManagementError`."""
        if self.needs_rollback:
            raise TransactionManagementError(BROKEN)

    async def on_commit(self, hook: Hook) -> None:
        """Run ``hook`` after commit; at once when no block is open."""
        if self.in_atomic:
            self._hooks.append((frozenset(self._savepoints), hook))
        else:
            await self._fire(hook)

    def set_rollback(self, value: bool) -> None:
        """``transaction.set_rollback``. Raises :class:`TransactionManagementError` outside a block."""
        if not self.in_atomic:
            raise TransactionManagementError("The rollback flag doesn't work outside of an 'atomic' block.")
        self.needs_rollback = value

    @asynccontextmanager
    async def atomic(self, *, durable: bool = False, savepoint: bool = True) -> AsyncIterator[None]:
        """A block. Raises ``RuntimeError`` when ``durable`` and nested."""
        if durable and self.in_atomic:
            raise RuntimeError("A durable atomic block cannot be nested within another atomic block.")
        outer = not self.in_atomic
        name: str | None = None
        if outer:
            self.needs_rollback = False
            name = await self._begin()
            self.in_atomic = True
        else:
            if savepoint and not self.needs_rollback:
                name = await self._savepoint()
            self._savepoints.append(name)
        try:
            yield
        except BaseException:
            await self._leave(outer, name, failed=True)
            raise
        await self._leave(outer, name, failed=False)

    async def _leave(self, outer: bool, name: str | None, *, failed: bool) -> None:
        self.stands = False
        if outer:
            self.in_atomic = False
        else:
            self._savepoints.pop()
        rollback = failed or self.needs_rollback
        if outer:
            self.needs_rollback = False
            await (self._rollback(name) if rollback else self._commit(name))
        elif not rollback:
            await self._release(name)
        else:
            self.needs_rollback = False
            await self._undo(name)

    async def _begin(self) -> str | None:
        if self._joined:
            return await self._savepoint()
        await self._command(self._begins)
        return None

    async def _commit(self, name: str | None) -> None:
        self.stands = True
        try:
            await self._command("COMMIT" if name is None else f"RELEASE SAVEPOINT {name}")
        except DatabaseError:
            await self._rollback(name)
            self.stands = False  # the server has answered both
            raise
        hooks, self._hooks = self._hooks, []
        try:
            for _, hook in hooks:
                await self._fire(hook)
        except BaseException:
            self.stands = True  # blocks of the callback have said otherwise of themselves
            raise

    async def _rollback(self, name: str | None) -> None:
        self._hooks = []
        if name is None:
            await self._command("ROLLBACK")
        else:
            await self._command(f"ROLLBACK TO SAVEPOINT {name}")
            await self._command(f"RELEASE SAVEPOINT {name}")

    async def _release(self, name: str | None) -> None:
        if name is None:
            return
        try:
            await self._command(f"RELEASE SAVEPOINT {name}")
        except DatabaseError:
            await self._undo(name)
            raise

    async def _undo(self, name: str | None) -> None:
        """Roll an inner block back; without a savepoint the outer block must do it."""
        if name is None:
            self.needs_rollback = True
            return
        try:
            await self._command(f"ROLLBACK TO SAVEPOINT {name}")
            await self._command(f"RELEASE SAVEPOINT {name}")
        except DatabaseError:
            self.needs_rollback = True
        self._hooks = [entry for entry in self._hooks if name not in entry[0]]

    async def _savepoint(self) -> str:
        self._made += 1
        name = f"segue_{id(self):x}_{self._made}"
        await self._command(f"SAVEPOINT {name}")
        return name

    async def _fire(self, hook: Hook) -> None:
        if self._held is not None:
            self._held.append(hook)
            return
        result = hook()
        if inspect.isawaitable(result):
            await result
