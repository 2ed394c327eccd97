"""The ASGI application in front of both sides."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from starlette.requests import Request

from segue_bridge.http import forwarded
from segue_bridge.legacy.in_process.attempt import Answer, Body, Receive, Send
from segue_bridge.legacy.in_process.client import Client
from segue_bridge.legacy.in_process.seen import Seen
from segue_bridge.legacy.in_process.table import Choice, Watched

LOG = logging.getLogger("segue.in_process")
Application = Callable[[Any, Receive, Send], Awaitable[None]]

ACTIVE_PATH = "/.segue/active"
ACTIVE_HEADER = b"x-segue-version"
THREADS = 8

_OURS = (b"x-segue-side", b"x-segue-synthetic", b"x-envoy-internal", b"x-envoy-external-address")


class Front:
    """Sends each request to ``fastapi`` or ``django`` (both ASGI) as the table in the file ``table`` says.

    A GET, HEAD or OPTIONS that FastAPI fails at (an exception, 5xx, an answer that breaks off before any of it has gone to the client)
    is answered by Django; so is any request that FastAPI leaves to it (501 with ``x-segue-unserved``), with its body. Answers carry
    ``x-segue-route``, the side that was chosen. FastAPI's lifespan is run, Django has none. With ``log`` a line of JSON is appended to
    that file for each request, as Envoy writes it for ``segue rollout``.
    """

    def __init__(
        self, fastapi: Application, django: Application, table: Path, *, log: Path | None = None
    ) -> None:
        """Raises :class:`OSError` or :class:`ValueError` for a table that cannot be read."""
        self.fastapi, self.django = fastapi, django
        self._table = Watched(table)
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if log else None
        self._lost = False  # whether the last line was

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.fastapi(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.django(scope, receive, send)
        elif scope["path"] == ACTIVE_PATH and (asked := _header(scope, ACTIVE_HEADER)) is not None:
            status = 204 if asked == self._table.now().version.encode() else 409
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body"})
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Any, receive: Receive, send: Send) -> None:
        choice = self._table.now().choose(scope)
        scope, request_id = _cleaned(scope)

        def ended(seen: Seen) -> None:
            if self._log is not None:
                self._write(choice, scope["method"], seen, request_id)

        seen = Seen(scope["method"], receive, send, choice.side, ended)
        try:
            if choice.side == "django":
                await self.django(scope, seen.receive, seen.send)
            else:
                await self._fastapi_first(scope, seen, choice)
        finally:
            seen.end(whole=False)

    async def _fastapi_first(self, scope: Any, seen: Seen, choice: Choice) -> None:
        body = Body(seen.receive)
        answer = Answer(seen.send, body, safe=choice.safe)
        try:
            await self.fastapi(scope, body.first, answer.send)
        except Exception:
            # Starlette sends its 500 and raises nevertheless: the answer to a write has passed by then, or none is known.
            if answer.passed or not (answer.refused or (choice.safe and body.whole)):
                raise
            LOG.exception("FastAPI failed at %s %s; Django answers.", scope["method"], scope["path"])
            answer.refused = True
        if not answer.refused and (answer.passed or not choice.safe or not body.whole):
            return
        seen.answered = "django (left)" if answer.left else "django"
        if not body.gone:
            await self.django(scope, body.again, seen.send)

    def _write(self, choice: Choice, method: str, seen: Seen, request_id: str) -> None:
        line = {
            "at": seen.at, "route": choice.route, "method": method,
            "status": seen.status, "side": choice.side, "weight": choice.weight, "us": round(seen.seconds * 1e6),
            "upstream": seen.answered, "request_id": request_id,
        }  # fmt: skip
        assert self._log is not None
        try:
            os.write(self._log, json.dumps(line).encode() + b"\n")  # whole: other processes append as well
            self._lost = False
        except OSError:  # a full disk breaks no answer
            if not self._lost:
                LOG.exception("The log of requests cannot be written; lines are lost until it can be.")
            self._lost = True


def behind(application: Any, threads: int = THREADS) -> Application:
    """Django's application as ASGI: one that is (``get_asgi_application()``, Channels) as it stands; a WSGI one in ``threads``
    threads, each with its own connections to the database, which Django closes or keeps at the end of a request as under gunicorn.

    The scheme is what a trusted proxy says (:mod:`segue_bridge.http.forwarded`), as for FastAPI. Headers with an underscore go no
    further: for WSGI they would be others (``X_Forwarded_For``), and gunicorn takes them off as well.
    """
    if inspect.iscoroutinefunction(application) or inspect.iscoroutinefunction(
        getattr(application, "__call__", None)  # noqa: B004 (the method is asked for its kind)
    ):
        inner: Application = application
    else:
        inner = _in_threads(application, threads)

    async def django(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
            scheme = forwarded.scheme(Request(scope)) or scope.get("scheme", "http")
            # The WSGI adapter wants ASCII; what else a client sends here is read by Django from either form.
            query = quote(scope["query_string"], safe=_ASCII).encode()
            scope = {**scope, "headers": headers, "scheme": scheme, "query_string": query}
        await inner(scope, receive, send)

    return django


def _in_threads(application: Any, threads: int) -> Application:
    from a2wsgi import WSGIMiddleware

    adapter: Any = WSGIMiddleware(_as_under_gunicorn(application), workers=threads)

    async def called(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await adapter(scope, receive, send)
            return
        client = Client(receive, send)
        watching = asyncio.create_task(client.watch())
        try:
            await adapter({**scope, _CLIENT: client}, receive, client.send)
        finally:
            watching.cancel()
            client.leave()

    return called


_CLIENT = "segue.client"
_ASCII = "".join(map(chr, range(33, 127)))


def _as_under_gunicorn(application: Any) -> Any:
    """Where the adapter's environment differs from that of a WSGI server: the path's bytes as they came, the body as a file, errors to
    standard error."""

    def called(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        scope = environ["asgi.scope"]
        raw: bytes | None = scope.get("raw_path")
        if raw is not None and not scope.get("root_path"):
            environ["PATH_INFO"] = unquote_to_bytes(raw).decode("latin-1")
        environ["wsgi.errors"] = sys.stderr
        client: Client = scope[_CLIENT]
        environ["wsgi.input"] = client.body()
        return client.while_there(application(environ, start_response))

    return called


def _header(scope: Any, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


def _cleaned(scope: Any) -> tuple[Any, str]:
    """Without the headers that are between Segue and its gateway, and with an ``x-request-id``; and that one."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _OURS]
    given = _header(scope, b"x-request-id")
    request_id = given.decode("latin-1") if given is not None else str(uuid.uuid4())
    if given is None:
        headers.append((b"x-request-id", request_id.encode()))
    return {**scope, "headers": headers}, request_id
