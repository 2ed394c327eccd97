"""Requests that run at the same time, on both sides."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.services import Postgres
from tests.verify.interleave.world import with_fault

from segue.errors import UsageError
from segue.verify import ProjectRef
from segue.verify.http import Modern
from segue.verify.interleave import interleave


def test_faults_are_found_and_what_goes_wrong_on_both_sides_is_told(
    stock: ProjectRef, postgres: Postgres, tmp_path: Path
) -> None:
    faulty = with_fault(stock, tmp_path, {
        ".with_for_update().where(Item.id == item_id)": ".where(Item.id == item_id)",  # take(), not move()
        "await call.db.execute(update(Item).where(Item.id == item_id).values(hits=Item.hits + 1))":
            "one = await call.db.get(Item, Item.id == item_id)\n"
            "    if one is not None:\n        one.hits = one.hits + 1\n        await call.db.update(one, 'hits')",
    })  # fmt: skip
    report = interleave(faulty, Modern(Path(sys.executable)), count=48, per_pair=4, seconds=600)
    kinds: dict[str, set[str]] = {}
    only_here: dict[str, set[str]] = {}
    points: dict[str, tuple[str, ...]] = {}
    for result in report.results:
        name, other = (r.key.rpartition(" ")[2].strip("/").split("/")[-1] for r in result.requests)
        if name == other:
            kinds[name], points[name] = set(result.kinds), result.points[0]
            only_here[name] = {outcome.kind for outcome in result.only_fastapi}
            assert not any(outcome.rows_alike for outcome in result.only_fastapi), "rows are lost"
        elif not {name, other} & {"take", "hit"}:
            assert not result.different, (name, other)
    assert only_here == {
        "take": {"lost update"}, "hit": {"lost update"}, "read": set(), "{item_pk}": set(), "items": set(),
    }  # fmt: skip
    assert kinds["take"] == {"serial"}, "a locked row loses nothing on Django"
    assert kinds["hit"] == {"serial"}, "there the database counts"
    assert kinds["read"] == {"serial", "lost update"}, "read and written back, on both sides"
    assert "deadlock" in kinds["{item_pk}"], "two rows locked in both orders"
    assert kinds["items"] == {"serial", "error"}, "a name is taken between the check and the insert"
    assert points["{item_pk}"][:3] == ("begin", "lock notes_item", "lock notes_item")
    assert points["take"] == ("begin", "write notes_item", "commit"), "those that both sides have"
    with psycopg.connect(postgres.dsn) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'segue%'").fetchall()
    assert left == [], "clones are dropped"


def test_another_database_is_told_at_once(stock: ProjectRef) -> None:
    settings = stock.snapshot.settings
    databases = tuple(replace(d, vendor="sqlite") for d in settings.databases)
    elsewhere = replace(
        stock, snapshot=replace(stock.snapshot, settings=replace(settings, databases=databases))
    )
    with pytest.raises(UsageError, match="PostgreSQL only"):
        interleave(elsewhere, Modern(Path(sys.executable)))
