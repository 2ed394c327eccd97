"""FastAPI stopped, slow or refusing under a real Envoy: reads are answered by Django, writes are not repeated."""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.gateway.test_envoy import wait_until
from tests.gateway.world import World, started

from segue.gateway import control
from segue.gateway.envoy import Edge
from segue.rollout.figures import Pair
from segue.rollout.log import Reader


def test_fastapi_that_fails_when_both_have_been_asked_is_answered_for(tmp_path: Path) -> None:
    """Django has not answered yet: a body that Envoy held ended it there. And that it is slow as well is no reason to leave it out:
    there were 503 for everybody then, and reads of a stopped FastAPI were asked of FastAPI again."""
    with started(tmp_path) as world, ThreadPoolExecutor(8) as pool:

        def get(how: str) -> str:
            answer = httpx.get(f"{world.url}/api/articles/{how}/", trust_env=False, timeout=60)
            return f"{answer.status_code} {answer.text}"

        world.swap(100, 100)
        slow = [pool.submit(get, f"both-{how}") for how in ("broken", "torn", "torn-half")]
        wait_until(lambda: both_slow(world) >= 3)
        assert get("1") in ("200 django", "200 fastapi")
        assert [s.result() for s in slow] == ["200 django"] * 3
        world.signal_fastapi(signal.SIGSTOP)
        stopped = [pool.submit(get, "1") for _ in range(4)]
        assert [s.result() for s in stopped] == ["200 django"] * 4
        world.signal_fastapi(signal.SIGCONT)


def both_slow(world: World) -> int:
    """How many reads Django, asked as well, has not begun to answer in time either."""
    url = f"http://127.0.0.1:{world.running.ports.admin}/stats?filter=cluster.fastapi.upstream_rq_retry_limit_exceeded"
    return int(httpx.get(url, trust_env=False).text.split(": ")[1])


def test_slow_and_stopped_fastapi_costs_no_read_and_it_comes_back(tmp_path: Path) -> None:
    with started(tmp_path) as world, ThreadPoolExecutor(16) as pool:

        def get(path: str) -> str:
            answer = httpx.get(f"{world.url}/api/articles/{path}/", trust_env=False, timeout=60)
            return f"{answer.status_code} {answer.text}"

        def post(path: str) -> str:
            answer = httpx.post(f"{world.url}/api/articles/{path}/", trust_env=False, timeout=60)
            return f"{answer.status_code} {answer.text}"

        world.swap(100, 100)
        slow = [pool.submit(get, "slow") for _ in range(4)]
        write = pool.submit(post, "slow")
        both = pool.submit(get, "both")  # slow on either side: nobody cuts it off
        assert [s.result() for s in slow] == ["200 django"] * 4
        assert both.result() in ("200 django", "200 fastapi")
        assert write.result() == "200 fastapi"
        asked = [c.log.read_text() for c in world.group.children if c.name in ("django", "fastapi")]
        assert sum(text.count("POST /api/articles/slow/") for text in asked) == 1
        assert [text.count("GET /api/articles/both/") for text in asked] == [1, 1]
        before = left_out(world)
        assert before > 0, "four slow reads leave FastAPI out"
        wait_until(lambda: get("1") == "200 fastapi")  # no longer for having been slow
        world.signal_fastapi(signal.SIGSTOP)
        stopped = [pool.submit(get, "1") for _ in range(8)]
        assert [s.result() for s in stopped] == ["200 django"] * 8
        wait_until(lambda: left_out(world) > before)  # those that come next need not wait
        world.signal_fastapi(signal.SIGCONT)
        wait_until(lambda: get("1") == "200 fastapi")


def left_out(world: World) -> int:
    """How often Envoy has left a host of any side out."""
    url = f"http://127.0.0.1:{world.running.ports.admin}/stats?filter=outlier_detection.ejections_enforced_total"
    counts = dict(line.rsplit(": ", 1) for line in httpx.get(url, trust_env=False).text.splitlines())
    assert [*counts] == ["cluster.fastapi-itself.outlier_detection.ejections_enforced_total"]
    return int(*counts.values())


def test_stopped_fastapi_gets_no_write_as_soon_as_it_has_not_shown_that_it_is_alive(tmp_path: Path) -> None:
    """Nobody reads, so nothing but the question itself tells; without it each write would wait until FastAPI goes on."""
    with started(tmp_path, Edge(health=1)) as world:

        def post(seconds: float) -> str:
            return httpx.post(f"{world.url}/api/articles/1/", trust_env=False, timeout=seconds).text

        world.swap(100, 100)
        wait_until(lambda: post(60) == "fastapi")
        world.signal_fastapi(signal.SIGSTOP)
        wait_until(lambda: healthy(world) == 0)
        assert [post(60) for _ in range(5)] == ["django"] * 5
        world.signal_fastapi(signal.SIGCONT)
        wait_until(lambda: post(60) == "fastapi")


def healthy(world: World) -> int:
    """How many hosts of FastAPI's Envoy takes to be well."""
    url = (
        f"http://127.0.0.1:{world.running.ports.admin}/stats?filter=cluster.fastapi-itself.membership_healthy"
    )
    return int(httpx.get(url, trust_env=False).text.split(": ")[1])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_read_that_fails_on_both_sides_is_asked_once_of_each(tmp_path: Path, method: str) -> None:
    with started(tmp_path) as world:
        world.swap(100)
        statuses = [
            httpx.request(method, f"{world.url}/api/articles/failing-{n}/", trust_env=False).status_code
            for n in range(8)
        ]
        logs = {c.name: c.log for c in world.group.children if c.name in ("django", "fastapi")}
        asked = {name: Counter(log.read_text().splitlines()) for name, log in logs.items()}
    assert statuses == [500] * 8
    wanted = {f"{method} /api/articles/failing-{n}/": 1 for n in range(8)}
    assert asked == {"django": wanted, "fastapi": wanted}


@pytest.mark.parametrize("weight", [0, 50])
def test_django_is_asked_once_however_slow_it_is_and_whatever_it_answers(tmp_path: Path, weight: int) -> None:
    """Its share of the traffic, and all of it before the first shift, goes as without a gateway."""
    with started(tmp_path) as world, ThreadPoolExecutor(16) as pool:
        world.swap(weight)

        def get(path: str) -> tuple[str, int, str]:
            answer = httpx.get(f"{world.url}/api/articles/{path}/", trust_env=False, timeout=60)
            return path, answer.status_code, answer.headers["x-segue-route"]

        answers = list(pool.map(get, [f"{kind}-{n}" for n in range(12) for kind in ("failing", "both")]))
        (log,) = (c.log for c in world.group.children if c.name == "django")
        asked = Counter(log.read_text().splitlines())
    assert {(path.split("-")[0], status) for path, status, _ in answers} == {("failing", 500), ("both", 200)}
    own = [path for path, _, side in answers if side == "django"]
    assert len(own) >= (24 if weight == 0 else 2)
    assert {asked[f"GET /api/articles/{path}/"] for path in own} == {1}


def test_writes_that_fastapi_keeps_failing_go_to_django_unless_django_fails_them_too(tmp_path: Path) -> None:
    with started(tmp_path) as world, httpx.Client(base_url=world.url, trust_env=False, timeout=60) as client:
        log = Reader(control.folder(world.state) / "access.jsonl", django=world.running.django)
        list(log.read())

        def post(path: str, **headers: str) -> str:
            answer = client.post(f"/api/articles/{path}/", headers=headers)
            return f"{answer.status_code} {answer.text} {answer.headers['x-segue-route']}"

        def asked() -> list[int]:
            sides = [c.log.read_text() for c in world.group.children if c.name in ("django", "fastapi")]
            return [text.count("POST /api/articles/failing/") for text in sides]

        world.swap(100, 100)
        assert post("1", **{"x-segue-standin": "1"}) == "200 fastapi fastapi"  # not the client's to say
        assert [post("broken") for _ in range(4)] == ["500 fastapi fastapi"] * 4
        assert post("1") == "200 fastapi fastapi"  # not in a row
        assert [post("broken") for _ in range(5)] == ["500 fastapi fastapi"] * 5
        assert [post(path) for path in ("broken", "1")] == ["200 django fastapi"] * 2
        assert "x-segue-standin" not in post("headers")
        assert client.get("/api/articles/1/").text == "fastapi"  # only that operation
        assert post("1", **{"x-segue-side": "fastapi"}) == "200 fastapi fastapi"
        wait_until(lambda: post("1") == "200 fastapi fastapi")
        seen = Pair()
        wait_until(lambda: [line.count(seen) for line in log.read()] and seen.fastapi.failures >= 12)
        # To a rollout what Django answers in FastAPI's place is a failure of FastAPI's, as always.
        assert (seen.fastapi.failures - seen.fastapi.fallbacks, seen.django.requests) == (9, 0)
        # What Django fails as well: one of the twelve is asked of it to see, and then it is FastAPI's as before.
        assert {post("failing") for _ in range(12)} == {"500 fastapi fastapi", "500 django fastapi"}
        assert asked() == [1, 11]
        assert post("1") == "200 fastapi fastapi"
