"""What it costs to know who asks: session, user and permissions, per request, on Django and on the generated service, in one run.

``python -m bench.auth_cost [--requests 2000] [--rounds 7] [--database sqlite]`` makes a small project on PostgreSQL with three views that do nothing else: one without authentication, one with session
authentication, one that asks for a permission besides. Both sides run in this process without a server (Django's handler, ASGI calls), by turns; the figures are the medians of the
rounds, CPU in milliseconds above the view without authentication, and the queries of one request.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_VIEWS = """\
from rest_framework import permissions, response, views
from rest_framework.authentication import SessionAuthentication


class Open(views.APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        return response.Response({"ok": True})


class Known(views.APIView):
    authentication_classes = [SessionAuthentication]
    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        return response.Response({"ok": True})


class Granted(Known):
    def get(self, request):
        return response.Response({"ok": request.user.has_perm("auth.view_user")})
"""
_URLS = """\
from django.urls import path
from notes import views
urlpatterns = [path(f"{v.__name__.lower()}/", v.as_view()) for v in (views.Open, views.Known, views.Granted)]
"""
_PATHS = ("/open/", "/known/", "/granted/")


def main() -> int:
    """Make the project, then measure in a child of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--inside", nargs=3, metavar=("SITE", "OUTPUT", "URL"))
    given = parser.parse_args()
    if given.inside:
        site, output, url = given.inside
        _measure(Path(site), Path(output), url, given.requests, given.rounds)
        return 0
    from tests.projects.site import SETTINGS, Site
    from tests.services import running_postgres

    from segue.emit import write
    from segue.translate.program import translate

    with tempfile.TemporaryDirectory() as folder, running_postgres() as postgres:
        made = postgres.create("auth_cost")
        settings = f"DATABASES = {{'default': {postgres.django('auth_cost')!r}}}\n"
        files = {
            "site_/settings.py": SETTINGS + (settings if given.database == "postgresql" else ""),
            "site_/urls.py": _URLS,
            "notes/models.py": "",
            "notes/views.py": _VIEWS,
        }
        site = Site.make(Path(folder) / "site", files)
        program = translate(site.snapshot())
        assert not program.refused, [str(r) for r in program.refused]
        output = Path(folder) / "fastapi"
        write(program, output)
        arguments = ["--requests", str(given.requests), "--rounds", str(given.rounds)]
        url = made if given.database == "postgresql" else f"sqlite:///{site.root}/db.sqlite3"
        command = [
            sys.executable,
            "-m",
            "bench.auth_cost",
            "--inside",
            str(site.root),
            str(output),
            url,
            *arguments,
        ]
        return subprocess.run(command, check=False).returncode


def _measure(site: Path, output: Path, url: str, requests: int, rounds: int) -> None:
    sys.path[:0] = [str(site), str(output)]
    os.chdir(site)
    os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL=url, SECRET_KEY="x")
    import django

    django.setup()
    from django.contrib.auth.models import Permission, User
    from django.test import Client

    user = User.objects.create_user("ann", password="x")
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    client = Client()
    client.force_login(user)
    sides = {"Django": _django(client), "FastAPI": _fastapi(f"sessionid={client.cookies['sessionid'].value}")}
    for ask in sides.values():  # the first requests of a process and of a session cost more
        for path in _PATHS:
            ask(path, 3)
    queries = {name: {path: ask(path, 1)[1] for path in _PATHS} for name, ask in sides.items()}
    cpu: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for name, ask in sides.items():
            for path in _PATHS:
                cpu.setdefault((name, path), []).append(ask(path, requests)[0] / requests * 1000)
    for path, what in (("/known/", "session + user"), ("/granted/", "session + user + permission")):
        for name in sides:
            above = [a - b for a, b in zip(cpu[name, path], cpu[name, "/open/"], strict=True)]
            sys.stdout.write(
                f"{what:<28} {name:<8} {queries[name][path]} queries, {statistics.median(above):.3f} ms CPU "
                f"({min(above):.3f}–{max(above):.3f}) above {statistics.median(cpu[name, '/open/']):.3f} ms\n"
            )


Ask = Callable[[str, int], tuple[float, int]]
"""Path and number of requests → CPU seconds and queries of all."""


def _django(client: Any) -> Ask:
    from django.core.handlers.base import BaseHandler
    from django.db import connection
    from django.test.client import RequestFactory

    handler = BaseHandler()
    handler.load_middleware()
    factory = RequestFactory()
    factory.cookies = client.cookies

    def ask(path: str, number: int) -> tuple[float, int]:
        made = [factory.get(path) for _ in range(number)]
        seen = 0

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            nonlocal seen
            seen += 1
            return execute(sql, *rest)

        if number == 1:
            with connection.execute_wrapper(note):
                assert handler.get_response(made[0]).status_code == 200
            return 0.0, seen
        begun = time.process_time()
        for request in made:
            handler.get_response(request)
        return time.process_time() - begun, 0

    return ask


def _fastapi(cookie: str) -> Ask:
    import importlib

    from segue_bridge.db.session import Session

    app = importlib.import_module("app.main").create_app()
    runner = asyncio.Runner()
    seen: list[Any] = []
    ready: Any = Session._ready  # where a statement is handed to the driver

    async def counted(session: Any, statement: Any) -> Any:
        seen.append(statement)
        return await ready(session, statement)

    async def one(path: str) -> int:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode(),
            "query_string": b"", "root_path": "", "headers": [(b"host", b"testserver"), (b"cookie", cookie.encode())],
            "client": ("127.0.0.1", 1), "server": ("testserver", 80), "state": {},
        }  # fmt: skip
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            assert message.get("body", b'{"ok":true}') == b'{"ok":true}'

        await app(scope, receive, send)
        return status

    async def many(path: str, number: int) -> float:
        begun = time.process_time()
        for _ in range(number):
            assert await one(path) == 200
        return time.process_time() - begun

    def ask(path: str, number: int) -> tuple[float, int]:
        seen.clear()
        Session._ready = counted if number == 1 else ready  # type: ignore[method-assign,assignment]
        return runner.run(many(path, number)), len(seen)

    return ask


if __name__ == "__main__":
    raise SystemExit(main())
