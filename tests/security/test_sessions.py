"""Sessions that an attacker has chosen, forged or cut short. Django's own store says what must come of each."""

from __future__ import annotations

import asyncio
import base64
import hmac
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.bridge.auth.test_sessions import SECRET, Side

from segue_bridge.auth import backend, crypto, csrf, passwords, signing
from segue_bridge.auth.reset_tokens import ResetTokens
from segue_bridge.auth.session_settings import SessionSettings, decode, encode
from segue_bridge.auth.sessions import Found, Session
from segue_bridge.auth.users import Identity

PLANTED = "plantedplantedplantedplantedplan"


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    made = Side(tmp_path_factory.mktemp("security") / "db.sqlite3", "db", "UTC", True)
    yield made
    made.close()


class User:
    pk = 7
    password = "!"


class OneUser(Identity):
    """Only what ``login`` asks."""

    def __init__(self) -> None:
        pass

    session_hash = False  # type: ignore[assignment]

    def pk_of(self, user: Any) -> Any:
        return user.pk

    def parse_pk(self, text: str) -> Any:
        return int(text)


async def adopted(side: Side) -> bool:
    """Whether a session that nobody has made is saved under the key that a client has brought."""
    async with side.session(PLANTED) as (session, db):
        await session.open(db)
        session["a"] = 1
        await session.save(db)
        return session.key == PLANTED


def test_a_planted_key_is_not_adopted(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    assert side.ask("read", PLANTED)["key"] is None  # Django drops it
    assert not asyncio.run(adopted(side))

    async def trusting(self: Session, db: Any) -> Found:
        return Found({})

    async def saved(db: Any, key: str, *more: Any, **options: Any) -> str:
        return key

    monkeypatch.setattr(Session, "_load", trusting)
    monkeypatch.setattr(side.store, "save", saved, raising=False)
    assert asyncio.run(adopted(side))


async def still_good_after_login(side: Side, old: str) -> bool:
    """Whether who knew the key of the anonymous session is logged in with it, too."""
    async with side.session(old) as (session, db):
        await backend.login(session, db, User(), OneUser(), "django.contrib.auth.backends.ModelBackend")
        await session.save(db)
    return "_auth_user_id" in side.ask("read", old)["data"]


def test_a_login_changes_the_key(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not asyncio.run(still_good_after_login(side, side.ask("write", {"cart": [1]}, None)))

    async def stay(self: Session, db: Any, *, later: bool = False) -> None:
        pass

    monkeypatch.setattr(Session, "cycle_key", stay)
    assert asyncio.run(still_good_after_login(side, side.ask("write", {"cart": [1]}, None)))


async def left_by_another(side: Side, old: str) -> tuple[bool, list[str]]:
    """Whether the key of somebody who was logged in is good after another user's login in the same browser, and what that one finds."""
    async with side.session(old) as (session, db):
        await backend.login(session, db, User(), OneUser(), "django.contrib.auth.backends.ModelBackend")
        await session.save(db)
        names = sorted(session)
    return side.ask("read", old)["key"] is not None, names


def test_nothing_of_another_user_is_left(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """``login()`` flushes the session of another user; Django's own does it for the same session."""
    theirs = {"_auth_user_id": "8", "_auth_user_backend": "x", "basket": [1]}
    own = ["_auth_user_backend", "_auth_user_hash", "_auth_user_id"]
    assert asyncio.run(left_by_another(side, side.ask("write", theirs, None))) == (False, own)
    # A user's own second login keeps the basket.
    mine = {**theirs, "_auth_user_id": "7", "_auth_user_hash": ""}
    assert "basket" in asyncio.run(left_by_another(side, side.ask("write", mine, None)))[1]

    async def stay(self: Session, db: Any, *, later: bool = False) -> None:
        pass

    monkeypatch.setattr(Session, "flush", stay)
    assert asyncio.run(left_by_another(side, side.ask("write", theirs, None))) == (
        True,
        sorted([*own, "basket"]),
    )


def forged() -> list[str]:
    """``session_data`` that was not signed with the key."""
    settings = SessionSettings(secret=SECRET)
    good = encode({"_auth_user_id": "7"}, settings)
    body, stamp, signature = good.rsplit(":", 2)
    evil = base64.urlsafe_b64encode(b'{"_auth_user_id":"1"}').decode().rstrip("=")
    packed = "." + base64.urlsafe_b64encode(zlib.compress(b'{"_auth_user_id":"1"}')).decode().rstrip("=")
    return [
        f"{evil}:{stamp}:{signature}",
        f"{packed}:{stamp}:{signature}",
        f"{evil}:{stamp}:",
        f"{evil}:{stamp}",
        f"{evil}",
        f"{body}:{stamp}:{signature[:-1]}",
        f"{body}:{stamp}:{signature[:20]}",
        f"{body}:{stamp}:{signature}=",
        f"{body}:{stamp}:{signature.swapcase()}",
        f"{body}:{stamp}{signature}",
        f"{body}::{signature}",
        encode({"_auth_user_id": "1"}, SessionSettings(secret="")),
        encode({"_auth_user_id": "1"}, SessionSettings(secret=SECRET + "\0")),
        signing.dumps({"_auth_user_id": "1"}, SECRET, salt="another salt"),
        signing.Signer(SECRET).sign(evil),
        "",
        ":::",
    ]


@pytest.mark.parametrize("number", range(len(forged())))
def test_forged_data_is_an_empty_session(side: Side, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, text = SessionSettings(secret=SECRET), forged()[number]
    assert decode(text, settings) == side.ask("decode", text) == {}
    monkeypatch.setattr(signing, "same", lambda one, other: True)
    if text.count(":") == 2 and text.split(":")[0] and text.split(":")[1]:
        assert decode(text, settings)["_auth_user_id"] in ("1", "7")


def _csrf() -> object:
    facts = csrf.Facts("POST", False, "x", {"x-csrftoken": "a" * 32}, {"csrftoken": "b" * 32})
    return csrf.reason(csrf.CsrfSettings(), facts)


def _signature() -> object:
    try:
        return signing.Signer("key").unsign("value:signature")
    except signing.BadSignature:
        return None


def _password() -> object:
    hasher = passwords.PBKDF2(1)
    return hasher.verify("wrong", hasher.encode("right", "salt"))


class Account:
    id, password, last_login, email = 1, "x", None, "a@example.org"


def _reset() -> object:
    return ResetTokens("key").check(Account(), "c6xn2b-" + "0" * 32)


@pytest.mark.parametrize("judge", [_csrf, _signature, _password, _reset], ids=lambda f: f.__name__)
def test_secrets_are_compared_in_constant_time(
    judge: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every comparison with a secret goes through ``hmac.compare_digest``: one by ``==`` would be missing here."""
    compared: list[tuple[Any, Any]] = []

    def noted(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return hmac_compare(one, other)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr(crypto.hmac, "compare_digest", noted)
    assert not judge() or judge is _csrf
    assert compared
    assert all(len(one) > 8 and len(other) > 8 for one, other in compared), compared


def test_the_store_of_the_tests_is_djangos(side: Side) -> None:
    """The oracle of this file reads what is really signed."""
    good = encode({"a": 1}, SessionSettings(secret=SECRET))
    assert side.ask("decode", good) == {"a": 1}
