"""Volatile values are recognised from what Django, uuid and simplejwt really make, and still compared in form."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.utils.crypto import get_random_string
from django.utils.duration import duration_string
from django.utils.http import http_date

from segue.verify.joined.noise import sorts

NOW = datetime(2026, 3, 4, 5, 6, 7, 800000, tzinfo=UTC)


def _tokens() -> list[str]:
    return [
        jwt.encode({"user_id": 3, "exp": exp, "jti": uuid.uuid4().hex}, "k" * 32)
        for exp in (2_000_000_000, 2_000_000_030)
    ]


@pytest.mark.parametrize(
    ("path", "values", "sort"),
    [
        ("body.at", [NOW.isoformat(), (NOW + timedelta(seconds=61.2)).isoformat()], sorts.CLOCK),
        ("body.at", [NOW.isoformat(), NOW.replace(microsecond=0).isoformat()], sorts.CLOCK),
        ("headers.last-modified", [http_date(NOW.timestamp()), http_date(NOW.timestamp() + 3)], sorts.CLOCK),
        ("body.at", [NOW.timestamp(), NOW.timestamp() + 1], sorts.CLOCK),
        ("body.key", [str(uuid.uuid4()), str(uuid.uuid4())], sorts.RANDOM),
        ("body.key", [secrets.token_hex(20), secrets.token_hex(20)], sorts.RANDOM),
        ("body.key", [get_random_string(9), get_random_string(9)], sorts.RANDOM),
        ("body.access", _tokens(), sorts.RANDOM),
        ("body.colour", [f"#{secrets.token_hex(3)}" for _ in range(2)], sorts.RANDOM),
        ("body.colour", ["#123456", "#654321"], sorts.RANDOM),
        ("body.colour", ["#12ab56", "#12ab56ff"], ""),
        ("body.id", [4, 7], sorts.ID),
        ("effects.t.inserted[0].order_id", [4, 7], sorts.ID),
        ("body.took", [0.31, 0.33], sorts.DURATION),
        (
            "body.took",
            [duration_string(timedelta(0)), duration_string(timedelta(seconds=61.7))],
            sorts.DURATION,
        ),
        ("body.count", [4, 7], sorts.UNKNOWN),
        ("body.paid", [True, False], ""),
        ("body.state", ["open", "closed for good"], ""),
        ("body.state", [None, "closed"], ""),
        ("body.at", [NOW.isoformat(), (NOW + timedelta(days=900)).date().isoformat()], ""),
    ],
)
def test_two_answers_say_what_moves(path: str, values: list[Any], sort: str) -> None:
    assert sorts.classify(path, *values, 65.0) == sort


def test_moments_must_be_as_near_as_the_requests() -> None:
    def at(seconds: float) -> str:
        return (NOW + timedelta(seconds=seconds)).isoformat()

    assert sorts.agree(sorts.CLOCK, at(0), at(0.4), 0.5)
    assert not sorts.agree(sorts.CLOCK, at(0), at(3600), 0.5)
    assert not sorts.agree(sorts.CLOCK, at(0), at(0.4).replace("+00:00", "Z"), 0.5)
    assert not sorts.agree(sorts.CLOCK, NOW.timestamp(), NOW.timestamp() + 7200, 0.5)
    # The midnight between two requests.
    assert sorts.agree(sorts.CLOCK, str(date(2026, 3, 4)), str(date(2026, 3, 5)), 0.5)
    assert not sorts.agree(sorts.CLOCK, str(date(2026, 3, 4)), str(date(2026, 3, 14)), 0.5)


def test_random_texts_must_have_the_same_form() -> None:
    assert sorts.agree(sorts.RANDOM, str(uuid.uuid4()), str(uuid.uuid4()), 0)
    assert not sorts.agree(sorts.RANDOM, str(uuid.uuid4()), str(uuid.uuid1()), 0)
    assert not sorts.agree(sorts.RANDOM, str(uuid.uuid4()), uuid.uuid4().hex, 0)
    assert not sorts.agree(sorts.RANDOM, secrets.token_hex(20), secrets.token_hex(16), 0)
    assert not sorts.agree(sorts.RANDOM, secrets.token_hex(20), 5, 0)
    assert sorts.agree(sorts.RANDOM, "#12ab56", "#ffffff", 0)
    assert not sorts.agree(sorts.RANDOM, "#12ab56", "#fffffff", 0)


def test_tokens_must_make_the_same_claims() -> None:
    def token(**claims: Any) -> str:
        return jwt.encode({"user_id": 3, "exp": 2_000_000_000, "jti": uuid.uuid4().hex, **claims}, "k" * 32)

    assert sorts.agree(sorts.RANDOM, token(), token(exp=2_000_000_001), 1)
    assert not sorts.agree(sorts.RANDOM, token(), token(exp=2_000_003_600), 1)
    assert not sorts.agree(sorts.RANDOM, token(), token(user_id=4), 1)
    assert not sorts.agree(sorts.RANDOM, token(), token(admin=True), 1)


def test_durations_before_now_are_durations_too() -> None:
    first, later = (duration_string(timedelta(days=-739, seconds=s)) for s in (0.5, 5.5))
    assert sorts.classify("body.duration", first, later, 5.0) == sorts.DURATION
    assert sorts.agree(sorts.DURATION, first, duration_string(timedelta(days=-739, seconds=0.6)), 0.1)
    assert not sorts.agree(sorts.DURATION, first, duration_string(timedelta(days=-738, seconds=0.5)), 0.1)


def test_durations_must_be_about_as_long() -> None:
    short, long = duration_string(timedelta(seconds=3)), duration_string(timedelta(days=2, seconds=3.25))
    assert sorts.agree(sorts.DURATION, short, duration_string(timedelta(seconds=3.2)), 0.1)
    assert not sorts.agree(sorts.DURATION, short, long, 0.1)
    assert sorts.agree(sorts.DURATION, 0.31, 0.35, 0)
    assert not sorts.agree(sorts.DURATION, 0.31, 1, 0)
