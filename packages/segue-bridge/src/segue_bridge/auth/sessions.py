"""Sessions that Django reads and writes too (``django.contrib.sessions``)."""

from __future__ import annotations

import binascii
import json
import string
import zlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sqlalchemy import Dialect, String, column, delete, insert, select, table, update

from segue_bridge import zone
from segue_bridge.auth import signing
from segue_bridge.auth.crypto import random_string
from segue_bridge.db.types import UtcDateTime

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database

_KEY_ALPHABET = string.ascii_lowercase + string.digits
_SALT = "django.contrib.sessions.SessionStore"
_COOKIE_SALT = "django.contrib.sessions.backends.signed_cookies"


class _Expiry(UtcDateTime):
    """An aware moment, also with ``USE_TZ = False``: SQLite then holds it in the project's zone."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name == "sqlite" and zone.default() is None:
            return str(zone.naive(value))
        return super().process_bind_param(value, dialect)


_sessions = table(
    "django_session",
    column("session_key", String),
    column("session_data", String),
    column("expire_date", _Expiry()),
)


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The ``SESSION_*`` settings, with ``secret`` and older keys in ``fallbacks``."""

    secret: str
    fallbacks: tuple[str, ...] = ()
    cookie_name: str = "sessionid"
    cookie_age: int = 60 * 60 * 24 * 7 * 2
    cookie_path: str = "/"
    cookie_domain: str | None = None
    cookie_secure: bool = False
    cookie_httponly: bool = True
    cookie_samesite: Literal["lax", "strict", "none"] | None = "lax"
    save_every_request: bool = False
    expire_at_browser_close: bool = False


class Store(Protocol):
    """Where session data lives."""

    async def load(self, db: Database, key: str) -> dict[str, Any] | None:
        """The data of ``key``; None when there is none or it has expired or was forged."""

    async def save(
        self, db: Database, key: str | None, data: dict[str, Any], expires: datetime, *, create: bool
    ) -> str:
        """Write ``data``; returns the key (a new one with ``create``)."""

    async def delete(self, db: Database, key: str) -> None:
        """Forget ``key``."""


class SessionGone(Exception):
    """The row was deleted while the request ran (logged out elsewhere): Django answers 400."""


class DatabaseStore:
    """``django.contrib.sessions.backends.db``."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings

    async def load(self, db: Database, key: str) -> dict[str, Any] | None:
        """One query; the expiry is compared by the database as Django does."""
        statement = select(_sessions.c.session_data).where(
            _sessions.c.session_key == key, _sessions.c.expire_date > datetime.now(UTC)
        )
        text = await db.scalar(statement)
        return None if text is None else decode(text, self._settings)

    async def save(
        self, db: Database, key: str | None, data: dict[str, Any], expires: datetime, *, create: bool
    ) -> str:
        """INSERT for a new key, else UPDATE. Raises :class:`SessionGone` if the row vanished."""
        values = {"session_data": encode(data, self._settings), "expire_date": expires}
        if create or key is None:
            key = new_key()
            while await db.scalar(select(_sessions.c.session_key).where(_sessions.c.session_key == key)):
                key = new_key()
            await db.execute(insert(_sessions).values(session_key=key, **values))
            return key
        if not await db.execute(update(_sessions).where(_sessions.c.session_key == key).values(**values)):
            raise SessionGone(key)
        return key

    async def delete(self, db: Database, key: str) -> None:
        await db.execute(delete(_sessions).where(_sessions.c.session_key == key))


class CookieStore:
    """``django.contrib.sessions.backends.signed_cookies``: the key *is* the signed data."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings

    async def load(self, db: Database, key: str) -> dict[str, Any] | None:
        try:
            data = signing.loads(
                key, self._settings.secret, salt=_COOKIE_SALT, max_age=self._settings.cookie_age,
                fallbacks=self._settings.fallbacks,
            )  # fmt: skip
        except (signing.BadSignature, ValueError):
            return None
        return data if isinstance(data, dict) else None

    async def save(
        self, db: Database, key: str | None, data: dict[str, Any], expires: datetime, *, create: bool
    ) -> str:
        return signing.dumps(data, self._settings.secret, salt=_COOKIE_SALT, compress=True)

    async def delete(self, db: Database, key: str) -> None:
        return None


class Session(MutableMapping[str, Any]):
    """``request.session``. Load it once with :meth:`open`; reading marks it *accessed*, writing *modified*."""

    def __init__(self, settings: SessionSettings, store: Store, key: str | None) -> None:
        self.settings, self._store, self._key = settings, store, key
        self._data: dict[str, Any] = {}
        self.accessed = False
        self.modified = False
        self._opened = False
        self._steps: list[Callable[[Database], Awaitable[None]]] = []

    async def open(self, db: Database) -> Session:
        """Load the data (at most once). A key without data is dropped, as Django does."""
        if not self._opened:
            self._opened = True
            self.accessed = True
            if self._key is not None and len(self._key) >= 8:
                found = await self._store.load(db, self._key)
                if found is None:
                    self._key = None
                else:
                    self._data = found
            else:
                self._key = None
        return self

    @property
    def key(self) -> str | None:
        """``session_key``; None before the first save."""
        return self._key

    @property
    def empty(self) -> bool:
        """``is_empty()``."""
        return not self._key and not self._data

    def expiry_age(self) -> int:
        """Seconds until it expires (``get_expiry_age``)."""
        value = self._data.get("_session_expiry")
        if not value:
            return self.settings.cookie_age
        if isinstance(value, str):
            until = datetime.fromisoformat(
                value
            )  # Django wrote timezone.now() + …: naive with USE_TZ = False
            return int((until - (datetime.now(UTC) if until.tzinfo else zone.wall_time())).total_seconds())
        return int(value)

    def set_expiry(self, seconds: int | None) -> None:
        """``set_expiry`` with seconds; 0 means when the browser closes, None the default."""
        if seconds is None:
            self.pop("_session_expiry", None)
        else:
            self["_session_expiry"] = seconds

    @property
    def until_browser_closes(self) -> bool:
        """``get_expire_at_browser_close``."""
        value = self._data.get("_session_expiry")
        return self.settings.expire_at_browser_close if value is None else value == 0

    async def save(self, db: Database, *, create: bool = False) -> None:
        """Write to the store."""
        await self.settle(db)
        expires = datetime.now(UTC) + timedelta(seconds=self.expiry_age())
        self._key = await self._store.save(db, self._key, self._data, expires, create=create)

    async def flush(self, db: Database, *, later: bool = False) -> None:
        """Forget the data and the stored row (``flush``). ``later``: the row when the request is answered (:meth:`settle`)."""
        await self.settle(db)
        key, self._key, self._data = self._key, None, {}
        self.accessed = self.modified = True
        if key is not None:
            await self._do(db, lambda db: self._store.delete(db, key), later)

    async def cycle_key(self, db: Database, *, later: bool = False) -> None:
        """Same data under a new key (``cycle_key``). ``later``: when the request is answered (:meth:`settle`)."""
        await self.settle(db)
        self.modified = True
        await self._do(db, self._cycle, later)

    async def settle(self, db: Database) -> None:
        """Do what was put off.

        Who a request is from is found out before it is known whether this side answers it. One that is left to Django (501)
        must have changed nothing: Django gets the same cookie.
        """
        steps, self._steps = self._steps, []
        for step in steps:
            await step(db)

    async def _do(self, db: Database, step: Callable[[Database], Awaitable[None]], later: bool) -> None:
        # A transaction that is undone undoes it, too, so inside of one it is done at once.
        if later and not db.in_atomic:
            self._steps.append(step)
        else:
            await step(db)

    async def _cycle(self, db: Database) -> None:
        old = self._key
        expires = datetime.now(UTC) + timedelta(seconds=self.expiry_age())
        self._key = await self._store.save(db, old, self._data, expires, create=True)
        if old:
            await self._store.delete(db, old)

    def __getitem__(self, name: str) -> Any:
        self.accessed = True
        return self._data[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.accessed = self.modified = True
        self._data[name] = value

    def __delitem__(self, name: str) -> None:
        self.accessed = self.modified = True
        del self._data[name]

    def __iter__(self) -> Iterator[str]:
        self.accessed = True
        return iter(self._data)

    def __len__(self) -> int:
        self.accessed = True
        return len(self._data)


async def finish(session: Session, db: Database, *, had_cookie: bool, status: int) -> list[tuple[str, str]]:
    """What ``SessionMiddleware.process_response`` does: save if needed, and the headers to add.

    Returns ``Set-Cookie`` and ``Vary`` as ``(name, value)``; ``Vary: Cookie`` is to be merged by the caller.
    """
    headers: list[tuple[str, str]] = []
    settings = session.settings
    if had_cookie and session.empty:
        headers.append(
            ("set-cookie", _cookie(settings, "", max_age=0, expires=datetime(1970, 1, 1, tzinfo=UTC)))
        )
        headers.append(("vary", "Cookie"))
        return headers
    if session.accessed:
        headers.append(("vary", "Cookie"))
    if (session.modified or settings.save_every_request) and not session.empty and status != 500:
        await session.save(db, create=session.key is None)
        age: int | None = None
        expires: datetime | None = None
        if not session.until_browser_closes:
            age = session.expiry_age()
            expires = datetime.now(UTC) + timedelta(seconds=age)
        headers.append(("set-cookie", _cookie(settings, session.key or "", max_age=age, expires=expires)))
    return headers


def encode(data: dict[str, Any], settings: SessionSettings) -> str:
    """``SessionBase.encode`` with ``JSONSerializer``."""
    return signing.dumps(data, settings.secret, salt=_SALT, compress=True)


def decode(text: str, settings: SessionSettings) -> dict[str, Any]:
    """``SessionBase.decode``: forged or broken data is an empty session. Pickle is never read."""
    try:
        data = signing.loads(text, settings.secret, salt=_SALT, fallbacks=settings.fallbacks)
    except (signing.BadSignature, ValueError, binascii.Error, json.JSONDecodeError, zlib.error):
        return {}
    return data if isinstance(data, dict) else {}


def new_key() -> str:
    """A fresh session key: 32 lower-case letters and digits."""
    return random_string(32, _KEY_ALPHABET)


def _cookie(settings: SessionSettings, value: str, *, max_age: int | None, expires: datetime | None) -> str:
    parts = [f"{settings.cookie_name}={value or chr(34) * 2}"]
    if expires is not None:
        parts.append(f"expires={format_datetime(expires, usegmt=True)}")
    if settings.cookie_domain:
        parts.append(f"Domain={settings.cookie_domain}")
    if settings.cookie_httponly and value:
        parts.append("HttpOnly")
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    parts.append(f"Path={settings.cookie_path}")
    if settings.cookie_samesite:
        parts.append(f"SameSite={settings.cookie_samesite.capitalize()}")
    # ``HttpResponse.delete_cookie`` asks the name and SameSite, not the setting.
    bound = settings.cookie_name.startswith(("__Secure-", "__Host-")) or settings.cookie_samesite == "none"
    if settings.cookie_secure if value else bound:
        parts.append("Secure")
    return "; ".join(parts)
