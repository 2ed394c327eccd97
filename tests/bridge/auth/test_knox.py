"""django-rest-knox: whose token it is, what ends and what is renewed by the way, on both sides."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.identity import Sides, User, identity, request

from segue_bridge.auth.backend import BasicAuthentication, TokenAuthentication
from segue_bridge.auth.knox import Knox, KnoxAuthentication, KnoxSettings
from segue_bridge.auth.passwords import MD5, Passwords
from segue_bridge.errors import AuthenticationFailed

quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_number = iter(range(10**9))


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    made = Sides(
        tmp_path_factory.mktemp("knox"),
        COMMANDS=["identity_keys_child"],
        INSTALLED_APPS=["knox", "rest_framework.authtoken"],
        AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"],
    )
    yield made
    made.close()


def here(sides: Sides, given_: KnoxSettings, headers: dict[str, str]) -> Any:
    """Who the bridge says it is, and by how many queries."""

    async def ask() -> Any:
        db = sides.session()
        try:
            found = await KnoxAuthentication(Knox(identity(), given_)).authenticate(
                request(**headers), db, None
            )
        except AuthenticationFailed as error:
            return [error.status_code, str(error.detail)]
        except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
            return [500, type(error).__name__]
        finally:
            await db.close()
        if found is None:
            return None
        return [found[0].id, found[1].token_key, found[1].expiry and found[1].expiry.isoformat()]

    return sides.run(ask())


async def _create(sides: Sides, given_: KnoxSettings, pk: int, seconds: float | None) -> str:
    db = sides.session()
    user = await db.get(User, User.id == pk)
    _, token = await Knox(identity(), given_).create(db, user, seconds=seconds)
    await db.close()
    return token


ENDS = st.sampled_from([None, 3600, 3600, 40, -5])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["create", "create", "ask", "ask", "ask", "age", "inactive", "log out", "everywhere"]
        ),
        st.sampled_from("DB"),
        st.integers(0, 3),
        ENDS,
    ),
    max_size=7,
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "AUTO_REFRESH": st.just(True),
        "AUTO_REFRESH_MAX_TTL": st.sampled_from([5000, 100]),
        "MIN_REFRESH_INTERVAL": st.sampled_from([0, 60, 3000]),
        "TOKEN_TTL": st.sampled_from([36_000, 4000]),
        "SECURE_HASH_ALGORITHM": st.sampled_from(["sha512", "sha256", "sha3_512"]),
        "TOKEN_PREFIX": st.sampled_from(["", "pre_"]),
    },
)
NAMES = {
    "AUTO_REFRESH": "auto_refresh",
    "AUTO_REFRESH_MAX_TTL": "max_ttl",
    "MIN_REFRESH_INTERVAL": "min_refresh_interval",
    "TOKEN_TTL": "ttl",
    "SECURE_HASH_ALGORITHM": "algorithm",
    "TOKEN_PREFIX": "prefix",
}


def _near(answer: Any) -> Any:
    """The answer without what differs from token to token and from second to second."""
    if not isinstance(answer, list) or len(answer) == 2:
        return answer
    return ["somebody", len(answer[1]), answer[2] is None]


@pytest.mark.round_trip("django-rest-knox", "by lot", "knox alone")
@quick
@example(steps=[("create", "D", 0, -5), ("ask", "B", 2, None), ("ask", "B", 1, None)], changed={})
@example(
    steps=[("create", "D", 0, 40), ("age", "B", 0, None), ("ask", "B", 2, None), ("ask", "B", 0, None)],
    changed={"AUTO_REFRESH": True, "MIN_REFRESH_INTERVAL": 0},
)
@given(steps=STEPS, changed=SETTINGS)
def test_whoever_does_it(sides: Sides, steps: list[Any], changed: dict[str, Any]) -> None:
    """The tokens of one user are knox's business alone, those of another one either side's."""
    sides.django("knox_settings", changed)
    settings_: dict[str, Any] = {NAMES[k]: v for k, v in changed.items()}
    given_ = KnoxSettings(**settings_)
    users = [sides.django("user", f"k{next(_number)}", {}) for _ in range(2)]
    held: list[list[str]] = [[], []]
    for what, side, which, end in [("create", "B", 0, 3600), ("create", "D", 0, 3600), *steps]:
        answers: list[Any] = []
        for number, pk in enumerate(users):
            bridge = number == 1 and side == "B"
            token = held[number][which % len(held[number])] if held[number] else ""
            headers = {"authorization": f"Token {token}"}
            if what == "create":
                made = (
                    sides.run(_create(sides, given_, pk, end))
                    if bridge
                    else sides.django("knox_create", pk, end)
                )
                held[number].append(made)
            elif what == "age":
                sides.django("knox_age", pk, 50)
            elif what == "inactive":
                sides.django("change", pk, {"is_active": which != 0})
            elif what == "ask":
                answers.append(
                    _near(here(sides, given_, headers) if bridge else sides.django("knox", headers))
                )
            elif not bridge:
                answers.append(sides.django("knox_log_out", token, what == "everywhere"))
            else:
                answers.append(sides.run(_log_out(sides, given_, token, everywhere=what == "everywhere")))
        assert answers[:1] == answers[1:], (what, side)
    assert sides.django("knox_rows", users[0]) == sides.django("knox_rows", users[1])


async def _log_out(sides: Sides, given_: KnoxSettings, token: str, *, everywhere: bool) -> int:
    knox, db = Knox(identity(), given_), sides.session()
    try:
        found = await KnoxAuthentication(knox).authenticate(request(authorization=f"Token {token}"), db, None)
        assert found is not None
        await (knox.revoke_all(db, found[0]) if everywhere else knox.revoke(db, found[1]))
        return 204
    except AuthenticationFailed as error:
        return error.status_code
    finally:
        await db.close()


HEADERS = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=20)


@pytest.mark.round_trip("headers for django-rest-knox", "generated", "both")
@quick
@given(
    word=st.sampled_from(["Token", "token", "Bearer", ""]), rest=HEADERS, good=st.sampled_from([0, 0, 1, 2])
)
def test_headers(sides: Sides, word: str, rest: str, good: int) -> None:
    sides.django("knox_settings", {})
    pk = sides.django("user", f"k{next(_number)}", {})
    token = sides.django("knox_create", pk, 3600)
    text = [rest, token, token[:15] + rest][good]
    headers = {"authorization": f"{word} {text}"}
    assert here(sides, KnoxSettings(), headers) == sides.django("knox", headers)


def test_the_limit_of_a_user(sides: Sides) -> None:
    sides.django("knox_settings", {"TOKEN_LIMIT_PER_USER": 2})
    pk = sides.django("user", f"k{next(_number)}", {})

    async def full() -> bool:
        db = sides.session()
        found = await Knox(identity(), KnoxSettings(limit=2)).full(db, await db.get(User, User.id == pk))
        await db.close()
        return found

    told = []
    for seconds in (3600, -1, None, 3600):
        told.append(sides.run(full()))
        assert told[-1] == sides.django("knox_full", pk)
        sides.django("knox_create", pk, seconds)
    assert told == [False, False, False, True]


def test_one_query_for_a_good_token(sides: Sides) -> None:
    sides.django("knox_settings", {})
    pk = sides.django("user", f"k{next(_number)}", {})
    token = sides.django("knox_create", pk, 3600)

    async def ask() -> int:
        db = sides.session()
        found = await Knox(identity()).find(db, token)
        await db.close()
        assert found is not None
        assert token[20:] not in repr(found)
        return int(db.queries)

    assert sides.run(ask()) == 1


async def _drf(sides: Sides, kind: str, headers: dict[str, str]) -> Any:
    asked: Any = (
        TokenAuthentication(identity())
        if kind == "Token"
        else BasicAuthentication(identity(), Passwords([MD5()]))
    )
    db = sides.session()
    try:
        found = await asked.authenticate(request(**headers), db, None)
    except AuthenticationFailed as error:
        return [error.status_code, str(error.detail)]
    finally:
        await db.close()
    return None if found is None else [found[0].id, found[1] and found[1].key]


@quick
@example(kind="Token", active=False, change="", damage="")
@example(kind="Basic", active=False, change="", damage="")
@example(kind="Token", active=True, change="revoked", damage="")
@given(
    kind=st.sampled_from(["Token", "Token", "Basic"]),
    active=st.booleans(),
    change=st.sampled_from(["", "", "revoked", "deleted", "password"]),
    damage=st.sampled_from(["", "", "cut", "case", "word"]),
)
def test_users_of_drf(sides: Sides, kind: str, active: bool, change: str, damage: str) -> None:
    """Whoever is inactive, gone or has another password is nobody with the next request, on either side."""
    name = f"k{next(_number)}"
    pk = sides.django("user", name, {})
    sides.django("change", pk, {"password": "p", "is_active": active})
    shown = (
        sides.django("drf_token", pk) if kind == "Token" else base64.b64encode(f"{name}:p".encode()).decode()
    )
    shown = {"cut": shown[:-1], "case": shown.swapcase()}.get(damage, shown)
    headers = {"authorization": f"{'Other' if damage == 'word' else kind} {shown}"}
    for step in ("", change):
        if step == "revoked":
            sides.django("drf_revoke", pk)
        elif step == "deleted":
            sides.django("delete", pk)
        elif step == "password":
            sides.django("change", pk, {"password": "other"})
        told = sides.django("drf", kind, headers)
        mine = sides.run(_drf(sides, kind, headers))
        if told is not None and len(told) == 2 and told[0] == pk:
            told[1] = None if told[1] == "None" else told[1]
        assert mine == told
