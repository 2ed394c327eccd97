"""New users and tokens beside Django's and simplejwt's own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from types import SimpleNamespace

import jwt
import pytest

from segue_bridge.auth.jwt import JwtSettings, issued
from segue_bridge.auth.passwords import MD5, Passwords, check_password
from segue_bridge.auth.users import new_user, normal_email

KEY = "a-key-of-more-than-thirty-two-bytes-for-the-tests"
EMAILS = ["Ann@EXAMPLE.Com", " ann@EXAMPLE.com ", "ANN", "a@B@C.De", "", "ann@", "@EXAMPLE"]
DJANGO = """
import json, sys
from datetime import timedelta
from django.conf import settings
settings.configure(SECRET_KEY=sys.argv[1], INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    SIMPLE_JWT={"AUDIENCE": "them", "ISSUER": "us", "CHECK_REVOKE_TOKEN": True, "ACCESS_TOKEN_LIFETIME": timedelta(minutes=7)})
import django
django.setup()
import jwt
from django.contrib.auth.models import User, UserManager
from rest_framework_simplejwt.tokens import RefreshToken
token = RefreshToken.for_user(User(pk=7, password="md5$x$y")).access_token
claims = jwt.decode(str(token), sys.argv[1], algorithms=["HS256"], audience="them")
print(json.dumps({"emails": [UserManager.normalize_email(e) for e in json.loads(sys.argv[2])],
    "name": User.normalize_username("\\ufb01n"), "claims": claims}))
"""


@pytest.fixture(scope="module")
def django() -> dict[str, object]:
    ran = subprocess.run(
        [sys.executable, "-c", DJANGO, KEY, json.dumps(EMAILS)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def test_addresses_and_names(django: dict[str, object]) -> None:
    assert [normal_email(e) for e in EMAILS] == django["emails"]
    made = asyncio.run(new_user(Passwords([MD5()]), "\ufb01n", "A@B.C", "secret", bio="x"))
    assert made["username"] == django["name"]
    assert (made["is_staff"], made["is_superuser"], made["bio"]) == (False, False, "x")
    with pytest.raises(ValueError, match="username must be set"):
        asyncio.run(new_user(Passwords([MD5()]), ""))


def test_claims(django: dict[str, object]) -> None:
    settings = JwtSettings(key=KEY, audience="them", issuer="us", revoke_claim="hash_password")
    token = issued(SimpleNamespace(id=7, password="md5$x$y"), "access", 420, settings)
    claims = jwt.decode(token, KEY, algorithms=["HS256"], audience="them")
    expected = dict(django["claims"])  # type: ignore[call-overload]
    ours, theirs = (
        claims["exp"] - claims["iat"],
        expected.pop("exp") - expected.pop("iat"),
    )  # two readings of the clock each
    assert round(ours, -1) == round(theirs, -1) == 420
    assert len(claims.pop("jti")) == len(expected.pop("jti"))
    assert {k: v for k, v in claims.items() if k not in ("exp", "iat")} == expected


def test_old_hashes_are_stored_anew() -> None:
    class Store:
        saved: list[str]

        def __init__(self) -> None:
            self.saved = []

        async def update(self, user: SimpleNamespace, *names: str) -> None:
            self.saved.extend(names)

    hasher = MD5()
    weak = SimpleNamespace(password=hasher.encode("secret", "x"))
    store = Store()
    assert not asyncio.run(check_password(store, Passwords([hasher]), weak, "wrong"))  # type: ignore[arg-type]
    assert store.saved == []
    before = weak.password
    assert asyncio.run(check_password(store, Passwords([hasher]), weak, "secret"))  # type: ignore[arg-type]
    assert store.saved == ["password"]
    assert weak.password != before
    assert hasher.verify("secret", weak.password)
