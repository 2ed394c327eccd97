"""Events of any content, written by either side in transactions that are kept or undone, come out of the relay as they were written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.child import Child
from tests.services import Postgres

from segue_bridge.db.database import Database
from segue_bridge.outbox.relay import Relay
from segue_bridge.outbox.table import Event, Outbox
from segue_bridge.trace.context import trace_of, tracing

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
EVENTS = st.lists(st.tuples(TEXT.filter(bool), TEXT, JSON), min_size=1, max_size=4)
REQUESTS = st.text("abcdef0123456789-", min_size=1, max_size=12)
OUTBOX = Outbox()


class Both:
    """One table: Django's side in a child process, the bridge's and the relay here."""

    def __init__(self, entry: dict[str, Any], url: str) -> None:
        self.child = Child(Path(__file__).with_name("outbox_child.py"), entry)
        self.runner = asyncio.Runner()
        self.database = Database(url)
        self.events: list[Event] = []
        self.runner.run(OUTBOX.create(self.database))

    def write(self, ours: bool, request: str, events: Any, undone: bool) -> list[str]:
        if ours:
            return self.runner.run(self._write(request, events, undone))
        found: list[str] = self.child.ask([request, events, undone])
        return found

    async def _write(self, request: str, events: Any, undone: bool) -> list[str]:
        ids: list[str] = []
        async with self.database.session() as db:
            try:
                with tracing(trace_of(request)):
                    async with db.atomic():
                        ids += [await OUTBOX.add(db, topic, body, key=key) for topic, key, body in events]
                        if undone:
                            raise KeyError
            except KeyError:
                pass
        return ids

    def published(self) -> list[Event]:
        async def take(event: Event) -> None:
            self.events.append(event)

        async def go() -> None:
            while (await Relay(self.database, take).turn())[0]:
                pass

        self.events.clear()
        self.runner.run(go())
        return self.events

    def close(self) -> None:
        self.child.close()
        self.runner.run(self.database.close())
        self.runner.close()


@pytest.fixture(scope="module")
def places(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Both]]:
    made: dict[str, Both] = {}

    def get(vendor: str) -> Both:
        if vendor not in made and vendor == "postgresql":
            made[vendor] = Both(postgres.django("outbox_events"), postgres.create("outbox_events"))
        elif vendor not in made:
            file = tmp_path_factory.mktemp("outbox") / "db"
            made[vendor] = Both(
                {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}, f"sqlite:///{file}"
            )
        return made[vendor]

    yield get
    for place in made.values():
        place.close()


@pytest.mark.round_trip("events of the outbox", "both", "the relay")
@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.tuples(st.booleans(), REQUESTS, EVENTS, st.booleans()), min_size=1, max_size=5))
def test_what_is_kept_comes_out(places: Callable[[str], Both], vendor: str, steps: Any) -> None:
    place = places(vendor)
    expected: list[Any] = []
    for ours, request, events, undone in steps:
        ids = place.write(ours, request, events, undone)
        if not undone:
            expected += [
                (id, topic, key, body, request) for id, (topic, key, body) in zip(ids, events, strict=True)
            ]
    found = [(e.event_id, e.topic, e.key, e.body, e.headers["x-request-id"]) for e in place.published()]
    assert found == expected
