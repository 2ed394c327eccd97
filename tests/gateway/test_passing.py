"""What passes through Envoy as it comes (streams, uploads, WebSockets), whose requests are shared out, and what collectors are told."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.gateway.collector import Collector, collecting
from tests.gateway.test_envoy import wait_until
from tests.gateway.world import World, started

from segue.errors import UsageError
from segue.gateway import control, in_process, telemetry
from segue.gateway.envoy import Edge
from segue.gateway.export import kubernetes, nginx
from segue.gateway.processes import free_port


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[World]:
    edge = Edge(
        collector=telemetry.Collector(collector.url), metrics=telemetry.Metrics("127.0.0.1", free_port())
    )
    with started(tmp_path_factory.mktemp("passing"), edge) as new:
        new.running = replace(new.running, edge=edge)
        yield new


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, trust_env=False, timeout=30) as http:
        yield http


def log(world: World, side: str) -> str:
    return next(c for c in world.group.children if c.name == side).log.read_text()


def logged(world: World) -> list[str]:
    return (control.folder(world.state) / "access.jsonl").read_text().splitlines()


@pytest.mark.parametrize("side", ["django", "fastapi"])
def test_beginning_of_a_stream_arrives_before_its_end_is_sent(
    world: World, client: httpx.Client, side: str
) -> None:
    world.swap(100 if side == "fastapi" else 0)
    port = world.running.ports.fastapi if side == "fastapi" else world.running.ports.django
    for how in ("events", "chunked", "long"):
        name = f"stream-{how}-{side}"
        with client.stream("GET", f"/api/articles/{name}/") as answer:
            parts, seen = answer.iter_raw(), b""
            while len(seen) < (100_000 if how == "long" else 1):
                seen += next(parts)
            assert not seen.endswith(b">")
            httpx.get(f"http://127.0.0.1:{port}/release/{name}", trust_env=False, timeout=30)
            seen += b"".join(parts)
        assert (seen[: len(side)], seen[-1:]) == (side.encode(), b">")


@pytest.mark.parametrize("side", ["django", "fastapi"])
def test_upload_reaches_its_side_while_it_is_being_sent(world: World, side: str) -> None:
    weight = 100 if side == "fastapi" else 0
    world.swap(weight, weight)
    connection = http.client.HTTPConnection("127.0.0.1", world.running.ports.gateway, timeout=30)
    connection.putrequest("POST", "/api/articles/upload/")
    connection.putheader("Content-Length", "3000000")
    connection.endheaders(b"x" * 100_000)
    wait_until(lambda: "begun /api/articles/upload/" in log(world, side))
    connection.send(b"x" * 2_900_000)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, side.encode())
    connection.close()


@pytest.mark.parametrize("weight", [0, 50, 100])
def test_websocket_goes_to_django_and_both_ways(world: World, weight: int) -> None:
    """FastAPI has GET at that path; it has no WebSocket there."""
    world.swap(weight, weight)
    with socket.create_connection(("127.0.0.1", world.running.ports.gateway), 30) as connection:
        connection.sendall(
            b"GET /api/articles/socket/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        stream = connection.makefile("rb")
        head = list(iter(stream.readline, b"\r\n"))
        assert head[0].startswith(b"HTTP/1.1 101 ")
        assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in [
            h.lower()[:22] + h[22:] for h in head
        ]
        for word in (b"one", b"two"):
            connection.sendall(word)
            assert stream.read(len(b"django:") + 3) == b"django:" + word


def test_weight_is_of_those_that_only_names(world: World, client: httpx.Client) -> None:
    only = ("header:x-group=beta", "cookie:beta.1", "cookie:group=a b+")
    rules = [replace(rule, only=only) for rule in world.rules(100, 100)]
    control.swap(world.state, rules, world.running, timeout=60)

    def side(method: str = "GET", **headers: str) -> str:
        return client.request(method, "/api/articles/1/", headers=headers).text

    inside = [
        {"x-group": "beta"}, {"cookie": "beta.1=0"}, {"cookie": "a=1; beta.1="}, {"cookie": "group=a b+; a=1"}, {"cookie": "a=1;group=a b+"},
    ]  # fmt: skip
    outside = [
        {}, {"x-group": "Beta"}, {"x-group": "beta,x"}, {"x-other": "beta"}, {"cookie": "beta=1"}, {"cookie": "beta11=1"}, {"cookie": "nobeta.1=1"},
        {"cookie": "a=beta.1=1"}, {"cookie": "group=a b"}, {"cookie": "group=a bb"}, {"cookie": "xgroup=a b+"},
    ]  # fmt: skip
    for method in ("GET", "POST"):
        assert [side(method, **headers) for headers in inside] == ["fastapi"] * len(inside)
        assert [side(method, **headers) for headers in outside] == ["django"] * len(outside)
    # Who came through a proxy chooses no side, whatever he is of.
    theirs = {"x-forwarded-for": "203.0.113.9", "x-segue-side": "fastapi"}
    assert (side(**theirs), side(**{**theirs, "x-segue-side": "django", "x-group": "beta"})) == (
        "django",
        "fastapi",
    )
    wait_until(lambda: "|outside" in (control.folder(world.state) / "access.jsonl").read_text())
    for refuse in (
        lambda: nginx.configuration(rules, world.running.ports, Edge()),
        lambda: kubernetes.routes(rules),
        lambda: in_process.table(rules, Edge()),
    ):
        with pytest.raises(UsageError, match=r"gateway.only \(header:x-group=beta, .*\) is not kept in "):
            refuse()


def test_classes_of_requests_have_shares_of_their_own_and_a_cookie_chooses_a_side(
    world: World, client: httpx.Client
) -> None:
    shares = (("cookie:tenant=big", 0), ("header:x-group=beta", 100), ("cookie:half", 50))
    same = {"only": ("cookie:pilot",), "shares": shares, "cookie": "segue-side"}

    def side(method: str = "GET", **headers: str) -> str:
        return client.request(method, "/api/articles/1/", headers=headers).text

    def swap(weight: int) -> None:
        rules = [replace(rule, **same) for rule in world.rules(weight, weight, sticky=("cookie:half",))]
        control.swap(world.state, rules, world.running, timeout=60)

    for weight in (1, 100):
        swap(weight)
        for method in ("GET", "POST"):
            assert side(method, **{"x-group": "beta"}) == "fastapi"
            assert (
                side(method, **{"x-group": "beta", "cookie": "tenant=big"}) == "django"
            )  # the first that fits
            assert side(method) == "django"  # no pilot
            halves = [[side(method, cookie=f"half={n}") for n in range(20)] for _ in range(2)]
            assert halves[0] == halves[1]  # who has one keeps his side
            assert 2 <= halves[0].count("fastapi") <= 18
        assert {side(cookie="pilot=1; tenant=small") for _ in range(5 if weight == 100 else 0)} <= {"fastapi"}
        # Chosen from an allowed network only, before all shares.
        assert side(cookie="tenant=big; segue-side=fastapi") == "fastapi"
        assert side(**{"x-group": "beta", "cookie": "segue-side=django"}) == "django"
        assert side(cookie="segue-side=fastapi", **{"x-forwarded-for": "203.0.113.9"}) == "django"
        assert side(cookie="segue-side=fastapi", **{"x-segue-side": "django"}) == "django"
    swap(0)  # all of it is back
    assert {side(**{"x-group": "beta"}), side(cookie="half=1")} == {"django"}
    assert side(cookie="segue-side=fastapi") == "fastapi"
    names = {json.loads(text)["route"].rpartition("|")[2] for text in logged(world)}
    assert {"apart", "forced-fastapi"} <= names
    for kept, word in (({"shares": shares}, "shares"), ({"cookie": "segue-side"}, "override_cookie")):
        with pytest.raises(UsageError, match=rf"gateway.{word} \(.*\) is not kept in one process"):
            in_process.table([replace(world.rules(1)[0], **kept)], Edge())


def test_collector_is_told_of_requests_and_figures(
    world: World, client: httpx.Client, collector: Collector
) -> None:
    world.swap(100)
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "x-request-id": "r-1"}
    client.get(
        "/api/articles/1/", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-00"}
    )  # not to be traced
    client.get("/api/articles/own/", headers={"x-request-id": "0af7651916cd43dd8448eb211c80319c"})
    answer = client.get("/api/articles/headers/", headers=sent)
    wait_until(lambda: [s for s in collector.spans() if s["trace"] == trace])
    (span,) = (s for s in collector.spans() if s["trace"] == trace)
    assert (span["name"], span["parent"]) == ("GET /api/articles/{pk}/", "b7ad6b7169203331")
    assert {k: span["attributes"].get(k) for k in ("http.status_code", "upstream_cluster.name", "segue.weight")} == {
        "http.status_code": "200", "upstream_cluster.name": "fastapi", "segue.weight": "100",
    }  # fmt: skip
    assert f'"traceparent": "00-{trace}-{span["id"]}-01"' in answer.text
    line = json.loads(next(text for text in logged(world) if '"r-1"' in text))
    assert {k: line[k] for k in ("route", "method", "status", "side", "weight", "request_id")} == {
        "route": "GET /api/articles/{pk}/|weighted", "method": "GET", "status": 200, "side": "fastapi", "weight": 100, "request_id": "r-1",
    }  # fmt: skip
    assert {s["name"] for s in collector.spans()} <= {
        "GET /api/articles/{pk}/",
        "POST /api/articles/{pk}/",
        "django",
    }  # not Segue's own questions
    wait_until(lambda: [s for s in collector.spans() if "/own/" in s["attributes"].get("http.url", "")])
    wait_until(lambda: any("downstream_rq" in name for name in collector.metrics()))
    # What the collector was asked is no request to Django.
    ports = world.running.ports
    asked = httpx.get(
        f"http://127.0.0.1:{ports.admin}/stats?filter=^cluster.(django|fastapi-standin).upstream_rq_total$",
        trust_env=False,
    )
    counted = control.statistics(ports)
    assert counted is not None
    assert counted["django.requests"] == sum(int(line.split(": ")[1]) for line in asked.text.splitlines())


def test_prometheus_counts_what_clients_sent_and_gets_nothing_else_of_envoy(
    world: World, client: httpx.Client
) -> None:
    metrics = world.running.edge.metrics
    assert metrics is not None
    with httpx.Client(base_url=f"http://127.0.0.1:{metrics.port}", trust_env=False, timeout=30) as prometheus:

        def counted() -> dict[str, float]:
            found = text_string_to_metric_families(prometheus.get("/metrics").text)
            return {
                sample.labels["envoy_cluster_name"]: sample.value
                for family in found
                for sample in family.samples
                if sample.name == "envoy_cluster_upstream_rq_total"
            }

        world.swap(100)
        before = counted()
        for _ in range(7):
            client.get("/api/articles/1/")
        for _ in range(3):
            client.get("/elsewhere/")
        after = counted()
        assert after["fastapi-itself"] - before["fastapi-itself"] == 7
        assert after["django"] - before["django"] == 3
        refused = [
            prometheus.get(path).status_code
            for path in (
                "/",
                "/stats/prometheus",
                "/metrics?filter=(",
                "/metrics/../quitquitquit",
                "/config_dump",
            )
        ]
        refused += [prometheus.post(path).status_code for path in ("/metrics", "/quitquitquit")]
        assert set(refused) == {404}
    assert client.get("/metrics").text == "django"  # of the project's own, if it has any
