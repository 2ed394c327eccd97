"""The order of work of ``rest_framework.views.APIView.dispatch``, for one URL.

Negotiation, authentication, permissions, throttles, method, handler; then headers, session, errors.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from segue_bridge.auth import sessions, throttles
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.errors import APIException, AuthenticationFailed, MethodNotAllowed, NotAuthenticated
from segue_bridge.http import negotiation
from segue_bridge.http.call import Call
from segue_bridge.http.negotiation import Chosen
from segue_bridge.http.pages import SERVER_ERROR, html
from segue_bridge.http.resource import Resource

Endpoint = Callable[[Call], Awaitable[Any]]
_log = logging.getLogger("segue_bridge.http")


@dataclass(frozen=True, slots=True)
class Operation:
    """What answers one method: the path operation function, its status and action."""

    endpoint: Endpoint
    status: int = 200
    action: str | None = None


@dataclass(slots=True)
class Table:
    """The operations of one :class:`Resource` by method."""

    resource: Resource
    operations: dict[str, Operation] = field(default_factory=dict)

    async def handle(self, scope: Scope, receive: Receive, send: Send, values: dict[str, str]) -> None:
        """Answer one request (ASGI)."""
        call = Call(scope, receive, self.resource, values)
        state = call.app.state
        call.renderer = getattr(state, "renderer", call.renderer)
        async with state.database.session() as db:
            call.db = db
            response = await self._answer(call)
            response = await _finish_session(call, response)
        _common_headers(response, state)
        if call.verb == "HEAD":
            response = _without_body(response)
        await response(scope, receive, send)

    async def _answer(self, call: Call) -> Response:
        authentication = self.resource.authentication
        if authentication is not None and authentication.sessions is not None:
            call.stored_session = authentication.sessions.of(call)
        try:
            if not self.resource.atomic:
                response, _ = await self._dispatch(call)
            else:
                async with call.db.atomic():
                    response, failed = await self._dispatch(call)
                    if failed:
                        call.db.set_rollback()
        except HTTPException:
            raise
        except Exception:  # noqa: BLE001
            # Django answers whatever a view did not expect with its own page and logs it.
            _log.exception("%s %s failed", call.verb, call.scope["path"])
            return Response(html(SERVER_ERROR), 500, media_type="text/html; charset=utf-8")
        return response

    async def _dispatch(self, call: Call) -> tuple[Response, bool]:
        """The response, and whether an exception made it."""
        failed = False
        try:
            response = await self._initial_and_handler(call)
        except APIException as error:
            failed = True
            response = _error(call, error)
        response.headers["allow"] = self.resource.allow
        if len(self.resource.renderers) > 1:
            vary(response, "Accept")
        return response, failed

    async def _initial_and_handler(self, call: Call) -> Response:
        resource = self.resource
        method = call.verb
        operation = self.operations.get("GET" if method == "HEAD" else method)
        if method == "OPTIONS":
            call.action = "metadata"
        elif operation is not None:
            call.action = operation.action
        wanted = call.path.get("format") or call.query.get("format") or ""
        call.chosen = negotiation.choose(call.headers.get("accept", ""), wanted, resource.renderers)
        if call.chosen.format == "api" or (method == "OPTIONS" and not resource.options):
            return _unserved("browsable-api" if call.chosen.format == "api" else "options")
        await _authenticate(call)
        await resource.check(call)
        limits = resource.throttles_of(call)
        if limits:
            throttles.check(limits, call, call.user)
        if method == "OPTIONS":
            return call.reply(await self._metadata(call))
        if operation is None:
            if method in resource.methods or (method == "HEAD" and "GET" in resource.methods):
                return _unserved("operation")
            raise MethodNotAllowed(method)
        answer = await operation.endpoint(call)
        return answer if isinstance(answer, Response) else call.reply(answer, operation.status)

    async def _metadata(self, call: Call) -> dict[str, Any]:
        """OPTIONS: POST and PUT are described when the user may use them."""
        actions: dict[str, Any] = {}
        for method in ("PUT", "POST"):
            if method not in self.resource.methods or not self.resource.actions:
                continue
            call.verb = method
            try:
                await self.resource.check(call)
                if method == "PUT":
                    await self.resource.find(call)
            except APIException:
                continue
            finally:
                call.verb = "OPTIONS"
            actions[method] = self.resource.actions[method]
        return self.resource.describe(actions)


async def _authenticate(call: Call) -> None:
    authentication = call.resource.authentication
    call.current, call.auth_value = AnonymousUser(), None
    if authentication is None:
        return
    user, auth = await authentication.authenticate(call, call.db, call.stored_session)
    call.current, call.auth_value = user, auth
    call.authenticated_by_request = not isinstance(user, AnonymousUser)


def _error(call: Call, error: APIException) -> Response:
    """``APIView.handle_exception`` and ``exception_handler``."""
    status, headers = error.status_code, {}
    if isinstance(error, (NotAuthenticated, AuthenticationFailed)):
        authentication = call.resource.authentication
        challenge = authentication.challenge if authentication is not None else None
        if challenge:
            headers["WWW-Authenticate"] = challenge
        else:
            status = 403
    if error.wait:
        headers["Retry-After"] = str(error.wait)
    if call.chosen.format == "api":
        call.chosen = Chosen("json")
    body = error.detail if isinstance(error.detail, (list, dict)) else {"detail": error.detail}
    return call.reply(body, status, headers)


def _unserved(what: str) -> Response:
    """An answer that only Django has; the gateway asks Django for it. See docs/bridge/http.md."""
    return Response(status_code=501, headers={"x-segue-unserved": what})


async def _finish_session(call: Call, response: Response) -> Response:
    session = call.stored_session
    if session is None or call.resource.authentication is None:
        return response
    cookie = call.cookies.get(session.settings.cookie_name) is not None
    for name, value in await sessions.finish(
        session, call.db, had_cookie=cookie, status=response.status_code
    ):
        if name == "vary":
            vary(response, value)
        else:
            response.headers.append(name, value)
    return response


def vary(response: Response, name: str) -> None:
    """``patch_vary_headers``: add ``name`` unless it stands there."""
    present = [part.strip() for part in response.headers.get("vary", "").split(",") if part.strip()]
    if name.lower() not in {part.lower() for part in present}:
        response.headers["vary"] = ", ".join([*present, name])


def _common_headers(response: Response, state: Any) -> None:
    for name, value in getattr(state, "headers", {}).items():
        response.headers.setdefault(name, value)


def _without_body(response: Response) -> Response:
    length = response.headers.get("content-length")
    bare = Response(status_code=response.status_code)
    bare.raw_headers = [(n, v) for n, v in response.raw_headers if n != b"content-length"]
    if length is not None:
        bare.headers["content-length"] = length
    return bare
