"""Each kind of difference between two real SQLite databases is found, and only that one."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from segue.schema.compare import compare
from segue.schema.structure import read

BASE = [
    "CREATE TABLE a (id integer PRIMARY KEY AUTOINCREMENT, name varchar(20) NOT NULL UNIQUE, n integer CHECK (n > 0))",
    "CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE INDEX b_a ON b (a_id)",
]


def structure(statements: list[str]) -> Any:
    connection = sqlite3.connect(":memory:")
    try:
        for statement in statements:
            connection.execute(statement)
        return read("sqlite", lambda sql: connection.execute(sql).fetchall())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("varchar(20)", "varchar(21)", "column name: type"),
        ("varchar(20) NOT NULL", "varchar(20)", "column name: null"),
        (" UNIQUE", "", "unique constraint"),
        ("n > 0", "n >= 0", "check"),
        (" DEFERRABLE INITIALLY DEFERRED", "", "deferred"),
        (" REFERENCES a (id)", " REFERENCES b (id)", "foreign key"),
        (" AUTOINCREMENT", "", "autoincrement"),
        ("INDEX b_a ON b (a_id)", "INDEX b_a ON b (a_id DESC)", "index"),
        ("INDEX b_a ON b (a_id)", "INDEX b_a ON b (a_id) WHERE a_id > 1", "index"),
    ],
)
def test_a_change_is_told_as_what_it_is(old: str, new: str, what: str) -> None:
    changed = [statement.replace(old, new) for statement in BASE]
    assert changed != BASE
    assert {item.what for item in compare(structure(BASE), structure(changed))} == {what}


@pytest.mark.parametrize(
    ("statement", "table", "what"),
    [
        ("CREATE TABLE c (id integer)", "c", "table"),
        ("CREATE VIEW v AS SELECT 1", "(view) v", "view"),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END", "a", "trigger"),
    ],
)
def test_what_one_side_lacks_is_told(statement: str, table: str, what: str) -> None:
    found = compare(structure([*BASE, statement]), structure(BASE))
    assert [(item.table, item.what, item.generated) for item in found] == [(table, what, "")]


def test_names_of_indexes_do_not_matter() -> None:
    renamed = [statement.replace("INDEX b_a ", "INDEX other ") for statement in BASE]
    assert compare(structure(BASE), structure(renamed)) == []
