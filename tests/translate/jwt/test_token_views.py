"""simplejwt's views in generated code: the same steps on Django and on the service give the same tokens and rows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
import pytest
from tests.projects.site import SETTINGS, Site

from segue.emit import write
from segue.environment import uv_binary
from segue.translate.program import translate

CHILD = Path(__file__).with_name("token_views_child.py")
SECRET = "a-key-of-more-than-thirty-two-bytes-for-the-tests"
CONF = f"""
import os

SECRET_KEY = "{SECRET}"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
NOTED = os.environ.get("NOTED") == "1"
INSTALLED_APPS += ["rest_framework_simplejwt.token_blacklist"] if NOTED else []
SIMPLE_JWT = {{"ROTATE_REFRESH_TOKENS": NOTED or bool(os.environ.get("ROTATED")), "BLACKLIST_AFTER_ROTATION": NOTED, "UPDATE_LAST_LOGIN": NOTED,
              **({{"USER_AUTHENTICATION_RULE": "notes.views.rule"}} if os.environ.get("RULE") else {{}})}}
AUTH_USER_MODEL = "notes.Person" if os.environ.get("PERSON") else "auth.User"
REST_FRAMEWORK["NON_FIELD_ERRORS_KEY"] = "errors" if os.environ.get("RULE") else "non_field_errors"
"""
MODELS = """\
import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models

if settings.AUTH_USER_MODEL == "notes.Person":

    class Person(AbstractUser):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Note(models.Model):
    title = models.CharField(max_length=10)
"""
VIEWS = """\
from notes.models import Note
from rest_framework import permissions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt import views
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.serializers import (
    TokenObtainPairSerializer, TokenRefreshSerializer, TokenRefreshSlidingSerializer, TokenVerifySerializer,
)
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken


def rule(user):
    return user is not None and user.is_staff


class Pair(views.TokenObtainPairView):
    pass


# Routed as they are.
Refresh, Verify, Blacklist = views.TokenRefreshView, views.TokenVerifyView, views.TokenBlacklistView
Sliding, Slide = views.TokenObtainSlidingView, views.TokenRefreshSlidingView


class NamedSerializer(TokenObtainPairSerializer):
    @classmethod
    def get_token(cls, user):
        token = super().get_token(user)
        token["name"] = user.username
        token["staff"] = user.is_staff
        return token

    def validate(self, attrs):
        data = super().validate(attrs)
        data["id"] = self.user.id
        return data


class Named(views.TokenObtainPairView):
    serializer_class = NamedSerializer


class CookieSerializer(TokenRefreshSerializer):
    refresh = serializers.CharField(required=False, allow_null=True)

    def validate(self, attrs):
        attrs["refresh"] = attrs.get("refresh")
        return super().validate(attrs)


class Cookie(views.TokenRefreshView):
    serializer_class = CookieSerializer


class AnySlideSerializer(TokenRefreshSlidingSerializer):
    token = serializers.CharField(allow_null=True)


class AnySlide(views.TokenRefreshSlidingView):
    serializer_class = AnySlideSerializer


class AnyVerifySerializer(TokenVerifySerializer):
    token = serializers.CharField(write_only=True, allow_null=True)


class AnyVerify(views.TokenVerifyView):
    serializer_class = AnyVerifySerializer


class Guest(APIView):
    authentication_classes = []
    permission_classes = []

    def post(self, request):
        return Response({"refresh": str(RefreshToken.for_user(Note.objects.get(pk=1)))})


class Logout(APIView):
    authentication_classes = [JWTAuthentication]
    permission_classes = [permissions.IsAuthenticated]

    def post(self, request):
        try:
            token = RefreshToken(request.data["refresh"])
            token.blacklist()
        except TokenError:
            return Response({"detail": "bad"}, status=400)
        return Response(status=205)


class OwnToken(RefreshToken):
    lifetime = RefreshToken.lifetime * 2


class OwnSerializer(TokenObtainPairSerializer):
    token_class = OwnToken


class OwnClass(views.TokenObtainPairView):
    serializer_class = OwnSerializer


class TextSerializer(TokenObtainPairSerializer):
    default_error_messages = {"no_active_account": "No."}


class OwnText(views.TokenObtainPairView):
    serializer_class = TextSerializer


class DateSerializer(TokenObtainPairSerializer):
    @classmethod
    def get_token(cls, user):
        token = super().get_token(user)
        token["joined"] = user.date_joined
        return token


class Dated(views.TokenObtainPairView):
    serializer_class = DateSerializer
"""
REFUSED = ("ownclass", "owntext", "dated")
URLS = """\
from django.conf import settings
from django.urls import path
from notes import views

names = ["Pair", "Refresh", "Verify", "Sliding", "Slide", "Named", "OwnClass", "OwnText", "Dated", "Cookie", "AnySlide", "AnyVerify"]
names += ["Blacklist", "Logout", "Guest"] if settings.NOTED else []
urlpatterns = [path(f"{name.lower()}/", getattr(views, name).as_view()) for name in names]
"""
KEY = "7b2f9bd4-3a3f-4f0e-9d5e-6a1f0f3c9b11"
PEOPLE = """
import os
KEY = os.environ.get("PERSON")
import django; django.setup()
from django.contrib.auth import get_user_model
User = get_user_model()
User.objects.create_user("ann", pk=KEY or None, password="secret", is_staff=True)
User.objects.create_user("bob", password="secret", is_active=False)
"""


def _of(step: int, key: str) -> dict[str, Any]:
    return {"$": [step, key]}


# A token of None is a new one, of nobody.
NULLS: list[tuple[str, dict[str, Any], Any]] = [
    ("/cookie/", {"refresh": None}, None),
    ("/anyslide/", {"token": None}, None),
    ("/anyverify/", {"token": None}, None),
]
ANN = {"username": "ann", "password": "secret"}
STEPS: list[tuple[str, dict[str, Any], Any]] = [
    ("/pair/", ANN, None),  # 0
    ("/pair/", {"username": "ann", "password": "wrong"}, None),
    ("/pair/", {"username": "bob", "password": "secret"}, None),
    ("/pair/", {"username": "ann"}, None),
    ("/pair/", {"username": ["ann"], "password": 5}, None),
    ("/named/", ANN, None),  # 5
    ("/named/", {"username": "nobody", "password": "secret"}, None),
    ("/refresh/", {"refresh": _of(0, "refresh")}, None),  # 7
    ("/refresh/", {"refresh": _of(0, "refresh")}, None),
    ("/refresh/", {"refresh": _of(0, "access")}, None),
    ("/refresh/", {"refresh": "x.y.z"}, None),
    ("/refresh/", {"refresh": ""}, None),
    ("/refresh/", {}, None),
    ("/refresh/", {"refresh": _of(5, "refresh")}, None),  # 13: with claims of its own
    ("/verify/", {"token": _of(0, "access")}, None),
    ("/verify/", {"token": _of(0, "refresh")}, None),
    ("/verify/", {"token": _of(13, "access")}, None),
    ("/verify/", {"token": "nonsense"}, None),
    ("/sliding/", ANN, None),  # 18
    ("/slide/", {"token": _of(18, "token")}, None),
    ("/slide/", {"token": _of(0, "refresh")}, None),
]
NOTED: list[tuple[str, dict[str, Any], Any]] = [
    *STEPS,
    ("/blacklist/", {"refresh": _of(7, "refresh")}, None),
    ("/blacklist/", {"refresh": _of(7, "refresh")}, None),
    ("/refresh/", {"refresh": _of(7, "refresh")}, None),
    ("/verify/", {"token": _of(7, "refresh")}, None),
    ("/pair/", ANN, None),  # 25
    ("/logout/", {"refresh": _of(25, "refresh")}, _of(25, "access")),
    ("/logout/", {"refresh": _of(25, "refresh")}, _of(25, "access")),
    ("/logout/", {"refresh": _of(25, "access")}, _of(25, "access")),
    ("/logout/", {"refresh": 5}, _of(25, "access")),
    ("/logout/", {"refresh": None}, _of(25, "access")),
    ("/logout/", {}, _of(25, "access")),
    ("/logout/", {"refresh": _of(25, "refresh")}, None),
    ("/refresh/", {"refresh": _of(25, "refresh")}, None),
]


# Tokens that neither side has issued: of ann, of nobody, and of somebody who is not there.
FOREIGN: list[tuple[str, dict[str, Any], Any]] = [
    ("/blacklist/", {"refresh": {"foreign": "user"}}, None),
    ("/blacklist/", {"refresh": {"foreign": None}}, None),
    ("/refresh/", {"refresh": {"foreign": "gone"}}, None),
]


def _with_user(body: dict[str, Any], key: Any) -> dict[str, Any]:
    """``body`` with a signed refresh token in the place of ``{"foreign": …}``."""
    named = body.get("refresh")
    if not isinstance(named, dict) or "foreign" not in named:
        return body
    gone = "00000000-0000-0000-0000-00000000000f" if isinstance(key, str) else 999
    whose = {"user": key, "gone": gone, None: None}[named["foreign"]]
    now = int(time.time())
    claims = {"token_type": "refresh", "exp": now + 3600, "iat": now - 5000, "jti": uuid.uuid4().hex}
    claims |= {} if whose is None else {"user_id": whose}
    return {"refresh": jwt.encode(claims, SECRET, algorithm="HS256")}


def _simplejwt(release: str) -> Path:
    """A folder with that release of simplejwt alone."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "segue-tests"
    folder = cache / f"simplejwt-{release}"
    if not (folder / "ready").is_file():
        wanted = f"djangorestframework-simplejwt=={release}"
        command = [uv_binary(), "pip", "install", "--quiet", "--no-deps", "--target", str(folder), wanted]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            pytest.skip(f"no {wanted}: {done.stderr.strip()[:200]}")
        (folder / "ready").touch()
    return folder


@pytest.mark.parametrize(
    ("noted", "release", "person"),
    [
        ("0", "", ""), ("1", "", ""), ("1", "5.3.1", ""), ("1", "5.4.0", ""), ("1", "5.4.0", KEY), ("1", "", KEY),
        ("0", "5.3.1", ""), ("0", "5.4.0", ""), ("1", "5.5.0", ""),
    ],
)  # fmt: skip
def test_both_sides_give_the_same_tokens_and_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noted: str, release: str, person: str
) -> None:
    """``release`` of simplejwt, where it is not the tests' own; ``person`` the key of a user model with UUIDs."""
    steps = [*NOTED, *FOREIGN, *NULLS] if noted == "1" else [*STEPS, *NULLS]
    steps = [(path, _with_user(body, person or 1), bearer) for path, body, bearer in steps]
    monkeypatch.setenv("NOTED", noted)
    if person:
        monkeypatch.setenv("PERSON", person)
    if release:
        monkeypatch.setenv("PYTHONPATH", str(_simplejwt(release)))
    site = _site(tmp_path)
    program = translate(site.snapshot(NOTED=noted))
    assert {r.route_id.strip("/") for r in program.refused} == {
        *REFUSED,
        *(["guest"] if noted == "1" else []),
    }
    assert len(program.native) == (11 if noted == "1" else 9)
    service = tmp_path / "service"
    write(program, service)
    answers = []
    for side in ("django", str(service)):
        folder = tmp_path / f"of {Path(side).name}"
        shutil.copytree(site.root, folder)
        environment = {
            **os.environ, "SEGUE_TEST_FORK": "1", "DJANGO_SETTINGS_MODULE": "site_.settings", "SECRET_KEY": SECRET,
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "PYTHONPATH": os.pathsep.join([str(folder), *([str(_simplejwt(release))] if release else [])]),
        }  # fmt: skip
        asked = subprocess.run(
            [sys.executable, str(CHILD), side], cwd=folder, env=environment, input=json.dumps(steps),
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert asked.returncode == 0, asked.stderr
        answers.append(json.loads(asked.stdout.splitlines()[-1]))
    theirs, mine = answers
    for expected, found in zip(theirs, mine, strict=True):
        assert found == expected
    statuses = [one[1] for one in theirs[: len(steps)]]
    assert statuses.count(200) >= 10
    assert statuses[-len(NULLS) :] == [200] * len(NULLS)
    assert statuses.count(401) >= 5
    if noted == "1":
        assert 205 in statuses
        assert statuses[len(NOTED) : -len(NULLS)] == [200, 200, 200 if release == "5.3.1" else 500]
        assert any(row[1] for row in theirs[len(steps)])


def test_a_release_that_fails_where_it_rotates_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_simplejwt("5.5.0")))
    monkeypatch.setenv("ROTATED", "1")
    refused = {r.route_id: r.reasons[0].construct for r in translate(_site(tmp_path).snapshot()).refused}
    assert refused["/refresh/"] == "djangorestframework-simplejwt 5.5.0"


def test_settings_that_are_not_kept_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RULE", "1")
    monkeypatch.setenv("NOTED", "1")
    refused = {
        r.route_id: r.reasons[0].construct
        for r in translate(_site(tmp_path).snapshot(RULE="1", NOTED="1")).refused
    }
    for route in ("/pair/", "/named/", "/refresh/"):
        assert refused[route] == "USER_AUTHENTICATION_RULE"
    assert refused["/verify/"] == "NON_FIELD_ERRORS_KEY"


def _site(tmp_path: Path) -> Site:
    files = {
        "site_/settings.py": SETTINGS + CONF, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
    }  # fmt: skip
    site = Site.make(tmp_path / "site", files)
    subprocess.run(
        [sys.executable, "-c", PEOPLE],
        cwd=site.root,
        env={**os.environ, "SEGUE_TEST_FORK": "1", "DJANGO_SETTINGS_MODULE": "site_.settings"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return site
