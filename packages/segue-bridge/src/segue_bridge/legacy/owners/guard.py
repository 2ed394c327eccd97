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
from django.db.backends.utils import truncate_name
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AlterField, RunPython, RunSQL, SeparateDatabaseAndState

from segue_bridge.owners import lock
from segue_bridge.owners.ledger import Owners, OwnersUnreadable, read
from segue_bridge.owners.statements import changes

_STATE_ONLY = ("AlterModelOptions", "AlterModelManagers")
_INDEX = {
    "postgresql": "SELECT tablename FROM pg_indexes WHERE indexname = %s AND schemaname = ANY (current_schemas(false))",
    "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND name = %s",
}
_judged: ContextVar[Any] = ContextVar("segue_judged", default=None)
_faked: ContextVar[bool] = ContextVar("segue_faked", default=False)


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
def faked(value: bool) -> Iterator[None]:
    """``migrate --fake`` changes no table: its plan is not judged meanwhile."""
    token = _faked.set(value)
    try:
        yield
    finally:
        _faked.reset(token)


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
    """Which migrations were written before FastAPI had a table."""

    def __init__(self, found: Owners, using: str) -> None:
        self.owners = found
        self.tables = found.of("fastapi")
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

    def allows_all(self, migration: Any) -> bool:
        """Whether it was written before FastAPI had any table."""
        key = (migration.app_label, migration.name)
        return all(key in before for before in self._before.values())

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
    for migration, backwards in plan:
        if not known.tables or (not backwards and known.allows_all(migration)):
            continue
        state = known.loader.project_state((migration.app_label, migration.name), at_end=False)
        for operation in migration.operations:
            for part in _parts(operation):
                for table in _tables(part, migration.app_label, state, using):
                    if not known.allows(migration, backwards, table):
                        raise CommandError(_refusal(migration, table, part.describe()))
            operation.state_forwards(migration.app_label, state)


class Watch:
    """An ``execute_wrapper``: refuses the statement that changes a table of FastAPI's. ``migration`` is the one that runs."""

    def __init__(self, using: str) -> None:
        self.known = Known(owned(), using)
        self.connection = connections[using]
        self.migration: Any = None
        self.backwards = False

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Judge, then execute."""
        if self.known.tables:
            statement = sql if isinstance(sql, str) else str(sql)
            for change in changes(statement):
                for table in self._changed(change):
                    if not self.known.allows(self.migration, self.backwards, table):
                        short = " ".join(statement.split())[:120]
                        raise CommandError(_refusal(self.migration, table, short))
        return execute(sql, params, many, context)

    def _changed(self, change: Any) -> list[str]:
        if change.what == "other":
            return sorted(change.names & self.known.tables)
        if change.table:
            return [change.table]
        with self.connection.cursor() as cursor:
            cursor.execute(_INDEX[self.connection.vendor], [change.index])
            found = cursor.fetchone()
        return [found[0]] if found else []


def state_only(operations: list[Any], app_label: str, state: Any, using: str) -> tuple[list[Any], list[str]]:
    """``operations`` with those on tables of FastAPI's changed into ``SeparateDatabaseAndState`` of the state alone, and what these
    do, in words."""
    tables = owned().of("fastapi")
    found, told = [], []
    for operation in operations:
        if tables & set(_tables(operation, app_label, state, using)):
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


def _parts(operation: Any) -> list[Any]:
    """What it does to the database."""
    if isinstance(operation, SeparateDatabaseAndState):
        return [part for inner in operation.database_operations for part in _parts(inner)]
    return [operation]


def _tables(operation: Any, app_label: str, state: Any, using: str) -> list[str]:
    """Tables that the operation changes, as far as it says so."""
    if isinstance(operation, RunPython):
        return []
    if isinstance(operation, RunSQL):
        texts = operation.sql if isinstance(operation.sql, list | tuple) else [operation.sql]
        found = [
            change
            for item in texts
            for change in changes(str(item[0] if isinstance(item, list | tuple) else item))
        ]  # fmt: skip
        return [change.table for change in found if change.table] + [n for c in found for n in c.names]
    if type(operation).__name__ in _STATE_ONLY or not operation.reduces_to_sql:
        return []
    names = [
        str(getattr(operation, key))
        for key in ("model_name", "old_name" if hasattr(operation, "new_name_lower") else "name")
        if hasattr(operation, key)
    ]
    model = names[0] if names else ""
    if isinstance(operation, AlterField) and _same_column(operation, app_label, state):
        return []
    tables = [_table(app_label, model, getattr(operation, "options", {}), state, using)]
    return [table for table in [*tables, getattr(operation, "table", None)] if table]


def _same_column(operation: Any, app_label: str, state: Any) -> bool:
    """Whether only what Django knows of the field changes: choices, help texts, validators."""
    model = state.models.get((app_label, operation.model_name_lower))
    old = model.fields.get(operation.name) if model is not None else None
    if old is None:
        return False
    left = [field.deconstruct()[1:] for field in (old, operation.field)]
    parts = [
        (path, args, {k: v for k, v in options.items() if k not in old.non_db_attrs})
        for path, args, options in left
    ]
    return bool(parts[0] == parts[1])


def _table(app_label: str, name: str, options: dict[str, Any], state: Any, using: str) -> str:
    model = state.models.get((app_label, name.lower()))
    given = (model.options if model is not None else options).get("db_table")
    if given:
        return str(given)
    longest = connections[using].ops.max_name_length()
    return str(truncate_name(f"{app_label}_{name.lower()}", longest))
