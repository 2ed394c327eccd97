"""What Django's own middleware does to an answer on its way out (``process_response``), from the inside out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from segue_bridge.auth import csrf, session_cookie, sessions
from segue_bridge.auth.csrf import CsrfSettings
from segue_bridge.http import failures, pages, urls
from segue_bridge.http.call import Call
from segue_bridge.http.cors import ANSWERED_BY, REPLACED
from segue_bridge.http.settings import HttpSettings
from segue_bridge.http.varying import vary

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database

_log = logging.getLogger("segue_bridge.http")
_UNSERVED = "x-segue-unserved"


def finish_csrf(call: Call, response: Response, settings: CsrfSettings) -> None:
    """``CsrfViewMiddleware.process_response``: a fresh token after a login, and where the client's is none."""
    session = call.stored_session
    held = call.cookies.get(settings.cookie_name)
    if settings.use_sessions:
        held = session.get(csrf.SESSION_KEY) if session is not None else None
    if call.csrf_token is None and held is not None and not csrf.is_token(held):
        call.rotate_csrf_token()
    if call.csrf_token is None:
        return
    if not settings.use_sessions:
        response.raw_headers.append((b"set-cookie", csrf.cookie(settings, call.csrf_token).encode("latin-1")))
        vary(response, "Cookie")
    elif session is not None:
        session[csrf.SESSION_KEY] = call.csrf_token


async def finish_session(
    request: Request, db: Database, session: sessions.Session, response: Response, settings: HttpSettings
) -> Response:
    """``SessionMiddleware.process_response``: the session is saved, its cookie and ``Vary`` are on the answer."""
    try:
        await session.settle(db)
        cookie = session.settings.cookie_name in request.cookies
        if not (cookie or session.accessed or session.modified):
            return response
        headers = await session_cookie.finish(session, db, had_cookie=cookie, status=response.status_code)
    except sessions.SessionGone as error:
        _log.warning("%s %s: %s", request.method, request.scope["path"], error)
        return pages.response(pages.BAD_REQUEST)
    except Exception as error:  # noqa: BLE001 - a 500, whatever it was: what the view has written is written
        return failures.unexpected(request, error, settings)
    for name, value in headers:
        if name == "vary":
            vary(response, value)
        else:
            response.raw_headers.append((name.encode("latin-1"), value.encode("latin-1")))
    return response


def name_language(request: Request, response: Response, settings: HttpSettings) -> None:
    """``LocaleMiddleware.process_response``: ``Vary`` and ``Content-Language``."""
    languages = settings.languages
    if languages is None or not languages.named or request.scope.get(ANSWERED_BY) in languages.inside:
        return
    if _UNSERVED in response.headers:
        return
    vary(response, "Accept-Language")
    response.headers.setdefault("content-language", languages.named_in(request))


def add_headers(request: Request, response: Response, settings: HttpSettings) -> None:
    """The headers of the project's middleware, on what lacks them.

    Answers of ``SecurityMiddleware`` and ``CommonMiddleware`` themselves pass only what stands outside of them.
    """
    raw = settings.raw_headers()
    secure = settings.hsts is not None and urls.scheme(request, settings) == "https"
    if not raw and not secure:
        return
    present = {name for name, _ in response.raw_headers}
    answered_by = request.scope.get(ANSWERED_BY, "")
    lost = {*request.scope.get(REPLACED, ()), *settings.inside.get(answered_by, ())}
    if response.status_code == 400:
        lost.add(answered_by)  # an error that it has raised, and then does not see
    for name, value in raw:
        writer = "frames" if name == b"x-frame-options" else "security"
        if name not in present and writer not in lost:
            response.raw_headers.append((name, value))
    if (
        secure
        and settings.hsts is not None
        and "security" not in lost
        and b"strict-transport-security" not in present
    ):
        response.raw_headers.append((b"strict-transport-security", settings.hsts.encode("latin-1")))
