"""The twin: one small service on Django and on the bridge, over one SQLite file, asked the same."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

HERE = Path(__file__).parent / "twin"
Headers = list[tuple[str, str]]


@dataclass
class Answer:
    """Status, headers by lower-case name, body, number of statements."""

    status: int
    headers: dict[str, str]
    body: bytes
    queries: int = field(default=0, compare=False)


class Legacy:
    """Django in a child process."""

    def __init__(self, database: Path, settings: dict[str, Any] | None = None) -> None:
        self.child = subprocess.Popen(
            [sys.executable, str(HERE / "legacy.py"), str(database), json.dumps(settings or {})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, request: dict[str, Any]) -> Answer:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        raw = pickle.dumps(request)
        self.child.stdin.write(b"%d\n" % len(raw) + raw)
        self.child.stdin.flush()
        found = pickle.loads(self.child.stdout.read(int(self.child.stdout.readline())))
        return Answer(found["status"], found["headers"], found["body"], found["queries"])

    def close(self) -> None:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.close()
        self.child.wait(10)
        self.child.stdout.close()


class Modern:
    """The bridge in this process, on a loop of its own."""

    def __init__(self, url: str, options: dict[str, Any] | None = None) -> None:
        from segue_bridge.http import forwarded

        # Django is asked without a server that would take a proxy's word.
        forwarded._PEERS = frozenset()
        from segue_bridge.db.database import Database

        module = sys.modules.get("twin_modern")
        if module is None:  # mapped classes can be declared only once
            spec = importlib.util.spec_from_file_location("twin_modern", HERE / "modern.py")
            assert spec is not None
            assert spec.loader is not None
            module = sys.modules["twin_modern"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        self.module = module
        self.runner = asyncio.Runner()
        self.database = Database(url)
        self.app = module.create_app(self.database, **(options or {}))
        self.sessions: list[Any] = []
        make = self.database.session

        def counted() -> Any:
            session = make()
            self.sessions.append(session)
            return session

        self.database.session = counted  # type: ignore[method-assign]

    def ask(self, request: dict[str, Any]) -> Answer:
        return self.runner.run(self._ask(request))

    async def _ask(self, request: dict[str, Any]) -> Answer:
        sent: list[Any] = []
        body = request.get("body", b"")
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        headers: Headers = [("host", "testserver"), *request.get("headers", [])]
        named = {name.lower(): value for name, value in headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request["method"],
            "scheme": "http",
            "path": unquote(request["path"]),
            "raw_path": request["path"].encode(),
            "root_path": "",
            "query_string": request.get("query", "").encode("latin-1"),
            "headers": [(n.encode(), v.encode("latin-1")) for n, v in named.items()],
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
            "state": {},
        }
        self.sessions.clear()
        await self.app(scope, receive, send)
        raw = sent[0]["headers"]
        names = [name for name, _ in raw]
        assert len(names) == len(set(names)), f"a header twice: {raw}"
        return Answer(
            sent[0]["status"],
            {name.decode(): value.decode("latin-1") for name, value in raw},
            b"".join(message.get("body", b"") for message in sent[1:]),
            sum(session.queries for session in self.sessions),
        )

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()


class Twin:
    """Both sides."""

    def __init__(self, legacy: Legacy, modern: Modern) -> None:
        self.legacy, self.modern = legacy, modern

    def both(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Headers | dict[str, str] | None = None,
        body: bytes = b"",
        content_type: str | None = None,
        length: bool = True,
    ) -> tuple[Answer, Answer]:
        """The answers of Django and of the bridge. ``length=False`` sends no Content-Length."""
        pairs = list(headers.items() if isinstance(headers, dict) else headers or [])
        if content_type is not None:
            pairs.append(("content-type", content_type))
        if body and length:
            pairs.append(("content-length", str(len(body))))
        request = {"method": method, "path": path, "query": query, "headers": pairs, "body": body}
        return self.legacy.ask(request), self.modern.ask(request)

    def same(self, method: str, path: str, query: str = "", **options: Any) -> Answer:
        """Ask both; they must agree, and the bridge must not ask the database more often."""
        legacy, modern = self.both(method, path, query, **options)
        assert (modern.status, modern.body) == (legacy.status, legacy.body)
        if "content-length" not in legacy.headers:
            # Answers of middleware outside CommonMiddleware get their length from the server.
            assert modern.headers.pop("content-length") == str(len(modern.body))
        assert modern.headers == legacy.headers
        if legacy.status != 500:
            assert modern.queries <= legacy.queries
        return legacy


def make_twin(
    folder: Path, settings: dict[str, Any], options: dict[str, Any], url: str = ""
) -> Iterator[Twin]:
    """Both sides over a new database: Django with ``settings``, the bridge with ``options`` of ``install``."""
    database = folder / "twin.sqlite3"
    legacy = Legacy(database, settings)
    legacy.ask({"method": "GET", "path": "/names/"})
    modern = Modern(url or f"sqlite:///{database}", options)
    yield Twin(legacy, modern)
    modern.close()
    legacy.close()


@pytest.fixture(scope="session")
def sqlite_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    yield from make_twin(tmp_path_factory.mktemp("twin"), {}, {})


@pytest.fixture
def twin(sqlite_twin: Twin) -> Twin:
    """The twin on SQLite; rooms whose answers depend on the database override it."""
    return sqlite_twin


@pytest.fixture(scope="session")
def postgres_twin(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The twin on PostgreSQL: psycopg there, asyncpg here."""
    url = postgres.create("http_twin")
    settings = {"DATABASES": {"default": {**postgres.django("http_twin"), "ATOMIC_REQUESTS": True}}}
    yield from make_twin(tmp_path_factory.mktemp("postgres"), settings, {}, url)


@pytest.fixture(scope="session")
def other_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The twin with unusual settings."""
    from segue_bridge.http.render import Renderer

    settings = {
        "APPEND_SLASH": False,
        "SECURE_HSTS_SECONDS": 60,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REFERRER_POLICY": "origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": None,
        "USE_X_FORWARDED_HOST": True,
        "X_FRAME_OPTIONS": "SAMEORIGIN",
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 3,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 1,
        "REST_FRAMEWORK": {
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "COMPACT_JSON": False,
            "UNICODE_JSON": False,
            "STRICT_JSON": False,
            "URL_FORMAT_OVERRIDE": None,
        },
    }
    options = {
        "append_slash": False,
        "headers": {
            "x-frame-options": "SAMEORIGIN",
            "x-content-type-options": "nosniff",
            "referrer-policy": "origin",
        },
        "hsts": "max-age=60; includeSubDomains",
        "proxy_header": ("x-forwarded-proto", "https"),
        "ssl_redirect": True,
        "forwarded_host": True,
        "renderer": Renderer(compact=False, unicode=False, strict=False),
        "format_param": None,
        "field_limit": 3,
        "file_limit": 1,
    }
    yield from make_twin(tmp_path_factory.mktemp("other"), settings, options)
