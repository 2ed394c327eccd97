"""A PostgreSQL clone: ``CREATE DATABASE … TEMPLATE``; what was written is undone row by row, with constraints deferred."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from segue.errors import EnvironmentProblem
from segue.verify.http.states import MOST_ROWS, Rows, State


class PostgresState(State):
    """The database ``name``, a clone of ``template``, on the ``server`` (host, port, user, password, sslmode).

    Values are read as text, in PostgreSQL's own output form. Raises :class:`EnvironmentProblem` where cloning is
    refused.
    """

    def __init__(self, template: str, name: str, server: Mapping[str, str]) -> None:
        super().__init__()
        self._name = name
        self._server: dict[str, Any] = dict(server)
        self._types: dict[str, list[str]] = {}
        self._keys: dict[str, list[int]] = {}
        self._mark: Any = None
        self._prints: dict[str, Any] = {}  # of the tables as they were remembered, or restored
        self._connection: psycopg.Connection[Any] | None = None
        try:
            with self._maintenance() as connection:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                        sql.Identifier(name), sql.Identifier(template)
                    )
                )
        except psycopg.Error as error:
            raise EnvironmentProblem(
                f"The database could not be cloned: {str(error).splitlines()[0]}.",
                hint="HTTP mode makes two databases on the project's server; its user needs the right CREATEDB.",
            ) from error
        self._connection = psycopg.connect(**self._server, dbname=name, autocommit=True)

    def columns(self) -> dict[str, list[str]]:
        out: dict[str, list[str]] = {}
        keys: dict[str, list[tuple[int, int]]] = {}
        for table, column, kind, place in self._open.execute(_COLUMNS).fetchall():
            names = out.setdefault(table, [])
            if place:
                keys.setdefault(table, []).append((place, len(names)))
            names.append(column)
            self._types.setdefault(table, []).append(kind)
        self._keys = {t: [at for _, at in sorted(keys.get(t, []))] or list(range(len(out[t]))) for t in out}
        return out

    def rows(self, table: str) -> Rows:
        names, keys = self._names(table), self._keys[table]
        columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(n)) for n in names)
        order = sql.SQL(", ").join(sql.SQL("{} DESC").format(sql.Identifier(names[at])) for at in keys)
        cursor = self._open.execute(
            sql.SQL("SELECT {} FROM {} AS t ORDER BY {} LIMIT {}").format(
                columns, sql.Identifier(table), order, sql.Literal(MOST_ROWS)
            )
            if self._sortable(table)
            else sql.SQL("SELECT {} FROM {} AS t LIMIT {}").format(
                columns, sql.Identifier(table), sql.Literal(MOST_ROWS)
            )
        )
        return {
            tuple(_key(row[at], self._types[table][at]) for at in keys): row
            for row in reversed(cursor.fetchall())
        }

    def sequences(self) -> dict[str, Any]:
        found = self._open.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() ORDER BY 1"
        ).fetchall()
        return dict(found)

    def remember(self) -> None:
        super().remember()
        self._prints = self._printed()

    def touched(self) -> list[str]:
        """Those whose rows have other versions, by one statement: a request writes to few of many tables."""
        now = self._printed()
        return [
            table
            for table in self._columns
            if table in self.large or now.get(table, 0) != self._prints.get(table, 1)
        ]

    def _printed(self) -> dict[str, Any]:
        """Table → a number made of the versions of its rows (``xmin``, the transaction that wrote one, and ``ctid``, its place). Whatever
        inserts, updates, deletes or truncates makes another."""
        tables = [table for table in self._columns if table not in self.large]
        if not tables:
            return {}
        parts = [
            sql.SQL(
                "SELECT {}, count(*) + coalesce(sum(hashtextextended(xmin::text || ctid::text, 0)), 0) FROM {}"
            ).format(sql.Literal(table), sql.Identifier(table))
            for table in tables
        ]
        return dict(self._open.execute(sql.SQL(" UNION ALL ").join(parts)).fetchall())

    def mark(self) -> None:
        self._mark = self._now()

    def written(self) -> bool:
        return bool(self._now() != self._mark)

    def restore(self) -> None:
        with self._open.transaction():
            self._open.execute("SET CONSTRAINTS ALL DEFERRED")
            try:  # a superuser can keep the project's own triggers out of it
                with self._open.transaction():
                    self._open.execute("SET LOCAL session_replication_role = replica")
            except psycopg.errors.InsufficientPrivilege:
                pass
            for table in self.touched():
                before, now = self._baseline[table], self.rows(table)
                if before == now:
                    continue
                for key in now:
                    if before.get(key) != now[key]:
                        self._delete(table, now[key])
                for key, row in before.items():
                    if now.get(key) != row:
                        self._insert(table, row)
            for name, value in self._sequences.items():
                self._open.execute(
                    "SELECT setval(quote_ident(%s)::regclass, coalesce(%s, 1), %s)",
                    (name, value, value is not None),
                )
        self._prints = self._printed()
        self.mark()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            with self._maintenance() as connection:
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self._name))
                )
        self._connection = None

    @property
    def _open(self) -> psycopg.Connection[Any]:
        assert self._connection is not None
        return self._connection

    def watching(self) -> psycopg.Connection[Any]:
        """A connection to the server of its own, in autocommit, not to the clone."""
        return self._maintenance()

    def find_deadlocks_soon(self) -> None:
        """Connections made from now on look for deadlocks after 50 ms, not after the server's second, where that may be set."""
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            self._open.execute(
                sql.SQL("ALTER DATABASE {} SET deadlock_timeout = '50ms'").format(sql.Identifier(self._name))
            )

    def _maintenance(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**self._server, dbname="postgres", autocommit=True)

    def _names(self, table: str) -> list[str]:
        return self._columns[table]

    def _sortable(self, table: str) -> bool:
        return not any(self._types[table][at] in ("json", "xml", "point") for at in self._keys[table])

    def _delete(self, table: str, row: tuple[Any, ...]) -> None:
        names, types = self._names(table), self._types[table]
        condition = sql.SQL(" AND ").join(
            sql.SQL("{} IS NOT DISTINCT FROM CAST(%s AS {})").format(
                sql.Identifier(names[at]), sql.SQL(types[at])
            )
            for at in self._keys[table]
        )
        self._open.execute(
            sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table), condition),
            [row[at] for at in self._keys[table]],
        )

    def _insert(self, table: str, row: tuple[Any, ...]) -> None:
        names, types = self._names(table), self._types[table]
        self._open.execute(
            sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, names)),
                sql.SQL(", ").join(sql.SQL("CAST(%s AS {})").format(sql.SQL(kind)) for kind in types),
            ),
            list(row),
        )

    def _now(self) -> Any:
        """The next transaction number and the end of the write-ahead log: another one after any write on the server."""
        return self._open.execute(
            "SELECT txid_snapshot_xmax(txid_current_snapshot()), pg_current_wal_insert_lsn()"
        ).fetchone()


def _key(text: Any, kind: str) -> Any:
    return int(text) if text is not None and kind in ("integer", "bigint", "smallint") else text


# ``indkey`` counts from 0, and a place of 0 stands for no part of the key.
_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), coalesce(array_position(i.indkey::int[], a.attnum::int) + 1, 0)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
  AND a.attgenerated = ''
ORDER BY c.relname, a.attnum
"""
