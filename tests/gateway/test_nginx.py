"""The exported nginx file, judged by ``nginx -t`` and run: the same requests go to the same side as through Envoy."""

from __future__ import annotations

import itertools
import json
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.gateway.test_tls import CA, made
from tests.gateway.world import NginxWorld, World, in_nginx, started

from segue.errors import UsageError
from segue.gateway.envoy import Edge, Ports
from segue.gateway.export import nginx
from segue.gateway.table import Rule

STICKY = ("cookie:session-id", "header:authorization")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxWorld]:
    with in_nginx(tmp_path_factory.mktemp("nginx")) as new:
        yield new


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("envoy")) as new:
        yield new


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, trust_env=False, verify=False, timeout=60) as http:
        yield http


# Decoded they are another path, and Django and FastAPI decode before they match.
HIDDEN = (
    "/api/articles/a%20b%2Fc/",
    "/api/articles/1%2fmore/",
    "/api/articles/1%2Ejson/",
    "/api/articles/%6cate/",
    "/api/articles/%31/",
)
PATHS = (
    "/api/articles/1/", "/api/articles/1/?format=api", "/api/articles/1/?x=1&format=api", "/api/articles/1",
    "/api//articles/1/", "/api/articles/1/more/", "/elsewhere/", "/API/articles/1/",
    "/api/articles/echo%22$uri/", "/api/articles/1.json/", "/api/articles/late/", "/api/articles/a%20b%40c/?x=%2F", *HIDDEN,
)  # fmt: skip
OTHERS = tuple(itertools.product(("HEAD", "PUT", "OPTIONS", "DELETE"), PATHS[:2]))
HEADERS: tuple[dict[str, str], ...] = (
    {}, {"accept": "text/html,*/*"}, {"accept": "application/json"}, {"x-segue-side": "fastapi"}, {"x-segue-side": "django"},
    {"x-segue-side": "fastapi", "x-forwarded-for": "127.0.0.1"}, {"x-segue-side": "nobody"},
    {"x-segue-side": "fastapi", "accept": "TEXT/HTML"}, {"x-segue-side": "FastAPI"},
)  # fmt: skip


@pytest.mark.parametrize(("get", "post", "html"), [(0, 0, False), (100, 0, True), (100, 100, False)])
def test_every_request_goes_where_envoy_sends_it(
    world: World, envoy: World, get: int, post: int, html: bool
) -> None:
    seen = []
    for one in (world, envoy):
        one.swap(get, post, html=html)
        with httpx.Client(base_url=one.url, trust_env=False, verify=False, timeout=60) as http:
            cases: list[tuple[str, str, dict[str, str]]] = [
                *((method, path, {}) for method, path in OTHERS),
                *itertools.product(("GET", "POST"), PATHS, HEADERS[:1]),
                *itertools.product(("GET",), PATHS[:2], HEADERS[1:]),
                *itertools.product(("POST",), PATHS[:1], HEADERS[1:]),
                *itertools.product(("GET",), HIDDEN[:1], HEADERS[3:4]),
            ]
            seen.append(
                {
                    str(case): (a.text, a.headers["x-segue-route"], a.headers["server"])
                    for case in cases
                    if (a := http.request(case[0], case[1], headers=case[2]))
                }
            )
    assert seen[0] == seen[1]
    assert len({text for text, *_ in seen[0].values()}) > 1
    assert {side for case, (_, side, _) in seen[0].items() if any(path in case for path in HIDDEN)} == {
        "django"
    }


def test_path_and_headers_reach_the_side_as_they_were_sent(world: World, client: httpx.Client) -> None:
    world.swap(100)
    sent = {"x-segue-side": "nobody", "x-segue-synthetic": "1", "x-forwarded-for": "203.0.113.9"}
    answer = client.get("/api/articles/headers%40a%20b/", headers=sent)
    told = json.loads(answer.text.removeprefix("fastapi:"))
    assert not told.keys() & {"x-segue-side", "x-segue-synthetic"}
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("203.0.113.9, 127.0.0.1", "http")
    assert (told["host"], len(told["x-request-id"])) == (f"127.0.0.1:{world.running.ports.gateway}", 32)
    for side, protocol, passed in (("fastapi", "h2c", None), ("django", "websocket", "websocket")):
        answer = client.get("/api/articles/headers/", headers={"upgrade": protocol, "connection": "upgrade"})
        assert answer.headers["x-segue-route"] == side
        told = json.loads(answer.text.removeprefix(f"{side}:"))
        assert (told.get("upgrade"), told.get("connection")) == (passed, passed and "upgrade")
    assert "GET /api/articles/headers%40a%20b/\n" in world.fastapi.log.read_text()


def test_certificate_of_the_settings_is_served(
    world: NginxWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(world, "edge", Edge(certificate=made(tmp_path)))
        world.swap(100)
        context = ssl.create_default_context()
        CA.configure_trust(context)
        url = world.url.replace("http:", "https:") + "/api/articles/headers/"
        answer = httpx.get(url, verify=context, trust_env=False, timeout=60)
        assert json.loads(answer.text.removeprefix("fastapi:"))["x-forwarded-proto"] == "https"
    world.swap(100)


def test_fallback_is_envoys_but_for_what_the_page_says(world: World, client: httpx.Client) -> None:
    world.swap(100, 100)
    assert client.get("/api/articles/broken/").text == "django"
    answer = client.post("/api/articles/broken/")
    assert (answer.status_code, answer.text) == (500, "fastapi")
    assert client.get("/api/articles/unserved/").text == "django"
    body = b"x" * 2_000_000
    answer = client.post("/api/articles/unserved-echo/", content=body)
    assert (answer.status_code, answer.content) == (200, b"django:" + body)
    assert client.post("/api/articles/unserved-dry/", content=b"x").text == "django"
    world.kill_fastapi()
    try:
        assert client.get("/api/articles/1/").text == "django"
        assert client.post("/api/articles/1/", content=b"x").text == "django"
    finally:
        world.start_fastapi()
    assert client.get("/api/articles/1/").text == "fastapi"


def test_clients_keep_their_side_and_go_over_once(world: World) -> None:
    people = [{"cookie": f"theme=dark; session-id=key{n}"} for n in range(12)]
    people += [{"authorization": f"Token {n:040x}"} for n in range(12)]
    seen = []
    for weight in (0, 10, 50, 100):
        world.swap(weight, weight, sticky=STICKY)
        with httpx.Client(base_url=world.url, trust_env=False, verify=False, timeout=60) as http:
            sides = [http.get("/api/articles/1/", headers=headers).text for headers in people]
            assert sides == [http.post("/api/articles/2/", headers=headers).text for headers in people]
        seen.append(sides)
        if weight == 50:
            with httpx.Client(base_url=world.url, trust_env=False, verify=False, timeout=60) as http:
                assert len({http.get("/api/articles/1/").text for _ in range(30)}) == 2
    for one in zip(*seen, strict=True):
        first = one.index("fastapi")
        assert one == ("django",) * first + ("fastapi",) * (len(one) - first)
    half = Counter(seen[2])
    assert 6 <= half["fastapi"] <= 18, half


def test_what_nginx_cannot_hold_is_refused() -> None:
    ports = Ports(1, 2, 3, 4)
    for regex, words in (
        (r"/(?P<a>x)(?P=a)/", "refers to a group by name"),
        (r"/(?P<a>x)(y|z)\2/", "refers to a group by number"),
        (r"/a/|^/b/", "looks back"),
        (r"/(?<!x)a/", "looks back"),
        (r"/[a-z]{,3}/", "plain text"),
        ("/" + "x" * 4000, "longer than"),
    ):
        with pytest.raises(UsageError, match=words):
            nginx.configuration([Rule("GET /x", regex, ("GET",), 100, True, False)], ports, Edge())
    plain = r"/\^[^/.]+[\d^]\\1\{,/"
    nginx.configuration([Rule("GET /x", plain, ("GET",), 100, True, False)], ports, Edge())
    with pytest.raises(UsageError, match="header:x_user"):
        nginx.configuration(
            [Rule("GET /x", "/x", ("GET",), 10, True, False, ("header:x_user",))], ports, Edge()
        )
