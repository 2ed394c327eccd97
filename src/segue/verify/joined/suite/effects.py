"""What either side did beside answering: rows, statements, on_commit callbacks, mails, tasks, and what the recorders note."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ..effects import Tables, count, written_tables
from ..hooks import DjangoHooks, told
from ..recorders import Recorders
from ..recorders.mail import described, forget_generated, sent
from ..sent_tasks import Tasks
from .keeping import unchanged


class Watch:
    """Rows before a write, and what it changed. Of a request that only reads, the tables written to are named."""

    def __init__(self, method: str) -> None:
        self.tables = Tables() if method not in ("GET", "HEAD", "OPTIONS") else None
        if self.tables is not None:
            self.tables.remember_all()

    def changes(self, statements: list[str], *, everywhere: bool = False) -> dict[str, Any]:
        """What changed in the tables that ``statements`` write to, or in any."""
        if self.tables is not None:
            return self.tables.changes(None if everywhere else statements)
        written = sorted(written_tables(statements))
        return {"(tables written)": written} if written else {}


class Done:
    """What one side did besides answering."""

    def __init__(self, tasks: Tasks, recorders: Recorders) -> None:
        self.statements: list[str] = []
        self.hooks = 0
        self.mails: list[Any] = []
        self.tasks: list[Any] = []
        self.blocked = False  # a call of another server was held back
        self.eager = False  # tasks ran inside of the request
        self.others: dict[str, Any] = {}
        self._outbox = tasks
        self._recorders = recorders

    @property
    def queries(self) -> int:
        """Statements of the application."""
        return count(self.statements)

    def effects(self, watched: Watch, *, everywhere: bool = False) -> dict[str, Any]:
        """Everything, rows included, as explore names it."""
        out = watched.changes(self.statements, everywhere=everywhere) | told(self.hooks)
        if self.mails:
            out["(mail)"] = self.mails
        if self.tasks:
            out["(tasks)"] = self.tasks
        return out | self.others

    @contextmanager
    def sending(self, *, through: bool) -> Iterator[None]:
        """Note mails, tasks, writes to caches and storages, and errors that are logged. ``through``: they stay.

        Otherwise the outbox and the caches are as before, and no task is sent.
        """
        from django.core import mail

        before = list(getattr(mail, "outbox", []))
        forget_generated()
        self._outbox.sent.clear()
        self._outbox.through, self._outbox.eager = through, False
        self._recorders.start()
        try:
            with ExitStack() as stack:
                if not through:
                    stack.enter_context(unchanged())
                    stack.enter_context(self._recorders.held_back())
                yield
        finally:
            self.others, self.blocked = self._recorders.take(), self._recorders.blocked
            self._outbox.through = True
            self.tasks, self.eager = list(self._outbox.sent), self._outbox.eager
            self.mails = [described(m) for m in sent()[len(before) :]]
            forget_generated()
            if hasattr(mail, "outbox") and not through:
                mail.outbox[:] = before

    @contextmanager
    def by_django(self) -> Iterator[None]:
        """All of it while Django answers."""
        from django.db import connection

        hooks = DjangoHooks()
        wrapper = connection.execute_wrapper(self._note)
        try:
            with self.sending(through=True), wrapper, hooks.counted(connection):
                yield
        finally:
            self.hooks = hooks.count

    def _note(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.statements.append(sql if isinstance(sql, str) else str(sql))
        return execute(sql, params, many, context)
