"""Requests that run at the same time, on both sides."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import pytest
from tests.services import Postgres
from tests.verify.interleave.world import build, with_fault

from segue.verify import ProjectRef
from segue.verify.http import Modern
from segue.verify.interleave import InterleaveReport, interleave

MODERN = Modern(Path(sys.executable))


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> ProjectRef:
    """The stock keeper and its translation."""
    return build(tmp_path_factory.mktemp("interleave"), postgres, "interleave_stock")


def kinds(report: InterleaveReport, *paths: str) -> set[str]:
    """Kinds of outcomes of requests to these operations and no others."""
    return {
        kind
        for result in report.results
        if {r.key.split("/")[-2] for r in result.requests} == set(paths)
        for kind in result.kinds
    }


def test_both_sides_end_alike_under_the_same_schedules(stock: ProjectRef, postgres: Postgres) -> None:
    report = interleave(stock, MODERN, count=48, per_pair=4, seconds=150)
    assert [(r.requests, r.only_django, r.only_fastapi) for r in report.results if r.different] == []
    assert report.schedules >= 36
    assert kinds(report, "take") == {"serial"}, "a locked row loses nothing"
    assert kinds(report, "hit") == {"serial"}, "the database counts"
    assert kinds(report, "read") == {"serial", "lost update"}, "read and written back, on Django too"
    assert "deadlock" in kinds(report, "{item_pk}"), "two rows locked in both orders"
    assert kinds(report, "items") == {"serial", "error"}, "a name is taken between the check and the insert"
    points = {r.requests[0].key: r.points[0] for r in report.results}
    assert points["POST /items/{item_id}/take/"] == ("begin", "lock notes_item", "write notes_item", "commit")
    with psycopg.connect(postgres.dsn) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'segue%'").fetchall()
    assert left == [], "clones are dropped"


def test_a_lock_that_is_not_taken_and_a_count_that_is_written_back_are_found(
    stock: ProjectRef, tmp_path: Path
) -> None:
    faulty = with_fault(stock, tmp_path, {
        ".with_for_update()": "",
        "await call.db.execute(update(Item).where(Item.id == item_id).values(hits=Item.hits + 1))":
            "one = await call.db.get(Item, Item.id == item_id)\n"
            "    if one is not None:\n        one.hits = one.hits + 1\n        await call.db.update(one, 'hits')",
    })  # fmt: skip
    only = ["POST /items/{item_id}/take/", "POST /items/{item_id}/hit/"]
    report = interleave(faulty, MODERN, only=only, count=18, per_pair=6, seconds=60)
    found = {
        (result.requests[0].key, outcome.kind)
        for result in report.results
        if result.requests[0].key == result.requests[1].key
        for outcome in result.only_fastapi
    }
    assert found == {(key, "lost update") for key in only}
