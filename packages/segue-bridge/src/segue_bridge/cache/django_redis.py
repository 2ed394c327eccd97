"""The cache of the package ``django-redis``: as Django's own, but times of expiry in thousandths and its own rules for them.

Source: ``django_redis.client.default.DefaultClient`` with its pickle serializer and no compressor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from redis.exceptions import ResponseError

from segue_bridge.cache.base import DEFAULT, Timeout
from segue_bridge.cache.redis import RedisCache
from segue_bridge.cache.values import dumps

_ADD = """
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('INCRBY', KEYS[1], ARGV[1]) else return false end
"""


class DjangoRedisCache(RedisCache):
    """``django_redis.cache.RedisCache`` with one server; the number of the database is in its URL."""

    async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:  # type: ignore[override]
        """Keep ``value``; whether something was done: False where a past expiry had nothing to forget."""
        lasting = self._thousandths(seconds)
        if lasting is not None and lasting <= 0:
            return await self.delete(key)
        return bool(await self._client.set(self.key(key), self.content(value), px=lasting))

    async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:
        lasting = self._thousandths(seconds)
        if lasting is not None and lasting <= 0:
            return not await self.has_key(key)
        return bool(await self._client.set(self.key(key), self.content(value), px=lasting, nx=True))

    async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
        lasting, name = self._thousandths(seconds), self.key(key)
        if lasting is None:
            return bool(await self._client.persist(name))
        return bool(await self._client.pexpire(name, lasting))

    async def incr(self, key: object, delta: int = 1) -> int:
        name = self.key(key)
        try:
            found = await self._client.eval(_ADD, 1, name, delta)
        except ResponseError:  # no number for Redis, or too large a one
            if not await self._client.exists(name):
                raise self._nothing(name) from None
            left = await self._client.ttl(name)
            value: int = await self.get(key) + delta
            await self.set(key, value, None if left == -1 else left)
            return value
        if found is None or found is False:
            raise self._nothing(name)
        return int(found)

    async def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        keys = list(keys)
        return await super().get_many(keys) if keys else {}

    async def set_many(self, values: Mapping[Any, Any], seconds: Timeout = DEFAULT) -> None:  # type: ignore[override]
        """Keep all ``values``."""
        lasting = self._thousandths(seconds)
        async with self._client.pipeline() as pipeline:
            for key, value in values.items():
                if lasting is not None and lasting <= 0:
                    pipeline.delete(self.key(key))
                else:
                    pipeline.set(self.key(key), self.content(value), px=lasting)
            await pipeline.execute()

    async def delete_many(self, keys: Iterable[Any]) -> int:  # type: ignore[override]
        """Forget all of them; how many there were."""
        names = [self.key(key) for key in keys]
        return int(await self._client.delete(*names)) if names else 0

    async def clear(self) -> None:
        await self._client.flushdb()

    def content(self, value: Any) -> int | bytes:
        """Whole numbers of any class are numbers of Redis, but for bools and members of an ``Enum``."""
        if isinstance(value, int) and not isinstance(value, bool | Enum):
            return int(value)
        return dumps(value)

    def _thousandths(self, seconds: Timeout) -> int | None:
        lasting = self.lasting(seconds)
        return None if lasting is None else int(lasting * 1000)

    @staticmethod
    def _nothing(name: str) -> ValueError:
        return ValueError(f"Key '{name!r}' not found")
