"""FastAPI in front and Django behind in one process: what the common cases of test_sides.py and test_sticky.py do not say."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.world import ARTICLE, World, in_one_process

from segue.errors import EnvironmentProblem
from segue.files import write_atomic
from segue.gateway import control, in_process
from segue.gateway.envoy import Edge
from segue.gateway.table import Rule
from segue_bridge.legacy.in_process.front import behind
from segue_bridge.legacy.in_process.table import Watched, parse


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with in_one_process(tmp_path_factory.mktemp("in-process")) as new:
        yield new


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, trust_env=False, timeout=60) as http:
        yield http


def test_read_that_raises_is_answered_by_django_and_a_write_is_not(
    world: World, client: httpx.Client
) -> None:
    world.swap(100, 100)
    assert client.get("/api/articles/raising/").text == "django"
    answer = client.post("/api/articles/raising/")
    assert answer.status_code == 500
    log = world.fastapi.log.read_text()
    assert "FastAPI failed at GET /api/articles/raising/; Django answers." in log
    assert log.count("ValueError: of the application") == 2


def test_what_django_is_told_is_what_gunicorn_would_tell(world: World, client: httpx.Client) -> None:
    """gunicorn drops names with an underscore, takes the scheme of a trusted proxy, and hands the path's bytes over as they came."""
    world.swap(0)
    sent = {"x-forwarded-proto": "https", "x_forwarded_for": "203.0.113.9", "x-kept": "1"}
    answer = client.get("/headers/%ff%C3%A9/?q=1", headers=sent)
    told = json.loads(answer.text.removeprefix("django:"))
    assert (told["scheme"], told["path"], told["x-kept"]) == ("https", "/headers/\xff\xc3\xa9/", "1")
    assert "x-forwarded-for" not in told
    assert len(told["x-request-id"]) == 36


def test_damaged_table_leaves_the_last_one_in_force(world: World, client: httpx.Client) -> None:
    world.swap(100)
    file = in_process.file(control.folder(world.state))
    for text in ("{", '{"format": 99}', '{"format": 1, "rules": [{}]}'):
        write_atomic(file, text)
        assert client.get("/api/articles/1/").text == "fastapi"
    file.unlink()
    assert client.get("/api/articles/1/").text == "fastapi"
    world.swap(0)
    assert client.get("/api/articles/1/").text == "django"


def test_every_process_obeys_the_next_request(tmp_path: Path) -> None:
    """A rollback is in force when the file has been replaced: no process goes on with what it has read."""
    with in_one_process(tmp_path, workers=2) as world:
        for weight, side in ((100, "fastapi"), (0, "django")):
            world.swap(weight)
            with httpx.Client(base_url=world.url, trust_env=False, timeout=60) as http:
                closing = {"connection": "close"}  # a new connection, perhaps to the other process
                seen = {http.get("/api/articles/1/", headers=closing).text for _ in range(30)}
            assert seen == {side}


def test_pattern_that_python_cannot_compile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="URL pattern of GET /x cannot be compiled"):
        in_process.table([Rule("GET /x", "/(?P<broken", ("GET",), 100, True, False)], Edge())


def test_networks_and_proxies_of_the_table() -> None:
    rule = Rule("GET /a/", ARTICLE, ("GET",), 40, True, False, ("address",))
    table = parse(in_process.table([rule], Edge(1, ("10.0.0.0/8",)))[1])

    def side(client: str, **headers: str) -> str:
        pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "method": "GET", "path": "/api/articles/1/", "query_string": b"", "headers": pairs,
            "client": (client, 1) if client else None,
        }  # fmt: skip
        return table.choose(scope).side

    other = {"django": "fastapi", "fastapi": "django"}
    for number in range(20):
        own = side(f"192.0.2.{number}")
        assert side(f"192.0.2.{number}", x_segue_side=other[own]) == own  # not from 10.0.0.0/8
        assert side("10.0.0.1", x_segue_side=other[own]) == other[own]
        # The proxy's word is the last one of the header, which a client cannot write.
        assert side("10.9.9.9", x_forwarded_for=f"1.2.3.4, 192.0.2.{number}") == own
    assert {side(f"192.0.2.{n}") for n in range(20)} == {"django", "fastapi"}


def test_table_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Watched(tmp_path / "none.json")
    environment = {
        **os.environ, "SEGUE_TABLE": str(tmp_path / "none.json"), "SEGUE_DJANGO": "tests.gateway.one_process:django",
        "SEGUE_FASTAPI": "tests.gateway.one_process:create_fastapi",
    }  # fmt: skip
    code = "from segue_bridge.legacy.in_process.main import create_app; create_app()"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "RuntimeError: SEGUE_TABLE or SEGUE_LOG cannot be used: [Errno 2]" in done.stderr


def test_django_keeps_no_connection_of_a_request_that_has_ended(tmp_path: Path) -> None:
    """Django's own handler in the adapter's threads: its signal runs in the thread whose connections it closes."""
    done = subprocess.run(
        [sys.executable, "-c", _CONNECTIONS], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    threads, opened, left = json.loads(done.stdout)
    assert (threads > 1, opened, left) == (True, 12, 0)


_CONNECTIONS = """
import asyncio, json, threading, time
from django.conf import settings
settings.configure(ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], SECRET_KEY="x",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "a.sqlite3"}})
import django
django.setup()
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpResponse
from django.urls import path
from segue_bridge.legacy.in_process.front import behind

opened, wrappers = [], {}
connection_created.connect(lambda connection, **_: opened.append(connection), weak=False)

def view(request):
    connection.cursor().execute("SELECT 1")
    wrappers[threading.get_ident()] = connection.settings_dict and connection.connection
    time.sleep(0.01)
    return HttpResponse("x")

urlpatterns = [path("", view)]
application = behind(get_wsgi_application(), 4)

async def ask():
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        pass
    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": "é".encode("latin-1"),
        "headers": [(b"host", b"x")], "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("x", 80), "scheme": "http"}
    await application(scope, receive, send)

async def main():
    await asyncio.gather(*(ask() for _ in range(12)))

asyncio.run(main())
print(json.dumps([len(wrappers), len(opened), sum(c.connection is not None for c in opened)]))
"""


def test_asgi_application_of_django_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue_bridge.http.forwarded._PEERS", frozenset({"127.0.0.1"}))
    seen: list[dict[str, Any]] = []

    class Legacy:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope)
            assert threading.current_thread() is threading.main_thread()

    scope = {
        "type": "http", "headers": [(b"x-forwarded-proto", b"https"), (b"a_b", b"1")], "query_string": b"a=%20+b",
        "client": ("127.0.0.1", 1), "scheme": "http",
    }  # fmt: skip
    asyncio.run(behind(Legacy())(scope, None, None))  # type: ignore[arg-type]
    assert (seen[0]["scheme"], [n for n, _ in seen[0]["headers"]]) == ("https", [b"x-forwarded-proto"])
    assert seen[0]["query_string"] == b"a=%20+b"
