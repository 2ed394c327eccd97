"""What a test has changed around the request: patches, settings; the rows before it, and what either side did."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .effects import Tables, count, written_tables
from .fence import Tasks
from .hooks import DjangoHooks, told

PATCHES: list[str] = []
SETTINGS: list[str] = []
# Settings that change nothing of what a translated operation answers.
_HARMLESS = {
    "PASSWORD_HASHERS", "EMAIL_BACKEND", "DEBUG", "ALLOWED_HOSTS", "STORAGES", "STATICFILES_STORAGE", "LOGGING", "CACHES",
    "CELERY_TASK_ALWAYS_EAGER", "CELERY_TASK_EAGER_PROPAGATES", "CELERY_ALWAYS_EAGER", "DEBUG_PROPAGATE_EXCEPTIONS",
    "FIXTURE_DIRS", "TEST_RUNNER",
}  # fmt: skip

# Django's own: test cases without ``databases`` may not connect.
_OF_DJANGO = "django.db.backends.base.base.ensure_connection"


def watch_patches() -> None:
    """Keep the names of ``mock.patch`` that are in force in :data:`PATCHES`."""
    from unittest import mock

    patch: Any = mock._patch
    enter, leave = patch.__enter__, patch.__exit__

    def name_of(self: Any) -> str:
        target = self.target
        where = getattr(target, "__module__", "") or getattr(target, "__name__", "")
        return f"mock.patch({where}.{self.attribute})"

    def __enter__(self: Any) -> Any:
        made = enter(self)
        name = name_of(self)
        if _OF_DJANGO in name:
            return made
        self._segue_name = name
        PATCHES.append(self._segue_name)
        return made

    def __exit__(self: Any, *exc: Any) -> Any:
        name = self.__dict__.pop("_segue_name", None)
        if name in PATCHES:
            PATCHES.remove(name)
        return leave(self, *exc)

    patch.__enter__, patch.__exit__ = __enter__, __exit__


def watch_monkeypatch() -> None:
    """The same for pytest's ``monkeypatch``, where pytest runs the tests."""
    kind: Any = getattr(sys.modules.get("_pytest.monkeypatch"), "MonkeyPatch", None)
    if kind is None:
        return
    setattr_, undo = kind.setattr, kind.undo

    def put(self: Any, target: Any, name: Any, *rest: Any, **options: Any) -> Any:
        made = setattr_(self, target, name, *rest, **options)
        owner = getattr(target, "__name__", type(target).__name__)
        where = f"monkeypatch({target if isinstance(target, str) else f'{owner}.{name}'})"
        PATCHES.append(where)
        self.__dict__.setdefault("_segue_names", []).append(where)
        return made

    def back(self: Any) -> Any:
        for where in self.__dict__.pop("_segue_names", []):
            if where in PATCHES:
                PATCHES.remove(where)
        return undo(self)

    kind.setattr, kind.undo = put, back


def watch_settings() -> None:
    """Keep the names of overridden settings in :data:`SETTINGS`."""
    from django.core.signals import setting_changed

    def changed(sender: Any, setting: str, enter: bool, **more: Any) -> None:
        if setting in _HARMLESS:
            return
        if enter:
            SETTINGS.append(setting)
        elif setting in SETTINGS:
            SETTINGS.remove(setting)

    setting_changed.connect(changed, weak=False)


def circumstances() -> list[str]:
    """What is not as the translation knew it."""
    return list(dict.fromkeys(PATCHES)) + [f"override_settings({name})" for name in dict.fromkeys(SETTINGS)]


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
