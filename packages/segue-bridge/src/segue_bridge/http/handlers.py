"""Everything of the contract that belongs to the application, not to one URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from segue_bridge.http import openapi, pages, request_phase, urls
from segue_bridge.http.cors import ANSWERED_BY
from segue_bridge.http.finishers import finished
from segue_bridge.http.response_phase import add_headers, finish_session, name_language
from segue_bridge.http.router import ContractRoutes, resources
from segue_bridge.http.settings import PLAIN, SECURITY_HEADERS, HttpSettings

TELEMETRY_OFF: Any = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""``FastAPI(telemetry=TELEMETRY_OFF)``: FastAPI 0.165 otherwise looks for OpenTelemetry at every request."""

__all__ = ["SECURITY_HEADERS", "TELEMETRY_OFF", "install"]


def install(
    app: FastAPI,
    settings: HttpSettings | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> None:
    """Give ``app`` DRF's routing and Django's behaviour for what no route answers.

    ``settings`` are kept in ``app.state.http``; ``headers`` and ``options`` replace single ones
    (:data:`SECURITY_HEADERS` is Django's default set of headers). Call it once; routers may be
    included before or after.
    """
    if headers is not None:
        options["headers"] = headers
    app.state.http = replace(settings or PLAIN, **options)
    contract = ContractRoutes(app.router.routes)
    openapi.install(app, lambda: resources(app.router.routes))
    app.router.routes.insert(0, contract)

    async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        settings: HttpSettings = app.state.http  # as routes read it
        request = Request(scope, receive)
        response = _no_route(contract, settings, request)
        response = await finished(settings.finishers, "view", request, response)
        name_language(request, response, settings)
        response = await finished(settings.finishers, "session", request, response)
        response = await _session_kept(request, response, settings)
        response = await finished(settings.finishers, "end", request, response)
        add_headers(request, response, settings)
        if request.method == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    app.router.redirect_slashes = False
    app.router.default = not_found


async def _session_kept(request: Request, response: Response, settings: HttpSettings) -> Response:
    """``SESSION_SAVE_EVERY_REQUEST``, where no view has answered."""
    known = settings.sessions
    if (
        known is None
        or not known.settings.save_every_request
        or request_phase.unseen(request, settings, "session")
    ):
        return response
    async with request.app.state.database.session() as db:
        return await finish_session(request, db, known.of(request), response, settings)


def _no_route(contract: ContractRoutes, settings: HttpSettings, request: Request) -> Response:
    """``CommonMiddleware`` and Django's 404 page."""
    early = request_phase.before(request, settings)
    if early is not None:
        return early
    path: str = request.scope["path"]
    if settings.append_slash and not path.endswith("/"):
        wanted = {**request.scope, "path": f"{path}/"}
        if contract.matches(wanted)[0] is Match.FULL and get_route_path(wanted):
            request.scope[ANSWERED_BY] = "common"
            location = urls.full_path(request, slash=True)
            # "//host" would leave the site.
            return pages.redirect(f"/%2F{location[2:]}" if location.startswith("//") else location)
    return pages.response(pages.NOT_FOUND)
