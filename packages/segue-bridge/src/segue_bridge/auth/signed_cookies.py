"""Cookies with a signature: ``response.set_signed_cookie`` and ``request.get_signed_cookie``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from segue_bridge.auth.signing import BadSignature, SignatureExpired, TimestampSigner

_KEY = b"django.http.cookies"


class SignedCookies:
    """What Django's signed cookies hold: :meth:`sign` makes the value of a cookie, :meth:`read` takes it apart.

    ``secret`` and ``fallbacks`` are ``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS``. Django's later releases keep the name of the
    cookie and the salt apart in the signature (``versioned``) and read the older form too unless ``legacy`` is false
    (``SIGNED_COOKIE_LEGACY_SALT_FALLBACK``). A Django that has no such setting knows the older form alone: ``versioned=False``.
    Source: ``django.core.signing._cookie_signer_salt``, ``_unsign_cookie``.
    """

    def __init__(
        self, secret: str, fallbacks: Sequence[str] = (), *, versioned: bool = True, legacy: bool = True
    ) -> None:
        self._secret, self._fallbacks = secret, tuple(fallbacks)
        self._versioned, self._legacy = versioned, legacy

    def sign(self, name: str, value: str, *, salt: str = "") -> str:
        """The value to set the cookie ``name`` to."""
        return self._signer(_salt(name, salt) if self._versioned else name + salt).sign(value)

    def read(
        self, name: str, signed: str, *, salt: str = "", max_age: float | timedelta | None = None
    ) -> str:
        """The value that was signed. Raises :class:`~.signing.BadSignature`, :class:`~.signing.SignatureExpired` when it is older
        than ``max_age`` seconds."""
        older = self._signer(name + salt)
        if not self._versioned:
            return older.unsign(signed, max_age)
        try:
            return self._signer(_salt(name, salt)).unsign(signed, max_age)
        except SignatureExpired:
            raise
        except BadSignature:
            if self._legacy:
                return older.unsign(signed, max_age)
            raise

    def _signer(self, salt: str) -> TimestampSigner:
        return TimestampSigner(
            _KEY + self._secret.encode(),
            salt=salt,
            fallbacks=[_KEY + older.encode() for older in self._fallbacks],
        )


def _salt(name: str, salt: str) -> str:
    return f"django.http.cookies.v2:{len(salt)}:{salt}{name}"
