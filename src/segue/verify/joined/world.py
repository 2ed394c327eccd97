"""The state of the world around a request: kept the same for both sides, and read afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import kept_sessions
from .autocommit import Beneath
from .effects import Tables, written_tables
from .files import files_in
from .recorders import Recorders
from .recorders.mail import described, forget, sent
from .recorders.receivers import Receivers
from .sent_tasks import Tasks

_CASE = "segue_case"


class World:
    """Database, cache, mails, tasks and files between two requests. ``media`` is a folder of our own."""

    def __init__(self, connection: Any, media: Path) -> None:
        self.connection = connection
        self.beneath = Beneath(connection)
        self.tables = Tables()
        self.tasks = Tasks()
        self.recorders = Recorders()
        self.receivers = Receivers()
        self.media = media
        self._sequences: dict[str, tuple[Any, ...]] = {}

    def open(self) -> None:
        """Begin the transaction that nothing leaves, and remember all rows."""
        self.beneath.begin()
        self.tables.remember_all()
        if self.connection.vendor == "sqlite":
            self.tables.remember_dangling()
        if self.connection.vendor == "postgresql":
            self._sequences = _sequences(self.connection)

    def close(self) -> None:
        """Roll everything back."""
        self.beneath.end()

    def before(self) -> None:
        """Make everything as it was when the world was opened."""
        from django.core.cache import caches

        for cache in caches.all(initialized_only=True):
            cache.clear()
        kept_sessions.restore()
        forget()
        self.tasks.sent.clear()
        if self.connection.vendor == "postgresql":
            # Whoever makes up cases may have drawn numbers, which no rollback gives back: both sides begin from here.
            self._sequences = _as_now(self.connection, self._sequences)
        self.beneath.savepoint(_CASE)
        self.recorders.start()
        self.receivers.start()

    def keep(self, act: Callable[[], Any], written: Callable[[], set[str]]) -> Any:
        """What ``act`` gives back, whose writes stay: the following cases are compared from there.

        ``written`` is asked afterwards for the tables that it wrote to.
        """
        self.before()
        try:
            return act()
        finally:
            self.beneath.settle()
            self.beneath.command(f"RELEASE SAVEPOINT {_CASE}")
            self.tables.remember(written())
            if self.connection.vendor == "postgresql":
                self._sequences = _sequences(self.connection)
            self._files()

    def after(self, statements: list[str]) -> dict[str, Any]:
        """What the request did, by the statements it sent; then all of it is undone."""
        try:
            effects = self.tables.changes(statements)
            written = written_tables(statements)
            if written:
                broken = self._broken_references()
                if broken:
                    effects["(dangling references)"] = broken
                drawn = self._drawn(written)
                if drawn:
                    effects["(sequences)"] = drawn
        finally:
            self.beneath.back_to(_CASE)
            self.beneath.settle()
        self._reset_sequences(written)
        effects |= self.recorders.take()
        if mails := sent():
            effects["(mail)"] = [described(m) for m in mails]
        if self.tasks.sent:
            effects["(tasks)"] = list(self.tasks.sent)
        files = self._files()
        if files:
            effects["(files)"] = files
        return effects

    def _broken_references(self) -> list[Any]:
        """What COMMIT would refuse: deferred foreign keys are checked only there."""
        cursor = self.connection.connection.cursor()
        try:
            if self.connection.vendor == "sqlite":
                cursor.execute("PRAGMA foreign_key_check")
                return sorted({f"{row[0]} → {row[2]}" for row in cursor.fetchall()} - self.tables.dangling)
            self.beneath.savepoint("segue_check")
            try:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            except Exception as error:  # noqa: BLE001 - whatever the driver calls it
                return [str(error).splitlines()[0]]
            finally:
                self.beneath.back_to("segue_check")
        finally:
            cursor.close()
        return []

    def _drawn(self, written: set[str]) -> dict[str, int]:
        """How many numbers each sequence of a written table gave (PostgreSQL keeps them after a failed INSERT, too)."""
        out = {}
        for name, (table, value, called) in self._sequences.items():
            if table in written:
                now, handed_out = _state(self.connection, name)
                if (now, handed_out) != (value, called):
                    out[name] = now - value + (handed_out and not called)
        return out

    def _reset_sequences(self, written: set[str]) -> None:
        """PostgreSQL's sequences are not undone by a rollback."""
        for name, (table, value, called) in self._sequences.items():
            if table in written:
                self.beneath.command(f"SELECT setval('{name}', {value}, {'true' if called else 'false'})")

    def _files(self) -> list[list[str]]:
        found = files_in(self.media)
        if found:
            shutil.rmtree(self.media, ignore_errors=True)
            self.media.mkdir(parents=True, exist_ok=True)
        return found


def _sequences(connection: Any) -> dict[str, tuple[Any, ...]]:
    """Sequence → (table, last value, whether it was handed out)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.oid::regclass::text, t.relname FROM pg_class s"
            " JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') JOIN pg_class t ON t.oid = d.refobjid"
            " WHERE s.relkind = 'S'"
        )
        found = cursor.fetchall()
    return _as_now(connection, {name: (table,) for name, table in found})


def _as_now(connection: Any, known: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """The same sequences with today's values, by one statement."""
    if not known:
        return known
    parts = (f"SELECT {at}, last_value, is_called FROM {name}" for at, name in enumerate(known))
    cursor = connection.connection.cursor()
    try:
        cursor.execute(" UNION ALL ".join(parts))
        now = {at: (value, called) for at, value, called in cursor.fetchall()}
    finally:
        cursor.close()
    return {name: (table, *now[at]) for at, (name, (table, *_)) in enumerate(known.items())}


def _state(connection: Any, name: str) -> tuple[int, bool]:
    """Its last value, and whether that was handed out."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"SELECT last_value, is_called FROM {name}")
        value, called = cursor.fetchone()
    finally:
        cursor.close()
    return int(value), bool(called)
