"""Tokens of resets, rules for new passwords: what Django says in a process of its own, and the bridge here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.child import Child

from segue_bridge import zone
from segue_bridge.auth import password_rules as rules
from segue_bridge.auth import reset_tokens, signing
from segue_bridge.auth.passwords import usable
from segue_bridge.auth.reset_tokens import ResetTokens
from segue_bridge.errors import Invalid
from segue_bridge.text import base64_decode, base64_encode

NOW = datetime(2026, 2, 3, 4, 5, 6, 700)
USERS: list[dict[str, Any]] = [
    {"pk": 1, "id": 1, "password": "p", "email": "e@x", "last_login": None},
    {"pk": 2**40, "id": 2**40, "password": "", "email": None, "last_login": "2026-01-02T03:04:05.678+00:00"},
    {"pk": 7, "id": 7, "password": "é", "email": "", "last_login": "2026-01-02T03:04:05"},
]


@pytest.fixture(scope="module")
def django() -> Iterator[Child]:
    child = Child("accounts_child.py", None)
    yield child
    child.close()


def user_of(given: dict[str, Any]) -> Any:
    login = given["last_login"]
    return SimpleNamespace(**{**given, "last_login": datetime.fromisoformat(login) if login else None})


def test_tokens_of_either_side(django: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reset_tokens, "wall_time", lambda: NOW)
    ours = ResetTokens("k1", fallbacks=("k2",))
    moments = [
        (NOW - timedelta(seconds=age)).isoformat() for age in (-9, 0, 5, 259199, 259200, 259201, 10**8)
    ]
    for user, key in itertools.product(USERS, ("k1", "k2", "k3")):
        (made,) = django.ask([["tokens", [user, moments, key]]])
        asked = [
            *made,
            ours.make(user_of(user)),
            made[0] + "0",
            made[0].upper(),
            "",
            None,
            "a",
            "a-b-c",
            "-",
            "é-x",
        ]
        asked += ["zzzzzzzzzzzzzzzz-x", "1_0-x", "0-", "+1-x", "-1-x"]
        theirs = django.ask([["checked", [user, token, NOW.isoformat()]] for token in asked])
        assert [ours.check(user_of(user), token) for token in asked] == theirs
        assert any(theirs) is True
        other = user_of({**user, "password": "changed"})
        assert not any(ours.check(other, token) for token in made)


STATES = st.fixed_dictionaries(
    {
        "pk": st.integers(1, 2**63 - 1),
        "password": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "email": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "last_login": st.none()
        | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(datetime.isoformat),
    }
).map(lambda state: {**state, "id": state["pk"]})


@pytest.mark.round_trip("password reset tokens", "both", "the other")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=STATES,
    age=st.integers(-10, 400_000),
    now=st.datetimes(datetime(2001, 1, 6), datetime(2090, 1, 1)),
    key=st.sampled_from(["k1", "k2", "k3"]),
    how=st.sampled_from(["", "", "swap", "cut", "another"]),
    at=st.integers(0, 60),
    own=st.booleans(),
)
def test_any_token_of_a_reset(
    django: Child, state: dict[str, Any], age: int, now: datetime, key: str, how: str, at: int, own: bool
) -> None:
    more: dict[str, Any] = (
        {"salt": "shop.Activation", "state": lambda u, s: f"{u.id}/{s}/{u.email}"} if own else {}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reset_tokens, "wall_time", lambda: now)
        ours = ResetTokens("k1", fallbacks=("k2",), **more)
        (made,) = django.ask([["tokens", [state, [(now - timedelta(seconds=age)).isoformat()], key, own]]])
        (token,) = made
        at %= len(token)
        damaged = {"swap": f"{token[:at]}z{token[at + 1 :]}", "cut": token[:at]}.get(how, token)
        asked = {**state, "password": f"{state['password']}x"} if how == "another" else state
        (theirs,) = django.ask([["checked", [asked, damaged, now.isoformat(), own]]])
        assert ours.check(user_of(asked), damaged) == theirs
        mine = ResetTokens(key, **more).make(user_of(state))
        (theirs,) = django.ask([["checked", [state, mine, now.isoformat(), own]]])
        assert theirs == (key != "k3")


def test_the_clock_is_that_of_the_project(django: Child) -> None:
    zone.configure("Asia/Tokyo")
    try:
        token = ResetTokens("k1").make(user_of(USERS[0]))
        local = datetime.now(UTC).astimezone(zone.default()).replace(tzinfo=None)
        # a token of another zone's clock would be nine hours off
        stamps = [(local - timedelta(seconds=s)).isoformat() for s in range(-2, 30)]
        (made,) = django.ask([["tokens", [USERS[0], stamps, "k1"]]])
        assert token in made
    finally:
        zone.configure("UTC")


PASSWORDS = [
    "", "a", "1", "red", "password", " PassWord ", "12345678", "٣٤٥", "1²", "jane.doe", "doejane1", "Example.org", "jd",
    "jané1", "doe", "x" * 200, "jane" * 20, "iloveyou", "hunter2x", "Doe@Example.org", "tset",
]  # fmt: skip
LABELS = {
    "username": "username", "first_name": "first name", "last_name": "last name", "email": "email address",
}  # fmt: skip


def said(call: Any) -> list[str]:
    try:
        call()
    except Invalid as error:
        return error.messages
    return []


def test_rules_for_new_passwords(django: Child) -> None:
    (found,) = django.ask([["words", []]])
    words = frozenset(found)
    cases = list(itertools.product(PASSWORDS, ("jane.doe", "", "Jd"), ("doe@example.org", "x@y", "")))
    theirs = django.ask([["messages", list(case)] for case in cases])
    assert {len(m[-1]) for m in theirs} >= {0, 1, 2, 3}
    for (password, username, email), messages in zip(cases, theirs, strict=True):
        user = SimpleNamespace(username=username, email=email, first_name="Jané", last_name="")
        ours = [
            lambda p=password: rules.minimum_length(p),
            lambda p=password: rules.minimum_length(p, 1),
            lambda p=password: rules.not_numeric(p),
            lambda p=password: rules.not_common(p, words),
            lambda p=password, u=user: rules.not_similar(p, u, LABELS),
            lambda p=password, u=user: rules.not_similar(p, u, {"username": "username"}, max_similarity=0.3),
        ]
        problems = rules.Problems()
        for rule in ours:
            with problems.collected():
                rule()
        assert [said(rule) for rule in [*ours, problems.raise_any]] == messages, (password, username, email)


NAMES = st.sampled_from(["jane.doe", "Jd", "jané", "x", ""]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
)
SECRETS = st.one_of(
    st.sampled_from(PASSWORDS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=24),
    st.text("0123456789٣²", max_size=12),
    st.builds("{}{}".format, NAMES, st.integers(0, 99)),
)


@pytest.mark.round_trip("password validators", "generated", "both")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    password=SECRETS,
    username=NAMES,
    email=NAMES,
    same=st.booleans(),
    common=st.integers(0, 19_000) | st.none(),
)
def test_any_new_password(
    django: Child,
    words: frozenset[str],
    password: str,
    username: str,
    email: str,
    same: bool,
    common: int | None,
) -> None:
    if common is not None:
        password = sorted(words)[common % len(words)].upper()
    if same:
        username = password[:30] + "a"
    email += "@example.org"
    (messages,) = django.ask([["messages", [password, username, email]]])
    user = SimpleNamespace(username=username, email=email, first_name="Jané", last_name="")
    problems = rules.Problems()
    told = []
    for rule in (
        lambda: rules.minimum_length(password),
        lambda: rules.minimum_length(password, 1),
        lambda: rules.not_numeric(password),
        lambda: rules.not_common(password, words),
        lambda: rules.not_similar(password, user, LABELS),
        lambda: rules.not_similar(password, user, {"username": "username"}, max_similarity=0.3),
    ):
        told.append(said(rule))
        with problems.collected():
            rule()
    assert [*told, said(problems.raise_any)] == messages


@pytest.fixture(scope="module")
def words(django: Child) -> frozenset[str]:
    (found,) = django.ask([["words", []]])
    return frozenset(found)


@pytest.mark.round_trip("confirmation keys of django-allauth", "both", "the other")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pk=st.integers(-(2**63), 2**63 - 1) | st.uuids().map(str),
    key=st.sampled_from(["k1", "k1", "k2", "k3"]),
    how=st.sampled_from(["", "", "swap", "cut", "salt"]),
    at=st.integers(0, 200),
)
def test_any_confirmation_of_an_address(django: Child, pk: Any, key: str, how: str, at: int) -> None:
    """``signing.dumps(pk, salt="account")``: a link in a mail of either side."""
    (text,) = django.ask([["confirmation", [pk]]])
    assert signing.loads(text, "k1", salt="account", max_age=259_200) == pk
    mine = signing.dumps(pk, key, salt="account" if how != "salt" else "other")
    whole, at = mine, at % len(mine)
    mine = {"swap": f"{mine[:at]}z{mine[at + 1 :]}", "cut": mine[:at]}.get(how, mine)
    try:
        expected = signing.loads(mine, "k1", salt="account", fallbacks=("k2",), max_age=259_200)
    except (signing.BadSignature, ValueError):
        expected = None
    (theirs,) = django.ask([["confirmed", [mine]]])
    assert theirs == expected
    assert (theirs == pk) == (key != "k3" and how != "salt" and mine == whole)


def test_base64_of_urls(django: Child) -> None:
    data = [b"", b"a", b"ab", b"abc", b"\xff\xfe\xfd", bytes(range(256))]
    texts = [
        "",
        "a",
        "ab",
        "abc",
        "abcd",
        "abcde",
        "*",
        "YQ",
        "YQ==",
        "YQ=",
        "é",
        "Y Q",
        "-_",
        "____",
        "Y\nQ",
    ]
    assert [base64_encode(d) for d in data] == django.ask([["encoded", [d.hex()]] for d in data])

    def decoded(text: str) -> str | None:
        try:
            return base64_decode(text).hex()
        except ValueError:
            return None

    assert [decoded(t) for t in texts] == django.ask([["decoded", [t]] for t in texts])


def test_usable(django: Child) -> None:
    stored = ["", "!x", "pbkdf2_sha256$1$a$b", None]
    assert [usable(s) for s in stored] == django.ask([["usable", [s]] for s in stored])
