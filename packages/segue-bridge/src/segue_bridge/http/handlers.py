"""Everything of the contract that belongs to the application, not to one URL."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import FastAPI
from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from segue_bridge.http import openapi
from segue_bridge.http.pages import NOT_FOUND, html
from segue_bridge.http.render import Renderer

SECURITY_HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def install(
    app: FastAPI,
    *,
    headers: Mapping[str, str] | None = None,
    append_slash: bool = True,
    renderer: Renderer | None = None,
) -> None:
    """Give ``app`` Django's behaviour for what no route answers.

    ``headers`` are set on every answer that lacks them (what the project's middleware sets;
    :data:`SECURITY_HEADERS` is Django's default set). ``append_slash`` is ``APPEND_SLASH`` with
    ``CommonMiddleware``: 301 to the address with a slash, for every method, as with DEBUG off.
    """
    app.state.headers = dict(headers or {})
    if renderer is not None:
        app.state.renderer = renderer
    openapi.install(app)

    async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = None
        if append_slash and not scope["path"].endswith("/"):
            response = _redirect(app, scope, request)
        if response is None:
            response = Response(html(NOT_FOUND), 404, media_type="text/html; charset=utf-8")
        skip = {"x-frame-options"} if response.status_code == 301 else set()
        for name, value in app.state.headers.items():
            if name not in skip:
                response.headers.setdefault(name, value)
        await response(scope, receive, send)

    app.router.redirect_slashes = False
    app.router.default = not_found


def _redirect(app: FastAPI, scope: Scope, request: Request) -> Response | None:
    """``CommonMiddleware.process_request``: only if the address with a slash exists."""
    wanted = {**scope, "path": get_route_path(scope) + "/", "root_path": ""}
    if not any(route.matches(wanted)[0] is Match.FULL for route in app.routes):
        return None
    query = request.scope.get("query_string", b"").decode("latin-1")
    location = quote(scope["path"], safe="/:@&+$,-_.!~*'()") + "/" + (f"?{query}" if query else "")
    if location.startswith("//"):
        location = "/%2F" + location[2:]
    return Response("", 301, headers={"location": location}, media_type="text/html; charset=utf-8")
