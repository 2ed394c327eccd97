"""Cross-origin headers as ``corsheaders.middleware.CorsMiddleware`` (django-cors-headers 4) sends them.

Starlette's own middleware differs: it answers preflights with 200 "OK" or 400 and echoes other headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ANSWERED_BY = "segue.answered_by"
"""Scope key: the Django middleware that answered without asking those inside it, ``security`` or ``common``."""
REPLACED = "segue.replaced"
"""Scope key: words of the middleware whose headers are not on the answer (``security``, ``frames``, ``cors``), as one further out
has put its own in the place of the one that they were on."""
HEADERS = ("accept", "authorization", "content-type", "user-agent", "x-csrftoken", "x-requested-with")
METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class CorsSettings:
    """The settings ``CORS_*``, with the package's defaults. ``max_age`` is in seconds."""

    allow_all_origins: bool = False
    allowed_origins: Sequence[str] = ()
    allowed_origin_regexes: Sequence[str] = ()
    allow_credentials: bool = False
    allow_headers: Sequence[str] = HEADERS
    allow_methods: Sequence[str] = METHODS
    expose_headers: Sequence[str] = ()
    max_age: int = 86400
    urls_regex: str = r"^.*$"
    allow_private_network: bool = False


class Cors:
    """ASGI middleware: ``app.add_middleware(Cors, settings=CorsSettings(...))``.

    ``inside`` are the middlewares that stand before this one in ``MIDDLEWARE`` (``security``, ``common``): what they
    answer themselves has no CORS headers. ``headers`` are those that they add to its own answer to a preflight.
    ``saved``: the cookie of sessions that are saved with every answer (``SESSION_SAVE_EVERY_REQUEST``) further out than this;
    a preflight that has one, which no browser sends, is left to Django. ``preflights=False`` leaves all of them to Django: middleware of
    the project's own further out does something for them.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: CorsSettings,
        inside: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        saved: str = "",
        *,
        preflights: bool = True,
    ) -> None:
        self._saved, self._preflights = saved, preflights
        self._app, self._settings, self._inside = app, settings, frozenset(inside)
        self._preflight = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in (headers or {}).items()]
        self._urls = re.compile(settings.urls_regex)
        self._origins = {_place(urlsplit(origin)) for origin in settings.allowed_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._urls.match(scope["path"]) is None:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        found = self.headers(scope["method"], headers)

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start" and scope.get(ANSWERED_BY) not in self._inside:
                out = MutableHeaders(scope=message)
                replaced = "cors" in scope.get(REPLACED, ())
                if not replaced or message["status"] == 304:
                    _vary_on_origin(out)  # which a 304 keeps
                for name, value in () if replaced else found.items():
                    out[name] = value
            await send(message)

        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            why = "" if self._preflights else "middleware"
            if self._saved and self._saved in Request(scope).cookies:
                why = why or "session"
            if why:
                await Response(status_code=501, headers={"x-segue-unserved": why})(scope, receive, send)
                return
            start: Message = {"type": "http.response.start", "status": 200, "headers": []}
            start["headers"] = [(b"content-length", b"0"), (b"content-type", b"text/html; charset=utf-8")]
            start["headers"] += self._preflight
            await answered(start)
            await send({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, answered)

    def headers(self, method: str, request: Headers) -> dict[str, str]:
        """``CorsMiddleware.add_response_headers``; none for an origin that is not allowed."""
        settings = self._settings
        origin = request.get("origin")
        if not origin or not (settings.allow_all_origins or self._allowed(origin)):
            return {}
        if settings.allow_all_origins:
            try:
                urlsplit(origin)
            except ValueError:
                return {}
        anybody = settings.allow_all_origins and not settings.allow_credentials
        out = {"access-control-allow-origin": "*" if anybody else origin}
        if settings.allow_credentials:
            out["access-control-allow-credentials"] = "true"
        if settings.expose_headers:
            out["access-control-expose-headers"] = ", ".join(settings.expose_headers)
        if method == "OPTIONS":
            out["access-control-allow-headers"] = ", ".join(settings.allow_headers)
            out["access-control-allow-methods"] = ", ".join(settings.allow_methods)
            if settings.max_age:
                out["access-control-max-age"] = str(settings.max_age)
        if settings.allow_private_network and request.get("access-control-request-private-network") == "true":
            out["access-control-allow-private-network"] = "true"
        return out

    def _allowed(self, origin: str) -> bool:
        try:
            url = urlsplit(origin)
        except ValueError:
            return False
        if origin == "null" and origin in self._settings.allowed_origins:
            return True
        if _place(url) in self._origins:
            return True
        return any(re.match(pattern, origin) for pattern in self._settings.allowed_origin_regexes)


def _place(url: SplitResult) -> tuple[str, str]:
    return url.scheme, url.netloc


def _vary_on_origin(headers: MutableHeaders) -> None:
    """``patch_vary_headers(response, ("origin",))``."""
    present = headers.get("vary", "")
    names = [name for name in re.split(r"\s*,\s*", present) if name]
    if "*" in names:
        headers["vary"] = "*"
    elif "origin" not in (name.lower() for name in names):
        headers["vary"] = ", ".join([*names, "origin"])
