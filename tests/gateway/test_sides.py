"""Which side answers: the same cases for every kind of gateway that decides by the rules."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from tests.gateway.world import KINDS, World

from segue.gateway import control
from segue.rollout.figures import Pair
from segue.rollout.log import Reader


@pytest.fixture(scope="module", params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with KINDS[request.param](tmp_path_factory.mktemp("sides")) as new:
        yield new


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    world.swap(0)
    with httpx.Client(base_url=world.url, trust_env=False, timeout=60) as http:
        yield http


def test_weight_decides_side_per_method_and_unknown_paths_go_to_django(
    world: World, client: httpx.Client
) -> None:
    assert client.get("/api/articles/1/").text == "django"
    world.swap(100)
    assert client.get("/api/articles/1/?page=2").text == "fastapi"
    assert client.head("/api/articles/1/").status_code == 200
    assert client.post("/api/articles/1/").text == "django"
    assert client.options("/api/articles/1/").text == "django"
    assert client.get("/api/articles/1").text == "django"
    assert client.get("/api/articles/1.json").text == "django"
    answer = client.get("/elsewhere/none-204/")
    assert (answer.status_code, "content-length" in answer.headers) == (204, False)
    assert client.get("/elsewhere/").text == "django"
    world.swap(100, 100)
    assert client.post("/api/articles/1/").text == "fastapi"


def test_header_overrides_side_whatever_the_weight(world: World, client: httpx.Client) -> None:
    assert client.get("/api/articles/1/", headers={"x-segue-side": "fastapi"}).text == "fastapi"
    world.swap(100)
    assert client.get("/api/articles/1/", headers={"x-segue-side": "django"}).text == "django"
    assert client.get("/elsewhere/", headers={"x-segue-side": "fastapi"}).text == "django"


def test_browsers_get_djangos_browsable_api(world: World, client: httpx.Client) -> None:
    world.swap(100, html=True)
    assert client.get("/api/articles/1/", headers={"accept": "text/html,*/*"}).text == "django"
    assert client.get("/api/articles/1/?format=api").text == "django"
    assert client.get("/api/articles/1/", headers={"accept": "application/json"}).text == "fastapi"


def test_share_follows_weight(world: World, client: httpx.Client) -> None:
    world.swap(30)
    seen = Counter(client.get("/api/articles/1/").text for _ in range(600))
    # Binomial(600, 0.3) has a deviation of 11.2: outside of six of them once in 500 million runs.
    assert 113 <= seen["fastapi"] <= 247, seen


def test_get_falls_back_to_django_on_500_and_post_does_not(world: World, client: httpx.Client) -> None:
    log = Reader(control.folder(world.state) / "access.jsonl", django=world.running.django)
    time.sleep(0.1)  # Envoy's log is written every 50 ms
    list(log.read())
    world.swap(100, 100)
    answer = client.get("/api/articles/broken/")
    assert (answer.text, answer.headers["x-segue-route"]) == ("django", "fastapi")
    answer = client.post("/api/articles/broken/")
    assert (answer.status_code, answer.text) == (500, "fastapi")
    assert client.get("/api/articles/unserved/").text == "django"
    assert client.get("/api/articles/failing/").status_code == 500
    assert client.post("/api/articles/unserved-dry/").text == "django"
    lines, until = [], time.monotonic() + 10
    while len(lines) < 5 and time.monotonic() < until:
        lines += log.read()
    # What rollout judges by: a failure of FastAPI's, its own 500, one that it left to Django, a failure of both, one that it left because
    # it could not.
    assert [(line.status, line.fallback) for line in lines] == [
        (200, True),
        (500, False),
        (200, False),
        (500, True),
        (200, True),
    ]
    assert {line.side for line in lines} == {"fastapi"}


@pytest.mark.parametrize("how", ["torn", "torn-half"])
def test_get_whose_answer_breaks_off_after_its_headers_is_answered_by_django(
    world: World, client: httpx.Client, how: str
) -> None:
    world.swap(100, 100)
    for _ in range(3):
        answer = client.get(f"/api/articles/{how}/")
        assert (answer.status_code, answer.text) == (200, "django")
    # An effect may have happened: not asked again, and no half of an answer either.
    assert client.post(f"/api/articles/{how}/").status_code == (500 if world.running.in_process else 502)


@pytest.mark.parametrize("how", ["torn-long", "torn-chunked", "torn-events"])
def test_long_and_streamed_answers_pass_through_as_they_come(
    world: World, client: httpx.Client, how: str
) -> None:
    """What docs/gateway.md says of them: their headers are not held, so the break is the client's to see."""
    log = Reader(control.folder(world.state) / "access.jsonl", django=world.running.django)
    time.sleep(0.1)  # Envoy's log is written every 50 ms
    list(log.read())
    world.swap(100)
    with client.stream("GET", f"/api/articles/{how}/") as answer:
        assert (answer.status_code, answer.headers["x-segue-route"]) == (200, "fastapi")
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()
    seen, until = Pair(), time.monotonic() + 10
    while not seen.fastapi.requests and time.monotonic() < until:
        for line in log.read():
            line.count(seen)
    assert (seen.fastapi.requests, seen.fastapi.failures) == (1, 1)  # whatever status it began with


def test_what_fastapi_leaves_to_django_is_answered_by_django_with_any_method(
    world: World, client: httpx.Client
) -> None:
    world.swap(100, 100)
    assert client.get("/api/articles/unserved/").text == "django"
    body = b"x" * 200_000
    answer = client.post("/api/articles/unserved-echo/", content=body)
    assert (answer.status_code, answer.content) == (200, b"django:" + body)


def test_body_that_is_too_long_to_keep_is_not_given_to_django_in_part(
    world: World, client: httpx.Client
) -> None:
    world.swap(100, 100)
    answer = client.post("/api/articles/unserved-echo/", content=b"x" * 1_500_000)
    assert (answer.status_code, answer.headers["x-segue-route"]) == (501, "fastapi")


def test_only_a_request_that_passed_no_proxy_chooses_a_side(world: World, client: httpx.Client) -> None:
    spoofed = {
        "x-segue-side": "fastapi",
        "x-envoy-internal": "true",
        "x-forwarded-for": "127.0.0.1",
        "x-segue-synthetic": "1",
    }
    answer = client.get("/api/articles/headers/", headers=spoofed)
    assert answer.text.startswith("django:")
    assert not {name for name in json.loads(answer.text[7:]) if name.startswith(("x-segue-", "x-envoy-"))}


def test_swaps_under_load_lose_nothing(world: World) -> None:
    failed: list[object] = []
    count = 0
    stop = threading.Event()

    def load() -> None:
        nonlocal count
        with httpx.Client(base_url=world.url, trust_env=False, timeout=60) as http:
            while not stop.is_set():
                answer = http.get("/api/articles/1/")
                count += 1
                if answer.status_code != 200:
                    failed.append(answer.status_code)

    thread = threading.Thread(target=load)
    thread.start()
    for weight in (1, 50, 100, 20, 0, 100):
        world.swap(weight)
        enough = count + 20
        while count < enough and not failed:
            time.sleep(0.005)
    stop.set()
    thread.join()
    assert failed == []
