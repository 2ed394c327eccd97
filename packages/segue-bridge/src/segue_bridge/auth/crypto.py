"""Keyed digests as ``django.utils.crypto`` makes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string

ALPHANUMERIC = string.ascii_letters + string.digits


def salted_hmac(
    key_salt: str, value: str | bytes, secret: str | bytes, *, algorithm: str = "sha256"
) -> hmac.HMAC:
    """``django.utils.crypto.salted_hmac``: the key is the digest of ``key_salt + secret``."""
    key = hashlib.new(algorithm, _bytes(key_salt) + _bytes(secret)).digest()
    return hmac.new(key, msg=_bytes(value), digestmod=algorithm)


def random_string(length: int, alphabet: str = ALPHANUMERIC) -> str:
    """``django.utils.crypto.get_random_string``."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def same(one: str | bytes, other: str | bytes) -> bool:
    """Comparison whose time does not depend on where the values differ."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def b64_encode(data: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).strip(b"=").decode()


def b64_decode(text: str) -> bytes:
    """Inverse of :func:`b64_encode`. Raises ``ValueError`` for text that is not base64."""
    raw = text.encode()
    return base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
