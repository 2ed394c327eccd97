"""What the gateway asks of each side at once, and for how long, by a real Envoy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.gateway.world import ARTICLE, World, started

from segue.commands.common import open_project
from segue.errors import UsageError
from segue.gateway import control
from segue.gateway.clusters import Limits
from segue.gateway.envoy import Edge
from segue.gateway.table import Rule

# The servers take three seconds for what is called slow (FastAPI) or both.
FEW = Edge(django=Limits(1, 1), fastapi=Limits(1, 1))
SHORT = Edge(django=Limits(timeout=1), fastapi=Limits(timeout=1))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("few"), FEW) as new:
        yield new


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("short"), SHORT) as new:
        yield new


Asked = tuple[str, str, str]


@contextmanager
def asking(world: World) -> Iterator[Callable[[Asked], Future[httpx.Response]]]:
    """Sends a request (method, article, side) without waiting for its answer."""
    with (
        httpx.Client(base_url=world.url, trust_env=False, verify=False, timeout=60) as http,
        ThreadPoolExecutor(8) as pool,
    ):

        def ask(one: Asked) -> httpx.Response:
            method, article, side = one
            return http.request(method, f"/api/articles/{article}/", headers={"x-segue-side": side})

        yield lambda one: pool.submit(ask, one)


def log(world: World, side: str) -> str:
    return next(c for c in world.group.children if c.name == side).log.read_text()


def test_one_works_one_waits_and_the_others_are_told_at_once(few: World) -> None:
    sent = "POST /api/articles/wait-1500ms/"
    with asking(few) as ask:
        answers = {side: [ask(("POST", "wait-1500ms", side))] for side in ("django", "fastapi")}
        until = time.monotonic() + 30
        # While its connection is being opened the first one waits, too, and nobody else may.
        while not all(sent in log(few, side) for side in answers):
            assert time.monotonic() < until
            time.sleep(0.01)
        for _ in range(3):
            for side, asked in answers.items():
                asked.append(ask(("POST", "wait-1500ms", side)))
    for side, asked in answers.items():
        own = [answer.result() for answer in asked]
        served = [a for a in own if a.status_code == 200]
        refused = [a for a in own if a.status_code == 503]
        assert (len(served), len(refused)) == (2, 2)
        assert {a.text for a in served} == {side}
        assert {a.headers.get("x-segue-overloaded") for a in refused} == {side}
        # While the first one was still in work.
        assert max(a.elapsed for a in refused) < min(a.elapsed for a in served)
        assert not any("x-segue-overloaded" in a.headers for a in served)
        # What was refused never reached the side.
        assert log(few, side).count(sent) == 2


def test_side_that_takes_too_long_is_cut_off_and_a_read_goes_to_django(short: World) -> None:
    get = Rule("GET /api/articles/{pk}/", ARTICLE, ("GET", "HEAD"), 100, True, False)  # without patience
    send = Rule("POST /api/articles/{pk}/", ARTICLE, ("POST",), 100, True, False)
    control.swap(short.state, [get, send], short.running, timeout=60)
    asked = (("POST", "slow", "fastapi"), ("POST", "both", "django"), ("GET", "slow", "fastapi"))
    with asking(short) as ask:
        write, djangos, read = [future.result() for future in [ask(one) for one in asked]]
    assert (write.status_code, write.headers["x-segue-route"]) == (504, "fastapi")
    assert (djangos.status_code, djangos.headers["x-segue-route"]) == (504, "django")
    assert (read.status_code, read.text) == (200, "django")
    for one in (write, djangos, read):
        assert one.elapsed.total_seconds() >= 1
    assert short.fastapi.log.read_text().count("POST /api/articles/slow/") == 1


def test_settings_of_the_sides(tmp_path: Path) -> None:
    file = tmp_path / "segue.toml"
    file.write_text(
        "[gateway]\nport = 1\n[gateway.django]\nconnections = 8\n[gateway.fastapi]\ntimeout = 30\n"
    )
    found = control.edge(open_project(tmp_path))
    assert (found.django, found.fastapi) == (Limits(8, 4096, 0), Limits(4096, 4096, 30))
    for line, words in (
        ("[gateway.django]\nconnections = 0", "gateway.django.connections 0 is no number of connections"),
        ("[gateway.django]\ntimeout = -1", "gateway.django.timeout -1 is no time to wait"),
        ("[gateway.django]\nworkers = 1", r"\[gateway.django\] has no key 'workers'"),
        ("[gateway.fastapi]\ntimeout = 5", "timeout 5 is not more than gateway.patience 5"),
        ("[gateway.flask]\ntimeout = 1", r"\[gateway\] has no key 'flask'"),
        ("[gateway]\nonly = ['header:x-segue-side=fastapi']", "which is no header or cookie of a client's"),
        ("[gateway]\nonly = ['header:X-Envoy-Internal']", "which is no header or cookie of a client's"),
        ("[gateway]\nonly = ['cookie:a=b; c=d']", "which is no header or cookie of a client's"),
        ("[gateway]\notlp = 'https://collector:4318'", "which is no collector's address"),
        ("[gateway]\notlp = 'http://collector:65536'", "which is no collector's address"),
        ("[gateway]\nmetrics = '9464'", "which is no address to listen on"),
        ("[gateway]\nmetrics = '127.0.0.256:9464'", "which is no address to listen on"),
        ("[gateway.shares]\n'header:X-Group=beta' = 101", "which is no percentage"),
        ("[gateway.shares]\n'header:X-Group=beta' = 0.5", "which is no percentage"),
        ("[gateway.shares]\n'header:X-Segue-Side' = 5", "which is no header or cookie of a client's"),
        ("[gateway]\noverride_cookie = 'a b'", "which is no name of a cookie"),
        ("[gateway]\notlp_share = 101", "gateway.otlp_share 101 is no percentage"),
        ("[gateway]\nleave_after = -1", "gateway.leave_after -1 is no number of answers"),
        ("[rollout]\nsynthetic = 101", "rollout.synthetic 101 is no number of reads"),
        ("[gateway]\ndjango = 1", r"\[gateway.django\] is not a table"),
    ):
        file.write_text(line + "\n")
        with pytest.raises(UsageError, match=words):
            open_project(tmp_path)


def test_side_that_is_down_is_not_called_overloaded(few: World) -> None:
    down = next(c for c in few.group.children if c.name == "django")
    down.process.kill()
    down.process.wait()
    few.group.children.remove(down)
    with asking(few) as ask:
        answer = ask(("POST", "x", "django")).result()
    assert answer.status_code == 503
    assert "x-segue-overloaded" not in answer.headers
