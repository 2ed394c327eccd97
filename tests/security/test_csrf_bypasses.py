"""Requests of other sites, dressed up. Django's own check says that each is refused, and a weaker check would let each through."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import RequestFactory, override_settings
from rest_framework.authentication import CSRFCheck
from tests.bridge.auth.test_csrf import OTHER, SECRET

from segue_bridge.auth import csrf

HOST = "shop.example.org"
TRUSTED = ("https://*.partner.test", "https://pay.test:8443")
#: Name → headers of the request; its cookie is good, and so is its token but where the name says otherwise.
ORIGINS = {
    "null": "null",
    "empty": "",
    "another site": "https://evil.test",
    "our name in front": "https://shop.example.org.evil.test",
    "our name behind": "https://evilshop.example.org",
    "our name as user": "https://shop.example.org@evil.test",
    "our name as path": "https://evil.test/shop.example.org",
    "our name as query": "https://evil.test?shop.example.org",
    "another scheme": "http://shop.example.org",
    "another port": "https://shop.example.org:8443",
    "a trailing slash": "https://shop.example.org/",
    "two origins": "https://shop.example.org https://evil.test",
    "upper case": "HTTPS://SHOP.EXAMPLE.ORG",
    "a dot behind": "https://shop.example.org.",
    "partner's name behind": "https://evilpartner.test",
    "partner as user": "https://x.partner.test@evil.test",
    "partner without TLS": "http://a.partner.test",
    "partner's port": "https://a.partner.test:444",
    "no scheme": "shop.example.org",
    "broken": "https://[::1",
}
REFERERS = {
    "none": None,
    "empty": "",
    "another site": "https://evil.test/",
    "our name in front": "https://shop.example.org.evil.test/",
    "our name behind": "https://evilshop.example.org/",
    "our name as user": "https://shop.example.org@evil.test/",
    "our name as path": "https://evil.test/shop.example.org/",
    "without TLS": "http://shop.example.org/",
    "another port": "https://shop.example.org:8443/",
    "no scheme": "//shop.example.org/",
    "partner's name behind": "https://evilpartner.test/",
    "broken": "https://[shop.example.org/",
}
TOKENS: dict[str, tuple[str | None, str | None]] = {
    "no cookie": (None, SECRET),
    "no token": (SECRET, None),
    "another secret": (SECRET, OTHER),
    "the mask alone": (SECRET, "a" * 32),
    "another secret, masked": (SECRET, csrf.mask(OTHER)),
    "cut short": (SECRET, SECRET[:-1]),
    "cookie cut short": (SECRET[:-1], SECRET[:-1]),
    "empty both": ("", ""),
    "other letters": ("é" * 32, "é" * 32),
    "blanks": (" " * 32, " " * 32),
}
CASES = [
    *(("origin: " + n, {"origin": o}, SECRET, SECRET) for n, o in ORIGINS.items()),
    *(("referer: " + n, {"referer": r}, SECRET, SECRET) for n, r in REFERERS.items()),
    *(("token: " + n, {"origin": f"https://{HOST}"}, c, t) for n, (c, t) in TOKENS.items()),
    ("method override", {"origin": "null", "x-http-method-override": "GET", "x-method-override": "GET"}, SECRET, SECRET),
    ("forwarded host", {"origin": "https://evil.test", "x-forwarded-host": "evil.test"}, SECRET, SECRET),
]  # fmt: skip


def django(headers: dict[str, Any], cookie: str | None, token: str | None) -> str | None:
    """What Django says of a secure POST."""
    sent = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in headers.items() if v is not None}
    if token is not None:
        sent["HTTP_X_CSRFTOKEN"] = token
    request = RequestFactory().generic(
        "POST", "/", secure=True, HTTP_HOST=HOST, **{"SERVER_PORT": "443", **sent}
    )
    if cookie is not None:
        request.COOKIES["csrftoken"] = cookie
    with override_settings(ALLOWED_HOSTS=["*"], CSRF_TRUSTED_ORIGINS=list(TRUSTED)):
        check = CSRFCheck(lambda request: None)
        check.process_request(request)
        found: str | None = check.process_view(request, None, (), {})
        return found


def bridge(headers: dict[str, Any], cookie: str | None, token: str | None) -> str | None:
    """What the bridge says of it."""
    given = {n: v for n, v in headers.items() if v is not None}
    if token is not None:
        given["x-csrftoken"] = token
    cookies = {} if cookie is None else {"csrftoken": cookie}
    settings = csrf.CsrfSettings(trusted_origins=TRUSTED)
    return csrf.reason(settings, csrf.Facts("POST", True, HOST, given, cookies))


def test_an_honest_request_passes() -> None:
    for headers in (
        {"origin": f"https://{HOST}"},
        {"referer": f"https://{HOST}/a?b"},
        {"origin": "https://a.partner.test"},
    ):
        assert bridge(headers, SECRET, csrf.mask(SECRET)) is None
        assert django(headers, SECRET, csrf.mask(SECRET)) is None


@pytest.mark.parametrize(("name", "headers", "cookie", "token"), CASES, ids=[c[0] for c in CASES])
def test_refused(
    name: str,
    headers: dict[str, Any],
    cookie: str | None,
    token: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = bridge(headers, cookie, token)
    assert refused == django(headers, cookie, token)
    assert refused
    # Without the stage that refused it, it passes: no other stage would have caught it.
    stage = (
        "_token" if name.startswith("token") else "_referer" if "referer" in headers else "_origin_verified"
    )
    monkeypatch.setattr(csrf, stage, lambda *given: stage == "_origin_verified" or None)
    assert bridge(headers, cookie, token) is None


@pytest.mark.parametrize(
    "name", ["our name in front", "our name behind", "our name as user", "our name as path"]
)
def test_a_look_at_the_text_would_not_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual mistake: to look whether our name is in it."""

    def somewhere(settings: csrf.CsrfSettings, facts: csrf.Facts, origin: str) -> bool:
        return facts.host in urlsplit(origin).geturl()

    assert bridge({"origin": ORIGINS[name]}, SECRET, SECRET)
    monkeypatch.setattr(csrf, "_origin_verified", somewhere)
    assert bridge({"origin": ORIGINS[name]}, SECRET, SECRET) is None
