"""``Authorization`` headers: what DRF's Basic and Token authentication make of them, and what the bridge does."""

from __future__ import annotations

import asyncio
import base64
from types import SimpleNamespace
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from segue_bridge.auth import backend
from segue_bridge.errors import AuthenticationFailed

if not django_settings.configured:
    django_settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        SECRET_KEY="x",
    )
    django.setup()

from rest_framework import authentication, exceptions

BLANKS = st.sampled_from([" ", "  ", "\t", "\xa0", "\x85", "\x1c", "\x0b", ""])
WORDS = st.sampled_from(["Basic", "basic", "BASIC", "Token", "token", "Bearer", "", "Bàsic"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@st.composite
def headers(draw: st.DrawFn) -> str:
    """Header values as they stand in a request: latin-1 text."""
    pair = draw(st.one_of(st.builds("{}:{}".format, TEXT, TEXT), TEXT))
    coding = draw(st.sampled_from(["utf-8", "utf-16", "latin-1"]))
    raw = pair.encode(coding, "replace")
    credentials = draw(
        st.one_of(
            st.just(base64.b64encode(raw).decode()),
            st.just(base64.b64encode(raw).decode().rstrip("=")),
            st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=12),
            st.just("abc123"),
            st.just("é".encode().decode("latin-1")),
        )
    )
    last = draw(st.sampled_from(["", "", "", "more"]))
    return draw(WORDS) + draw(BLANKS) + credentials + draw(BLANKS) + last


def of_drf(authenticator: Any, value: str) -> tuple[str, Any]:
    """The credentials that DRF looks for, or its refusal, or that it leaves the request alone."""
    authenticator.authenticate_credentials = lambda *found: ("asked", found[:2])
    request = SimpleNamespace(META={"HTTP_AUTHORIZATION": value}, headers={"authorization": value})
    try:
        return authenticator.authenticate(request) or ("alone", None)
    except exceptions.AuthenticationFailed as error:
        return "refused", str(error.detail)


class Asked(Exception):
    """Stands for the query."""


def of_bridge(authenticator: Any, value: str) -> tuple[str, Any]:
    request = Request({"type": "http", "headers": [(b"authorization", value.encode("latin-1"))]})

    try:
        found = asyncio.run(authenticator.authenticate(request, SimpleNamespace(), None))
    except AuthenticationFailed as error:
        return "refused", str(error.detail)
    except Asked as asked:
        return "asked", asked.args[0]
    return ("alone", None) if found is None else found


quick = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.round_trip("Authorization: Basic", "generated", "both")
@quick
@given(value=headers())
def test_basic(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked(db: Any, identity: Any, passwords: Any, username: str, password: str, **_: Any) -> Any:
        raise Asked((username, password))

    monkeypatch.setattr(backend, "authenticate", asked)
    mine = backend.BasicAuthentication(SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    assert of_bridge(mine, value) == of_drf(authentication.BasicAuthentication(), value)


@pytest.mark.round_trip("Authorization: Token", "generated", "both")
@quick
@given(value=headers(), keyword=st.sampled_from(["Token", "Bearer"]))
def test_token(value: str, keyword: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs(authentication.TokenAuthentication):
        pass

    Theirs.keyword = keyword

    class Users:
        async def read(self, db: Any, request: Any, make: Any, values: dict[str, Any]) -> Any:
            raise Asked((values["key"],))

    mine = backend.TokenAuthentication.__new__(backend.TokenAuthentication)
    mine._keyword, mine.challenge = keyword, keyword
    mine._identity = SimpleNamespace(users=Users())  # type: ignore[assignment]
    assert of_bridge(mine, value) == of_drf(Theirs(), value)
    assert mine.challenge == Theirs().authenticate_header(None)
