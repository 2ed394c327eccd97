"""Tokens that were not issued: each is refused as simplejwt refuses it, and each would pass a reader without the defence."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from tests.bridge.auth.child import Child
from tests.bridge.auth.test_jwt import OTHER, PEM, PUBLIC, SECRET, mine

from segue_bridge.auth import jwt as ours
from segue_bridge.auth.jwt import JwtSettings

CLAIMS = {"exp": int(time.time()) + 3600, "token_type": "access", "jti": "a", "user_id": "1"}
SETTINGS: dict[str, tuple[dict[str, Any], JwtSettings]] = {
    "HS256": ({}, JwtSettings(key=SECRET)),
    "RS256": (
        {"ALGORITHM": "RS256", "SIGNING_KEY": PEM, "VERIFYING_KEY": PUBLIC},
        JwtSettings(key=PUBLIC, algorithm="RS256"),
    ),
}


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def built(header: dict[str, Any] | str, claims: dict[str, Any] | str = CLAIMS, key: str | None = None) -> str:
    """A token with any header; signed by HMAC with ``key``, without one not signed."""
    parts = [p if isinstance(p, str) else json.dumps(p) for p in (header, claims)]
    body = ".".join(text(part.encode()) for part in parts)
    digest = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}.get(
        header.get("alg", "") if isinstance(header, dict) else "", hashlib.sha256
    )
    signature = hmac.new(key.encode(), body.encode(), digest).digest() if key is not None else b""
    return f"{body}.{text(signature)}"


GOOD = built({"alg": "HS256", "typ": "JWT"}, key=SECRET)
HEAD, BODY, SIGNATURE = GOOD.split(".")
#: Name, settings, token.
FORGED = [
    ("none", "HS256", built({"alg": "none"})),
    ("None", "HS256", built({"alg": "None"})),
    ("no algorithm", "HS256", built({"typ": "JWT"})),
    ("empty signature", "HS256", f"{HEAD}.{BODY}."),
    ("no signature", "HS256", f"{HEAD}.{BODY}"),
    ("half a signature", "HS256", f"{HEAD}.{BODY}.{SIGNATURE[: len(SIGNATURE) // 2]}"),
    ("one letter less", "HS256", GOOD[:-1]),
    ("other claims", "HS256", f"{HEAD}.{text(json.dumps({**CLAIMS, 'user_id': '2'}).encode())}.{SIGNATURE}"),
    ("empty key", "HS256", built({"alg": "HS256"}, key="")),
    ("another key", "HS256", built({"alg": "HS256"}, key=OTHER)),
    ("another algorithm", "HS256", built({"alg": "HS512"}, key=SECRET)),
    ("key in the header", "HS256", built({"alg": "HS256", "jwk": {"kty": "oct", "k": text(OTHER.encode())}}, key=OTHER)),
    ("key at an address", "HS256", built({"alg": "HS256", "jku": "http://127.0.0.1:1/keys"}, key=OTHER)),
    ("key in a file", "HS256", built({"alg": "HS256", "kid": "../../../../dev/null"}, key="")),
    ("unknown critical extension", "HS256", built({"alg": "HS256", "crit": ["b64"], "b64": False}, key=OTHER)),
    ("public key as secret", "RS256", built({"alg": "HS256"}, key=PUBLIC)),
    ("public key without its last line", "RS256", built({"alg": "HS256"}, key=PUBLIC.strip())),
    ("none for two keys", "RS256", built({"alg": "none"})),
    ("algorithm named twice", "RS256", built('{"alg":"RS256","alg":"none"}')),
    ("refresh token", "HS256", built({"alg": "HS256"}, {**CLAIMS, "token_type": "refresh"}, SECRET)),
    ("expired", "HS256", built({"alg": "HS256"}, {**CLAIMS, "exp": 1}, SECRET)),
    ("never expires", "HS256", built({"alg": "HS256"}, {"token_type": "access", "jti": "a"}, SECRET)),
]  # fmt: skip
#: Signed by who has the key, so that only the wording of what is refused is at stake.
SIGNED = {"refresh token", "expired", "never expires"}


@pytest.fixture(scope="module")
def legacy() -> Iterator[dict[str, Child]]:
    made = {name: Child("jwt_child.py", given) for name, (given, _) in SETTINGS.items()}
    yield made
    for child in made.values():
        child.close()


def test_a_good_token_is_good(legacy: dict[str, Child]) -> None:
    assert mine(GOOD, SETTINGS["HS256"][1]) == {"claims": CLAIMS} == legacy["HS256"].ask(GOOD)


@pytest.mark.parametrize(("name", "kind", "token"), FORGED, ids=[name for name, _, _ in FORGED])
def test_forged(
    legacy: dict[str, Child], name: str, kind: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = SETTINGS[kind][1]
    answer = mine(token, given)
    assert answer == legacy[kind].ask(token)
    assert "error" in answer
    if name not in SIGNED:
        # Nothing in the answer tells a wrong signature from a wrong algorithm or from no token at all.
        assert answer == mine("x", given)
    monkeypatch.setattr(ours.jwt, "decode", _trusting)
    claims = mine(token, given)
    assert "claims" in claims or name in SIGNED | {"no algorithm"}, claims


def _trusting(token: bytes, key: str, **options: Any) -> dict[str, Any]:
    """What a reader without the defence does: it believes the claims."""
    claims = jwt.utils.base64url_decode(token.split(b".")[1])
    found: dict[str, Any] = json.loads(claims)
    return found


def test_without_a_fixed_algorithm_the_public_key_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The defence is that the header's algorithm is not asked: PyJWT's own check of HMAC keys is the second one, not the first."""
    seen: list[list[str]] = []
    monkeypatch.setattr(ours.jwt, "decode", lambda token, key, *, algorithms, **more: seen.append(algorithms))
    for _, kind, token in FORGED[:3] + FORGED[-6:-4]:
        with pytest.raises(TypeError):  # what decode() gave is nothing
            ours.verified(token.encode(), "access", SETTINGS[kind][1])
    assert seen == [["HS256"]] * 3 + [["RS256"]] * 2
