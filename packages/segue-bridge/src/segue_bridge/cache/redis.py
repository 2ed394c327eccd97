"""``django.core.cache.backends.redis.RedisCache``: whole numbers as Redis has them, everything else pickled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio import Redis

from segue_bridge.cache.base import DEFAULT, Cache, KeyFunction, Timeout, default_key
from segue_bridge.cache.values import dumps, loads


class RedisCache(Cache):
    """The server at ``url`` (``redis://…``, ``rediss://…``, ``unix://…``); ``db`` is its number where the URL has none."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "",
        version: int = 1,
        timeout: float | None = 300,
        key_function: KeyFunction = default_key,
        db: int | None = None,
    ) -> None:
        super().__init__(prefix=prefix, version=version, timeout=timeout, key_function=key_function)
        self._url = url
        self._options: dict[str, Any] = {} if db is None else {"db": db}
        # Connections belong to the event loop that has opened them.
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Redis] = WeakKeyDictionary()

    async def get(self, key: object, default: Any = None) -> Any:
        found = await self._client.get(self.key(key))
        return default if found is None else self.value(found)

    async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> None:
        lasting = self._whole(seconds)
        if lasting == 0:
            await self._client.delete(self.key(key))
        else:
            await self._client.set(self.key(key), self.content(value), ex=lasting)

    async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:
        lasting, name = self._whole(seconds), self.key(key)
        kept = bool(await self._client.set(name, self.content(value), ex=lasting or None, nx=True))
        if kept and lasting == 0:
            await self._client.delete(name)
        return kept

    async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
        lasting, name = self._whole(seconds), self.key(key)
        if lasting is None:
            return bool(await self._client.persist(name))
        return bool(await self._client.expire(name, lasting))

    async def delete(self, key: object) -> bool:
        return bool(await self._client.delete(self.key(key)))

    async def has_key(self, key: object) -> bool:
        return bool(await self._client.exists(self.key(key)))

    async def incr(self, key: object, delta: int = 1) -> int:
        """Add ``delta``; the value then, whose timeout stays. Raises ``ValueError`` where there is none."""
        name = self.key(key)
        if not await self._client.exists(name):
            raise ValueError(f"Key '{name}' not found.")
        return int(await self._client.incrby(name, delta))

    async def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        names = {self.key(key): key for key in keys}
        found = await self._client.mget(list(names))
        return {
            key: self.value(value)
            for key, value in zip(names.values(), found, strict=True)
            if value is not None
        }

    async def set_many(self, values: Mapping[Any, Any], seconds: Timeout = DEFAULT) -> list[Any]:
        if values:
            lasting = self._whole(seconds)
            async with self._client.pipeline() as pipeline:
                pipeline.mset({self.key(key): self.content(value) for key, value in values.items()})
                if lasting is not None:
                    for key in values:
                        pipeline.expire(self.key(key), lasting)
                await pipeline.execute()
        return []

    async def delete_many(self, keys: Iterable[Any]) -> None:
        names = [self.key(key) for key in keys]
        if names:
            await self._client.delete(*names)

    async def clear(self) -> bool | None:
        return bool(await self._client.flushdb())

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def content(self, value: Any) -> int | bytes:
        """What the server keeps of ``value``. A bool is no number here."""
        return value if type(value) is int else dumps(value)

    def value(self, content: Any) -> Any:
        """The value of what the server has kept."""
        try:
            return int(content)
        except ValueError:
            return loads(content)

    def _whole(self, seconds: Timeout) -> int | None:
        lasting = self.lasting(seconds)
        return None if lasting is None else max(0, int(lasting))

    @property
    def _client(self) -> Redis:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = Redis.from_url(self._url, **self._options)
        return client
