"""Django in autocommit over a transaction that is never committed.

Requests are compared as they run in production: outside any transaction, where ``atomic`` begins and commits
one, ``on_commit`` hooks run and ``select_for_update`` needs a block. Below, the database is inside one real
transaction that ends with ROLLBACK. So what Django's backend sends to begin, commit and roll back becomes a
savepoint (``BaseDatabaseWrapper.set_autocommit``, ``_commit``, ``_rollback``).
"""

from __future__ import annotations

from typing import Any

_OUTERMOST = "segue_outermost"
_ONE = "segue_statement"


class Beneath:
    """The transaction beneath ``connection`` (a ``BaseDatabaseWrapper``)."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._wrapper = connection.execute_wrapper(self._alone) if connection.vendor != "sqlite" else None

    def begin(self) -> None:
        """Open the transaction and let Django believe in autocommit."""
        connection = self._connection
        connection.ensure_connection()
        self.command("BEGIN")
        connection._set_autocommit = self._set_autocommit
        connection._start_transaction_under_autocommit = lambda: self._set_autocommit(False)
        connection._commit = lambda: self.command(f"RELEASE SAVEPOINT {_OUTERMOST}")
        connection._rollback = lambda: self.back_to(_OUTERMOST)
        if self._wrapper is not None:
            self._wrapper.__enter__()

    def end(self) -> None:
        """Roll everything back and leave Django as it was."""
        if self._wrapper is not None:
            self._wrapper.__exit__(None, None, None)
        for name in ("_set_autocommit", "_start_transaction_under_autocommit", "_commit", "_rollback"):
            self._connection.__dict__.pop(name, None)
        self.command("ROLLBACK")
        self.settle()

    def savepoint(self, name: str) -> None:
        """Mark the state to come back to."""
        self.command(f"SAVEPOINT {name}")

    def back_to(self, name: str) -> None:
        """Undo everything since :meth:`savepoint` and forget it."""
        self.command(f"ROLLBACK TO SAVEPOINT {name}")
        self.command(f"RELEASE SAVEPOINT {name}")

    def settle(self) -> None:
        """Django's own bookkeeping as between two requests, whatever the last one left."""
        connection = self._connection
        connection.in_atomic_block = False
        connection.needs_rollback = False
        connection.savepoint_ids = []
        connection.atomic_blocks = []
        connection.run_on_commit = []
        connection.run_commit_hooks_on_set_autocommit_on = False
        connection.autocommit = True

    def command(self, sql: str) -> None:
        """Run ``sql`` past Django: neither counted nor wrapped."""
        cursor = self._connection.connection.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()

    def _set_autocommit(self, autocommit: bool) -> None:
        if not autocommit:
            self.command(f"SAVEPOINT {_OUTERMOST}")

    def _alone(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """On PostgreSQL a failed statement spoils its transaction; in autocommit it has one of its own."""
        if not self._connection.autocommit:
            return execute(sql, params, many, context)
        self.command(f"SAVEPOINT {_ONE}")
        try:
            result = execute(sql, params, many, context)
        except BaseException:
            self.back_to(_ONE)
            raise
        self.command(f"RELEASE SAVEPOINT {_ONE}")
        return result
