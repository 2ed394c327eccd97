"""One task of all makes a value that many ask for."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.bridge.cache.places import redis, run

from segue_bridge.cache.single import get_or_make


class Maker:
    """Counts how often it makes something, and how many do at once."""

    def __init__(self) -> None:
        self.made = self.now = self.most = 0

    async def __call__(self) -> int:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.1)
        self.now -= 1
        self.made += 1
        return self.made


async def ask(caches: list[Any], key: str, maker: Any, **given: Any) -> list[Any]:
    asked = [
        get_or_make(cache, key, maker, 60, look_again=0.01, **given) for cache in caches for _ in range(10)
    ]
    return await asyncio.gather(*asked, return_exceptions=True)


def test_one_makes_it_for_all_tasks_and_processes(server: str) -> None:
    """Each cache object stands for a process: they have nothing in common but the server."""
    caches, maker = [redis(server, db=11) for _ in range(3)], Maker()
    assert run(ask(caches, "report", maker)) == [1] * 30
    assert maker.made == maker.most == 1
    assert run(caches[0].get("report")) == 1
    assert not run(caches[0].has_key("report.being-made"))


def test_none_is_a_value(server: str) -> None:
    cache, made = redis(server, db=11), []

    async def make() -> None:
        made.append(1)

    for _ in range(2):
        assert run(get_or_make(cache, "nothing", make)) is None
    assert made == [1]


def test_an_error_is_its_callers_and_the_next_one_tries(server: str) -> None:
    cache, tries = redis(server, db=11), []

    async def make() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise LookupError("not yet")
        return "made"

    found = run(ask([cache], "late", make))
    # Whose turn is first is the network's to say.
    assert sorted(type(f).__name__ for f in found) == ["LookupError"] * 2 + ["str"] * 8
    assert found.count("made") == 8
    assert len(tries) == 3


def test_a_maker_that_was_killed_is_followed_by_another(server: str) -> None:
    cache, maker = redis(server, db=11), Maker()
    run(cache.add("orphan.being-made", "of a process that is gone", 1))
    begun = time.monotonic()
    assert run(get_or_make(cache, "orphan", maker, look_again=0.01)) == 1
    assert 0.5 < time.monotonic() - begun < 5


def test_who_is_cancelled_lets_the_others_make_it(server: str) -> None:
    cache, maker = redis(server, db=11), Maker()

    async def work() -> list[Any]:
        tasks = [asyncio.create_task(get_or_make(cache, "left", maker, 60)) for _ in range(3)]
        await asyncio.sleep(0.05)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, *others = run(work())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [1, 1]
