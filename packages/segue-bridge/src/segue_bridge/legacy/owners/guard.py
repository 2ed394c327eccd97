"""What Django's migrations may not change: by their operations before anything runs, and by their statements while they run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel, SeparateDatabaseAndState

from segue_bridge.legacy.owners import operations as known_operations
from segue_bridge.owners import lock, risks
from segue_bridge.owners.ledger import Owners, OwnersUnreadable, read
from segue_bridge.owners.statements import changes

_INDEX = {
    "postgresql": "SELECT tablename FROM pg_indexes WHERE indexname = %s AND schemaname = ANY (current_schemas(false))",
    "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND name = %s COLLATE NOCASE",
}
_judged: ContextVar[Any] = ContextVar("segue_judged", default=None)
_KIND = (
    "SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
    "WHERE a.attrelid = to_regclass(quote_ident(%s)) AND a.attname = %s"
)
_faked: ContextVar[bool] = ContextVar("segue_faked", default=False)
_unsafe: ContextVar[bool] = ContextVar("segue_unsafe", default=False)


def owners() -> Owners:
    """What ``SEGUE_OWNERS`` names. Raises :class:`OwnersUnreadable`."""
    path = getattr(settings, "SEGUE_OWNERS", None)
    if not path:
        raise OwnersUnreadable("it is not set.")
    return read(Path(path))


def owned() -> Owners:
    """As :func:`owners`; raises ``CommandError`` instead."""
    try:
        return owners()
    except OwnersUnreadable as error:
        raise CommandError(f"SEGUE_OWNERS: {error}") from error


@contextlib.contextmanager
def run_as(*, fake: bool, unsafe: bool) -> Iterator[None]:
    """How ``migrate`` was called: with ``--fake`` it changes no table, so its plan is not judged; with ``--unsafe`` what
    :mod:`segue_bridge.owners.risks` knows is not."""
    tokens = _faked.set(fake), _unsafe.set(unsafe)
    try:
        yield
    finally:
        _faked.reset(tokens[0])
        _unsafe.reset(tokens[1])


@contextlib.contextmanager
def alone(using: str) -> Iterator[None]:
    """Hold :mod:`segue_bridge.owners.lock` on the database ``using``. Raises ``CommandError`` when another run has it."""
    connection = connections[using]
    try:
        if connection.vendor == "sqlite":
            with lock.file_lock(str(connection.settings_dict["NAME"])):
                yield
        elif connection.vendor == "postgresql":
            own = connection.copy()  # one that nobody else closes
            try:
                with own.cursor() as cursor:

                    def attempt() -> bool:
                        cursor.execute(lock.TRY)
                        return bool(cursor.fetchone()[0])

                    lock.take(attempt)
                    yield
            finally:
                own.close()  # and the lock with it
        else:
            yield
    except lock.MigrationRunning as error:
        raise CommandError(str(error)) from error


class Known:
    """Which migrations were written before FastAPI had a table. ``tables`` are FastAPI's, ``used`` Django's that FastAPI uses as
    well."""

    def __init__(self, found: Owners, using: str) -> None:
        self.owners = found
        self.tables = found.of("fastapi")
        self.used = found.of("django") & found.tables
        self.loader = MigrationLoader(connections[using], ignore_no_migrations=True)
        self._before: dict[str, set[tuple[str, str]]] = {
            table: self._ancestors(table) for table in self.tables
        }

    def allows(self, migration: Any, backwards: bool, table: str) -> bool:
        """Whether ``migration`` (None: none is running) may change ``table``: it may on a database that lags behind."""
        if table not in self.tables:
            return True
        key = migration and (migration.app_label, migration.name)
        return bool(key) and not backwards and key in self._before[table]

    def _ancestors(self, table: str) -> set[tuple[str, str]]:
        graph = self.loader.graph
        starts = [tuple(name.split(".", 1)) for name in self.owners.since(table) or ()]
        return {key for start in starts if start in graph.nodes for key in graph.forwards_plan(start)}


def judge_plan(using: str, plan: list[Any], **_: Any) -> None:
    """Receiver of ``pre_migrate``, which is sent for every app with the same plan. Raises ``CommandError`` when an operation of it
    would change a table of FastAPI's. Operations that only say so when they run (``RunPython``, those of packages) are left to
    :class:`Watch`."""
    if _faked.get() or not plan or _judged.get() is plan:
        return
    _judged.set(plan)
    known = Known(owned(), using)
    forwards = not plan[0][1]
    graph = known.loader.graph
    state = known.loader.project_state([key for key in known.loader.applied_migrations if key in graph.nodes])
    made: set[str] = set()
    for migration, backwards in plan:
        if not forwards:
            state = known.loader.project_state((migration.app_label, migration.name), at_end=False)
        for operation in migration.operations:
            for part in known_operations.parts(operation):
                for written in known_operations.tables(part, migration.app_label, state, using, backwards):
                    table = known.owners.named(written)
                    if not known.allows(migration, backwards, table):
                        raise CommandError(_refusal(migration, table, part.describe()))
                    if isinstance(part, CreateModel) and forwards:
                        made.add(table)
                    elif table in known.used and table not in made and not _unsafe.get():
                        why = known_operations.risk(part, migration.app_label, state, using, backwards)
                        if why is not None:
                            raise CommandError(_unsafe_refusal(migration, table, part.describe(), why))
            operation.state_forwards(migration.app_label, state)


class Watch:
    """An ``execute_wrapper``: refuses the statement that changes a table of FastAPI's, and on PostgreSQL one that is not safe on a
    table that both use (SQLite makes tables anew for most changes, which says nothing). ``migration`` is the one that runs."""

    def __init__(self, using: str) -> None:
        self.known = Known(owned(), using)
        self.connection = connections[using]
        self.migration: Any = None
        self.backwards = False
        self._made: set[str] = set()
        self._weighs = self.connection.vendor == "postgresql" and not _unsafe.get()

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Judge, then execute."""
        # psycopg's sql.SQL and its kin say what they are only in words of their connection
        composed = hasattr(sql, "as_string")
        statement = sql.as_string(self.connection.connection) if composed else str(sql)
        for change in changes(statement) if self.known.tables or self._weighs else ():
            for table in self._changed(change):
                if not self.known.allows(self.migration, self.backwards, table):
                    raise CommandError(_refusal(self.migration, table, _short(statement)))
                if change.what == "create table":
                    self._made.add(table)
                elif self._weighs and table in self.known.used and table not in self._made:
                    why = risks.risk(change, self.connection.vendor, self._kind)
                    if why is not None:
                        raise CommandError(_unsafe_refusal(self.migration, table, _short(statement), why))
        return execute(sql, params, many, context)

    def _changed(self, change: Any) -> list[str]:
        if change.what == "other":
            return sorted(set(map(self.known.owners.named, change.names)) & self.known.tables)
        if change.table:
            return [self.known.owners.named(change.table)]
        with self.connection.cursor() as cursor:
            cursor.execute(_INDEX[self.connection.vendor], [change.index])
            found = cursor.fetchone()
        return [found[0]] if found else []

    def _kind(self, table: str, column: str) -> str | None:
        with self.connection.cursor() as cursor:
            cursor.execute(_KIND, [table, column])
            found = cursor.fetchone()
        return found[0] if found else None


def state_only(operations: list[Any], app_label: str, state: Any, using: str) -> tuple[list[Any], list[str]]:
    """``operations`` with those on tables of FastAPI's changed into ``SeparateDatabaseAndState`` of the state alone, and what these
    do, in words."""
    tables = owned().of("fastapi")
    found, told = [], []
    for operation in operations:
        if tables & set(known_operations.tables(operation, app_label, state, using)):
            told.append(operation.describe())
            found.append(SeparateDatabaseAndState(state_operations=[operation]))
        else:
            found.append(operation)
        operation.state_forwards(app_label, state)
    return found, told


def _refusal(migration: Any, table: str, what: str) -> str:
    name = f"{migration.app_label}.{migration.name}" if migration is not None else "migrate"
    return (
        f"{name} changes {table}, which is FastAPI's: {what.rstrip('.')}. Write an Alembic revision and only the state here "
        f"(SeparateDatabaseAndState), or hand it back first with `segue schema own {table} --by django`."
    )


def _unsafe_refusal(migration: Any, table: str, what: str, why: str) -> str:
    name = f"{migration.app_label}.{migration.name}" if migration is not None else "migrate"
    return (
        f"{name} is not safe while FastAPI runs on {table}: {what.rstrip('.')}. {why[0].upper()}{why[1:]}. "
        "If nothing uses it any more, run `migrate --unsafe`."
    )


def _short(statement: str) -> str:
    return " ".join(statement.split())[:120]
