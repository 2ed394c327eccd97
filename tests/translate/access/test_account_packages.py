"""djoser's and dj-rest-auth's views as they are: the same steps on Django and on the service give the same answers and rows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.projects.site import SETTINGS, Site

from segue.emit import write
from segue.translate.program import translate

CHILD = Path(__file__).with_name("account_steps_child.py")
SECRET = "a-key-of-more-than-thirty-two-bytes-for-the-tests"
CONF = f"""
import os

SECRET_KEY = "{SECRET}"
CASE = os.environ.get("CASE", "token")
INSTALLED_APPS += ["rest_framework.authtoken", "djoser", "dj_rest_auth"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [{{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}}]
REST_AUTH = {{"OLD_PASSWORD_FIELD_ENABLED": True}}
_A = REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = ["rest_framework.authentication.TokenAuthentication"]
if CASE == "jwt":
    REST_AUTH = {{"USE_JWT": True, "JWT_AUTH_COOKIE": "access", "JWT_AUTH_REFRESH_COOKIE": "refresh", "SESSION_LOGIN": False,
                 "JWT_AUTH_HTTPONLY": False, "JWT_AUTH_RETURN_EXPIRATION": False, "JWT_AUTH_SAMESITE": "Strict", "TOKEN_MODEL": None}}
    DJOSER = {{"USER_CREATE_PASSWORD_RETYPE": True, "SET_PASSWORD_RETYPE": True}}
    _A[:] = ["dj_rest_auth.jwt_auth.JWTCookieAuthentication"]
"""
URLS = """\
from django.conf import settings
from django.urls import include, path

urlpatterns = [path("d/", include("djoser.urls")), path("a/", include("dj_rest_auth.urls"))]
urlpatterns += [path("d/", include("djoser.urls.jwt" if settings.CASE == "jwt" else "djoser.urls.authtoken"))]
"""
PEOPLE = """
import django; django.setup()
from django.contrib.auth.models import User
User.objects.create_user("ann", "ann@there.org", "secret-1")
User.objects.create_user("bob", "bob@there.org", "secret-1")
User.objects.create_user("eve", "eve@there.org", "secret-1", is_active=False)
"""
REFUSED = {
    "token": {"/d/users/reset_password/", "/d/users/reset_username/", "/a/password/reset"},
    "jwt": {"/d/users/reset_password/", "/d/users/reset_username/", "/a/password/reset", "/a/token/refresh"},
}


def _of(step: int, key: str) -> dict[str, Any]:
    return {"$": [step, key]}


def _reset(name: str, **more: str) -> dict[str, Any]:
    return {"uid": {"reset": [name, "uid"]}, "token": {"reset": [name, "token"]}, **more}


def _new(first: str, second: str = "", **more: str) -> dict[str, Any]:
    return {"new_password1": first, "new_password2": second or first, **more}


BOB = {"Authorization": ["Token ", _of(9, "auth_token")]}
ANN = {"Authorization": ["Token ", _of(3, "key")]}
TOKEN: list[Any] = [
    ("post", "/a/login/", {"username": "ann", "password": "wrong"}, {}),
    ("post", "/a/login/", {"email": "ann@there.org"}, {}),
    ("post", "/a/login", {"username": "eve", "password": "secret-1"}, {}),
    ("post", "/a/login/", {"email": "ANN@there.org", "password": "secret-1"}, {}),  # 3
    ("post", "/a/login/", {"username": "ann", "email": "", "password": "secret-1"}, {}),
    ("get", "/a/user/", {}, ANN),
    ("patch", "/a/user/", {"first_name": "Ann", "email": "other@there.org"}, ANN),
    ("get", "/a/logout/", {}, ANN),
    ("post", "/d/token/login/", {"username": "bob", "password": "wrong"}, {}),
    ("post", "/d/token/login/", {"username": "bob", "password": "secret-1"}, {}),  # 9
    ("post", "/a/password/change/", _new("secret-2", old_password="wrong"), ANN),
    ("post", "/a/password/change/", _new("secret-2", "secret-3", old_password="secret-1"), ANN),
    ("post", "/a/password/change/", _new("short", old_password="secret-1"), ANN),
    ("post", "/a/password/change/", _new("secret-2", old_password="secret-1"), ANN),
    ("post", "/a/login/", {"username": "ann", "password": "secret-1"}, {}),
    ("post", "/a/login/", {"username": "ann", "password": "secret-2"}, {}),
    ("post", "/a/password/reset/confirm/", _new("secret-3", uid="!", token="x"), {}),
    ("post", "/a/password/reset/confirm/", _reset("ann", **_new("secret-3", "secret-4")), {}),
    ("post", "/a/password/reset/confirm/", _reset("ann", **_new("secret-3")), {}),
    ("post", "/a/logout/", {}, ANN),
    ("get", "/a/user/", {}, ANN),
    ("post", "/d/users/", {"username": "cat", "password": "short"}, {}),
    ("post", "/d/users/", {"username": "cat", "email": "cat@there.org", "password": "secret-4"}, {}),
    ("get", "/d/users/me/", {}, BOB),
    ("patch", "/d/users/me/", {"email": "bob@here.org"}, BOB),
    ("get", "/d/users/", {}, BOB),
    ("post", "/d/users/set_password/", {"current_password": "wrong", "new_password": "secret-2"}, BOB),
    ("post", "/d/users/set_password/", {"current_password": "secret-1", "new_password": "secret-2"}, BOB),
    ("post", "/d/users/set_username/", {"current_password": "secret-2", "new_username": "ann"}, BOB),
    ("post", "/d/users/set_username/", {"current_password": "secret-2", "new_username": "bobby"}, BOB),
    ("post", "/d/users/activation/", _reset("eve"), {}),
    ("post", "/d/users/activation/", _reset("eve"), {}),
    ("post", "/d/users/reset_password_confirm/", _reset("eve", new_password="secret-4"), {}),
    ("post", "/d/users/reset_username_confirm/", _reset("eve", new_username="eva"), {}),
    ("post", "/d/users/resend_activation/", {"email": "cat@there.org"}, {}),
    ("delete", "/d/users/me/", {"current_password": "wrong"}, BOB),
    ("delete", "/d/users/me/", {"current_password": "secret-2"}, BOB),
    ("post", "/d/token/logout/", {}, {}),
]
BEARER = {"Authorization": ["Bearer ", _of(1, "access")]}
COOKIE = {"Cookie": ["access=", _of(1, "access")]}
JWT: list[Any] = [
    ("post", "/a/login/", {"username": "ann", "password": "wrong"}, {}),
    ("post", "/a/login/", {"username": "ann", "password": "secret-1"}, {}),  # 1
    ("get", "/a/user/", {}, BEARER),
    ("get", "/a/user/", {}, COOKIE),
    ("get", "/a/user/", {}, {"Cookie": "access=nonsense"}),
    ("get", "/a/user/", {}, {"Cookie": "other=x"}),
    ("get", "/a/user/", {}, {"Authorization": "Basic x", **COOKIE}),
    ("post", "/a/password/change/", _new("secret-2"), COOKIE),
    ("post", "/a/token/verify/", {"token": _of(1, "refresh")}, {}),
    ("post", "/d/jwt/create/", {"username": "ann", "password": "secret-2"}, {}),
    ("post", "/d/jwt/createanything", {"username": "ann", "password": "secret-1"}, {}),
    ("post", "/a/logout/", {}, COOKIE),
    ("post", "/d/users/", {"username": "cat", "password": "secret-4"}, {}),
    ("post", "/d/users/", {"username": "cat", "password": "secret-4", "re_password": "secret-3"}, {}),
    ("post", "/d/users/", {"username": "cat", "password": "secret-4", "re_password": "secret-4"}, {}),
    (
        "post",
        "/d/users/set_password/",
        {"current_password": "secret-2", "new_password": "secret-3", "re_new_password": "x"},
        COOKIE,
    ),
    (
        "post",
        "/d/users/set_password/",
        {"current_password": "secret-2", "new_password": "secret-3", "re_new_password": "secret-3"},
        COOKIE,
    ),
]


@pytest.mark.parametrize(
    ("case", "steps", "expected"),
    [("token", TOKEN, {200, 201, 204, 400, 401, 403, 405}), ("jwt", JWT, {200, 201, 204, 400, 401})],
)
def test_the_same_steps_give_the_same_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, steps: list[Any], expected: set[int]
) -> None:
    monkeypatch.setenv("CASE", case)
    files = {"site_/settings.py": SETTINGS + CONF, "site_/urls.py": URLS, "notes/models.py": ""}
    site = Site.make(tmp_path / "site", files)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "site_.settings")
    site.run("-c", PEOPLE)
    program = translate(site.snapshot(CASE=case))
    assert {r.route_id for r in program.refused} == REFUSED[case]
    service = tmp_path / "service"
    write(program, service)
    answers = []
    for side in ("django", str(service)):
        folder = tmp_path / f"of {Path(side).name}"
        shutil.copytree(site.root, folder)
        environment = {
            **os.environ, "SEGUE_TEST_FORK": "1", "SECRET_KEY": SECRET, "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", "PYTHONPATH": str(folder),
        }  # fmt: skip
        asked = subprocess.run(
            [sys.executable, str(CHILD), side], cwd=folder, env=environment, input=json.dumps(steps),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert asked.returncode == 0, asked.stderr
        answers.append(json.loads(asked.stdout.splitlines()[-1]))
    theirs, mine = answers
    for wanted, found in zip(theirs, mine, strict=True):
        assert found == wanted
    assert {step[2] for step in theirs[:-1]} == expected
