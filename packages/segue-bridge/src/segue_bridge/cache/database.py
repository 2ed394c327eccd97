"""``django.core.cache.backends.db.DatabaseCache``: rows of a table that ``manage.py createcachetable`` has made."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import String, Text, column, delete, func, insert, select, table, update

from segue_bridge import zone
from segue_bridge.cache.base import DEFAULT, Cache, KeyFunction, Timeout, default_key
from segue_bridge.cache.values import dumps, loads
from segue_bridge.db.errors import DatabaseError
from segue_bridge.db.types.aware import AwareDateTime

if TYPE_CHECKING:
    from segue_bridge.db.session import Session


class DatabaseCache(Cache):
    """Rows of the table ``name``. ``most`` and ``share`` are ``MAX_ENTRIES`` and ``CULL_FREQUENCY``.

    ``cache.on(db)`` uses it with the database session of a request: what is kept inside of its transaction goes with it when that
    is undone, as in Django. Without a session every call raises ``RuntimeError``.
    """

    def __init__(
        self,
        name: str,
        *,
        prefix: str = "",
        version: int = 1,
        timeout: float | None = 300,
        key_function: KeyFunction = default_key,
        most: int = 300,
        share: int = 3,
    ) -> None:
        super().__init__(prefix=prefix, version=version, timeout=timeout, key_function=key_function)
        self._table: Any = table(
            name, column("cache_key", String), column("value", Text), column("expires", AwareDateTime())
        )
        self._most, self._share = most, share
        self._session: Session | None = None

    def on(self, db: Session) -> Self:
        bound = copy.copy(self)
        bound._session = db
        return bound

    async def get(self, key: object, default: Any = None) -> Any:
        return (await self.get_many([key])).get(key, default)

    async def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        names = {self.key(key): key for key in keys}
        if not names:
            return {}
        columns = self._table.c
        rows: Any = await self._db.all(
            select(columns.cache_key, columns.value, columns.expires).where(
                columns.cache_key.in_(list(names))
            )
        )
        found, expired = {}, []
        for name, value, expires in rows:
            if expires < datetime.now(UTC):
                expired.append(name)
            else:
                found[names[name]] = loads(base64.b64decode(value.encode()))
        await self._forget(expired)
        return found

    async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> None:
        await self._put("set", key, value, seconds)

    async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:
        return await self._put("add", key, value, seconds)

    async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
        return await self._put("touch", key, None, seconds)

    async def delete(self, key: object) -> bool:
        return await self._forget([self.key(key)])

    async def delete_many(self, keys: Iterable[Any]) -> None:
        await self._forget([self.key(key) for key in keys])

    async def has_key(self, key: object) -> bool:
        columns = self._table.c
        now = datetime.now(UTC).replace(microsecond=0)
        found = select(columns.cache_key).where(columns.cache_key == self.key(key), columns.expires > now)
        return await self._db.first(found) is not None

    async def clear(self) -> None:
        await self._db.execute(delete(self._table))

    async def _put(self, mode: str, key: object, value: Any, seconds: Timeout) -> bool:
        """``_base_set``. An error of the database inside of it is silent: somebody else has just kept the same key."""
        db, columns, name = self._db, self._table.c, self.key(key)
        number = await db.scalar(select(func.count()).select_from(self._table))
        now, expires = datetime.now(UTC).replace(microsecond=0), _moment(self.lasting(seconds))
        if number > self._most:
            await self._cull(now, number)
        content = base64.b64encode(dumps(value)).decode("ascii")
        try:
            async with db.atomic():
                there = await db.first(
                    select(columns.cache_key, columns.expires).where(columns.cache_key == name)
                )
                row = update(self._table).where(columns.cache_key == name)
                if there is not None and mode == "touch":
                    await db.execute(row.values(expires=expires))
                elif there is not None and (mode == "set" or (mode == "add" and there.expires < now)):
                    await db.execute(row.values(value=content, expires=expires))
                elif mode != "touch":
                    new = {"cache_key": name, "value": content, "expires": expires}
                    await db.execute(insert(self._table).values(**new))
                else:
                    return False
        except DatabaseError:
            return False
        return True

    async def _cull(self, now: datetime, number: int) -> None:
        db, columns = self._db, self._table.c
        if self._share == 0:
            await self.clear()
            return
        number -= await db.execute(delete(self._table).where(columns.expires < now))
        if number > self._most:
            first = (
                select(columns.cache_key).order_by(columns.cache_key).limit(1).offset(number // self._share)
            )
            kept = await db.scalar(first)
            if kept is not None:
                await db.execute(delete(self._table).where(columns.cache_key < kept))

    async def _forget(self, names: list[str]) -> bool:
        if not names:
            return False
        return bool(await self._db.execute(delete(self._table).where(self._table.c.cache_key.in_(names))))

    @property
    def _db(self) -> Session:
        if self._session is None:
            raise RuntimeError(
                "This cache is in the database: say with which session, as in cache.on(db).get(key)."
            )
        return self._session


def _moment(lasting: float | None) -> datetime:
    """When what is kept for so many seconds expires, in whole seconds; for ever is the last moment that there is."""
    if lasting is not None:
        # Zero is past whatever the clock's grain (BaseCache.get_backend_timeout).
        return (datetime.now(UTC) + timedelta(seconds=lasting or -1)).replace(microsecond=0)
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC if zone.default() is not None else zone.clock())
    try:
        last.astimezone(UTC)
    except OverflowError:
        return last.replace(tzinfo=UTC)
    return last
