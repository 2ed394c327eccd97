"""The ``SESSION_*`` settings and the signed text that stored sessions are."""

from __future__ import annotations

import binascii
import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

from segue_bridge.auth import signing
from segue_bridge.auth.serializers import JSON, Serializer

_SALT = "django.contrib.sessions.SessionStore"


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The ``SESSION_*`` settings, with ``secret`` and older keys in ``fallbacks``.

    ``vary_when_saved``: an answer that sets the cookie has ``Vary: Cookie`` though nobody has read the session
    (``save_every_request``), as in Django since the security releases of 2026: a shared cache would give the cookie to others.
    """

    secret: str = field(repr=False)
    fallbacks: tuple[str, ...] = field(default=(), repr=False)
    cookie_name: str = "sessionid"
    cookie_age: int = 60 * 60 * 24 * 7 * 2
    cookie_path: str = "/"
    cookie_domain: str | None = None
    cookie_secure: bool = False
    cookie_httponly: bool = True
    cookie_samesite: Literal["lax", "strict", "none"] | None = "lax"
    save_every_request: bool = False
    vary_when_saved: bool = True
    expire_at_browser_close: bool = False
    serializer: Serializer = JSON


def encode(data: dict[str, Any], settings: SessionSettings) -> str:
    """``SessionBase.encode``."""
    return signing.dumps(data, settings.secret, salt=_SALT, compress=True, serializer=settings.serializer)


def decode(text: str, settings: SessionSettings) -> dict[str, Any]:
    """``SessionBase.decode``: forged or broken data is an empty session."""
    try:
        data = signing.loads(
            text, settings.secret, salt=_SALT, fallbacks=settings.fallbacks, serializer=settings.serializer
        )
    except (signing.BadSignature, ValueError, binascii.Error, zlib.error):
        return {}
    return data if isinstance(data, dict) else {}
