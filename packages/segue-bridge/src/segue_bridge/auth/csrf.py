"""Cross-site request forgery checks of ``django.middleware.csrf``, with its texts."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from segue_bridge.auth.cookies import SameSite, set_cookie
from segue_bridge.auth.crypto import random_string, same

SECRET_LENGTH = 32
TOKEN_LENGTH = 64
_ALPHABET = string.ascii_letters + string.digits
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")

TOKEN_STAGE = "CSRF token"
"""How every refusal begins that comes after the cookie was found good."""
NO_COOKIE = "CSRF cookie not set."
TOKEN_MISSING = "CSRF token missing."
NO_REFERER = "Referer checking failed - no Referer."
MALFORMED_REFERER = "Referer checking failed - Referer is malformed."
INSECURE_REFERER = "Referer checking failed - Referer is insecure while host is secure."


@dataclass(frozen=True, slots=True)
class CsrfSettings:
    """The ``CSRF_*`` settings. ``header_name`` is the HTTP name (``X-CSRFToken``), ``cookie_age`` is in seconds.

    ``cookie_domain`` is that of the cookie that holds the secret: the session's with ``use_sessions``. ``masked``: the
    cookie holds a masked secret (Django before 4.1, ``CSRF_COOKIE_MASKED``).
    """

    cookie_name: str = "csrftoken"
    cookie_domain: str | None = None
    header_name: str = "X-CSRFToken"
    trusted_origins: tuple[str, ...] = ()
    use_sessions: bool = False
    cookie_age: int | None = 60 * 60 * 24 * 7 * 52
    cookie_path: str = "/"
    cookie_secure: bool = False
    cookie_httponly: bool = False
    cookie_samesite: SameSite = "lax"
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a check needs to know of a request. ``posted`` is the form's ``csrfmiddlewaretoken``."""

    method: str
    secure: bool
    host: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    session_token: str | None = None
    posted: str = ""


def reason(settings: CsrfSettings, facts: Facts) -> str | None:
    """Why the request is refused, in Django's words; None when it is fine."""
    if facts.method in _SAFE:
        return None
    origin = facts.headers.get("origin")
    if origin is not None:
        if not _origin_verified(settings, facts, origin):
            return f"Origin checking failed - {origin} does not match any trusted origins."
    elif facts.secure:
        refused = _referer(settings, facts)
        if refused:
            return refused
    return _token(settings, facts)


def new_secret() -> str:
    """A secret for the cookie or the session."""
    return random_string(SECRET_LENGTH, _ALPHABET)


SESSION_KEY = "_csrftoken"
"""Where the session holds it (``CSRF_SESSION_KEY``)."""


def new_token(settings: CsrfSettings) -> str:
    """A fresh secret as the cookie or the session holds it (``_add_new_csrf_cookie``)."""
    secret = new_secret()
    return mask(secret) if settings.masked else secret


def cookie(settings: CsrfSettings, token: str) -> str:
    """The ``Set-Cookie`` of a fresh token (``CsrfViewMiddleware._set_csrf_cookie``)."""
    return set_cookie(
        settings.cookie_name,
        token,
        max_age=settings.cookie_age,
        path=settings.cookie_path,
        domain=settings.cookie_domain,
        secure=settings.cookie_secure,
        httponly=settings.cookie_httponly,
        samesite=settings.cookie_samesite,
    )


def is_token(text: str) -> bool:
    """Whether it has the form of a token; one that has not gets the client a fresh one (``CsrfViewMiddleware.process_request``)."""
    return _format(text) is None


def mask(secret: str) -> str:
    """The token for a page: the secret under a fresh mask."""
    cover = new_secret()
    size = len(_ALPHABET)
    cipher = "".join(
        _ALPHABET[(_ALPHABET.index(a) + _ALPHABET.index(b)) % size]
        for a, b in zip(secret, cover, strict=True)
    )
    return cover + cipher


def unmask(token: str) -> str:
    """The secret under a masked token."""
    cover, cipher = token[:SECRET_LENGTH], token[SECRET_LENGTH:]
    size = len(_ALPHABET)
    return "".join(
        _ALPHABET[(_ALPHABET.index(a) - _ALPHABET.index(b)) % size]
        for a, b in zip(cipher, cover, strict=True)
    )


def _token(settings: CsrfSettings, facts: Facts) -> str | None:
    stored = facts.session_token if settings.use_sessions else facts.cookies.get(settings.cookie_name)
    if stored is None:
        return NO_COOKIE
    wrong = _format(stored)
    if wrong:
        return f"CSRF cookie {wrong}."
    secret = unmask(stored) if len(stored) == TOKEN_LENGTH else stored
    given = facts.posted if facts.method == "POST" else ""
    source = "POST"
    if not given:
        header = facts.headers.get(settings.header_name.lower())
        if header is None:
            return TOKEN_MISSING
        given, source = header, f"the {_title(settings.header_name)!r} HTTP header"
    wrong = _format(given)
    if wrong:
        return f"CSRF token from {source} {wrong}."
    if not same(unmask(given) if len(given) == TOKEN_LENGTH else given, secret):
        return f"CSRF token from {source} incorrect."
    return None


def _format(token: str) -> str | None:
    if len(token) not in (TOKEN_LENGTH, SECRET_LENGTH):
        return "has incorrect length"
    if any(letter not in _ALPHABET for letter in token):
        return "has invalid characters"
    return None


def _origin_verified(settings: CsrfSettings, facts: Facts, origin: str) -> bool:
    if origin == f"{'https' if facts.secure else 'http'}://{facts.host}":
        return True
    if origin in {o for o in settings.trusted_origins if "*" not in o}:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    wild = [urlsplit(o) for o in settings.trusted_origins if "*" in o]
    return any(w.scheme == parts.scheme and same_domain(parts.netloc, w.netloc.lstrip("*")) for w in wild)


def _referer(settings: CsrfSettings, facts: Facts) -> str | None:
    text = facts.headers.get("referer")
    if text is None:
        return NO_REFERER
    try:
        referer = urlsplit(text)
    except ValueError:
        return MALFORMED_REFERER
    if not referer.scheme or not referer.netloc:
        return MALFORMED_REFERER
    if referer.scheme != "https":
        return INSECURE_REFERER
    hosts = [urlsplit(o).netloc.lstrip("*") for o in settings.trusted_origins]
    if any(same_domain(referer.netloc, h) for h in hosts):
        return None
    good = settings.cookie_domain
    if good is None:
        good = facts.host
    else:
        port = facts.host.rpartition(":")[2] if ":" in facts.host else ""
        if port not in ("", "443", "80"):
            good = f"{good}:{port}"
    if not same_domain(referer.netloc, good):
        return f"Referer checking failed - {referer.geturl()} does not match any trusted origins."
    return None


def same_domain(host: str, pattern: str) -> bool:
    """``django.utils.http.is_same_domain``."""
    if not pattern:
        return False
    pattern = pattern.lower()
    if pattern[0] == ".":
        return host.endswith(pattern) or host == pattern[1:]
    return host == pattern


def _title(header: str) -> str:
    return "-".join(part.capitalize() for part in header.split("-"))
