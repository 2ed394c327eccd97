"""Tokens: what simplejwt says of them, and what the bridge says."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.child import Child

from segue_bridge.auth.jwt import JwtSettings, TokenError, verified

SECRET = "a-key-of-more-than-thirty-two-bytes-for-the-tests"
OTHER = "another-key-of-more-than-thirty-two-bytes-for-tests"
NOW = int(time.time())


def mine(token: str, given: JwtSettings) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {"claims": dict(verified(token.encode("latin-1"), "access", given))}
    except TokenError as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
        return {"crash": type(error).__name__}


PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = PRIVATE.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = (
    PRIVATE.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
CASES: dict[str, tuple[dict[str, Any], JwtSettings]] = {
    "default": ({}, JwtSettings(key=SECRET)),
    "strict": (
        {"AUDIENCE": "them", "ISSUER": "us", "LEEWAY": 30, "ALGORITHM": "HS512", "JTI_CLAIM": "id"},
        JwtSettings(key=SECRET, audience="them", issuer="us", leeway=30, algorithm="HS512", id_claim="id"),
    ),
    "loose": (
        {"TOKEN_TYPE_CLAIM": None, "JTI_CLAIM": None, "AUDIENCE": ["a", "b"]},
        JwtSettings(key=SECRET, type_claim=None, id_claim=None, audience=("a", "b")),
    ),
    "two keys": (
        {"ALGORITHM": "RS256", "SIGNING_KEY": PEM, "VERIFYING_KEY": PUBLIC},
        JwtSettings(key=PUBLIC, algorithm="RS256"),
    ),
}


@pytest.fixture(params=CASES, scope="module")
def sides(request: pytest.FixtureRequest) -> Iterator[tuple[Child, JwtSettings]]:
    simple_jwt, given = CASES[request.param]
    legacy = Child("jwt_child.py", simple_jwt)
    yield legacy, given
    legacy.close()


TIMES = st.one_of(
    st.integers(NOW - 400, NOW - 60),
    st.integers(NOW + 300, NOW + 9000),
    st.sampled_from([NOW - 10, "x", None, -1, 1.5, 10**12, True]),
)
PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "exp": TIMES,
        "nbf": TIMES,
        "iat": TIMES,
        "token_type": st.sampled_from(["access", "access", "access", "refresh", "", 1, None]),
        "jti": st.sampled_from(["a", "b", "", 5, None]),
        "id": st.sampled_from(["a", 1]),
        "aud": st.sampled_from(["them", "a", ["a", "x"], "nobody", 4, []]),
        "iss": st.sampled_from(["us", "us", "you", 3, ["us"]]),
        "sub": st.sampled_from(["1", 1]),
        "user_id": st.sampled_from([1, "1", None]),
    },
)
SIGNERS = st.sampled_from(
    [
        (SECRET, "HS256"),
        (SECRET, "HS256"),
        (SECRET, "HS512"),
        (OTHER, "HS256"),
        (PEM, "RS256"),
        (None, "none"),
        (SECRET, "HS384"),
    ]
)


def _signed(payload: dict[str, Any], key: str | None, algorithm: str) -> str:
    """As a client would write it: without PyJWT's own checks of claims."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jwt.api_jws.encode(json.dumps(payload).encode(), key or "", algorithm=algorithm)


@pytest.mark.round_trip("simplejwt access tokens", "PyJWT", "both")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=PAYLOADS, valid=st.booleans(), signer=SIGNERS, cut=st.sampled_from([0, 0, 0, 1, 5]))
def test_any_token(
    sides: tuple[Child, JwtSettings],
    payload: dict[str, Any],
    valid: bool,
    signer: tuple[str | None, str],
    cut: int,
) -> None:
    legacy, given_settings = sides
    if valid:
        payload = {"exp": NOW + 3600, "token_type": "access", "jti": "a", "id": "a", **payload}
    token = _signed(payload, *signer)
    token = token[: len(token) - cut]
    assert mine(token, given_settings) == legacy.ask(token)


@pytest.mark.round_trip("text as a JWT", "generated", "both")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(max_codepoint=255, exclude_characters="\n\r"), max_size=60))
def test_any_text(sides: tuple[Child, JwtSettings], text: str) -> None:
    legacy, given_settings = sides
    assert mine(text, given_settings) == legacy.ask(text)


def test_a_good_token_is_good(sides: tuple[Child, JwtSettings]) -> None:
    legacy, given_settings = sides
    key = PEM if given_settings.algorithm == "RS256" else SECRET
    payload = {
        "exp": NOW + 3600, "token_type": "access", "jti": "a", "id": "a", "user_id": "7",
        "aud": "a" if isinstance(given_settings.audience, tuple) else "them", "iss": "us",
    }  # fmt: skip
    token = _signed(payload, key, given_settings.algorithm)
    assert mine(token, given_settings) == {"claims": payload} == legacy.ask(token)


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    """Algorithm confusion: HS256 with the public key as the secret."""
    _, given_settings = CASES["two keys"]
    header, payload = (
        '{"alg":"HS256","typ":"JWT"}',
        json.dumps({"exp": NOW + 3600, "token_type": "access", "jti": "a"}),
    )
    import base64
    import hashlib
    import hmac

    def text(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    body = f"{text(header.encode())}.{text(payload.encode())}"
    forged = f"{body}.{text(hmac.new(PUBLIC.encode(), body.encode(), hashlib.sha256).digest())}"
    assert mine(forged, given_settings) == {"error": "Token is invalid"}


def test_the_key_is_not_shown() -> None:
    assert SECRET not in repr(JwtSettings(key=SECRET))
