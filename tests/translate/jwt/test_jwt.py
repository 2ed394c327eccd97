"""simplejwt's JWTAuthentication on both sides: every persona's token, and tokens that are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.translate.program import translate

JWT_SETTINGS = """
import os
from datetime import timedelta

SECRET_KEY = "a-key-of-more-than-thirty-two-bytes-for-the-tests"
INSTALLED_APPS.append("rest_framework_simplejwt")
REST_FRAMEWORK["EXCEPTION_HANDLER"] = "notes.views.told"
SIMPLE_JWT = {"plain": {},
    "own": {"SIGNING_KEY": "another-key-of-more-than-thirty-two-bytes-for-tests", "AUTH_HEADER_TYPES": ("JWT", "Bearer"),
            "USER_ID_CLAIM": "sub_id", "ISSUER": "us", "AUDIENCE": "them", "LEEWAY": 3, "CHECK_REVOKE_TOKEN": True,
            "AUTH_TOKEN_CLASSES": ("rest_framework_simplejwt.tokens.AccessToken", "rest_framework_simplejwt.tokens.SlidingToken"),
            "AUTH_HEADER_NAME": "HTTP_X_ACCESS", "ALGORITHM": "HS384"},
    "remote": {"ALGORITHM": "RS256", "VERIFYING_KEY": "x", "JWK_URL": "http://127.0.0.1:1/keys"},
    "class": {"AUTH_TOKEN_CLASSES": ("notes.tokens.OwnToken",)},
}[os.environ.get("JWT_CASE", "plain")]
"""
MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10)
"""
TOKENS = """\
from rest_framework_simplejwt.tokens import AccessToken


class OwnToken(AccessToken):
    token_type = "own"
"""
VIEWS = """\
from rest_framework import authentication, generics, permissions, serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.views import exception_handler
from rest_framework_simplejwt.authentication import JWTAuthentication, JWTStatelessUserAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError

from notes.models import Note


def told(exc, context):
    response = exception_handler(exc, context)
    if response is not None:
        if isinstance(exc, (InvalidToken, TokenError)):
            response.data["told"] = "invalid"
            response.data["codes"] = exc.get_codes()
            response.data["text"] = str(exc)
        elif isinstance(exc, AuthenticationFailed):
            response.data["told"] = "failed"
    return response


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


class Base(generics.ListCreateAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [permissions.IsAuthenticated]
    authentication_classes = [JWTAuthentication]


class Staff(Base):
    permission_classes = [permissions.IsAdminUser]
    authentication_classes = [JWTAuthentication, authentication.SessionAuthentication]


class Later(Base):
    authentication_classes = [authentication.SessionAuthentication, JWTAuthentication]


class Stateless(Base):
    authentication_classes = [JWTStatelessUserAuthentication]
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [path("notes/", views.Base.as_view()), path("staff/", views.Staff.as_view()),
               path("later/", views.Later.as_view()), path("stateless/", views.Stateless.as_view())]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/settings.py": SETTINGS + JWT_SETTINGS, "site_/urls.py": URLS, "notes/models.py": MODELS,
        "notes/views.py": VIEWS, "notes/tokens.py": TOKENS,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("jwt"), files)


@pytest.mark.parametrize("case", ["plain", "own"])
def test_tokens_mean_the_same_on_both_sides(
    site: Site, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_CASE", case)
    program, report = site.explore(site.snapshot(JWT_CASE=case), tmp_path / "fastapi", cases=560)
    assert {r.route_id for r in program.refused} == {"/stateless/"}
    assert differences(report) == []
    for operation in report.operations:
        good = {"200", "201"} & set(operation.statuses)
        assert good
        assert operation.statuses.get("403" if "later" in operation.key else "401", 0) > 5
    access = (tmp_path / "fastapi" / "app" / "access.py").read_text()
    assert "JWTAuthentication(IDENTITY, JWT)" in access
    assert ("settings.jwt_key" in access) == (case == "own")
    assert "thirty-two-bytes" not in "".join(
        p.read_text() for p in (tmp_path / "fastapi").rglob("*") if p.is_file()
    )


@pytest.mark.parametrize(("case", "construct"), [("remote", "JWK_URL"), ("class", "notes.tokens.OwnToken")])
def test_what_is_not_known_is_refused(site: Site, case: str, construct: str) -> None:
    program = translate(site.snapshot(JWT_CASE=case))
    assert not program.native
    assert construct in {r.reasons[0].construct for r in program.refused}


def test_a_handler_that_asks_for_a_class_below_invalid_token_is_refused(site: Site) -> None:
    snapshot = site.snapshot()
    known = snapshot.classes["rest_framework_simplejwt.exceptions.InvalidToken"]
    own = replace(known, name="notes.views.Own", mro=("notes.views.Own", *known.mro), origin="own")
    program = translate(replace(snapshot, classes={**snapshot.classes, own.name: own}))
    assert {r.reasons[0].code for r in program.refused if r.route_id != "/stateless/"} == {
        "exception-handler"
    }
    assert not program.native
