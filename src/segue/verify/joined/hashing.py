"""Password hashes are slow on purpose; a run that logs the same people in thousands of times computes each once.

They are salted too, so the hashes that two sides store of one password differ: what was computed here is told by
its password instead, which is stricter than not to compare it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any


def remember_hashes(real: Collection[bytes] | None = None) -> None:
    """Cache ``hashlib.pbkdf2_hmac`` and ``scrypt`` in this process: pure functions, so only the time changes.

    With ``real``, the salts of stored passwords that somebody may know: hashes of every other salt take one round
    instead of a million, for both sides alike. Digests still depend on password, salt and work factor.
    """
    for name, cheap in (("pbkdf2_hmac", _cheap_pbkdf2), ("scrypt", _cheap_scrypt)):
        function: Any = getattr(hashlib, name, None)
        if function is not None and not hasattr(function, "cache_info"):
            made = function if real is None else cheap(function, frozenset(real))
            setattr(hashlib, name, _Remembered(made))


def _cheap_pbkdf2(function: Any, real: frozenset[bytes]) -> Any:
    def pbkdf2_hmac(
        hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: int | None = None
    ) -> Any:
        if bytes(salt) in real:
            return function(hash_name, password, salt, iterations, dklen)
        return function(hash_name, password, bytes(salt) + b"$%d" % iterations, 1, dklen)

    return pbkdf2_hmac


def _cheap_scrypt(function: Any, real: frozenset[bytes]) -> Any:
    def scrypt(
        password: bytes, *, salt: bytes, n: int, r: int, p: int, maxmem: int = 0, dklen: int = 64
    ) -> Any:
        if bytes(salt) in real:
            return function(password, salt=salt, n=n, r=r, p=p, maxmem=maxmem, dklen=dklen)
        factor = b"$%d$%d$%d" % (n, r, p)
        return function(password, salt=bytes(salt) + factor, n=2, r=1, p=1, maxmem=maxmem, dklen=dklen)

    return scrypt


def salts_of(encoded: Iterable[str]) -> set[bytes]:
    """The salts in stored passwords: what stands between the work factor and the digest."""
    return {part.encode() for text in encoded if text for part in text.split("$")[1:-1]}


class _Remembered:
    def __init__(self, function: Any) -> None:
        self._function = function
        self._cached = lru_cache(maxsize=4096)(function)

    def cache_info(self) -> Any:
        return self._cached.cache_info()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            digest = self._cached(*arguments, **options)
        except TypeError:  # a buffer that cannot be a key
            digest = self._function(*arguments, **options)
        # pbkdf2_hmac(hash_name, password, …), scrypt(password, …)
        password = options.get("password") or arguments[1 if isinstance(arguments[0], str) else 0]
        _password_of[bytes(digest)] = bytes(password)
        return digest


_password_of: dict[bytes, bytes] = {}
_STORED = re.compile(r"^((?:pbkdf2_\w+\$\d+|scrypt\$\d+))\$([^$]*)\$((?:\d+\$\d+\$)?)([A-Za-z0-9+/=]+)$")
_UNUSABLE = re.compile(r"^![A-Za-z0-9]{40}$")


def told(text: str) -> str:
    """A stored password that was hashed in this process, with the password in place of salt and digest."""
    if _UNUSABLE.match(text):
        return "! (unusable)"
    found = _STORED.match(text)
    if found is None:
        return text
    try:
        password = _password_of.get(base64.b64decode(found[4]))
    except binascii.Error:
        return text
    if password is None:
        return text
    return f"{found[1]}${found[3]} of {password!r}, salt of {len(found[2])}"
