"""The two sides of :mod:`tests.gateway.backends` as applications of one process: ASGI in front, WSGI behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any


def create_fastapi() -> Any:
    return fastapi


async def fastapi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    path, sent, more = scope["path"], b"", True
    while more:
        message = await receive()
        sent += message.get("body", b"")
        more = message.get("more_body", False)
    print(scope["method"], path, flush=True)
    if "raising" in path:
        raise ValueError("of the application")
    headers = [(b"x-fastapi", b"1")]
    if "unserved" in path:
        headers.append((b"x-segue-unserved", b"operation"))
    told = {name.decode(): value.decode() for name, value in scope["headers"]}
    body = _body("fastapi", path, sent, told)
    if "chunked" not in path:
        length = len(body) + (100_000 if "long" in path else 0)
        headers.append((b"content-length", str(length).encode()))
    if "events" in path:
        headers.append((b"content-type", b"text/event-stream"))
    failed = "broken" in path or "failing" in path
    left = 503 if "dry" in path else 501
    status = left if "unserved" in path else 500 if failed else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if "torn" in path:
        if "half" in path or "long" in path or "chunked" in path or "events" in path:
            await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        raise ValueError("half-way")
    await send({"type": "http.response.body", "body": body})


def django(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    told = {n[5:].lower().replace("_", "-"): v for n, v in environ.items() if n.startswith("HTTP_")}
    told.update({"scheme": environ["wsgi.url_scheme"], "path": environ["PATH_INFO"]})
    body = _body("django", environ["PATH_INFO"], sent, told)
    status = "500 Failed" if "failing" in environ["PATH_INFO"] else "200 OK"
    if "none-204" in environ["PATH_INFO"]:
        start_response("204 No Content", [("Content-Length", "0")])
        return []
    start_response(status, [("Content-Length", str(len(body))), ("Content-Type", "text/plain")])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _body(name: str, path: str, sent: bytes, headers: dict[str, str]) -> bytes:
    if "headers" in path:
        sent = json.dumps(headers).encode()
    return name.encode() + (b":" + sent if "echo" in path or "headers" in path else b"")
