"""Alembic's side: what ``migrations/env.py`` of the generated project asks.

Autogenerate proposes nothing for a table of Django's. An upgrade or downgrade that changes one is refused at the statement, in
its own transaction, so that nothing of it stays; with ``--sql`` it is refused before that statement is printed.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.util import CommandError
from sqlalchemy import Connection, event, text

from segue_bridge.db.migrations import include_object
from segue_bridge.owners import lock
from segue_bridge.owners.ledger import Owners, OwnersUnreadable, read
from segue_bridge.owners.risks import risk
from segue_bridge.owners.statements import Change, changes

if TYPE_CHECKING:
    from segue_bridge.db.database import Database

_INDEX = {
    "postgresql": "SELECT tablename FROM pg_indexes WHERE indexname = :name AND schemaname = ANY (current_schemas(false))",
    "mysql": (
        "SELECT DISTINCT table_name FROM information_schema.statistics "
        "WHERE index_name = :name AND table_schema = DATABASE()"
    ),
    "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND name = :name COLLATE NOCASE",
}

_KIND = (
    "SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
    "WHERE a.attrelid = to_regclass(quote_ident(:name)) AND a.attname = :column"
)
_BATCH = "_alembic_tmp_"


class Guard:
    """``path`` is ``migrations/owners.toml``; ``context`` is ``alembic.context``. Raises Alembic's ``CommandError`` when the file
    cannot be used.

    ``-x every-table`` on Alembic's command line takes the guard away for one run, ``-x unsafe`` only the look at what
    :mod:`.risks` knows.
    """

    def __init__(self, path: Path, context: Any) -> None:
        self._context = context
        self._revision: str | None = None
        self._down = False
        self._made: set[str] = set()
        attributes = context.config.attributes
        self._off = bool(attributes.get("every_table")) or "every-table" in context.get_x_argument()
        self._unsafe = "unsafe" in context.get_x_argument()
        try:
            self._owners = Owners() if self._off else read(path)
        except OwnersUnreadable as error:
            raise CommandError(str(error)) from error
        self._django = self._owners.of("django")

    def include_object(self, item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        """Alembic's ``include_object``: no table of Django's, with all that is in it."""
        if kind == "table" and name in self._django:
            return False
        return include_object(item, name, kind, reflected, other)

    @contextlib.asynccontextmanager
    async def alone(self, database: Database) -> AsyncIterator[None]:
        """Hold :mod:`.lock` on ``database``. Raises ``CommandError`` when another run has it for longer than one would
        wait."""
        import asyncio

        url = database.engine.url
        if database.dialect == "mysql":
            async with database.engine.connect() as connection:
                if not await connection.scalar(text(lock.TRY_MYSQL)):
                    raise CommandError(str(lock.MigrationRunning(lock.PATIENCE)))
                try:
                    yield
                finally:
                    await connection.scalar(text(lock.FREE_MYSQL))
            return
        if database.dialect != "postgresql":
            held = lock.file_lock(url.database or "")
            try:
                held.__enter__()
            except lock.MigrationRunning as error:
                raise CommandError(str(error)) from error
            try:
                yield
            finally:
                held.__exit__(None, None, None)
            return
        async with database.engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            loop = asyncio.get_running_loop()
            until = loop.time() + lock.PATIENCE
            while not await connection.scalar(text(lock.TRY)):
                if loop.time() >= until:
                    raise CommandError(str(lock.MigrationRunning(lock.PATIENCE)))
                await asyncio.sleep(lock.STEP)
            try:
                yield
            finally:
                await connection.scalar(text(lock.FREE))

    @contextlib.contextmanager
    def watching(self, connection: Connection | None = None) -> Iterator[None]:
        """Refuse what changes a table of Django's meanwhile: on ``connection``, or in what ``--sql`` prints.

        Call it when ``context.configure`` was called.
        """
        if connection is not None and connection.dialect.name == "sqlite":
            with _whole(connection), self._refusing(connection):
                yield
            return
        with self._refusing(connection):
            yield

    @contextlib.contextmanager
    def _refusing(self, connection: Connection | None) -> Iterator[None]:
        if self._off:
            yield
            return
        self._mark_revisions()
        if connection is None:
            impl = self._context.get_context().impl
            printed = impl.static_output

            def output(statement: str) -> None:
                self._judge(statement, None)
                printed(statement)

            impl.static_output = output
            yield
            return

        def before(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if self._revision is not None:
                self._judge(statement, connection)

        event.listen(connection, "before_cursor_execute", before)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", before)

    def _mark_revisions(self) -> None:
        """Know at each statement which revision is running."""
        for script in self._context.script.walk_revisions():
            for name in ("upgrade", "downgrade"):
                function = getattr(script.module, name, None)
                if function is not None:
                    setattr(script.module, name, self._marked(function, script.revision, name == "downgrade"))

    def _marked(self, function: Callable[..., Any], revision: str, down: bool) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            self._revision, self._down = revision, down
            try:
                return function(*args, **options)
            finally:
                self._revision = None

        return run

    def _judge(self, statement: str, connection: Connection | None) -> None:
        for change in changes(statement):
            for table in self._tables(change, connection):
                if table in self._django and not self._known(table):
                    raise CommandError(
                        f"Revision {self._revision} changes {table}, which is Django's: {_short(statement)} Write a Django "
                        f"migration, or hand it over first with `segue schema own {table} --by fastapi`."
                    )
                if change.what == "create table":
                    self._made.add(table)
                elif table in self._owners.tables and not self._unsafe:
                    self._weigh(change, table, statement, connection)

    def _weigh(self, change: Change, table: str, statement: str, connection: Connection | None) -> None:
        """Refuse what is not safe on a table that Django uses as well and that was there before this run."""
        if table in self._made or _BATCH + table in self._made:
            return

        def kind(name: str, column: str) -> str | None:
            if connection is None or connection.dialect.name != "postgresql":
                return None
            found = connection.scalar(text(_KIND), {"name": name, "column": column})
            return str(found) if found else None

        why = risk(change, self._context.get_context().dialect.name, kind)
        if why is not None:
            raise CommandError(
                f"Revision {self._revision} is not safe while Django runs on {table}: {_short(statement)} "
                f"{why[0].upper()}{why[1:]}. If nothing uses it any more, run `alembic -x unsafe upgrade`."
            )

    def _tables(self, change: Change, connection: Connection | None) -> list[str]:
        if change.what == "other":
            return sorted(set(map(self._owners.named, change.names)) & self._django)
        if change.table:
            return [self._owners.named(change.table)]
        if connection is None:
            metadata = self._context.get_context().opts["target_metadata"]
            tables = [t.name for t in metadata.sorted_tables for i in t.indexes if i.name == change.index]
            if not tables:
                raise CommandError(
                    f"Revision {self._revision} changes the index {change.index}, of which nobody can say here whose table it "
                    "is on: run it against the database, or name the table's index in the models."
                )
            return tables
        # of MySQL's each table has names of its own
        found = connection.scalars(text(_INDEX[connection.dialect.name]), {"name": change.index})
        return [str(name) for name in found]

    def _known(self, table: str) -> bool:
        """Whether the running revision was written before Django had the table: the baseline, or what came before FastAPI
        gave it back, on a database that lags behind."""
        if self._down:
            return False
        since = self._owners.since(table)
        scripts = self._context.script
        if since is None:
            return self._revision in scripts.get_bases()
        known = scripts.iterate_revisions(tuple(since), "base", inclusive=True) if since else ()
        return self._revision in {script.revision for script in known}


@contextlib.contextmanager
def _whole(connection: Connection) -> Iterator[None]:
    """SQLite in one transaction (Python's driver begins one for rows only: tables would stay when a revision fails), and a
    table that a batch makes anew keeps the rows that name it: with foreign keys in force, ``DROP TABLE`` deletes the rows of
    the table first, and with them those of others by their ``ON DELETE``, or cannot be committed. Raises ``CommandError``
    when a row names nothing afterwards that did before."""
    connection.exec_driver_sql(
        "PRAGMA foreign_keys = OFF"
    )  # changes nothing within a transaction, so before it

    def in_force(plain: Any, _record: Any) -> None:
        cursor = plain.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    event.listen(connection.engine, "checkin", in_force)
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    before = _dangling(connection)
    yield
    lost = _dangling(connection) - before
    if lost:
        told = ", ".join(f"{count} of {table} in {other}" for (table, other), count in sorted(lost.items()))
        raise CommandError(
            f"Rows would name rows that are not there: {told}. Nothing was changed; delete or correct these first."
        )


def _dangling(connection: Connection) -> Counter[tuple[str, str]]:
    """How many rows of a table name no row of another, by both tables."""
    found = connection.exec_driver_sql("PRAGMA foreign_key_check")
    return Counter((str(table), str(other)) for table, _row, other, _key in found)


def _short(statement: str) -> str:
    plain = " ".join(statement.split())
    return f"{plain[:120]}…" if len(plain) > 120 else f"{plain.rstrip(';')}."
