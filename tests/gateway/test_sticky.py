"""Who keeps its side during a shift, for every kind of gateway. The identities are given, so nothing here is left to chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from tests.gateway.world import KINDS, World

STICKY = ("cookie:sessionid", "header:authorization")
WEIGHTS = (0, 1, 25, 50, 75, 100)


@pytest.fixture(scope="module", params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with KINDS[request.param](tmp_path_factory.mktemp("sticky")) as new:
        yield new


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, trust_env=False, timeout=60) as http:
        yield http


def sides(world: World, client: httpx.Client, people: list[dict[str, str]], path: str) -> list[list[str]]:
    """Per weight the side of each of ``people``."""
    seen = []
    for weight in WEIGHTS:
        world.swap(weight, weight, sticky=STICKY)
        seen.append([client.get(path, headers=headers).text for headers in people])
    return seen


def test_no_session_and_no_token_changes_its_side_more_than_once(world: World, client: httpx.Client) -> None:
    people = [{"cookie": f"theme=dark; sessionid=key{n}"} for n in range(40)]
    people += [{"authorization": f"Token {n:040x}"} for n in range(40)]
    seen = sides(world, client, people, "/api/articles/1/")
    for one in zip(*seen, strict=True):
        first = one.index("fastapi")
        assert one == ("django",) * first + ("fastapi",) * (len(one) - first)
    counts = [Counter(s)["fastapi"] for s in seen]
    assert (counts[0], counts[-1]) == (0, 80)
    assert 24 <= counts[WEIGHTS.index(50)] <= 56, counts


def test_a_client_has_one_side_for_all_operations_and_whatever_else_it_sends(
    world: World, client: httpx.Client
) -> None:
    world.swap(50, 50, sticky=STICKY)
    for n in range(20):
        session = {"cookie": f"sessionid=key{n}"}
        asked = [
            client.get("/api/articles/1/", headers=session),
            client.get("/api/articles/2/?page=3", headers={**session, "x-request-id": str(n)}),
            client.post("/api/articles/1/", headers={**session, "authorization": "Token other"}),
        ]
        assert len({a.text for a in asked}) == 1


def test_requests_without_identity_are_shared_out(world: World, client: httpx.Client) -> None:
    world.swap(50, sticky=STICKY)
    seen = {client.get("/api/articles/1/").text for _ in range(60)}
    assert seen == {"django", "fastapi"}
    world.swap(50, sticky=("address",))
    assert len({client.get("/api/articles/1/").text for _ in range(20)}) == 1


def test_forced_side_goes_before_the_clients_own(world: World, client: httpx.Client) -> None:
    world.swap(50, sticky=STICKY)
    for side in ("django", "fastapi"):
        headers = {"cookie": "sessionid=key1", "x-segue-side": side}
        assert client.get("/api/articles/1/", headers=headers).text == side
