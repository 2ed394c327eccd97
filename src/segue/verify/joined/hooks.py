"""How many ``on_commit`` callbacks a request leaves: those that ran, and those that wait for an outer COMMIT.

Their number is compared because what a callback does need not show elsewhere: it may call another service.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class DjangoHooks:
    """Callbacks given to ``transaction.on_commit`` on one connection (``BaseDatabaseWrapper.on_commit``)."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def counted(self, connection: Any) -> Iterator[None]:
        """Count while one request is answered.

        Inside somebody's transaction (a ``TestCase``) callbacks only wait, and tests look at them: there they
        are counted as they stand in ``run_on_commit``, elsewhere each is wrapped.
        """
        self.count = 0
        if connection.in_atomic_block:
            waiting = len(connection.run_on_commit)
            try:
                yield
            finally:
                self.count = max(len(connection.run_on_commit) - waiting, 0)
            return
        original = connection.on_commit

        def on_commit(func: Any, *rest: Any, **options: Any) -> Any:
            return original(self._told(func) if callable(func) else func, *rest, **options)

        connection.on_commit = on_commit
        try:
            yield
        finally:
            del connection.on_commit

    def _told(self, func: Any) -> Any:
        def run() -> Any:
            self.count += 1
            return func()

        return run


class BridgeHooks:
    """Callbacks of ``segue_bridge.db.transaction.Transaction`` that were due, run or held."""

    def __init__(self) -> None:
        from segue_bridge.db.transaction import Transaction

        self.count = 0
        fire = Transaction._fire
        counter = self

        async def counted(transaction: Any, hook: Any) -> None:
            counter.count += 1
            await fire(transaction, hook)

        kind: Any = Transaction
        kind._fire = counted


def told(count: int) -> dict[str, Any]:
    """As an effect; nothing when there were none."""
    return {"(on_commit)": count} if count else {}
