"""Helpers for the generated project's Alembic environment.

Django names constraints and indexes with hashes that differ between its versions; SQLAlchemy
names them otherwise or not at all. Autogenerate would drop and re-create all of them, so what
differs by name only is left out of a revision. So is what SQLite does not tell (it keeps types as Django wrote them,
which SQLAlchemy reads as types of its own) and what belongs to another database.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.schema import CreateIndex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import MetaData

FOREIGN_TABLES = frozenset({"django_migrations"})
# of what ``manage.py createcachetable`` makes, under any name: no model declares it
_CACHE_TABLE = frozenset({"cache_key", "value", "expires"})
_MOST_NAMED = 3


def create_tables(connection: Any, metadata: MetaData) -> None:
    """Make the tables of the baseline, in a database that has none of them; with Alembic's ``--sql`` print the statements.

    Raises Alembic's ``CommandError``, and makes nothing, where one is there: it may be another than the one that would be made.
    """
    if isinstance(connection, Connection):
        found = sorted(set(metadata.tables) & set(inspect(connection).get_table_names()))
        if found:
            more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
            raise CommandError(
                f"This database has tables that the baseline makes ({', '.join(found[:_MOST_NAMED])}{more}) and bears no "
                "Alembic revision; nothing was changed. If Django built it, run `segue schema baseline --stamp`, which "
                "compares it first, then `alembic upgrade head`."
            )
    metadata.create_all(connection)


def include_object(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Leave Django's own bookkeeping, tables of its cache and unmanaged tables alone."""
    if kind == "table":
        if reflected and other is None and set(item.columns.keys()) == _CACHE_TABLE:
            return False
        return name not in FOREIGN_TABLES and item.info.get("managed", True) is not False
    return True


def compare_type(context: Any, column: Any, wanted: Any, found: Any, kind: Any) -> bool | None:
    """Alembic's ``compare_type``: whether the column's type changes; None leaves it to Alembic.

    On SQLite and MySQL the declared text decides. ``integer`` and ``bigint`` are the same on SQLite, and Django leaves either.
    """
    if context.dialect.name == "mysql":
        return _differs_on_mysql(context, wanted)
    if context.dialect.name != "sqlite":
        return None
    rows = context.connection.execute(
        text("SELECT type FROM pragma_table_xinfo(:name) WHERE name = :column"),
        {"name": wanted.table.name, "column": wanted.name},
    )
    declared = rows.scalar()
    return declared is None or _declared(declared) != _declared(
        context.dialect.type_compiler_instance.process(kind, type_expression=wanted)
    )


# What MySQL and MariaDB make of a type, where they tell it otherwise.
_MYSQL_TYPES = {"bool": "tinyint(1)", "integer": "int", "doubleprecision": "double"}


def _differs_on_mysql(context: Any, wanted: Any) -> bool:
    found = context.connection.execute(
        text(
            "SELECT column_type, collation_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND table_name = :name AND column_name = :column"
        ),
        {"name": wanted.table.name, "column": wanted.name},
    ).first()
    if found is None:
        return True
    kind, own = found
    mariadb = bool(context.dialect.is_mariadb)
    text_, _, collation = context.dialect.type_compiler_instance.process(
        wanted.type, type_expression=wanted
    ).partition(" COLLATE ")
    return _of_mysql(kind, mariadb) != _of_mysql(text_, mariadb) or (
        bool(collation) and collation.strip("`") != own
    )


def _of_mysql(kind: str, mariadb: bool) -> str:
    """A type as both sides may be told: MySQL 8 leaves out the width of numbers, MariaDB knows no json."""
    plain = "".join(kind.lower().split()).replace("numeric(", "decimal(")
    signed = plain.removesuffix("unsigned")
    if signed != "tinyint(1)":
        signed = re.sub(r"^((?:tiny|small|medium|big)?int(?:eger)?)\(\d+\)$", r"\1", signed)
    if mariadb and signed == "json":
        return "longtext"
    return _MYSQL_TYPES.get(signed, signed) + plain[len(plain.removesuffix("unsigned")) :]


def _declared(kind: str) -> str:
    plain = "".join(kind.lower().replace("generated always", "").split())
    return "integer" if plain == "bigint" else plain


def without_renames(context: Any, revision: Any, directives: list[Any]) -> None:
    """``process_revision_directives``: drop pairs of *drop X* and *create X* equal but for the name, indexes of other
    databases, and unique constraints that the table has."""
    for script in directives:
        for operations in script.upgrade_ops_list + script.downgrade_ops_list:
            for table in operations.ops:
                if hasattr(table, "ops"):
                    here = [op for op in table.ops if not _elsewhere(context, op)]
                    table.ops = [op for op in _without_pairs(here) if not _is_there(context, op)]
            operations.ops = [op for op in operations.ops if not (hasattr(op, "ops") and not op.ops)]


def _elsewhere(context: Any, op: Any) -> bool:
    """Whether it is of an index that is declared with ``ddl_if(dialect=…)`` for another database, or of one that the SQLite
    table has just as it is declared: ``DESC`` is not reflected."""
    if type(op).__name__ not in ("CreateIndexOp", "DropIndexOp"):
        return False
    tables = context.opts["target_metadata"].tables
    name = op.table_name if op.schema is None else f"{op.schema}.{op.table_name}"
    for index in tables[name].indexes if name in tables else ():
        if index.name == op.index_name:
            only = index._ddl_if
            other = only is not None and not only._should_execute(index, index, context.connection)
            return other or _is_as_declared(context, index)
    return False


def _is_as_declared(context: Any, index: Any) -> bool:
    """Whether SQLite keeps the statement for the index that would make it now, or MySQL tells of the same columns."""
    if context.dialect.name == "mysql":
        return _is_on_mysql(context, index)
    if context.dialect.name != "sqlite":
        return False
    kept = context.connection.scalar(
        text("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = :name"), {"name": index.name}
    )
    now = str(CreateIndex(index).compile(dialect=context.dialect))
    return kept is not None and _bare(kept) == _bare(now)


def _is_on_mysql(context: Any, index: Any) -> bool:
    rows = context.connection.execute(
        text(
            "SELECT non_unique, column_name, collation FROM information_schema.statistics "
            "WHERE table_schema = DATABASE() AND table_name = :table AND index_name = :name ORDER BY seq_in_index"
        ),
        {"table": index.table.name, "name": index.name},
    ).all()
    if not rows or any(row[1] is None for row in rows):  # an expression: MySQL spells it its own way
        return False
    kept = ",".join(column + (" DESC" if order == "D" else "") for _, column, order in rows)
    now = str(CreateIndex(index).compile(dialect=context.dialect)).replace("`", "")
    listed = now[now.rindex(" ON ") :].partition("(")[2].rpartition(")")[0]
    return bool(rows[0][0]) is not bool(index.unique) and _bare(kept) == _bare(listed)


def _bare(statement: str) -> str:
    return "".join(statement.replace('"', "").split())


def _is_there(context: Any, op: Any) -> bool:
    """Whether it adds a unique constraint that the SQLite table has: one without a name, which is not reflected."""
    if type(op).__name__ != "CreateUniqueConstraintOp" or context.dialect.name != "sqlite":
        return False
    rows = context.connection.execute(
        text(
            "SELECT i.name, x.name FROM pragma_index_list(:name) AS i, pragma_index_info(i.name) AS x "
            'WHERE i."unique" AND NOT i.partial'
        ),
        {"name": op.table_name},
    )
    found: dict[str, set[str | None]] = defaultdict(set)
    for index, column in rows:
        found[index].add(column)
    return {column.name for column in op.to_constraint().columns} in found.values()


def _without_pairs(operations: Iterable[Any]) -> Iterable[Any]:
    found = list(operations)
    dropped: dict[Any, list[Any]] = defaultdict(list)
    for op in found:
        key = _dropped(op)
        if key is not None:
            dropped[key].append(op)
    gone: set[int] = set()
    for op in found:
        key = _added(op)
        if key is not None and dropped.get(key):
            gone |= {id(op), id(dropped[key].pop())}
    return [op for op in found if id(op) not in gone]


def _added(op: Any) -> Any:
    kind = type(op).__name__
    if kind == "CreateIndexOp":
        return _index(op.to_index())
    if kind in ("CreateUniqueConstraintOp", "CreateForeignKeyOp"):
        return _constraint(op.to_constraint())
    return None


def _dropped(op: Any) -> Any:
    kind = type(op).__name__
    if kind == "DropIndexOp":
        return _index(op.to_index())
    if kind == "DropConstraintOp":
        return _constraint(op.to_constraint())
    return None


def _index(index: Any) -> Any:
    columns = tuple(str(getattr(part, "name", part)) for part in index.expressions)
    return "unique" if index.unique else "index", index.table.name, columns


def _constraint(constraint: Any) -> Any:
    if type(constraint).__name__ == "ForeignKeyConstraint":
        targets = tuple(element.target_fullname for element in constraint.elements)
        return "foreign key", constraint.table.name, tuple(constraint.column_keys), targets
    columns = tuple(column.name for column in constraint.columns)
    return "unique", constraint.table.name, columns
