"""Differences are made past replication, and found; what the plan repairs is compared by PostgreSQL."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest
from tests.split.world import run

from segue.split import repair
from segue.split.reconcile import Compared, Difference, Reconciler
from segue.split.rows import Rows
from segue.split.state import Split

# As the apply worker writes: past the fence, and not sent to the other side.
PAST = """SET session_replication_role = replica;
SELECT pg_replication_origin_create('test') WHERE NOT EXISTS (SELECT FROM pg_replication_origin WHERE roname = 'test');
SELECT pg_replication_origin_session_setup('test');
"""
SPOIL = """
UPDATE book SET weight = 0 WHERE id = 1;
UPDATE book SET data = '{"n": 2.0}' WHERE id = 2;
UPDATE book SET made = made + interval '1 microsecond' WHERE id = 3;
UPDATE book SET tags = ARRAY['a,b', 'NULL', '"'] WHERE id = 4;
UPDATE book SET cover = NULL WHERE id = 5;
DELETE FROM book WHERE id = 1999;
INSERT INTO book (id, title) VALUES (-5, 'it''s \\ new');
DELETE FROM "Shelf" WHERE "Row" = 3;
INSERT INTO "Shelf" VALUES (3, 'x''y 1', 'q');
"""
FOUND = [
    ("Shelf", ("3", "x'y 0"), "only on source"), ("Shelf", ("3", "x'y 1"), "only on target"),
    *[("book", (key,), "differs") for key in "12345"],
    ("book", ("-5",), "only on target"), ("book", ("1999",), "only on source"),
]  # fmt: skip


def compared(
    split: Split, plan: repair.Plan | None = None, size: int = 300
) -> tuple[list[tuple[str, tuple[str, ...], str]], list[Compared]]:
    found: list[tuple[str, tuple[str, ...], str]] = []

    def add(difference: Difference, ahead: Rows, behind: Rows) -> None:
        found.append((str(difference.table), difference.key, difference.kind))
        if plan is not None:
            plan.add(difference, ahead, behind)

    done = Reconciler(split.there, add, lambda _: plan.flush() if plan else None, size=size).run()
    return sorted(found), done


@pytest.mark.parametrize("changed", ["target", "source"])
def test_differences_are_listed_and_the_plan_repairs_them(followed: Split, changed: str) -> None:
    assert compared(followed)[0] == []
    run(followed.target.url, PAST + SPOIL)
    spoilt = content(followed.target.url)
    written: list[str] = []
    found, tables = compared(followed, repair.Plan(changed, "source", written.append))
    assert found == sorted(FOUND)
    assert [(c.rows, c.ranges, c.differences, c.unsettled) for c in tables] == [
        (50, 1, 2, 0), (2000, 7, 7, 0), (300, 2, 0, 0),
    ]  # fmt: skip
    good = content(followed.source.url)
    assert spoilt != good
    side = followed.target if changed == "target" else followed.source
    apply(side.url, repair.head(changed) + "".join(written) + repair.tail())
    try:
        assert (
            content(followed.target.url)
            == content(followed.source.url)
            == (good if changed == "target" else spoilt)
        )
        assert compared(followed)[0] == []
    finally:
        if changed == "source":  # as it was
            run(
                followed.source.url,
                "DELETE FROM book WHERE id = -5; UPDATE book SET weight = 0.5 WHERE id = 1",
            )


def apply(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())


def content(url: str) -> list[tuple[object, ...]]:
    """Everything, by PostgreSQL's text of whole rows."""
    return [
        *run(url, "SELECT t::text FROM book AS t ORDER BY id"),
        *run(url, 'SELECT t::text FROM "Shelf" AS t ORDER BY "Row", "of"'),
    ]


def test_a_row_that_changed_since_the_check_is_left_alone(followed: Split) -> None:
    run(followed.target.url, PAST + "UPDATE book SET title = 'wrong' WHERE id = 6")
    written: list[str] = []
    compared(followed, repair.Plan("target", "source", written.append))
    run(followed.source.url, "UPDATE book SET title = 'newer' WHERE id = 6")
    until = time.monotonic() + 20
    while run(followed.target.url, "SELECT title FROM book WHERE id = 6") != [("newer",)]:
        assert time.monotonic() < until
        time.sleep(0.02)
    apply(followed.target.url, repair.head("target") + "".join(written) + repair.tail())
    assert run(followed.target.url, "SELECT title FROM book WHERE id = 6") == [("newer",)]


def test_rows_on_their_way_are_no_differences(followed: Split) -> None:
    ending = threading.Event()

    def write() -> None:
        with psycopg.connect(followed.source.url, autocommit=True) as connection:
            while not ending.is_set():
                connection.execute(
                    "UPDATE book SET stars = (stars + 1) % 4 WHERE id % 97 = (random() * 96)::int"
                )
                connection.execute("INSERT INTO book_tags (id, book_id, tag_id) VALUES (-1, 1000, 2)")
                connection.execute("DELETE FROM book_tags WHERE id = -1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        looked = []
        # Twice at least; on a busy machine the writer may get no turn in that time: until it had one.
        for turn in range(30):
            looked.append(compared(followed, size=50))
            if turn and any(c.suspects for _, done in looked for c in done):
                break
    finally:
        ending.set()
        writer.join()
    assert [found for found, _ in looked] == [[]] * len(looked)
    assert sum(c.suspects for _, done in looked for c in done) > 0  # else the test shows nothing
