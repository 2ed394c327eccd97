"""A guard sees every statement that changes a table, however it is written: each is run, and the database says what changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import psycopg
import pytest
from tests.services import Postgres

from segue_bridge.owners.ledger import Owners
from segue_bridge.owners.statements import changes

TABLE = "Notes"
OWNERS = Owners(frozenset({TABLE, "other"}))
BOTH = [
    'ALTER TABLE "Notes" ADD COLUMN more integer',
    'alter/* */table"Notes"add more integer',
    '-- DROP TABLE other;\nALTER TABLE "Notes" RENAME COLUMN stars TO points',
    "INSERT INTO other VALUES (';'); DROP TABLE \"Notes\"",
    'CREATE INDEX more ON "Notes" (stars)',
    "DROP INDEX kept",
    'UPDATE "Notes" SET stars = 1; ALTER TABLE "Notes" RENAME TO gone',
    'ALTER TABLE other RENAME TO gone; ALTER TABLE "Notes" RENAME TO other',
]
SQLITE = [
    "ALTER TABLE notes ADD COLUMN more integer",
    "ALTER TABLE main.[NOTES] ADD COLUMN more integer",
    "DROP INDEX KEPT",
    "CREATE TRIGGER more AFTER INSERT ON notes BEGIN DELETE FROM other; END",
]
POSTGRESQL = [
    "INSERT INTO other VALUES (E'it\\'s'); DROP TABLE \"Notes\"; INSERT INTO other VALUES ('x')",
    'SELECT 1; -- one\r DROP TABLE "Notes"',
    "DO $a$ BEGIN EXECUTE 'ALTER TABLE \"Notes\" ADD more integer'; END $a$",
    'ALTER TABLE IF EXISTS ONLY "public"."Notes" ALTER stars SET DEFAULT 1',
    'DROP TABLE other, "Notes" CASCADE',
]
ROWS = [
    'UPDATE "Notes" SET stars = 1',
    'INSERT INTO other VALUES (\'DROP TABLE "Notes"; ALTER TABLE "Notes" ADD a integer\')',
    'SELECT 1 /* ; DROP TABLE "Notes" */ -- ; DROP TABLE "Notes"',
    'CREATE TABLE own (id integer REFERENCES "Notes" (id)); DROP TABLE own',
]
MADE = (
    'CREATE TABLE "Notes" (id integer PRIMARY KEY, stars integer); CREATE INDEX kept ON "Notes" (stars); '
    "CREATE TABLE other (text varchar(99));"
)


def seen(sql: str) -> bool:
    """Whether the guards would look up who owns the table (an index is looked up in the database)."""
    return any(
        TABLE in {OWNERS.named(name) for name in (change.table, *change.names)}
        or change.index.lower() == "kept"
        for change in changes(sql)
    )


@pytest.mark.parametrize("sql", [*BOTH, *SQLITE, *ROWS])
def test_on_sqlite(sql: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(MADE)
    read = "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'Notes' COLLATE NOCASE ORDER BY 1"
    before = connection.execute(read).fetchall()
    connection.executescript(sql)
    assert seen(sql) is (connection.execute(read).fetchall() != before) is (sql not in ROWS)
    connection.close()


@pytest.fixture(scope="module")
def server(postgres: Postgres) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.create("statements")) as connection:
        yield connection


@pytest.mark.parametrize("sql", [*BOTH, *POSTGRESQL, *ROWS])
def test_on_postgresql(server: psycopg.Connection, sql: str) -> None:
    read = (
        "SELECT c.oid, attname, atttypid, atthasdef, attnum, (SELECT count(*) FROM pg_index WHERE indrelid = c.oid) "
        "FROM pg_class c JOIN pg_attribute ON attrelid = c.oid WHERE relname = 'Notes' ORDER BY attnum"
    )
    server.rollback()
    server.execute(MADE)
    before = server.execute(read).fetchall()
    server.execute(sql)
    changed = server.execute(read).fetchall() != before
    server.rollback()
    assert seen(sql) is changed is (sql not in ROWS)
