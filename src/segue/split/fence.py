"""The write fence: a trigger on each table that refuses every write of every session, old or new.

A statement-level trigger is looked up when a statement begins, so it holds for sessions that were open before; the worker that applies
replicated changes does not fire it (``session_replication_role``). Putting it up needs the lock that every write conflicts with, so when
it is up no transaction that has written can still be open. SELECT goes on, and so do SELECT … FOR UPDATE and the checks of foreign keys.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import psycopg
from psycopg import sql

from segue.errors import EnvironmentProblem
from segue.split.sides import Connection, one, rows
from segue.split.tables import FENCE, Name

_FUNCTION = """
CREATE OR REPLACE FUNCTION segue_split.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'Writes to %.% are closed here: segue split.', TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'read_only_sql_transaction', HINT = 'This table is written in the other database now.';
END $$
"""


def close(connection: Connection, tables: Iterable[Name]) -> None:
    """Put the fence up on all ``tables``, within the transaction of ``connection`` or in one of its own."""
    with connection.transaction():
        connection.execute("CREATE SCHEMA IF NOT EXISTS segue_split")
        connection.execute("GRANT USAGE ON SCHEMA segue_split TO PUBLIC")
        if one(connection, "SELECT pg_catalog.to_regproc('segue_split.refuse')") is None:
            connection.execute(_FUNCTION)
        for name in tables:
            have = one(
                connection,
                "SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid = pg_catalog.to_regclass(%s) AND tgname = %s",
                name.identifier.as_string(connection),
                FENCE,
            )
            order = (
                "ALTER TABLE {} ENABLE TRIGGER {}"
                if have
                else "CREATE TRIGGER {1} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {0} "
                "FOR EACH STATEMENT EXECUTE FUNCTION segue_split.refuse()"
            )
            connection.execute(sql.SQL(order).format(name.identifier, sql.Identifier(FENCE)))


def open(connection: Connection, tables: Iterable[Name]) -> None:
    """Take the fence of all ``tables`` down, all at once. The trigger stays, disabled: dropping it would stop readers for a moment."""
    with connection.transaction():
        up = closed_of(connection)
        for name in tables:
            if name in up:
                connection.execute(
                    sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(
                        name.identifier, sql.Identifier(FENCE)
                    )
                )


def closed_of(connection: Connection) -> set[Name]:
    """Tables whose fence is up."""
    return {
        Name(*row)
        for row in rows(
            connection,
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE t.tgname = %s AND t.tgenabled = 'O'",
            FENCE,
        )
    }


def closed(connection: Connection, tables: Iterable[Name]) -> bool:
    """Whether the fence is up on every one of ``tables``."""
    return set(tables) <= closed_of(connection)


def hold(connection: Connection, tables: Iterable[Name], *, until: float) -> None:
    """Lock ``tables`` against writes for the rest of the open transaction: writers wait, readers do not.

    Attempts of less than ``deadlock_timeout`` each, so that no writer is the victim of a deadlock with this one, with pauses in which what
    waited goes on; until the moment ``until`` (``time.monotonic``). Raises :class:`EnvironmentProblem` with who is in the way.
    """
    names = sql.SQL(", ").join(name.identifier for name in tables)
    patience = one(
        connection,
        "SELECT setting::int * 8 / 10 FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout'",
    )
    while True:
        try:
            with connection.transaction():
                connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(max(1, patience)))
                connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names))
                connection.execute("SET LOCAL lock_timeout = 0")
            return
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() + patience / 1000 > until:
                raise EnvironmentProblem(
                    f"A transaction has written one of the tables and does not end: {_in_the_way(connection, tables)}.",
                    hint="Nothing was changed. End that transaction, or try again with a longer --within.",
                ) from None
            time.sleep(min(0.5, patience / 1000))


def _in_the_way(connection: Connection, tables: Iterable[Name]) -> str:
    wanted = [name.identifier.as_string(connection) for name in tables]
    found = rows(
        connection,
        "SELECT DISTINCT format('process %%s (%%s, %%s)', a.pid, coalesce(nullif(a.application_name, ''), a.usename), a.state) "
        "FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.relation = ANY (SELECT pg_catalog.to_regclass(t) FROM unnest(%s::text[]) AS t) AND l.granted "
        "AND l.mode IN ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') "
        "AND a.pid <> pg_backend_pid() LIMIT 5",
        wanted,
    )
    return ", ".join(row[0] for row in found) or "it has ended by now"
