"""The order of work of ``rest_framework.views.APIView.dispatch``, for one URL.

Negotiation and version, authentication, permissions, throttles, method, handler; then rendering, session
and headers, as Django's middleware does them around the view.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from segue_bridge import acted
from segue_bridge.auth import sessions, throttles
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.db.pool import PoolBusy
from segue_bridge.errors import APIException, MethodNotAllowed, TooLate, Unserved
from segue_bridge.http import body, failures, handover, metadata, negotiation, pages, request_phase
from segue_bridge.http.call import Call
from segue_bridge.http.cors import ANSWERED_BY
from segue_bridge.http.finishers import finished
from segue_bridge.http.resource import Resource
from segue_bridge.http.response_phase import add_headers, finish_csrf, finish_session, name_language
from segue_bridge.http.responses import JSON
from segue_bridge.http.settings import PLAIN, HttpSettings
from segue_bridge.http.varying import vary
from segue_bridge.leaving import is_too_late
from segue_bridge.translation import end

if TYPE_CHECKING:
    pass

FORCED_USER = "segue.user"
"""Scope key of a test client that names the user: ``async (db) -> (user, auth)`` in place of the
authenticators (``force_authenticate``). Clients cannot set scope keys."""

_log = logging.getLogger("segue_bridge.http")
_UNSERVED = "x-segue-unserved"
_NOBODY = AnonymousUser()
_SAFE = ("GET", "HEAD", "OPTIONS")


async def serve(
    resource: Resource, scope: Scope, receive: Receive, send: Send, values: dict[str, str]
) -> None:
    """Answer one request to ``resource`` (ASGI)."""
    state = scope["app"].state
    settings: HttpSettings = getattr(state, "http", PLAIN)
    db = state.database.session()
    state.database.use.in_flight += 1
    acted.begin()
    try:
        call = Call(scope, receive, resource, values, db, settings)
        early = _before(call)
        if early is not None and scope.get(ANSWERED_BY) in resource.around:
            early = failures.unserved("middleware")  # the project's own, further out, would see that answer
        response = await _view(call) if early is None else early
        response = await _rendered(call, response)
        if _UNSERVED in response.headers:
            response = await _left(call, response)
        response = await finished(settings.finishers, "view", call, response)
        name_language(call, response, settings)
        if _UNSERVED in response.headers:
            await throttles.take_back(call.counted)
        else:
            if early is None and settings.csrf is not None:
                finish_csrf(call, response, settings.csrf)
            response = await finished(settings.finishers, "session", call, response)
            if call.stored_session is not None:
                response = await finish_session(call, call.db, call.stored_session, response, settings)
    finally:
        state.database.use.in_flight -= 1
        await db.close()
    response = await finished(settings.finishers, "end", call, response)
    add_headers(call, response, settings)
    if call.method == "HEAD" or response.status_code in (204, 304):
        # A 204 with data keeps the headers of the data; no server sends its body.
        await _send_bare(response, send)
    else:
        await response(scope, receive, send)


async def _left(call: Call, response: Response) -> Response:
    """An answer that only Django has: what middleware wrote before the view is taken back, as Django writes it again. 500 where
    something else was written."""
    call.db.early.end(call.db)
    if not is_too_late(call.db):
        try:
            await call.db.early.take_back(call.db)
        except Exception as error:  # noqa: BLE001 - it stays, so that Django must not write it again
            return failures.unexpected(call, error, call.settings)
        return response
    why = response.headers[_UNSERVED]
    late = TooLate(f"Only Django has this answer, and something was written before: {why}")
    return failures.unexpected(call, late, call.settings)


def _before(call: Call) -> Response | None:
    """What ``SecurityMiddleware`` and ``CommonMiddleware`` answer without a view."""
    response = request_phase.before(call, call.settings)
    known = call.settings.sessions
    if response is not None and known is not None and known.settings.save_every_request:
        call.stored_session = None if request_phase.unseen(call, call.settings, "session") else known.of(call)
    return response


async def _view(call: Call) -> Response:
    """The project's middleware and the view; what nobody expected is Django's 500 page."""
    resource = call.resource
    known = call.settings.sessions
    if resource.authentication is not None and resource.authentication.sessions is not None:
        known = resource.authentication.sessions
    if known is not None:
        call.stored_session = known.of(call)
    try:
        if resource.reads_session or _csrf_in_session(call):
            await call.open_session()
        if resource.left_to_django:
            now, call.waiting = await handover.early(resource.left_to_django, call)
            if now:
                return failures.unserved("middleware")
        if call.settings.languages is None:
            end()
        elif not call.settings.languages.begin(call):
            return failures.unserved("language")
        if resource.middleware:
            call.db.early.begin()
        response = await _through(call, 0)
        return failures.unserved("middleware") if response.status_code in call.waiting else response
    except Exception as error:  # noqa: BLE001 - as in Django, whatever it was
        return _converted(call, error)


def _csrf_in_session(call: Call) -> bool:
    """Whether ``CsrfViewMiddleware.process_request`` reads the session, whatever the view does."""
    settings = call.settings.csrf
    return settings is not None and settings.use_sessions and call.stored_session is not None


async def _through(call: Call, position: int) -> Response:
    """The translated middleware from ``position`` on, then the view; errors become pages at every step.

    What is left to Django passes all middleware by, as Django's will see its answer.
    """
    layers = call.resource.middleware
    if position == len(layers):
        return await _inmost(call)

    called = False
    call.begun = True

    async def rest(inner: Call) -> Response:
        nonlocal called
        called = True
        try:
            response = await _through(inner, position + 1)
        except (Unserved, PoolBusy):
            raise
        except Exception as error:  # noqa: BLE001 - as in Django, whatever it was
            response = _converted(inner, error)
        if _UNSERVED in response.headers:
            raise Unserved(response.headers[_UNSERVED])
        return response

    try:
        return await layers[position](call, rest)
    except APIException:
        if called:
            raise
        # Django answers with a page of the project's (Http404, PermissionDenied).
        return failures.unserved("middleware")


async def _inmost(call: Call) -> Response:
    """The view's answer as the first middleware sees it: rendered, where any is translated."""
    resource = call.resource
    if resource.middleware:  # nothing else writes in front of the view
        call.db.early.end(call.db)
    response = await _answer(call)
    if resource.middleware:
        response = await _rendered(call, response)
    if resource.asks_late and not call.asked:
        return failures.unserved("middleware")  # Django's middleware reads the session then
    return failures.unserved("middleware") if response.status_code in call.waiting else response


def _converted(call: Call, error: Exception) -> Response:
    """``convert_exception_to_response``."""
    if isinstance(error, Unserved):
        return failures.unserved(str(error))
    shown = call.resource.error_page(error)
    if shown is not None:
        return shown
    if isinstance(error, PoolBusy):
        _log.warning("%s %s: %s", call.method, call.scope["path"], error)
        call.stored_session = None  # it may not have been read
        return failures.busy(untouched=not call.begun)
    if isinstance(error, (pages.SuspiciousOperation, sessions.SessionGone)):
        _log.warning("%s %s: %s", call.method, call.scope["path"], error)
        return pages.response(pages.BAD_REQUEST)
    if type(error).__module__.partition(".")[0] == "starlette":
        raise error  # HTTPException of hand-written code, a client that has gone, FastAPI's body limit
    return failures.unexpected(call, error, call.settings)


async def _answer(call: Call) -> Response:
    """The view inside its transaction, where it has one, with the headers that middleware adds."""
    resource = call.resource
    try:
        if resource.atomic:
            async with call.db.atomic():
                response = await _dispatch(call)
        else:
            response = await _dispatch(call)
        if resource.failing:
            _render(call, response)
    except (Unserved, PoolBusy):
        raise
    except Exception as error:  # noqa: BLE001 - as in Django, whatever it was
        found = failures.answered_by_middleware(call, error)
        response = _converted(call, error) if found is None else found
    return _with_headers(call, response)


def _with_headers(call: Call, response: Response) -> Response:
    """What middleware of the project writes on every answer of a view, its 500 page included."""
    resource = call.resource
    for name, value in resource.headers.items():
        response.headers[name] = value
    for name, value in resource.default_headers.items():
        response.headers.setdefault(name, value)
    for header in (*resource.vary, *call.varies):
        vary(response, header)
    return response


async def _dispatch(call: Call) -> Response:
    resource = call.resource
    if resource.plain:
        return await resource.respond(call)
    try:
        response = await _initial_and_handler(call)
    except APIException as error:
        response = await failures.answered(call, error)
    except Exception as error:
        found = await failures.answered_otherwise(call, error)
        if found is None:
            raise
        response = found
    for name, value in resource.raw_headers:
        if name == b"vary":
            vary(response, "Accept")
        else:
            response.raw_headers.append((name, value))
    return response


async def _initial_and_handler(call: Call) -> Response:
    resource, method = call.resource, call.verb
    operations = resource.operations
    operation = operations.get(method)
    if method == "HEAD" and operation is None and resource.head:
        operation = operations.get("GET")
    if method == "OPTIONS" and operation is None:
        call.action = "metadata" if resource.allows_options else None
    elif operation is not None:
        call.action = operation.action
        if not operation.suffix and call.format_kwarg is not None:
            return failures.unserved("suffix")
    elif method in resource.offered:
        return failures.unserved("operation")
    try:
        call.chosen = negotiation.choose(call.headers.get("accept"), _wanted(call), resource.renderers)
    except APIException:
        first = resource.renderers[0]
        if first == "json":
            raise
        if isinstance(first, negotiation.OwnRenderer):
            call.chosen = negotiation.forced(first)
            raise
        # DRF renders the error with the first renderer then.
        return failures.unserved("renderer")
    if not call.chosen.served:
        return failures.unserved("browsable-api" if call.chosen.format == "api" else "renderer")
    if call.action == "metadata" and resource.allows_options and resource.metadata and not resource.options:
        # Before anybody is authenticated: that may already end a session.
        return failures.unserved("options")
    if body.left_to_django(call, resource.parsers):
        return failures.unserved("parser")
    if resource.versioning is not None:
        call.version = resource.versioning.determine(call)
    await _authenticate(call)
    if method not in _SAFE:
        await call.db.queue()
    call.begun = True
    await resource.check(call)
    limits = resource.throttles_of(call)
    if limits:
        await throttles.check(limits, call, call.current, call.counted)
    if resource.parents:
        await call.take_parents(resource.parents)
    await resource.start(call, handled=operation is not None)
    if operation is not None:
        answer = await operation.endpoint(call)
        return answer if isinstance(answer, Response) else JSON(answer, operation.status)
    if method != "OPTIONS" or not (resource.allows_options and resource.metadata):
        raise MethodNotAllowed(method)
    return JSON(await metadata.determine(call))


def _wanted(call: Call) -> str:
    """The format asked for by suffix or by ``?format=``."""
    suffix = call.format_kwarg
    if suffix is not None:
        return suffix
    raw: bytes = call.scope.get("query_string", b"")
    if not raw:
        return ""
    name, limit = call.settings.format_param, call.settings.field_limit
    if limit is not None and raw.count(b"&") >= limit:
        # DRF looks at the parameters here, so too many of them end the request here.
        return call.query.get(name or "", "")
    # A name may be spelled with percent signs.
    if name and (name.encode() in raw or b"%" in raw):
        return call.query.get(name, "")
    return ""


async def _authenticate(call: Call) -> None:
    call.current, call.asked = _NOBODY, True
    forced = call.scope.get(FORCED_USER)
    if forced is not None:
        call.set_user(*(await forced(call.db)))
        return
    authentication = call.resource.authentication
    if authentication is not None and authentication.authenticators:
        user, auth = await authentication.authenticate(call, call.db, call.stored_session)
        call.set_user(user, auth)
        if authentication.repeatable:
            call.db.repeatable = call.db.kept


def _render(call: Call, response: Response) -> None:
    """Render what is still data, once. Raises whatever a renderer does."""
    if not isinstance(response, JSON) or "content-length" in response.headers:
        return
    own, render = call.chosen.own, call.resource.render
    if own is not None and not response.unserved:
        response.take(own.render(call, response), own.media, own.charset)
    elif render is None or response.unserved:
        response.finish(call.settings.renderer, call.chosen.indent)
    else:
        response.complete(render(call, response), call.resource.charset)


async def _rendered(call: Call, response: Response) -> Response:
    """:func:`_render`; a failure there is a 500 although the view is done and committed."""
    try:
        _render(call, response)
    except Unserved as error:
        if call.verb in _SAFE:
            return await _rendered(call, failures.unserved(str(error)))
        return _with_headers(call, failures.unexpected(call, error, call.settings))
    except Exception as error:  # noqa: BLE001 - as above: a 500, whatever it was
        return _with_headers(call, failures.unexpected(call, error, call.settings))
    return response


async def _send_bare(response: Response, send: Send) -> None:
    """The answer to HEAD: GET's headers, length included, without the body."""
    headers = list(response.raw_headers)
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
