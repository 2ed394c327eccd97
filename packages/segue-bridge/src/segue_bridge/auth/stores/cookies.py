"""``django.contrib.sessions.backends.signed_cookies``: the cookie holds the session."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from segue_bridge.auth import signing
from segue_bridge.auth.session_settings import SessionSettings
from segue_bridge.auth.sessions import Found
from segue_bridge.cache.values import NotPlain

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database

_SALT = "django.contrib.sessions.backends.signed_cookies"


class CookieStore:
    """The key *is* the signed data. It cannot be taken back: a copy of the cookie is good until ``cookie_age`` is over."""

    in_key = True

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings

    async def load(self, db: Database, key: str) -> Found | None:
        """What is not rightly signed is an empty session, which is written anew."""
        settings = self._settings
        try:
            data = signing.loads(
                key, settings.secret, salt=_SALT, max_age=settings.cookie_age, fallbacks=settings.fallbacks,
                serializer=settings.serializer,
            )  # fmt: skip
        except NotPlain:
            raise
        except Exception:  # noqa: BLE001 - Django takes anything that goes wrong here for a forged cookie
            return Found({}, modified=True)
        return Found(data)

    async def save(
        self,
        db: Database,
        key: str | None,
        data: dict[str, Any],
        expires: datetime,
        age: float,
        *,
        create: bool,
    ) -> str:
        settings = self._settings
        return signing.dumps(
            data, settings.secret, salt=_SALT, compress=True, serializer=settings.serializer
        )  # fmt: skip

    async def delete(self, db: Database, key: str) -> None:
        return None
