"""``HttpResponse.set_cookie`` and ``delete_cookie`` (Django 4.2 to 6): the same ``Set-Cookie`` header, written by ``http.cookies``."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.cookies import Morsel, SimpleCookie
from typing import Any

from starlette.responses import Response

_EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"


def set_cookie(
    response: Response,
    name: str,
    value: Any = "",
    *,
    max_age: float | timedelta | None = None,
    expires: datetime | str | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool | None = False,
    httponly: bool | None = False,
    samesite: str | None = None,
) -> None:
    """``response.set_cookie(name, value, …)``; one of that name that was set before keeps what is not said anew.

    ``max_age`` is in seconds. Raises ``ValueError`` for ``max_age`` with a moment in ``expires``, and for another
    ``samesite`` than lax, none and strict, ``UnicodeEncodeError`` for text that no header can hold (Django's servers do), and ``http.cookies.CookieError`` for a name that no cookie may have.
    """
    jar: SimpleCookie = SimpleCookie()
    begins = f"{name}="
    for text in response.headers.getlist("set-cookie"):
        if text.startswith(begins):
            jar.load(text)
    jar[name] = value
    cookie = jar[name]
    if isinstance(expires, datetime):
        if max_age is not None:
            raise ValueError("'expires' and 'max_age' can't be used together.")
        moment = expires if expires.tzinfo is not None else expires.replace(tzinfo=UTC)
        left = moment - datetime.now(UTC) + timedelta(seconds=1)
        max_age, expires = max(0, left.days * 86400 + left.seconds), None
    cookie["expires"] = expires if expires is not None else ""
    if max_age is not None:
        seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        cookie["max-age"] = int(seconds)
        if not expires:
            cookie["expires"] = formatdate(time.time() + seconds, usegmt=True)
    if path is not None:
        cookie["path"] = path
    if domain is not None:
        cookie["domain"] = domain
    if secure:
        cookie["secure"] = True
    if httponly:
        cookie["httponly"] = True
    if samesite:
        if samesite.lower() not in ("lax", "none", "strict"):
            raise ValueError('samesite must be "lax", "none", or "strict".')
        cookie["samesite"] = samesite
    _put(response, name, cookie)


def delete_cookie(
    response: Response,
    name: str,
    path: str | None = "/",
    domain: str | None = None,
    samesite: str | None = None,
) -> None:
    """``response.delete_cookie(name, …)``: empty, and over since 1970."""
    secure = name.startswith(("__Secure-", "__Host-")) or bool(samesite and samesite.lower() == "none")
    set_cookie(
        response, name, max_age=0, path=path, domain=domain, secure=secure, expires=_EPOCH, samesite=samesite
    )


def _put(response: Response, name: str, cookie: Morsel[str]) -> None:
    """The header, in the place of one of that name."""
    text, begins = cookie.OutputString(), f"{name}="
    kept = response.headers.getlist("set-cookie")
    if any(v.startswith(begins) for v in kept):
        del response.headers["set-cookie"]
        for other in kept:
            response.headers.append("set-cookie", text if other.startswith(begins) else other)
    else:
        response.headers.append("set-cookie", text)
