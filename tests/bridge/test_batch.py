"""A table that Alembic makes anew on SQLite keeps the rows of others that name it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event

from segue_bridge.db.sqlite import prepare
from segue_bridge.owners.alembic import Guard

OWNERS = Path("owners.toml")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database as the application opens it: ``kept`` names rows of ``shop`` in the way of Django, ``own`` with ON DELETE."""
    engine = create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}", pool_size=1, max_overflow=0)
    event.listen(engine, "connect", prepare)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE shop (id integer PRIMARY KEY, name text, closed integer)",
            "CREATE TABLE kept (id integer PRIMARY KEY, shop_id integer REFERENCES shop DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TABLE own (id integer PRIMARY KEY, shop_id integer REFERENCES shop ON DELETE CASCADE)",
            "INSERT INTO shop VALUES (1, 'a', 0)",
            "INSERT INTO kept VALUES (1, 1)",
            "INSERT INTO own VALUES (1, 1)",
        ):
            connection.exec_driver_sql(statement)
    yield engine
    engine.dispose()


def guard() -> Guard:
    context = SimpleNamespace(config=SimpleNamespace(attributes={"every_table": True}), get_x_argument=list)
    return Guard(OWNERS, context)


def test_a_batch_deletes_nothing(engine: Engine) -> None:
    with engine.begin() as connection, guard().watching(connection):
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("shop") as batch:
            batch.drop_column("closed")
    with engine.connect() as connection:
        for table, rows in {"shop": [(1, "a")], "kept": [(1, 1)], "own": [(1, 1)]}.items():
            assert connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall() == rows
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_what_leaves_rows_without_their_row_is_undone(engine: Engine) -> None:
    def revise() -> None:
        with engine.begin() as connection, guard().watching(connection):
            connection.exec_driver_sql("DELETE FROM own")
            connection.exec_driver_sql("DELETE FROM shop")

    with pytest.raises(CommandError, match="1 of kept in shop"):
        revise()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM shop").fetchall() == [(1, "a", 0)]
        assert connection.exec_driver_sql("SELECT * FROM own").fetchall() == [(1, 1)]
