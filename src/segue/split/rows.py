"""Rows of one table on one server as digests: of ranges of the primary key, and one by one.

A row is the text of all its columns by name, at fixed settings (:data:`segue.split.sides.TEXT_FORMS`), in UTF-8, as MD5: the
texts tell NULL from '', -0 from 0, and every digit of numeric, float, timestamp and jsonb. The digest of a range is the number of its
rows and the two halves of their MD5 combined by XOR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from segue.split.sides import Connection, one
from segue.split.tables import Column, Table

Key = tuple[str, ...]
"""The primary key of a row, each column as text."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A row: the digest of its content, and which version of it this is (``xmin`` and ``ctid``, of this server only)."""

    digest: str
    version: str


@dataclass(frozen=True, slots=True)
class Digest:
    """Of a range."""

    count: int
    first: int
    second: int


class Rows:
    """The rows of ``table`` (as the source has it) through ``connection``."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self.table = table
        types = {column.name: column.type for column in table.columns}
        self._types = [sql.SQL(types[name]) for name in table.key]
        self._keys = sql.SQL(", ").join(sql.Identifier("t", name) for name in table.key)
        columns = sql.SQL(", ").join(sql.Identifier("t", c.name) for c in sorted_columns(table))
        text = sql.SQL("ROW({})::text").format(columns)
        if one(connection, "SHOW server_encoding") == "UTF8":
            self._md5 = sql.SQL("pg_catalog.md5({})").format(text)
        else:
            self._md5 = sql.SQL("pg_catalog.md5(pg_catalog.convert_to({}, 'UTF8'))").format(text)
        self._as_text = sql.SQL(", ").join(
            sql.SQL("{}::text").format(sql.Identifier("t", name)) for name in table.key
        )

    def boundary(self, after: Key | None, size: int) -> Key | None:
        """The key of the ``size``-th row behind ``after``, None if there are fewer."""
        query = sql.SQL("SELECT {} FROM {} AS t WHERE {} ORDER BY {} OFFSET %s LIMIT 1").format(
            self._as_text, self.table.name.identifier, self._within(after, None), self._keys
        )
        row = self._connection.execute(query, (*(after or ()), size - 1)).fetchone()
        return None if row is None else tuple(row)

    def digest(self, after: Key | None, last: Key | None) -> Digest:
        """Of the rows behind ``after`` up to ``last`` (None: from the first, to the last)."""
        half = "pg_catalog.bit_xor(('x' || pg_catalog.{}(h, 16))::bit(64)::bigint)"
        query = sql.SQL(
            "SELECT count(*), coalesce("
            + half.format("left")
            + ", 0), coalesce("
            + half.format("right")
            + ", 0) FROM (SELECT {} AS h FROM {} AS t WHERE {}) AS rows"
        ).format(self._md5, self.table.name.identifier, self._within(after, last))
        row = self._connection.execute(query, (*(after or ()), *(last or ()))).fetchone()
        assert row is not None
        return Digest(*row)

    def range(self, after: Key | None, last: Key | None) -> Iterator[tuple[Key, str]]:
        """Keys and digests of the rows of a range, in the order in which the server finds them; a thousand at a time are held."""
        query = sql.SQL("SELECT {}, {} FROM {} AS t WHERE {}").format(
            self._as_text, self._md5, self.table.name.identifier, self._within(after, last)
        )
        with (
            self._connection.transaction(),
            self._connection.cursor(name="segue_split_rows") as cursor,
        ):
            cursor.itersize = 1000
            cursor.execute(query, (*(after or ()), *(last or ())))
            for row in cursor:
                yield tuple(row[:-1]), row[-1]

    def by_key(self, keys: Sequence[Key]) -> dict[Key, Seen]:
        """Those of the rows ``keys`` that are there now."""
        query = sql.SQL("SELECT {}, {}, t.xmin::text || ' ' || t.ctid::text FROM {}").format(
            self._as_text, self._md5, self._joined()
        )
        found = self._connection.execute(query, self._columns_of(keys)).fetchall()
        return {tuple(row[:-2]): Seen(row[-2], row[-1]) for row in found}

    def values(self, keys: Sequence[Key]) -> Iterator[tuple[Key, list[str], str]]:
        """Of those of the rows ``keys`` that are there: the key, the values of :func:`stored_columns` as SQL literals, and the digest."""
        stored = sql.SQL(", ").join(
            sql.SQL("pg_catalog.quote_nullable({}::text)").format(sql.Identifier("t", name))
            for name in stored_columns(self.table)
        )
        query = sql.SQL("SELECT {}, {}, {} FROM {}").format(self._as_text, stored, self._md5, self._joined())
        width = len(self.table.key)
        for row in self._connection.execute(query, self._columns_of(keys)):
            yield tuple(row[:width]), list(row[width:-1]), row[-1]

    def digest_expression(self) -> sql.Composed:
        """SQL that gives the digest of a row of the table under the alias ``t``."""
        return self._md5

    def _joined(self) -> sql.Composed:
        width = len(self.table.key)
        names = [sql.Identifier(f"k{number}") for number in range(width)]
        same = sql.SQL(" AND ").join(
            sql.SQL("{} = wanted.{}::{}").format(sql.Identifier("t", name), given, kind)
            for name, given, kind in zip(self.table.key, names, self._types, strict=True)
        )
        return sql.SQL("{} AS t JOIN unnest({}) AS wanted({}) ON {}").format(
            self.table.name.identifier,
            sql.SQL(", ").join([sql.SQL("%s::text[]")] * width),
            sql.SQL(", ").join(names),
            same,
        )

    def _columns_of(self, keys: Sequence[Key]) -> list[list[str]]:
        return [[key[number] for key in keys] for number in range(len(self.table.key))]

    def _within(self, after: Key | None, last: Key | None) -> sql.Composable:
        given = sql.SQL(", ").join(sql.SQL("%s::{}").format(kind) for kind in self._types)
        parts = []
        if after is not None:
            parts.append(sql.SQL("({}) > ({})").format(self._keys, given))
        if last is not None:
            parts.append(sql.SQL("({}) <= ({})").format(self._keys, given))
        return sql.SQL(" AND ").join(parts) if parts else sql.SQL("true")


def sorted_columns(table: Table) -> list[Column]:
    """All columns by name: both servers may have them in another order."""
    return sorted(table.columns, key=lambda column: column.name)


def stored_columns(table: Table) -> list[str]:
    """Names of the columns that an INSERT gives, sorted."""
    return sorted(column.name for column in table.columns if not column.generated)
