"""The outbox: what is committed leaves, what is undone does not, in order, whatever is killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bench.outbox import Course
from tests.services import Postgres

from segue_bridge.db.database import Database
from segue_bridge.outbox.relay import Relay
from segue_bridge.outbox.table import Event, Outbox
from segue_bridge.trace.context import trace_of, tracing

OUTBOX = Outbox()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, postgres_database: Callable[[str], str]) -> str:
    return postgres_database("outbox") if request.param == "postgresql" else f"sqlite:///{tmp_path / 'db'}"


class Broker:
    """Takes events, but for those of ``refused`` keys."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.refused: set[str] = set()

    async def publish(self, event: Event) -> None:
        if event.key in self.refused:
            raise ConnectionError("the broker is down")
        self.events.append(event)


def test_what_is_undone_is_never_published_and_the_rest_in_order(url: str) -> None:
    async def run() -> list[tuple[str, object, str]]:
        database = Database(url)
        await OUTBOX.create(database)
        await OUTBOX.create(database)
        async with database.session() as db:
            with tracing(trace_of("r-7")):
                await OUTBOX.add(db, "said", {"n": 0, "ä": [None, 1.5]}, key="k", event_id="first")
            try:
                async with db.atomic():
                    await OUTBOX.add(db, "said", 1, key="k")
                    raise RuntimeError("undone")
            except RuntimeError:
                pass
            async with db.atomic():
                await OUTBOX.add(db, "said", 2, key="k")
                before = (
                    await Relay(database, Broker().publish).turn()
                    if database.dialect != "sqlite"
                    else (1, False)
                )
        assert before == (1, False)
        broker = Broker()
        relay = Relay(database, broker.publish)
        await relay.turn()
        assert await relay.turn() == (0, False)
        await database.close()
        return [(e.topic, e.body, e.headers.get("x-request-id", "")) for e in broker.events]

    found = asyncio.run(run())
    assert found[-1] == ("said", 2, "")
    if url.startswith("sqlite"):  # there the first was not taken before
        assert found[0] == ("said", {"n": 0, "ä": [None, 1.5]}, "r-7")
    assert len(found) == (2 if url.startswith("sqlite") else 1)


def test_an_event_that_the_broker_refuses_keeps_back_its_own_key_only(url: str) -> None:
    async def run() -> list[object]:
        database = Database(url)
        await OUTBOX.create(database)
        async with database.session() as db:
            for number in range(12):
                await OUTBOX.add(db, "t", number, key="bad" if number < 7 else "good")
            await OUTBOX.add(db, "t", 12)
        broker = Broker()
        broker.refused = {"bad"}
        relay = Relay(database, broker.publish, batch=3)
        turns = [await relay.turn() for _ in range(4)]
        assert all(failed for _, failed in turns)
        assert [e.body for e in broker.events] == [7, 8, 9, 10, 11, 12]
        broker.refused = set()
        while (await relay.turn())[0]:
            pass
        await database.close()
        return [e.body for e in broker.events[6:]]

    assert asyncio.run(run()) == [0, 1, 2, 3, 4, 5, 6]


def test_what_cannot_be_kept_is_an_error_at_once(url: str) -> None:
    async def run(topic: str, body: object, key: str) -> None:
        database = Database(url)
        await OUTBOX.create(database)
        try:
            async with database.session() as db:
                await OUTBOX.add(db, topic, body, key=key)
        finally:
            await database.close()

    for arguments in (("", 1, ""), ("t" * 256, 1, ""), ("t", 1, "k" * 256), ("t", float("nan"), "")):
        with pytest.raises(ValueError):
            asyncio.run(run(*arguments))
    with pytest.raises(TypeError):
        asyncio.run(run("t", object(), ""))


def test_transactions_of_one_key_follow_each_other(postgres: Postgres) -> None:
    """The number is drawn when the row is written, not at COMMIT: without the lock the later one could be published first."""

    async def run() -> list[object]:
        database = Database(postgres.create("outbox_order"))
        await OUTBOX.create(database)
        broker = Broker()
        relay = Relay(database, broker.publish)

        async def slow() -> None:
            async with database.session() as db, db.atomic():
                await OUTBOX.add(db, "t", "first", key="k")
                await asyncio.sleep(0.5)

        async def fast(key: str) -> None:
            await asyncio.sleep(0.2)
            async with database.session() as db, db.atomic():
                await OUTBOX.add(db, "t", f"second of {key}", key=key)
            await relay.turn()

        await asyncio.gather(slow(), fast("k"), fast("other"))
        await relay.turn()
        await database.close()
        return [e.body for e in broker.events]

    assert asyncio.run(run()) == ["second of other", "first", "second of k"]


def test_django_writes_and_the_bridge_publishes(postgres: Postgres, tmp_path: Path) -> None:
    script = """
import json, sys
import django
from django.conf import settings
settings.configure(DATABASES={"default": json.loads(sys.argv[1])})
django.setup()
from django.db import transaction
from segue_bridge.legacy import outbox
from segue_bridge.trace.context import trace_of, tracing
outbox.create()
with tracing(trace_of("r-1")), transaction.atomic():
    outbox.add("orders.paid", {"id": 7}, key="order 7", event_id="e-1")
try:
    with transaction.atomic():
        outbox.add("orders.paid", {"id": 8}, key="order 7")
        raise KeyError
except KeyError:
    pass
"""
    for given, url in (
        (postgres.django("outbox_django"), postgres.create("outbox_django")),
        (
            {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db")},
            f"sqlite:///{tmp_path / 'db'}",
        ),
    ):
        subprocess.run([sys.executable, "-c", script, json.dumps(given)], check=True)

        async def run(url: str) -> list[Event]:
            database = Database(url)
            broker = Broker()
            await Relay(database, broker.publish).turn()
            await database.close()
            return broker.events

        (event,) = asyncio.run(run(url))
        assert (event.event_id, event.topic, event.key, event.body) == (
            "e-1", "orders.paid", "order 7", {"id": 7},
        )  # fmt: skip
        assert event.headers["x-request-id"] == "r-1"


def test_nothing_is_lost_when_relays_and_writers_are_killed(postgres: Postgres, tmp_path: Path) -> None:
    """Small: ``bench/outbox.py`` does it with 10,000 events and 50 kills."""
    course = Course(postgres.create("outbox_kills"), tmp_path, events=300, kills=4, seed=5)
    found = course.run()
    assert found.kills == 4
    assert found.lost == found.invented == found.out_of_order == 0
    assert found.committed >= 300
    # A relay that is killed repeats its last turn at most.
    assert found.duplicates <= found.kills * course.batch


def test_the_course_sees_a_relay_that_forgets_too_early(postgres: Postgres, tmp_path: Path) -> None:
    """The check of the check: events that are forgotten before they are published get lost, and are counted."""
    course = Course(postgres.create("outbox_fault"), tmp_path, events=40, kills=0, fault="forget-first")
    assert course.run().lost > 0


def test_saves_and_deletions_in_django_are_told_in_their_transactions(
    request: pytest.FixtureRequest, url: str, tmp_path: Path
) -> None:
    entry: dict[str, object] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db")}
    if url.startswith("postgresql"):
        entry = request.getfixturevalue("postgres").django("outbox")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("events_child.py")), json.dumps(entry)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "shop.Customer is announced (customers) and has to be written in atomic()."

    async def run() -> list[Event]:
        database, broker = Database(url), Broker()
        await Relay(database, broker.publish).turn()
        await database.close()
        return broker.events

    told = {"total": "1.50", "at": "2030-01-02T03:04:05.678Z", "file": "a.txt", "customer": 1}
    events = [(e.topic, e.key, e.body["event"], e.body["id"], e.body["fields"]) for e in asyncio.run(run())]
    assert events == [
        ("customers", "shop.Customer 1", "created", 1, {}),
        ("orders", "shop.Order 1", "created", 1, {"status": "new", **told}),
        ("orders", "shop.Order 1", "updated", 1, {"status": "paid", **told}),
        ("orders", "shop.Order 1", "deleted", 1, {"status": "paid", **told}),
        ("customers", "shop.Customer 1", "deleted", 1, {}),
    ]
