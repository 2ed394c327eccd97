"""CPU that the HTTP contract adds to a request: ``python bench/contract_overhead.py``.

Calls the ASGI applications directly, without a server, and compares process CPU time per request: a
plain Starlette route, a plain FastAPI route, and the same answers through resources of the bridge (negotiation,
authentication, access, session of the database, headers). Prints microseconds, the best of several rounds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from segue_bridge.auth.backend import Authentication
from segue_bridge.db.database import Database
from segue_bridge.http import handlers
from segue_bridge.http.call import Call
from segue_bridge.http.resource import Resource
from segue_bridge.http.router import Router

ROUNDS, REQUESTS = 5, 2000
DATA = {"count": 2, "results": [{"id": n, "title": "A title", "tags": ["a", "b"]} for n in range(2)]}


def starlette(number: int) -> Any:
    async def show(request: Request) -> JSONResponse:
        return JSONResponse(DATA)

    async def create(request: Request) -> JSONResponse:
        return JSONResponse(await request.json())

    others = [Route(f"/other{n}/{{pk}}/", show) for n in range(number)]
    return Starlette(
        routes=[*others, Route("/books/{pk}/", show), Route("/books/", create, methods=["POST"])]
    )


def fastapi(others: int) -> Any:
    app = FastAPI(telemetry=handlers.TELEMETRY_OFF)
    for n in range(others):
        app.get(f"/other{n}/{{pk}}/")(lambda pk: DATA)

    @app.get("/books/{pk}/")
    async def show(pk: str) -> Any:
        return DATA

    @app.post("/books/")
    async def create(request: Request) -> Any:
        return await request.json()

    return app


class Header:
    """An authenticator that looks at a header."""

    challenge: str | None = "Header"

    async def authenticate(self, request: Any, db: Any, session: Any) -> Any:
        return ("user", None) if request.headers.get("x-user") else None


def contract(others: int) -> Any:
    app = FastAPI(telemetry=handlers.TELEMETRY_OFF)
    app.state.database = Database("sqlite:////dev/null")
    router = Router()
    authentication = Authentication(Header())

    async def access(call: Call) -> None:
        call.require(call.authenticated_by_request)

    async def show(call: Call) -> Any:
        return DATA

    async def create(call: Call) -> Any:
        return await call.data()

    for n in range(others):
        other = Resource(f"/other{n}/{{pk}}/", methods=("GET",), authentication=authentication)
        router.get(other)(_copy(show))
    detail = Resource("/books/{pk}/", methods=("GET",), authentication=authentication, suffix=True)
    listed = Resource("/books/", methods=("POST",), authentication=authentication, suffix=True)
    for resource in (detail, listed):
        resource.access(access)
    router.get(detail)(show)
    router.post(listed)(create)
    app.include_router(router)
    handlers.install(app, headers=handlers.SECURITY_HEADERS, hosts=("example.com",))
    return app


def _copy(function: Any) -> Any:
    async def other(call: Call) -> Any:
        return await function(call)

    return other


HEADERS = [(b"host", b"example.com"), (b"accept", b"application/json"), (b"x-user", b"1"),
           (b"user-agent", b"bench/1.0 (like a browser)"), (b"accept-encoding", b"gzip, deflate")]  # fmt: skip
BODY = json.dumps(DATA).encode()


async def ask(app: Any, method: str, path: str, body: bytes) -> int:
    status = 0

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    headers = list(HEADERS)
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"page=2", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("example.com", 80), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    return status


async def cost(app: Any, method: str, path: str, body: bytes) -> float:
    """Microseconds of CPU per request, best round."""
    assert await ask(app, method, path, body) == 200
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(REQUESTS):
            await ask(app, method, path, body)
        best = min(best, (time.process_time() - start) / REQUESTS * 1e6)
    return best


async def main() -> None:
    """Print the table, alone and beside 100 other routes."""
    write = sys.stdout.write
    write(f"{'CPU µs per request':32}{'Starlette':>12}{'FastAPI':>12}{'contract':>12}{'added':>12}\n")
    for others in (0, 100):
        apps = [starlette(others), fastapi(others), contract(others)]
        for method, path, body in (("GET", "/books/7/", b""), ("POST", "/books/", BODY)):
            found = [await cost(app, method, path, body) for app in apps]
            cells = "".join(f"{value:12.1f}" for value in [*found, found[2] - found[0]])
            write(f"{f'{method} {path}, {others} others':32}{cells}\n")


if __name__ == "__main__":
    asyncio.run(main())
