"""Headers with which Segue and Envoy talk among themselves, sent by a client. Judged by a real Envoy."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.world import World, listed, started

from segue.files import write_atomic
from segue.gateway import control
from segue.gateway.envoy import Edge
from segue.gateway.routes import INTERNAL

Boot = dict[str, Any]
REPEAT = {"x-envoy-retry-on": "retriable-status-codes", "x-envoy-retriable-status-codes": "500"}
NOBODY = Edge(internal=())
SPOOFED = {"x-segue-side": "fastapi", "x-envoy-internal": "true", "x-forwarded-for": "127.0.0.1"}


def manager(boot: Boot) -> Boot:
    found: Boot = boot["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def no_mutation(boot: Boot) -> None:
    del manager(boot)["early_header_mutation_extensions"]


def nothing(boot: Boot) -> None:
    pass


def asked(world: World, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    with httpx.Client(base_url=world.url, trust_env=False, timeout=10) as http:
        return http.request(method, path, headers=headers)


def repeated(folder: Path, change: Callable[[Boot], None]) -> bool:
    """Whether a client can have a POST, which FastAPI answered with 500, done again by Django."""
    with started(folder, change=change) as world:
        world.swap(100, 100)
        assert asked(world, "POST", "/api/articles/broken/", {}).text == "fastapi"
        return asked(world, "POST", "/api/articles/broken/", REPEAT).text == "django"


def test_a_client_cannot_have_its_post_repeated(tmp_path: Path) -> None:
    assert not repeated(tmp_path / "with", nothing)
    assert repeated(tmp_path / "without", no_mutation)


def test_only_allowed_networks_choose_a_side(tmp_path: Path) -> None:
    """Weight 0: nothing has shown that the route may be served by FastAPI."""
    chosen = {}
    cases: dict[str, tuple[Edge, dict[str, str]]] = {
        "from here": (Edge(), {"x-segue-side": "fastapi"}),
        "through a proxy": (Edge(), {"x-segue-side": "fastapi", "x-forwarded-for": "203.0.113.9"}),
        "spoofed": (NOBODY, SPOOFED),
        "behind a proxy": (Edge(proxies=1), {"x-segue-side": "fastapi", "x-forwarded-for": "203.0.113.9"}),
        "behind a proxy, spoofed": (
            Edge(proxies=1),
            {"x-segue-side": "fastapi", "x-forwarded-for": "127.0.0.1, 203.0.113.9"},
        ),
    }
    for number, (name, (edge, headers)) in enumerate(cases.items()):
        with started(tmp_path / str(number), edge) as world:
            chosen[name] = asked(world, "GET", "/api/articles/1/", headers).text
    assert chosen == {
        "from here": "fastapi",
        "through a proxy": "django",
        "spoofed": "django",
        "behind a proxy": "django",
        "behind a proxy, spoofed": "django",
    }


def test_without_the_rule_anybody_would(tmp_path: Path) -> None:
    with started(tmp_path, NOBODY) as world:
        file = control.folder(world.state) / "routes" / "rds.json"
        routes = json.loads(file.read_text())
        routes["version_info"] = "open"
        for route in listed(routes["resources"][0]):
            match = route["match"]
            match["headers"] = [h for h in match.get("headers", ()) if h["name"] != INTERNAL]
        write_atomic(file, json.dumps(routes))
        until = time.monotonic() + 10  # Envoy accepts routes a moment before it serves by them
        while (side := asked(world, "GET", "/api/articles/1/", SPOOFED).text) != "fastapi":
            assert time.monotonic() < until, side


@pytest.mark.parametrize("proxies", [0, 1])
def test_what_a_side_is_told(tmp_path: Path, proxies: int) -> None:
    """No header of ours goes further; the client's address and scheme are what the proxies say, or Envoy itself."""
    sent = {**SPOOFED, "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "server": "x"}
    with started(tmp_path, Edge(proxies=proxies)) as world:
        for weight in (0, 100):
            world.swap(weight)
            answer = asked(world, "GET", "/api/articles/headers/", sent)
            told = json.loads(answer.content.partition(b":")[2])
            assert not {n for n in told if n.startswith(("x-segue-", "x-envoy-"))}
            # Without proxies Envoy adds the address of the connection (for a loopback one, its own machine's).
            first, *added = told["x-forwarded-for"].split(",")
            assert (first, len(added)) == ("203.0.113.9", 0 if proxies else 1)
            assert told["x-forwarded-proto"] == ("https" if proxies else "http")
            assert {n for n in answer.headers if n.startswith(("x-envoy", "x-segue"))} == {"x-segue-route"}
            direct = httpx.get(f"http://127.0.0.1:{world.running.ports.django}/", trust_env=False)
            assert answer.headers["server"] == direct.headers["server"]
        assert (control.statistics(world.running.ports) or {})["total"] == 2
