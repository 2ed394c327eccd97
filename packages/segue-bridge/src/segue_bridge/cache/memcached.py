"""``django.core.cache.backends.memcached.PyMemcacheCache``: the same client, which spreads keys over the servers as Django's does.

The client waits for its answers in a thread.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from anyio import to_thread
from pymemcache import HashClient
from pymemcache.serde import FLAG_PICKLE, python_memcache_deserializer, python_memcache_serializer

from segue_bridge.cache.base import DEFAULT, Cache, KeyFunction, Timeout, default_key
from segue_bridge.cache.values import NotPlain, loads

_MONTH = 60 * 60 * 24 * 30
T = TypeVar("T")


class InvalidCacheKey(ValueError):
    """Memcached has no such keys: longer than 250 characters, or with blanks or control characters."""


class MemcachedCache(Cache):
    """The servers at ``servers`` (``LOCATION``): ``host:port`` or ``unix:/path``, several in a list or divided by commas."""

    def __init__(
        self,
        servers: str | Sequence[str],
        *,
        prefix: str = "",
        version: int = 1,
        timeout: float | None = 300,
        key_function: KeyFunction = default_key,
    ) -> None:
        super().__init__(prefix=prefix, version=version, timeout=timeout, key_function=key_function)
        self._servers = re.split("[;,]", servers) if isinstance(servers, str) else list(servers)
        self._made: Any = None

    def key(self, key: object) -> str:
        """The key of the server. Raises :class:`InvalidCacheKey`."""
        made = super().key(key)
        if len(made) > 250:
            raise InvalidCacheKey(
                f"Cache key will cause errors if used with memcached: {made!r} (longer than 250)"
            )
        if any(ord(letter) < 33 or ord(letter) == 127 for letter in made):
            raise InvalidCacheKey(
                f"Cache key contains characters that will cause errors if used with memcached: {made!r}"
            )
        return made

    async def get(self, key: object, default: Any = None) -> Any:
        return await _in_thread(self._client.get, self.key(key), default)

    async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> None:
        name = self.key(key)
        if not await _in_thread(self._client.set, name, value, self._until(seconds)):
            await _in_thread(self._client.delete, name)  # too large: the old value must not stay

    async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:
        return await _in_thread(self._client.add, self.key(key), value, self._until(seconds))

    async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
        return bool(await _in_thread(self._client.touch, self.key(key), self._until(seconds)))

    async def delete(self, key: object) -> bool:
        return bool(await _in_thread(self._client.delete, self.key(key)))

    async def has_key(self, key: object) -> bool:
        missing = object()
        return await self.get(key, missing) is not missing

    async def clear(self) -> None:
        await _in_thread(self._client.flush_all)

    async def incr(self, key: object, delta: int = 1) -> int:
        """Add ``delta``; the value then, which is never below 0 and whose timeout stays. Raises ``ValueError`` where there is none."""
        name = self.key(key)
        change = self._client.decr if delta < 0 else self._client.incr
        found = await _in_thread(change, name, abs(delta))
        if found is None:
            raise ValueError(f"Key '{name}' not found")
        return int(found)

    async def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        names = {self.key(key): key for key in keys}
        found = await _in_thread(self._client.get_many, list(names))
        return {names[name]: value for name, value in found.items()}

    async def set_many(self, values: Mapping[Any, Any], seconds: Timeout = DEFAULT) -> list[Any]:
        names = {self.key(key): key for key in values}
        content = {name: values[key] for name, key in names.items()}
        failed = await _in_thread(self._client.set_many, content, self._until(seconds))
        return [names[name] for name in failed]

    async def delete_many(self, keys: Iterable[Any]) -> None:
        await _in_thread(self._client.delete_many, [self.key(key) for key in keys])

    async def close(self) -> None:
        """Close the connections."""
        client, self._made = self._made, None
        if client is not None:
            await _in_thread(client.close)

    def _until(self, seconds: Timeout) -> int:
        """The server's way to say it (``get_backend_timeout``): 0 for ever, negative at once, the time of day for more than 30 days."""
        lasting = self.lasting(seconds)
        if lasting is None:
            return 0
        if int(lasting) == 0:
            return -1
        return int(lasting + int(time.time()) if lasting > _MONTH else lasting)

    @property
    def _client(self) -> Any:
        if self._made is None:
            self._made = HashClient(
                self._servers,
                allow_unicode_keys=True,
                default_noreply=False,
                serde=_Plain(),
                use_pooling=True,
            )
        return self._made


class _Plain:
    """``pymemcache.serde.pickle_serde``, which reads plain classes only."""

    serialize = staticmethod(python_memcache_serializer)

    def deserialize(self, key: str, value: bytes, flags: int) -> Any:
        if not flags & FLAG_PICKLE:
            return python_memcache_deserializer(key, value, flags)
        try:
            return loads(value)
        except NotPlain:
            raise
        except Exception:  # noqa: BLE001 - as the package: a broken value is no value
            return None


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    return await to_thread.run_sync(work, *arguments)
