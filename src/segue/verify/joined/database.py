"""A throw-away copy of the project's database: nothing that verification does can reach the original."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

PREFIX = "segue_verify_"


class Copy:
    """The copy that ``DATABASES`` points at after :meth:`prepare` (before ``django.setup()`` connects)."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="segue-verify-"))
        self._created = ""
        self._source: dict[str, Any] = {}
        self.notes: list[str] = []

    def prepare(self, databases: dict[str, dict[str, Any]]) -> None:
        """Point every alias at a copy; an alias that cannot be copied fails when it is used."""
        shared = dict(databases["default"])
        for alias, config in databases.items():
            engine = config["ENGINE"]
            if engine.endswith(("sqlite3", "spatialite")):
                config["NAME"] = self._sqlite(alias, str(config["NAME"]))
            elif alias == "default":
                continue  # made by connect(), which needs Django
            elif all(config.get(k) == shared.get(k) for k in ("ENGINE", "NAME", "HOST", "PORT")):
                config.update(databases["default"])
            else:
                config["ENGINE"] = "django.db.backends.dummy"
                self.notes.append(
                    f"database {alias!r} is not copied: requests that use it fail on both sides"
                )

    def connect(self, connection: Any) -> None:
        """Make the copy of a server database and connect to it."""
        if connection.vendor == "sqlite":
            _without_fsync()
            return
        if connection.vendor != "postgresql":
            raise SystemExit(f"Joined verification does not know the database {connection.vendor} yet.")
        from django.db.backends.postgresql.base import Database as driver

        if driver.__name__ != "psycopg":
            raise SystemExit(
                "Joined verification needs psycopg 3 (Django 4.2 or newer); this project uses psycopg2."
            )
        source = connection.settings_dict["NAME"]
        self._created = f"{PREFIX}{os.getpid()}"
        quoted = connection.ops.quote_name
        with connection._nodb_cursor() as cursor:
            _drop_left_over(cursor, quoted)
            cursor.execute(f"CREATE DATABASE {quoted(self._created)} TEMPLATE template0")
        connection.close()
        self._source = dict(connection.get_connection_params()) | {"dbname": source}
        connection.settings_dict["NAME"] = self._created

    def fill(self) -> None:
        """Bring the rows of a PostgreSQL source into the schema that the migrations have just built.

        ``CREATE DATABASE … TEMPLATE`` refuses while anybody is connected to the source, and ``pg_dump`` may not
        be there: so COPY, in one transaction with deferred constraints.
        """
        if not self._source:
            return
        import psycopg

        wanted = {
            k: v
            for k, v in self._source.items()
            if k in ("host", "port", "user", "password", "sslmode", "dbname")
        }
        with psycopg.connect(**wanted) as old, psycopg.connect(**wanted | {"dbname": self._created}) as new:
            old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            copy_rows(old, new)

    def remove(self, connection: Any) -> None:
        """Drop the copy."""
        import shutil

        connection.close()
        if self._created:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(self._created)}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _sqlite(self, alias: str, name: str) -> str:
        target = self.folder / f"{alias}.sqlite3"
        source = Path(name)
        if name not in ("", ":memory:") and not name.startswith("file:") and source.is_file():
            old = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
            new = sqlite3.connect(target)
            with contextlib.closing(old), contextlib.closing(new):
                old.backup(new)
        return str(target)


def _without_fsync() -> None:
    """Nobody needs the copy after a crash; waiting for the disk is most of what a commit costs (``PRAGMA synchronous``)."""
    from django.db.backends.signals import connection_created

    def set_pragma(sender: Any, connection: Any, **_: Any) -> None:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA synchronous = OFF")

    connection_created.connect(set_pragma, weak=False)


def copy_rows(old: Any, new: Any) -> None:
    """All rows and sequence values of one PostgreSQL database into another of the same schema."""
    theirs, ours = _tables(old), _tables(new)
    both = [t for t in ours if t in theirs]
    if not both:
        return
    new.execute("TRUNCATE " + ", ".join(both) + " CASCADE")
    new.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in both:
        columns = ", ".join(f'"{c}"' for c in ours[table] if c in theirs[table])
        into = new.cursor().copy(f"COPY {table} ({columns}) FROM STDIN")
        with old.cursor().copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT") as rows, into as target:
            for block in rows:
                target.write(block)
    for name, value, called in old.execute(_SEQUENCES).fetchall():
        if new.execute("SELECT to_regclass(%s)", (name,)).fetchone()[0] is not None:
            new.execute("SELECT setval(%s, %s, %s)", (name, value, called))


_SEQUENCES = (
    "SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value), last_value IS NOT NULL"
    " FROM pg_sequences WHERE schemaname = current_schema()"
)


def _tables(connection: Any) -> dict[str, list[str]]:
    rows = connection.execute(
        "SELECT quote_ident(c.table_name), c.column_name FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'"
        " AND c.table_name <> 'django_migrations' ORDER BY c.table_name, c.ordinal_position"
    ).fetchall()
    out: dict[str, list[str]] = {}
    for table, column in rows:
        out.setdefault(table, []).append(column)
    return out


def _drop_left_over(cursor: Any, quoted: Any) -> None:
    """Copies of runs that were killed."""
    cursor.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s AND NOT EXISTS"
        " (SELECT 1 FROM pg_stat_activity a WHERE a.datname = pg_database.datname)",
        [PREFIX.replace("_", r"\_") + "%"],
    )
    for (name,) in cursor.fetchall():
        pid = name.removeprefix(PREFIX).partition("_")[0]  # clones of a copy have more behind
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
