"""What Alembic's autogenerate proposes through the hooks: real changes, and nothing that is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock

import pytest
from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations.ops import MigrationScript
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    text,
)
from sqlalchemy.dialects import mysql

from segue_bridge.db.migrations import compare_type, include_object, without_renames
from segue_bridge.db.types import Json

# as Django writes it on SQLite
DJANGO = [
    # manage.py createcachetable
    'CREATE TABLE "kept" ("cache_key" varchar(255) NOT NULL PRIMARY KEY, "value" text NOT NULL, "expires" datetime NOT NULL)',
    'CREATE INDEX "kept_expires" ON "kept" ("expires")',
    'CREATE TABLE "t" ("id" integer NOT NULL PRIMARY KEY, "name" varchar(20) NOT NULL UNIQUE, "n" integer NOT NULL)',
    'CREATE INDEX "t_n_0a1b2c3d" ON "t" ("n")',
    'CREATE INDEX "t_down" ON "t" ("name", "n" DESC)',
]
GONE = 'CREATE TABLE "gone" ("cache_key" varchar(255) NOT NULL PRIMARY KEY, "value" text NOT NULL)'


@contextmanager
def built(*more: str) -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        for statement in (*DJANGO, *more):
            connection.execute(text(statement))
        yield connection
    engine.dispose()


def declared(*more: Any, name: Any = None, index: bool = True, down: str = '"n" DESC') -> MetaData:
    metadata = MetaData()
    Table(
        "t",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", name or String(20), nullable=False, unique=True),
        Column("n", Integer, nullable=False, index=index),
        Index("t_down", "name", text(down)),
        Index("t_name_like", "name", postgresql_ops={"name": "varchar_pattern_ops"}).ddl_if(
            dialect="postgresql"
        ),
        *more,
    )
    return metadata


def proposed(metadata: MetaData, *more: str) -> list[str]:
    """Kinds of operations that a revision for Django's table would have."""
    options: dict[str, Any] = {
        "target_metadata": metadata,
        "compare_type": compare_type,
        "include_object": include_object,
    }
    with built(*more) as connection:
        context = MigrationContext.configure(connection, opts=options)
        script: MigrationScript = produce_migrations(context, metadata)
        without_renames(context, None, [script])
        assert script.upgrade_ops is not None
        return sorted(
            type(op).__name__ for table in script.upgrade_ops.ops for op in getattr(table, "ops", [table])
        )


def test_nothing_is_proposed_for_what_django_built() -> None:
    assert proposed(declared()) == []
    assert proposed(declared(), GONE) == ["DropTableOp"]


@pytest.mark.parametrize("mariadb", [False, True])
def test_json_is_a_type_of_mysql_and_none_of_mariadb(mariadb: bool) -> None:
    """A text column is to become one of JSON: MySQL has a type for that, MariaDB's manual calls it an alias of LONGTEXT."""
    column = Column("data", Json())
    Table("t", MetaData(), column)
    dialect: Any = mysql.dialect()
    dialect.is_mariadb = mariadb
    asked = Mock(**{"execute.return_value.first.return_value": ("longtext", "utf8mb4_bin")})
    context = Mock(dialect=dialect, connection=asked)
    assert compare_type(context, None, column, None, column.type) is not mariadb


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda: declared(name=String(21)), ["AlterColumnOp"]),
        (lambda: declared(index=False), ["DropIndexOp"]),
        (lambda: declared(Column("more", Integer)), ["AddColumnOp"]),
        (lambda: declared(Index("t_more", "name", "n")), ["CreateIndexOp"]),
        (lambda: declared(UniqueConstraint("name", "n", name="t_both")), ["CreateUniqueConstraintOp"]),
        (lambda: declared(down='"n"'), ["CreateIndexOp", "DropIndexOp"]),
    ],
)
def test_a_change_of_the_models_is_proposed(change: Callable[[], MetaData], wanted: list[str]) -> None:
    assert proposed(change()) == wanted
