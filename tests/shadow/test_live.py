"""Live reads of a real Envoy between two services, compared beside the users' requests."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from tests.gateway.world import World, started
from tests.shadow.world import GET, asked, looking, side, wait_until

from segue.gateway import control, tapping
from segue.gateway.table import Rule
from segue.shadow.synthetic import Synthetic
from segue.shadow.tap import Tap
from segue.shadow.worker import Limits, Worker
from segue.verify.replay.recorded import Recorded


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("shadow"), backend=side) as new:
        yield new


@pytest.mark.parametrize("get", [0, 100])
def test_sides_that_agree_differ_nowhere_though_values_are_new_each_time(world: World, get: int) -> None:
    with looking(world, get=get) as one:
        one.ask("plain", until=lambda t: t.equal)
        one.ask("plain", until=lambda t: t.equal, method="HEAD")
        for path in ("clock", "order", "coin"):
            for _ in range(2):
                one.ask(path, until=lambda t: t.equal + t.volatile)
        assert one.tally.volatile
        assert one.tally.moving["body.now"]
        assert one.tally.different == 0


@pytest.mark.parametrize(
    ("get", "path", "place", "django", "fastapi"),
    [
        (0, "title", "body.title", "Same", "Wrong"),
        (100, "status", "status", 200, 404),
        (0, "header", "headers.x-total", "7", "8"),
        (100, "title-clock-coin", "body.title", "Same", "Wrong"),
    ],
)
def test_difference_is_found_whichever_side_answered_the_user(
    world: World, get: int, path: str, place: str, django: object, fastapi: object
) -> None:
    with looking(world, get=get) as one:
        one.ask(path, until=lambda t: t.different)
        assert set(one.tally.differing) == {place}
        (example,) = one.tally.examples
    assert example["differences"] == [[place, django, fastapi]]
    assert (example["django"]["status"], example["fastapi"]["status"]) == (
        200,
        404 if place == "status" else 200,
    )


def test_what_fastapi_leaves_to_django_and_what_is_too_long_is_no_difference(world: World) -> None:
    with looking(world) as one:
        one.ask("unserved", until=lambda t: t.left)
        one.ask("long", until=lambda t: t.long)
        assert (one.tally.compared, one.tally.different) == (0, 0)


def test_writes_and_reads_that_may_write_are_never_repeated(world: World) -> None:
    with looking(world) as one:
        one.worker.wanted = frozenset()  # as for an operation that marks as read
        sent = 0
        while one.fetched < 3:
            one.client.get("/api/articles/never/")
            sent += 1
        one.worker.wanted = frozenset(one.worker.tallies)
        for _ in range(10):
            one.client.post("/api/articles/never/", content=b"{}")
        fetched = one.fetched
        while one.fetched < fetched + 3:
            one.client.request("GET", "/api/articles/never/", content=b"{}")
            sent += 1
        one.ask("plain", until=lambda t: t.equal)  # what was asked before has been looked at
    counted = {line: n for line, n in asked(world, "django").items() if "never" in line}
    assert counted == {"GET /api/articles/never/": sent, "POST /api/articles/never/": 10}
    assert not any("never" in line for line in asked(world, "fastapi"))


def test_side_that_hangs_or_is_dead_costs_the_user_nothing_and_little_memory(world: World) -> None:
    with looking(world, limits=Limits(1000, 60)) as one:
        more = 20
        while more:
            answer = one.client.get("/api/articles/hang/")
            assert (answer.status_code, answer.json()["title"]) == (200, "Same")
            more -= one.worker.waiting() >= 15
        # All were answered while the other side has not answered its first question.
        assert (one.tally.compared, one.tally.silent) == (0, 0)
        assert one.most_waiting <= 16
        world.kill_fastapi()
        answer = one.ask("plain", until=lambda t: t.silent)
        assert (answer.status_code, answer.json()["title"]) == (200, "Same")
        world.fastapi = side(world.group, "fastapi", world.running.ports.fastapi)
        one.ask("plain", until=lambda t: t.equal)


def test_side_that_hangs_is_given_up_after_the_time_that_it_has() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        one = Worker(
            [Rule(GET, "/x/", ("GET",), 0, True, False)],
            {GET},
            {"django": url, "fastapi": url},
            Limits(1000, 0.1),
        )
        sent = (("x-segue-route", "django"),)
        one.offer(Recorded("GET", "/x/", "", "host", (), b"", 200, b"{}", sent))
        thread = threading.Thread(target=one.run)
        thread.start()
        wait_until(lambda: one.tallies[GET].silent)
        one.stop()
        thread.join()


def test_gateway_survives_whatever_routes_are_looked_at(world: World) -> None:
    """A regular expression that Envoy refuses ends it when it comes by its admin page."""
    tapping.put(control.folder(world.state), on=True)
    time.sleep(0.3)
    names = ["", "x", "/", *(f"/api/{n}/é(?P<x>[^/.]+)\\Z{n}" * 20 for n in range(400))]
    with closing(Tap()) as tap:
        for most in (0, 5):
            assert tap.fetch(world.running.ports, names, 100, most, 0.05) == []
    assert httpx.get(f"{world.url}/api/articles/plain/", trust_env=False).status_code == 200


def test_path_that_hides_another_one_is_not_asked_again() -> None:
    """The gateway gives it to Django; decoded it is the path of another operation, which may write."""
    rules = [
        Rule("* other", r"/x/(?:\w+|[^/@]+@)/", (), 0, False, False),
        Rule(GET, "/x/[^/]+/", ("GET",), 0, True, False),
        Rule("* all", "/[^/]+/[^/]+/", (), 0, False, False),
    ]
    one = Worker(rules, {GET}, {})
    synthetic = Synthetic(rules, {}, {}, Limits(1, 1))
    for path in ("/x/1%2Fclose/", "/x/%6Eew/", "/x/jos%C3%A9/", "/x/a%40/", "/x/a-b/"):
        assert synthetic._operation(path) == (GET if path == "/x/a-b/" else "")
        one.offer(Recorded("GET", path, "", "host", (), b"", 200, b"{}", (("x-segue-route", "django"),)))
    assert one.waiting() == 1
