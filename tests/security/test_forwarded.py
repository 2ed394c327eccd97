"""What a client's ``X-Forwarded-…`` headers may say, to gunicorn in front of Django and to uvicorn in front of the service."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from segue.gateway.processes import Group, free_port
from segue.gateway.sides import fastapi_command

LEGACY = """
import json

def application(environ, start_response):
    start_response("200 OK", [])
    return [json.dumps([environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]]).encode()]
"""
MODERN = """
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from segue_bridge.auth.throttles import client_address
from segue_bridge.http import urls
from segue_bridge.http.settings import PLAIN

async def told(request: Request) -> JSONResponse:
    return JSONResponse([client_address(request, 0), urls.scheme(request, PLAIN)])

def create_app() -> Starlette:
    return Starlette(routes=[Route("/", told)])
"""
CASES: list[dict[str, str]] = [
    {},
    {"x-forwarded-for": "203.0.113.9"},
    {"x-forwarded-for": "203.0.113.9, 127.0.0.1", "x-forwarded-proto": "https"},
    *({"x-forwarded-proto": value} for value in ("https", "http", "HTTPS", "https, http", "ssl", "wss", "")),
    {"x-forwarded-protocol": "ssl"},
    {"x-forwarded-protocol": "https"},
    {"x-forwarded-ssl": "on"},
    {"x-forwarded-ssl": "off"},
    {"forwarded": "for=203.0.113.9;proto=https"},
    {"x-real-ip": "203.0.113.9", "x-scheme": "https"},
]


class Servers:
    def __init__(self, folder: Path, group: Group) -> None:
        self.folder, self.group = folder, group
        (folder / "legacy.py").write_text(LEGACY)
        (folder / "app").mkdir()
        (folder / "app" / "main.py").write_text(MODERN)

    def start(self, name: str, command: Sequence[str], port: int, allowed: str | None) -> str:
        here = {k: v for k, v in os.environ.items() if k != "FORWARDED_ALLOW_IPS"}
        more = {} if allowed is None else {"FORWARDED_ALLOW_IPS": allowed}
        child = self.group.start(name, command, port=port, cwd=self.folder, env=here | more)
        self.group.wait_ready(child)
        return f"http://127.0.0.1:{port}/"

    def legacy(self, allowed: str | None) -> str:
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "legacy", "--bind", f"127.0.0.1:{port}"]
        return self.start(f"gunicorn-{port}", command, port, allowed)

    def modern(self, allowed: str | None, *more: str) -> str:
        port = free_port()
        return self.start(
            f"uvicorn-{port}", [*fastapi_command(sys.executable, "app", (), port), *more], port, allowed
        )


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    with Group(tmp_path / "logs") as group:
        yield Servers(tmp_path, group)


def told(url: str) -> list[Any]:
    return [json.loads(httpx.get(url, headers=case, trust_env=False).content) for case in CASES]


@pytest.mark.parametrize("allowed", [None, "*", "192.0.2.1"])
def test_address_and_scheme_are_those_that_django_sees(servers: Servers, allowed: str | None) -> None:
    expected = told(servers.legacy(allowed))
    assert told(servers.modern(allowed)) == expected
    assert ["127.0.0.1", "https"] in expected or allowed == "192.0.2.1"


def test_with_uvicorns_own_headers_a_client_would_choose_its_name(servers: Servers) -> None:
    """Under ``NUM_PROXIES = 0`` each made-up address would be a new client of the rate limit, on this side only."""
    names = {address for address, _ in told(servers.modern(None, "--proxy-headers"))}
    assert names == {"127.0.0.1", "203.0.113.9"}
