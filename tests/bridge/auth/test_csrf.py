"""CSRF checks: what ``rest_framework.authentication.CSRFCheck`` says of a request, and what the bridge says."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_bridge.auth import csrf

if not django_settings.configured:
    django_settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        SECRET_KEY="x",
    )
    django.setup()

from django.middleware import csrf as theirs
from django.test import RequestFactory, override_settings
from rest_framework.authentication import CSRFCheck

SECRET = "abcdefghijklmnopqrstuvwxyzABCDEF"
OTHER = "ABCDEFghijklmnopqrstuvwxyz012345"
HOSTS = st.sampled_from(
    ["example.org", "example.org:8443", "api.example.org", "evil.test", "EXAMPLE.org", "[::1]:443"]
)
TRUSTED = st.lists(
    st.sampled_from(
        [
            "https://example.org",
            "https://*.example.org",
            "http://*.example.org",
            "https://other.test:8443",
            "https://evil.test",
        ]
    ),
    max_size=2,
    unique=True,
)
ORIGINS = st.one_of(
    st.none(),
    st.builds("{}://{}".format, st.sampled_from(["http", "https", "ftp"]), HOSTS),
    st.sampled_from(
        ["null", "", "https://[bad", "https://a.example.org", "example.org", "https://example.org/"]
    ),
)
REFERERS = st.one_of(
    st.none(),
    st.builds("{}://{}{}".format, st.sampled_from(["http", "https", "HTTPS"]), HOSTS, st.sampled_from(["", "/", "/a?", "/a#b"])),
    st.sampled_from(["", "https://", "//example.org/", "https://[bad/", "https://a.example.org/x"]),
)  # fmt: skip


def tokens() -> st.SearchStrategy[str | None]:
    """Secrets, masked tokens of both sides, damaged ones."""
    good = st.sampled_from([SECRET, OTHER])
    masked = st.builds(
        lambda s, make: make(s), good, st.sampled_from([theirs._mask_cipher_secret, csrf.mask])
    )
    damaged = st.sampled_from(
        ["", "short", SECRET[:-1] + "!", SECRET + "x", SECRET + OTHER[:-1] + "-", "é" * 32]
    )
    return st.one_of(st.none(), good, good, masked, masked, damaged)


@pytest.mark.round_trip("CSRF checks of DRF", "generated", "both")
@settings(max_examples=1500, deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "OPTIONS", "TRACE", "POST", "POST", "PUT", "PATCH", "DELETE"]),
    secure=st.booleans(),
    host=st.sampled_from(["example.org", "example.org:8443", "a.example.org"]),
    origin=ORIGINS,
    referer=REFERERS,
    cookie=tokens(),
    header=tokens(),
    posted=tokens(),
    trusted=TRUSTED,
    in_session=st.booleans(),
    domain=st.sampled_from([None, ".example.org", "example.org"]),
    names=st.sampled_from([("csrftoken", "HTTP_X_CSRFTOKEN"), ("xsrf", "HTTP_X_XSRF_TOKEN")]),
)
def test_the_same_requests_are_refused_for_the_same_reasons(
    method: str, secure: bool, host: str, origin: str | None, referer: str | None, cookie: str | None, header: str | None,
    posted: str | None, trusted: list[str], in_session: bool, domain: str | None, names: tuple[str, str],
) -> None:  # fmt: skip
    cookie_name, meta_name = names
    port = host.rpartition(":")[2] if ":" in host else "443" if secure else "80"
    extra: dict[str, Any] = {"HTTP_HOST": host, "SERVER_PORT": port}
    extra |= {"HTTP_ORIGIN": origin} if origin is not None else {}
    extra |= {"HTTP_REFERER": referer} if referer is not None else {}
    extra |= {meta_name: header} if header is not None else {}
    request = RequestFactory().generic(method, "/", secure=secure, **extra)
    request.POST = {"csrfmiddlewaretoken": posted} if posted is not None else {}  # type: ignore[assignment]
    stored = SECRET if in_session and cookie is not None else cookie
    if in_session:
        request.session = {"_csrftoken": stored} if stored is not None else {}  # type: ignore[assignment]
    elif stored is not None:
        request.COOKIES[cookie_name] = stored
    domains = {
        "CSRF_COOKIE_DOMAIN": None if in_session else domain,
        "SESSION_COOKIE_DOMAIN": domain if in_session else None,
    }
    with override_settings(
        ALLOWED_HOSTS=["*"], CSRF_TRUSTED_ORIGINS=trusted, CSRF_USE_SESSIONS=in_session, CSRF_COOKIE_NAME=cookie_name,
        CSRF_HEADER_NAME=meta_name, **domains,
    ):  # fmt: skip
        check = CSRFCheck(lambda request: None)
        check.process_request(request)
        expected = check.process_view(request, None, (), {})
    shown = meta_name.removeprefix("HTTP_").replace("_", "-")
    headers = {"origin": origin, "referer": referer, shown.lower(): header}
    found = csrf.reason(
        csrf.CsrfSettings(
            cookie_name=cookie_name, cookie_domain=domain, header_name=shown, trusted_origins=tuple(trusted),
            use_sessions=in_session,
        ),
        csrf.Facts(
            method=method, secure=secure, host=host, headers={k: v for k, v in headers.items() if v is not None},
            cookies={} if in_session or stored is None else {cookie_name: stored},
            session_token=stored if in_session else None, posted=posted or "",
        ),
    )  # fmt: skip
    assert found == expected


@pytest.mark.round_trip("CSRF masks", "both", "the other")
@given(st.text(theirs.CSRF_ALLOWED_CHARS, min_size=32, max_size=32))
def test_masks_are_taken_off_by_the_other_side(secret: str) -> None:
    assert theirs._unmask_cipher_token(csrf.mask(secret)) == secret
    assert csrf.unmask(theirs._mask_cipher_secret(secret)) == secret
