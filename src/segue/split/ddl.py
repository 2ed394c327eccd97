"""Building the tables on the target as the source's catalogue describes them.

PostgreSQL's own functions write out every type, default, constraint and index, so that no ``pg_dump`` of a fitting version is needed; what was
built is read back and compared. A table that the target has already (from Alembic, say) is taken as it is, if it has the same columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from psycopg import sql

from segue.errors import EnvironmentProblem
from segue.split.sides import Connection, one
from segue.split.tables import Column, Name, Table, empty, find


def build(connection: Connection, tables: Sequence[Table]) -> list[Name]:
    """Build what the target lacks of ``tables``, in the open transaction or one of its own; returns what was built.

    Foreign keys to tables that do not move are left out. Raises :class:`EnvironmentProblem` when a table is there with other columns or with
    rows, or needs a type, collation or extension that the target does not have.
    """
    problems = [text for table in tables for text in lacking(connection, table)]
    if problems:
        raise EnvironmentProblem(
            f"The target lacks {', '.join(problems)}.",
            hint="Make them there first (CREATE EXTENSION, CREATE TYPE), then run the command again.",
        )
    moved = {table.name for table in tables}
    built = []
    with connection.transaction():
        for table in tables:
            there = find(connection, table.name)
            if there is None:
                for statement in _table(table):
                    connection.execute(statement)
                built.append(table.name)
            else:
                _fits(table, there, has_rows=not empty(connection, table.name))
        for table in tables:
            if table.name in built:
                for statement in _keys(table, moved):
                    connection.execute(statement)
        for table in tables:
            if table.name in built:
                _same(table, find(connection, table.name), moved)
    return built


def lacking(connection: Connection, table: Table) -> list[str]:
    """Types and collations that the target does not have, as people say it."""
    found = []
    for column in table.columns:
        if one(connection, "SELECT pg_catalog.to_regtype(%s)", column.type) is None:
            found.append(f"the type {column.type} of {table.name}.{column.name}")
        if (
            column.collation
            and one(connection, "SELECT pg_catalog.to_regcollation(%s)", column.collation) is None
        ):
            found.append(f"the collation {column.collation} of {table.name}.{column.name}")
    return found


def _table(table: Table) -> Iterator[sql.Composed]:
    yield sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(table.name.schema))
    for sequence in table.sequences:
        if not sequence.identity:
            yield sql.SQL("CREATE SEQUENCE {} AS {} {}").format(
                sequence.identifier, _text(sequence.type), _text(sequence.options)
            )
    yield sql.SQL("CREATE TABLE {} ({})").format(
        table.name.identifier, sql.SQL(", ").join(_column(table, column) for column in table.columns)
    )
    for sequence in table.sequences:
        if not sequence.identity:
            yield sql.SQL("ALTER SEQUENCE {} OWNED BY {}").format(
                sequence.identifier, sql.Identifier(table.name.schema, table.name.table, sequence.column)
            )
    for constraint in table.constraints:
        if constraint.kind != "f":
            yield _constraint(table, constraint.name, constraint.definition)
    for definition in table.indexes.values():
        yield _text(definition)


def _keys(table: Table, moved: Iterable[Name]) -> Iterator[sql.Composed]:
    for constraint in table.constraints:
        if constraint.kind == "f" and constraint.refers is not None and constraint.refers in set(moved):
            yield _constraint(table, constraint.name, constraint.definition)


def _column(table: Table, column: Column) -> sql.Composed:
    parts = [sql.SQL("{} {}").format(sql.Identifier(column.name), _text(column.type))]
    if column.collation:
        parts.append(_text(f"COLLATE {column.collation}"))
    if column.generated:
        kind = "STORED" if column.generated == "s" else "VIRTUAL"
        parts.append(_text(f"GENERATED ALWAYS AS ({column.default}) {kind}"))
    elif column.identity:
        sequence = next(s for s in table.sequences if s.identity and s.column == column.name)
        when = "ALWAYS" if column.identity == "a" else "BY DEFAULT"
        parts.append(
            sql.SQL("GENERATED {} AS IDENTITY (SEQUENCE NAME {} {})").format(
                _text(when), sequence.identifier, _text(sequence.options)
            )
        )
    elif column.default:
        parts.append(_text(f"DEFAULT {column.default}"))
    if column.required:
        parts.append(_text("NOT NULL"))
    return sql.SQL(" ").join(parts)


def _constraint(table: Table, name: str, definition: str) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
        table.name.identifier, sql.Identifier(name), _text(definition)
    )


def _text(text: str) -> sql.Composed:
    """What the source's PostgreSQL wrote itself."""
    return sql.Composed([sql.SQL(text)])


def _fits(table: Table, there: Table, *, has_rows: bool) -> None:
    """Whether a table that the target has already can take the rows. Raises :class:`EnvironmentProblem`."""
    problem = there.oddity or ("has rows already" if has_rows else "")
    wanted = {c.name: (c.type, bool(c.generated)) for c in table.columns}
    have = {c.name: (c.type, bool(c.generated)) for c in there.columns}
    if not problem and wanted != have:
        first = min({*wanted.items()} ^ {*have.items()})[0]
        problem = f"has other columns (the first is {first})"
    if not problem and table.key != there.key:
        problem = "has another primary key"
    if problem:
        raise EnvironmentProblem(
            f"The target has a table {table.name} that {problem}.",
            hint="Empty or drop it there, or give a database without it.",
        )


def _same(table: Table, there: Table | None, moved: Iterable[Name]) -> None:
    """That what was built is what the source has. Raises :class:`EnvironmentProblem`."""
    inside = set(moved)
    kept = tuple(c for c in table.constraints if c.kind != "f" or c.refers in inside)
    if there is None or (there.columns, there.key, there.constraints, there.indexes, there.sequences) != (
        table.columns, table.key, kept, table.indexes, table.sequences,
    ):  # fmt: skip
        raise EnvironmentProblem(
            f"The target builds the table {table.name} differently from the source.",
            hint="Build it there by hand (pg_dump --schema-only), then run the command again.",
        )
