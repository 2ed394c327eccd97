"""Tokens of password resets and activations (``django.contrib.auth.tokens.PasswordResetTokenGenerator``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from segue_bridge.auth.crypto import salted_hmac, same
from segue_bridge.zone import wall_time

_SALT = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
_EPOCH = datetime(2001, 1, 1)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# A longer number than this is no time; Django does not parse it either.
_LONGEST = 13


class ResetTokens:
    """Tokens that either side makes and checks. ``timeout`` is ``PASSWORD_RESET_TIMEOUT`` in seconds, ``email`` the attribute
    of ``EMAIL_FIELD``; ``fallbacks`` are older keys that still verify.

    A generator of one's own (``class Activation(PasswordResetTokenGenerator)``) is its ``key_salt`` as ``salt`` and its
    ``_make_hash_value`` as ``state(user, seconds)``: a token is good for as long as the text stays the same.
    """

    def __init__(
        self,
        secret: str,
        *,
        fallbacks: Sequence[str] = (),
        timeout: int = 259200,
        email: str = "email",
        pk: str = "id",
        salt: str = _SALT,
        state: Callable[[Any, int], str] | None = None,
    ) -> None:
        self._secret, self._fallbacks = secret, tuple(fallbacks)
        self._timeout, self._email, self._pk = timeout, email, pk
        self._salt, self._state = salt, state or self._of_reset

    def make(self, user: Any) -> str:
        """``make_token``: good until the password, the address or the last login changes."""
        return self._token(user, _seconds(), self._secret)

    def check(self, user: Any, token: Any) -> bool:
        """``check_token``."""
        if not (user and token):
            return False
        parts = token.split("-")
        if len(parts) != 2:
            return False
        stamp = _number(parts[0])
        if stamp is None:
            return False
        if not any(same(self._token(user, stamp, key), token) for key in (self._secret, *self._fallbacks)):
            return False
        return _seconds() - stamp <= self._timeout

    def _token(self, user: Any, stamp: int, secret: str) -> str:
        digest = salted_hmac(self._salt, self._state(user, stamp), secret, algorithm="sha256").hexdigest()
        return f"{_text(stamp)}-{digest[::2]}"

    def _of_reset(self, user: Any, stamp: int) -> str:
        """``_make_hash_value``."""
        login = user.last_login
        login_text = "" if login is None else str(login.replace(microsecond=0, tzinfo=None))
        email = getattr(user, self._email, "") or ""
        return f"{getattr(user, self._pk)}{user.password}{login_text}{stamp}{email}"


def _seconds() -> int:
    return int((wall_time() - _EPOCH).total_seconds())


def _number(text: str) -> int | None:
    """``django.utils.http.base36_to_int``; None where it raises."""
    if len(text) > _LONGEST:
        return None
    try:
        return int(text, 36)
    except ValueError:
        return None


def _text(number: int) -> str:
    """``django.utils.http.int_to_base36``. Raises ``ValueError`` for a negative number."""
    if number < 0:
        raise ValueError("Negative base36 conversion input.")
    if number < 36:
        return _DIGITS[number]
    out = ""
    while number:
        number, rest = divmod(number, 36)
        out = _DIGITS[rest] + out
    return out
