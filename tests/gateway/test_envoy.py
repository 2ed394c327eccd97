"""The compiled routes, judged by a real Envoy between two real servers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.world import World, started

from segue.errors import EnvironmentProblem
from segue.gateway import control
from segue.gateway.processes import require_free
from segue.gateway.table import Rule


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with started(tmp_path) as new:
        yield new


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, trust_env=False, timeout=60) as http:
        yield http


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def test_unheld_it_would_be_the_clients_to_see(tmp_path: Path) -> None:
    with started(tmp_path, change=unhold) as world:
        world.swap(100)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(world.url + "/api/articles/torn/", trust_env=False)


def unhold(boot: dict[str, Any]) -> None:
    for cluster in boot["static_resources"]["clusters"]:
        for options in cluster["typed_extension_protocol_options"].values():
            options.pop("http_filters", None)


def test_no_get_fails_when_fastapi_is_killed_under_load(world: World) -> None:
    world.swap(100)
    failed: list[object] = []
    served: Counter[str] = Counter()
    stop = threading.Event()

    def load() -> None:
        with httpx.Client(base_url=world.url, trust_env=False, timeout=60) as http:
            while not stop.is_set():
                try:
                    answer = http.get("/api/articles/1/")
                except httpx.HTTPError as error:
                    failed.append(error)
                    continue
                served[answer.text] += 1
                if answer.status_code != 200:
                    failed.append(answer.status_code)

    threads = [threading.Thread(target=load) for _ in range(6)]
    for thread in threads:
        thread.start()
    wait_until(lambda: served["fastapi"] > 50 or failed)
    world.kill_fastapi()
    wait_until(lambda: served["django"] > 50 or failed)
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []


def test_post_in_flight_at_the_kill_is_not_replayed_and_later_ones_reach_django(
    world: World, client: httpx.Client
) -> None:
    world.swap(100, 100)
    answers: list[httpx.Response] = []
    thread = threading.Thread(
        target=lambda: answers.append(
            httpx.post(world.url + "/api/articles/stuck/", trust_env=False, timeout=60)
        )
    )
    thread.start()
    wait_until(lambda: "POST /api/articles/stuck/" in world.fastapi.log.read_text())
    world.kill_fastapi()
    thread.join()
    assert answers[0].status_code == 503
    assert client.post("/api/articles/1/").text == "django"


def test_bad_routes_are_refused_before_they_are_written(world: World, client: httpx.Client) -> None:
    world.swap(100)
    before = (control.folder(world.state) / "routes" / "rds.json").read_bytes()
    with pytest.raises(EnvironmentProblem, match="refuses"):
        control.swap(world.state, [Rule("GET /x", "/(?P<broken", ("GET",), 100, True, False)], world.running)
    assert (control.folder(world.state) / "routes" / "rds.json").read_bytes() == before
    assert client.get("/api/articles/1/").text == "fastapi"


def test_busy_port_is_said_in_one_sentence(world: World) -> None:
    with pytest.raises(EnvironmentProblem, match=f"Port {world.running.ports.gateway} is busy."):
        require_free(world.running.ports.gateway)
