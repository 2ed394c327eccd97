"""What is far too long costs no more than reading it, and is answered as Django answers it."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any

import django
import pytest
from django.conf import settings as django_settings

from segue_bridge.auth import csrf, passwords, signing
from segue_bridge.auth.session_settings import SessionSettings, decode

if not django_settings.configured:
    django_settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        SECRET_KEY="x",
    )
    django.setup()

from django.contrib.auth import hashers
from django.test import override_settings

LONG = 2_000_000
HASHERS: dict[str, passwords.Hasher] = {
    "PBKDF2PasswordHasher": passwords.PBKDF2(1000),
    "PBKDF2SHA1PasswordHasher": passwords.PBKDF2SHA1(1000),
    "ScryptPasswordHasher": passwords.Scrypt(2**4),
    "Argon2PasswordHasher": passwords.Argon2(1, 8, 1),
    "BCryptSHA256PasswordHasher": passwords.BCryptSHA256(4),
    "MD5PasswordHasher": passwords.MD5(),
}


def verdict(judge: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "says", judge()
    except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
        return "raises", type(error).__name__


@pytest.mark.parametrize("name", HASHERS)
def test_a_password_of_two_megabytes(name: str) -> None:
    """PBKDF2 once hashed the whole password at every round (CVE-2013-1443)."""
    hasher, long = HASHERS[name], "p" * LONG
    encoded = hasher.encode("right", "salt" * 6 if "BCrypt" not in name else hasher.salt())

    begun = time.process_time()
    ours = verdict(lambda: hasher.verify(long, encoded))
    assert time.process_time() - begun < 1.5  # 1,000 rounds over 2 MB would take more than ten seconds
    with override_settings(PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}"]):
        assert ours == verdict(lambda: hashers.get_hasher().verify(long, encoded))


@pytest.mark.parametrize("length", [71, 72, 73, 200])
def test_bcrypt_beyond_its_72_bytes(length: int) -> None:
    """The second hasher that Django has for BCrypt looks at 72 bytes: both sides fail or agree."""
    hasher, password = passwords.BCrypt(4), "p" * length
    encoded = hasher.encode("p" * 60, hasher.salt())
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.BCryptPasswordHasher"]):
        theirs = hashers.get_hasher()
        assert verdict(lambda: hasher.verify(password, encoded)) == verdict(
            lambda: theirs.verify(password, encoded)
        )


def test_nobody_learns_whether_a_name_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login under an unknown name, with an unusable password or an unknown hasher hashes once, as a wrong password does."""
    hashed: list[str] = []
    hasher = passwords.PBKDF2(1)
    encode = hasher._encode

    def noted(password: str, salt: str, iterations: int) -> str:
        hashed.append(password)
        return encode(password, salt, iterations)

    monkeypatch.setattr(hasher, "_encode", noted)
    known = hasher.encode("right", "salt" * 6)
    judge = passwords.Passwords([hasher])
    for stored in (known, "!unusable", "unknown$1$salt$x", "", None):
        hashed.clear()
        assert asyncio.run(judge.check("wrong", stored)) == (False, False)
        assert len(hashed) == 1, stored


@pytest.mark.parametrize("text", ["a" * LONG, ":" * LONG, "." + "A" * LONG, "a:b:" + "c" * LONG, "\0" * 1000])
def test_stored_sessions_and_signatures(text: str) -> None:
    begun = time.process_time()
    assert decode(text, SessionSettings(secret="x")) == {}
    with pytest.raises(signing.BadSignature):
        signing.loads(text, "x")
    assert time.process_time() - begun < 1


def test_packed_data_is_unpacked_only_when_it_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 MB of zeros are 200 KB of zlib."""
    import zlib

    bomb = "." + base64.urlsafe_b64encode(zlib.compress(b"\0" * 200_000_000)).decode().rstrip("=")
    unpacked: list[int] = []
    monkeypatch.setattr(
        signing.zlib, "decompress", lambda data: unpacked.append(len(data)) or b"{}", raising=True
    )
    assert decode(f"{bomb}:1:x", SessionSettings(secret="x")) == {}
    assert unpacked == []
    assert decode(signing.TimestampSigner("x", salt="django.contrib.sessions.SessionStore").sign(bomb), SessionSettings(secret="x")) == {}  # fmt: skip
    assert len(unpacked) == 1


@pytest.mark.parametrize("given", ["a" * LONG, "é" * LONG, ""])
def test_tokens_of_forms(given: str) -> None:
    facts = csrf.Facts("POST", False, "x", {"x-csrftoken": given}, {"csrftoken": given})
    begun = time.process_time()
    assert csrf.reason(csrf.CsrfSettings(), facts) == "CSRF cookie has incorrect length."
    assert time.process_time() - begun < 0.5
