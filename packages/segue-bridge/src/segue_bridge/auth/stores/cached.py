"""``django.contrib.sessions.backends.cache`` and ``cached_db``: sessions in a cache, alone or before the database."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segue_bridge.auth.session_settings import SessionSettings
from segue_bridge.auth.sessions import Found, SessionGone, age
from segue_bridge.auth.stores.database import Rows
from segue_bridge.auth.stores.keys import new_key
from segue_bridge.cache.base import Cache
from segue_bridge.cache.values import NotPlain

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database

_ALONE = "django.contrib.sessions.cache"
_BEFORE = "django.contrib.sessions.cached_db"
_log = logging.getLogger(__name__)


class CacheStore:
    """``cache`` is ``caches[SESSION_CACHE_ALIAS]``: one that Django's processes share.

    A session that holds other than plain values raises :class:`~segue_bridge.cache.values.NotPlain` as it is read.
    """

    in_key = False

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def load(self, db: Database, key: str) -> Found | None:
        data = await _read(self._cache.on(db), _ALONE + key)
        return None if data is None else Found(data)

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
        if not create and key is not None:
            if not await self._cache.on(db).has_key(_ALONE + key):
                raise SessionGone(key)
            await self._cache.on(db).set(_ALONE + key, data, age)
            return key
        for _ in range(10_000):
            key = new_key()
            if await self._cache.on(db).add(_ALONE + key, data, age):
                return key
        raise RuntimeError("Unable to create a new session key. It is likely that the cache is unavailable.")

    async def delete(self, db: Database, key: str) -> None:
        await self._cache.on(db).delete(_ALONE + key)


class CachedDatabaseStore(Rows):
    """Rows of ``django_session``, read from ``cache`` where they are there."""

    def __init__(self, settings: SessionSettings, cache: Cache) -> None:
        super().__init__(settings)
        self._cache = cache

    async def load(self, db: Database, key: str) -> Found | None:
        try:
            data = await _read(self._cache.on(db), _BEFORE + key)
        except NotPlain:  # the row has it as plain data
            data = None
        if data is not None:
            return Found(data)
        row = await self._row(db, key)
        if row is None:
            return None
        await self._cache.on(db).set(_BEFORE + key, row[0], age(row[1], self._settings))
        return Found(row[0])

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
        key = await super().save(db, key, data, expires, age, create=create)
        try:
            await self._cache.on(db).set(_BEFORE + key, data, age)
        except Exception:  # noqa: BLE001 - the row is saved, whatever the cache says
            _log.exception("Error saving to cache (%s)", type(self._cache).__name__)
        return key

    async def delete(self, db: Database, key: str) -> None:
        await super().delete(db, key)
        await self._cache.on(db).delete(_BEFORE + key)

    async def _exists(self, db: Database, key: str) -> bool:
        return await self._cache.on(db).has_key(_BEFORE + key) or await super()._exists(db, key)


async def _read(cache: Cache, key: str) -> Any:
    try:
        return await cache.get(key)
    except NotPlain:
        raise
    except Exception:  # noqa: BLE001 - as in Django: some caches raise for keys that they cannot have
        _log.exception("Error reading from cache (%s)", type(cache).__name__)
        return None
