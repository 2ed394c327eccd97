"""Who may see the pages and pull the levers: names of the host, the token, the origin of forms, and headers of every answer."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Of every answer, also of those to requests that are refused."""

ENTER = "/enter"
ASSETS = "/assets/"
MOST_BYTES = 16_384
"""Of the body of a form."""


@dataclass(frozen=True, slots=True)
class Guard:
    """``name`` is what the server listens on (an address, or a name of the machine); ``token`` is '' where none is asked for.

    ``csrf`` is in every form of this process's pages, ``session`` the value of the cookie that whoever has shown the token gets.
    """

    name: str
    port: int
    token: str = ""
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie(self) -> str:
        """Cookies are not kept apart by port, so their name is."""
        return f"segue_ui_{self.port}"

    def host_allowed(self, given: str) -> bool:
        """Whether a Host header names this machine. A name that is resolved elsewhere (DNS rebinding) is none of ours, an address
        cannot be resolved elsewhere; on loopback only addresses of loopback are."""
        host, _, port = given.rpartition(":") if ":" in given and not given.endswith("]") else (given, "", "")
        if port and not port.isdecimal():
            return False
        host = host.lower()
        if host in ("localhost", self.name.lower()):
            return True
        try:
            address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return address.is_loopback or not loopback(self.name)

    def knows(self, token: str) -> bool:
        """Whether it is the token; in a time that says nothing of how much of it is right."""
        return bool(self.token) and hmac.compare_digest(token.encode(), self.token.encode())

    def entered(self, cookies: str) -> bool:
        """Whether the request's cookies say that the token was shown."""
        try:
            held = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return False
        return held is not None and hmac.compare_digest(held.value.encode(), self.session.encode())

    def from_own_page(self, token: str) -> bool:
        """Whether a form's token is this process's."""
        return hmac.compare_digest(token.encode(), self.csrf.encode())


def loopback(name: str) -> bool:
    """Whether only this machine reaches what listens on ``name``."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Fence:
    """Around the whole application, so that no answer is without it."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, ask for the token, or pass on; the answer has :data:`HEADERS` in each case."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refused = await self._judge(scope, receive)
        await (refused or self._app)(scope, receive, sending)

    async def _judge(self, scope: Scope, receive: Receive) -> Response | None:
        headers, guard = Headers(scope=scope), self._guard
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not guard.host_allowed(hosts[0]):
            return _told(
                400,
                "This address is not one of segue ui.",
                "Use the address that `segue ui` has printed, or give the name with --host.",
            )
        if scope["method"] not in ("GET", "HEAD"):
            origin = headers.get("origin")
            if origin is not None and origin not in (f"http://{hosts[0]}", f"https://{hosts[0]}"):
                return _told(
                    403,
                    "This form comes from another site, so nothing was done.",
                    "Use the forms of segue ui itself.",
                )
            if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return _told(
                    403,
                    "This form comes from another site, so nothing was done.",
                    "Use the forms of segue ui itself.",
                )
        if not guard.token or scope["path"].startswith(ASSETS):
            return None
        entered = guard.entered(headers.get("cookie", ""))
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if "token" in query and scope["method"] == "GET":
            rest = {name: values for name, values in query.items() if name != "token"}
            return _without_token(scope["path"], rest) if entered else self._enter(query, rest, scope["path"])
        if entered:
            return None
        if scope["path"] == ENTER and scope["method"] == "POST":
            return self._enter(parse_qs((await body(receive) or b"").decode("latin-1")), {})
        return _ask(401, "")

    def _enter(self, fields: dict[str, list[str]], rest: dict[str, list[str]], path: str = "/") -> Response:
        if not self._guard.knows(fields.get("token", [""])[0]):
            return _ask(401, "This is not the token.")
        answer = _without_token(path, rest)
        answer.set_cookie(self._guard.cookie, self._guard.session, httponly=True, samesite="strict", path="/")
        return answer


def _without_token(path: str, query: dict[str, list[str]]) -> Response:
    # "//name" would be the address of another host
    target = f"/{path.lstrip('/')}" + (f"?{urlencode(query, doseq=True)}" if query else "")
    return RedirectResponse(target, status_code=303)


async def body(receive: Receive) -> bytes | None:
    """The body of a request; None if it is longer than :data:`MOST_BYTES`."""
    whole: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        whole += message.get("body", b"")
        if len(whole) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return whole


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} – segue ui</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/assets/ui.css"></head><body class="narrow"><main><h1>{title}</h1>{rest}</main></body></html>
"""


def _told(status: int, sentence: str, hint: str) -> Response:
    """``sentence`` and ``hint`` are texts of this module."""
    return HTMLResponse(_PAGE.format(title=sentence, rest=f"<p>{hint}</p>"), status_code=status)


def _ask(status: int, wrong: str) -> Response:
    alert = f'<p role="alert" class="problem">{wrong}</p>' if wrong else ""
    form = (
        f'{alert}<p>`segue ui` printed it on the terminal where it was started.</p><form method="post" action="{ENTER}"><p><label>Token '
        '<input type="password" name="token" autocomplete="current-password" required autofocus></label> '
        '<button type="submit">Enter</button></p></form>'
    )
    return HTMLResponse(_PAGE.format(title="Segue asks for its token", rest=form), status_code=status)
