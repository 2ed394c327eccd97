"""What either side did beside answering: rows, statements, on_commit callbacks, mails, tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..effects import Tables, count, written_tables
from ..fence import Tasks
from ..hooks import DjangoHooks, told


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
    """What one side did besides answering: statements, on_commit callbacks, mails, tasks."""

    def __init__(self, tasks: Tasks) -> None:
        self.statements: list[str] = []
        self.hooks = 0
        self.mails: list[Any] = []
        self.tasks: list[Any] = []
        self._outbox = tasks

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
        return out

    @contextmanager
    def sending(self, *, through: bool) -> Iterator[None]:
        """Note mails and tasks. ``through``: they stay; otherwise the outbox is as before and no task is sent."""
        from django.core import mail

        before = list(getattr(mail, "outbox", []))
        self._outbox.sent.clear()
        self._outbox.through = through
        try:
            yield
        finally:
            self._outbox.through = True
            self.tasks = list(self._outbox.sent)
            if hasattr(mail, "outbox"):
                self.mails = [[m.subject, m.body, sorted(m.recipients())] for m in mail.outbox[len(before) :]]
                if not through:
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
