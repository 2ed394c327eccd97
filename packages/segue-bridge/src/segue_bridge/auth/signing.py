"""Signed values that Django reads and writes too (``django.core.signing``)."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from segue_bridge.auth.crypto import b64_decode, b64_encode, salted_hmac, same
from segue_bridge.auth.serializers import JSON, Serializer

_UNSAFE_SEPARATOR = re.compile(r"^[A-z0-9-_=]*$")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class BadSignature(Exception):
    """The signature does not match."""


class SignatureExpired(BadSignature):
    """The signature is right but too old."""


class Signer:
    """``django.core.signing.Signer``. ``fallbacks`` are older keys that still verify."""

    #: Django names the salt after the class of the signer.
    default_salt: ClassVar[str] = "django.core.signing.Signer"

    def __init__(
        self,
        key: str | bytes,
        *,
        salt: str = "",
        separator: str = ":",
        fallbacks: Sequence[str | bytes] = (),
        algorithm: str = "sha256",
    ) -> None:
        if _UNSAFE_SEPARATOR.match(separator):
            raise ValueError(
                f"Unsafe Signer separator: {separator!r} (cannot be empty or consist of only A-z0-9-_=)"
            )
        self.key, self.fallbacks = key, tuple(fallbacks)
        self.salt, self.separator, self.algorithm = salt or self.default_salt, separator, algorithm

    def signature(self, value: str, key: str | bytes | None = None) -> str:
        """The signature of ``value`` alone."""
        made = salted_hmac(self.salt + "signer", value, key or self.key, algorithm=self.algorithm)
        return b64_encode(made.digest())

    def sign(self, value: str) -> str:
        """``value:signature``."""
        return f"{value}{self.separator}{self.signature(value)}"

    def unsign(self, signed: str) -> str:
        """The value. Raises :class:`BadSignature`."""
        if self.separator not in signed:
            raise BadSignature(f'No "{self.separator}" found in value')
        value, given = signed.rsplit(self.separator, 1)
        for key in (self.key, *self.fallbacks):
            if same(given, self.signature(value, key)):
                return value
        raise BadSignature(f'Signature "{given}" does not match')


class TimestampSigner(Signer):
    """``django.core.signing.TimestampSigner``: the value carries its second of signing."""

    default_salt: ClassVar[str] = "django.core.signing.TimestampSigner"

    def sign(self, value: str) -> str:
        """``value:timestamp:signature``."""
        return super().sign(f"{value}{self.separator}{_base62_encode(int(time.time()))}")

    def unsign(self, signed: str, max_age: float | timedelta | None = None) -> str:
        """The value. Raises :class:`SignatureExpired` when older than ``max_age`` seconds."""
        value, stamp = super().unsign(signed).rsplit(self.separator, 1)
        if max_age is not None:
            limit = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
            age = time.time() - _base62_decode(stamp)
            if age > limit:
                raise SignatureExpired(f"Signature age {age} > {limit} seconds")
        return value


def dumps(
    value: Any,
    key: str | bytes,
    *,
    salt: str = "django.core.signing",
    compress: bool = False,
    serializer: Serializer = JSON,
) -> str:
    """``django.core.signing.dumps``."""
    data = serializer.dumps(value)
    prefix = ""
    if compress:
        packed = zlib.compress(data)
        if len(packed) < len(data) - 1:
            data, prefix = packed, "."
    return TimestampSigner(key, salt=salt).sign(prefix + b64_encode(data))


def loads(
    text: str,
    key: str | bytes,
    *,
    salt: str = "django.core.signing",
    max_age: float | timedelta | None = None,
    fallbacks: Sequence[str | bytes] = (),
    serializer: Serializer = JSON,
) -> Any:
    """``django.core.signing.loads``. Raises :class:`BadSignature`, ``ValueError`` for broken content."""
    body = TimestampSigner(key, salt=salt, fallbacks=fallbacks).unsign(text, max_age)
    packed = body.startswith(".")
    data = b64_decode(body[1:] if packed else body)
    if packed:
        try:
            data = zlib.decompress(data)
        except zlib.error as error:
            raise ValueError("the compressed content is broken") from error
    return serializer.loads(data)


def _base62_encode(number: int) -> str:
    if number == 0:
        return "0"
    out = ""
    while number:
        number, rest = divmod(number, 62)
        out = _BASE62[rest] + out
    return out


def _base62_decode(text: str) -> int:
    number = 0
    for letter in text:
        digit = _BASE62.find(letter)
        if digit < 0:
            raise BadSignature(f"timestamp {text!r} is not base 62")
        number = number * 62 + digit
    return number
