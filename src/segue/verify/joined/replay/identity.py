"""Who a recorded request came from, and what proves that today.

The rows are a copy of the project's, so a recorded session or token that is still in them works as it is. One that
is not (expired, or of another database) can be given to a user by name.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Any

from .. import live
from ..personas import Persona, people_for
from ..redact import Redactor
from .renaming import Renaming

# Of the hop, of the connection, or made anew for each request.
_DROPPED = {
    "host", "content-length", "connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-authorization",
    "accept-encoding", "x-request-id", "traceparent", "tracestate", "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address", "x-envoy-original-path", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
    "x-real-ip", "forwarded", "expect",
}  # fmt: skip


class Identity:
    """``users``: recorded token, session key or Authorization value → user name. Raises ``LookupError`` for a name
    that no user has."""

    def __init__(self, users: dict[str, str], redactor: Redactor) -> None:
        from django.conf import settings
        from django.contrib.auth import get_user_model

        model = get_user_model()
        self._redactor = redactor
        self._cookie = settings.SESSION_COOKIE_NAME
        self._people: dict[str, Persona] = {}
        for token, name in users.items():
            redactor.secret(token)
            user = model._base_manager.filter(**{model.USERNAME_FIELD: name}).first()
            if user is None:
                raise LookupError(f"no user is named {name!r} in the copy of the database")
            self._people[token] = Persona(name, user)

    def headers(
        self, recorded: list[list[str]], renaming: Renaming, operation: Any, path: str
    ) -> tuple[list[tuple[str, str]], str]:
        """The headers to send, and who they are of, as it may be told."""
        kept = [(k, v) for k, v in recorded if k.lower() not in _DROPPED]
        who = "anonymous"
        for name, value in kept:
            low = name.lower()
            if low == "authorization":
                self._note(value)
                who = "recorded token"
                person = self._person(value)
                if person is not None:
                    return self._as(person, kept, low, operation, path), person.name
            elif low == "cookie":
                for item in _cookies(value).values():
                    self._redactor.secret(item)
                session = _cookies(value).get(self._cookie, "")
                if session:
                    who = "recorded session"
                    person = self._people.get(session)
                    if person is not None:
                        return self._as(person, kept, low, operation, path), person.name
            elif low in ("x-csrftoken", "x-xsrf-token", "x-api-key"):
                self._redactor.secret(value)
        # Origin and Referer name the recorded host; CSRF compares them with ours.
        return [
            (k, renaming.header(v) if k.lower() in ("authorization", "cookie", "x-csrftoken") else v)
            for k, v in kept
            if k.lower() not in ("origin", "referer")
        ], who

    def _note(self, value: str) -> None:
        self._redactor.secret(value)
        self._redactor.secret(value.partition(" ")[2])

    def _person(self, authorization: str) -> Persona | None:
        return self._people.get(authorization) or self._people.get(authorization.partition(" ")[2])

    def _as(
        self, person: Persona, kept: list[tuple[str, str]], instead: str, operation: Any, path: str
    ) -> list[tuple[str, str]]:
        """``kept`` with credentials of ``person`` in place of the header ``instead``."""
        dropped = {instead, "origin", "referer", *(["x-csrftoken"] if instead == "cookie" else [])}
        rest = [(k, v) for k, v in kept if k.lower() not in dropped]
        credentials = person.session
        if instead == "authorization" and operation is not None:
            found = people_for(live.authenticators_of(live.view_of(operation, path)), [person])
            credentials = next(
                (
                    p["headers"]
                    for p in found
                    if p["user"] == person.user.pk and any(k.lower() == instead for k, _ in p["headers"])
                ),
                credentials,
            )
        for _, value in credentials:
            self._redactor.secret(value)
        return [*credentials, *rest]


def _cookies(value: str) -> dict[str, str]:
    jar = SimpleCookie()
    try:
        jar.load(value)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def set_cookies(headers: Any) -> dict[str, str]:
    """Cookies that an answer sets."""
    out: dict[str, str] = {}
    for name, value in headers:
        if name.lower() == "set-cookie":
            out |= _cookies(value.partition(";")[0])
    return out
