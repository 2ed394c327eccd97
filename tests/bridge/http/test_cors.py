"""Cross-origin headers: what django-cors-headers answers, and what the bridge answers."""

from __future__ import annotations

import asyncio
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from segue_bridge.http.cors import Cors, CorsSettings

if not django_settings.configured:
    django_settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        SECRET_KEY="x",
    )
    django.setup()

from corsheaders.middleware import CorsMiddleware
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

# Field of CorsSettings → setting of the package.
NAMES = {
    "allow_all_origins": "CORS_ALLOW_ALL_ORIGINS", "allowed_origins": "CORS_ALLOWED_ORIGINS",
    "allowed_origin_regexes": "CORS_ALLOWED_ORIGIN_REGEXES", "allow_credentials": "CORS_ALLOW_CREDENTIALS",
    "allow_headers": "CORS_ALLOW_HEADERS", "allow_methods": "CORS_ALLOW_METHODS", "expose_headers": "CORS_EXPOSE_HEADERS",
    "max_age": "CORS_PREFLIGHT_MAX_AGE", "urls_regex": "CORS_URLS_REGEX", "allow_private_network": "CORS_ALLOW_PRIVATE_NETWORK",
}  # fmt: skip
ORIGINS = [
    "https://example.org", "http://example.org", "https://a.example.org", "https://example.org:8443", "null",
    "file:///etc", "https://EXAMPLE.org", "https://example.org.evil.test", "https://[bad", "", "example.org",
]  # fmt: skip
LISTS = st.lists(st.sampled_from(ORIGINS[:6]), max_size=3)
CHOSEN = st.fixed_dictionaries(
    {},
    optional={
        "allow_all_origins": st.booleans(),
        "allowed_origins": LISTS,
        "allowed_origin_regexes": st.lists(
            st.sampled_from([r"^https://\w+\.example\.org$", r"https://example", r"null", r".*:8443"]),
            max_size=2,
        ),
        "allow_credentials": st.booleans(),
        "allow_headers": st.lists(st.sampled_from(["x-one", "content-type"]), max_size=2),
        "allow_methods": st.lists(st.sampled_from(["GET", "PUT"]), max_size=2),
        "expose_headers": st.lists(st.sampled_from(["x-total", "link"]), max_size=2),
        "max_age": st.sampled_from([0, 60]),
        "urls_regex": st.sampled_from([r"^/api/.*$", r"^/other/", r"^.*$"]),
        "allow_private_network": st.booleans(),
    },
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "origin": st.sampled_from(ORIGINS),
        "access-control-request-method": st.sampled_from(["PUT", "", "NOPE"]),
        "access-control-request-headers": st.just("x-one"),
        "access-control-request-private-network": st.sampled_from(["true", "false"]),
    },
)
VARY = st.sampled_from([None, "Accept", "Accept, Origin", "origin", "*", "Accept, *"])


def legacy(given: dict[str, Any], method: str, path: str, headers: dict[str, str], vary: str | None) -> Any:
    def view(request: Any) -> HttpResponse:
        response = HttpResponse("body")
        if vary is not None:
            response["Vary"] = vary
        return response

    with override_settings(**{NAMES[k]: v for k, v in given.items()}):
        answer = CorsMiddleware(view)(RequestFactory().generic(method, path, headers=headers))
    return answer.status_code, picked(dict(answer.items())), bytes(answer.content)


def modern(given: dict[str, Any], method: str, path: str, headers: dict[str, str], vary: str | None) -> Any:
    view = PlainTextResponse("body", headers={"vary": vary} if vary is not None else {})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b""}
    asyncio.run(Cors(view, CorsSettings(**given))(scope, None, send))  # type: ignore[arg-type]
    found = {k.decode(): v.decode("latin-1") for k, v in sent[0]["headers"]}
    return sent[0]["status"], picked(found), b"".join(m.get("body", b"") for m in sent[1:])


def picked(headers: dict[str, str]) -> dict[str, str]:
    """What CORS is about."""
    lower = {k.lower(): v for k, v in headers.items()}
    return {k: v for k, v in lower.items() if k.startswith("access-control-") or k == "vary"}


@settings(max_examples=1200, deadline=None)
@given(
    given_settings=CHOSEN,
    method=st.sampled_from(["GET", "POST", "OPTIONS", "OPTIONS"]),
    path=st.sampled_from(["/api/a/", "/"]),
    headers=HEADERS,
    vary=VARY,
)
def test_the_same_headers(
    given_settings: dict[str, Any], method: str, path: str, headers: dict[str, str], vary: str | None
) -> None:
    expected = legacy(given_settings, method, path, headers, vary)
    assert modern(given_settings, method, path, headers, vary) == expected


def test_defaults_are_the_packages() -> None:
    from corsheaders import defaults

    plain = CorsSettings()
    assert tuple(plain.allow_headers) == tuple(defaults.default_headers)
    assert tuple(plain.allow_methods) == tuple(defaults.default_methods)


@pytest.mark.parametrize("origin", ["https://example.org", "https://other.test"])
def test_a_preflight_is_never_seen_by_the_view(origin: str) -> None:
    headers = {"origin": origin, "access-control-request-method": "PUT"}
    given_settings = {"allowed_origins": ["https://example.org"]}
    expected = legacy(given_settings, "OPTIONS", "/api/a/", headers, None)
    assert modern(given_settings, "OPTIONS", "/api/a/", headers, None) == expected
    assert expected[2] == b""
