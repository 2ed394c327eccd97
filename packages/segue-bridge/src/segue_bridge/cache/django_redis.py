"""The cache of the package ``django-redis``: as Django's own, but times of expiry in thousandths and its own rules for them.

Source: ``django_redis.cache.RedisCache`` and ``django_redis.client.default.DefaultClient``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from redis.exceptions import ConnectionError as ServerGone
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as TooSlow

from segue_bridge.cache.base import DEFAULT, KeyFunction, Timeout, default_key
from segue_bridge.cache.compressors import COMPRESSORS
from segue_bridge.cache.redis import RedisCache
from segue_bridge.cache.values import dumps, loads
from segue_bridge.django_json import encoded

P = ParamSpec("P")
T = TypeVar("T")
_Call = Callable[Concatenate["DjangoRedisCache", P], Awaitable[T]]

_SPECIAL = re.compile(r"([*?[])")
_ADD = """
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('INCRBY', KEYS[1], ARGV[1]) else return false end
"""


def _forgiving(
    call: _Call[P, T],
) -> Callable[Concatenate[DjangoRedisCache, P], Coroutine[Any, Any, T | None]]:
    """``omit_exception``: None where the server fails and errors are ignored."""

    @wraps(call)
    async def asked(self: DjangoRedisCache, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return await call(self, *args, **kwargs)
        except (ServerGone, TooSlow, ResponseError):
            if not self.ignore_errors:
                raise
            return None

    return asked


class DjangoRedisCache(RedisCache):
    """``django_redis.cache.RedisCache`` with one server; the number of the database is in its URL.

    ``as_json``: its JSON serializer in place of pickles. ``compressor``: ``"zlib"``, ``"gzip"`` or ``"lzma"``. ``ignore_errors``
    (``IGNORE_EXCEPTIONS``): a server that does not answer has nothing and keeps nothing; all calls but :meth:`touch` give
    None then. ``timeouts`` are those of a connection and of an answer, in seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "",
        version: int = 1,
        timeout: float | None = 300,
        key_function: KeyFunction = default_key,
        as_json: bool = False,
        compressor: str = "",
        ignore_errors: bool = False,
        timeouts: tuple[float | None, float | None] = (None, None),
    ) -> None:
        super().__init__(url, prefix=prefix, version=version, timeout=timeout, key_function=key_function)
        self.ignore_errors = ignore_errors
        self._json = as_json
        self._compressor = COMPRESSORS[compressor] if compressor else None
        self._options = {"socket_connect_timeout": timeouts[0], "socket_timeout": timeouts[1]}

    async def get(self, key: object, default: Any = None) -> Any:
        try:
            return await super().get(key, default)
        except (ServerGone, TooSlow, ResponseError):
            if not self.ignore_errors:
                raise
            return default

    @_forgiving
    async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:  # type: ignore[override]
        """Keep ``value``; whether something was done: False where a past expiry had nothing to forget."""
        return await self._put(self.key(key), value, self._thousandths(seconds))

    @_forgiving
    async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:  # type: ignore[override]
        """Keep ``value`` where there is none; whether it was kept."""
        lasting, name = self._thousandths(seconds), self.key(key)
        content = self.content(value)
        if lasting is not None and lasting <= 0:
            return not await self._client.exists(name)
        return bool(await self._client.set(name, content, px=lasting, nx=True))

    async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
        lasting, name = self._thousandths(seconds), self.key(key)
        if lasting is None:
            return bool(await self._client.persist(name))
        return bool(await self._client.pexpire(name, lasting))

    @_forgiving
    async def delete(self, key: object) -> bool:  # type: ignore[override]
        """Forget it; whether it was there."""
        return await super().delete(key)

    @_forgiving
    async def has_key(self, key: object) -> bool:  # type: ignore[override]
        """Whether it is there."""
        return await super().has_key(key)

    @_forgiving
    async def incr(self, key: object, delta: int = 1) -> int:  # type: ignore[override]
        """Add ``delta``; the value then, whose timeout stays. Raises ``ValueError`` where there is none."""
        name = self.key(key)
        try:
            found = await self._client.eval(_ADD, 1, name, delta)
        except ResponseError:  # no number for Redis, or too large a one
            held = await self._client.get(name)
            if held is None:
                raise self._nothing(name) from None
            left = await self._client.ttl(name)
            value: int = self.value(held) + delta
            await self._put(name, value, None if left == -1 else left * 1000)
            return value
        if found is None or found is False:
            raise self._nothing(name)
        return int(found)

    async def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        keys = list(keys)
        try:
            return await super().get_many(keys) if keys else {}
        except (ServerGone, TooSlow, ResponseError):
            if not self.ignore_errors:
                raise
            return {}

    @_forgiving
    async def set_many(self, values: Mapping[Any, Any], seconds: Timeout = DEFAULT) -> None:  # type: ignore[override]
        """Keep all ``values``."""
        lasting = self._thousandths(seconds)
        async with self._client.pipeline() as pipeline:
            for key, value in values.items():
                content = self.content(value)
                if lasting is not None and lasting <= 0:
                    pipeline.delete(self.key(key))
                else:
                    pipeline.set(self.key(key), content, px=lasting)
            await pipeline.execute()

    @_forgiving
    async def delete_many(self, keys: Iterable[Any]) -> int:  # type: ignore[override]
        """Forget all of them; how many there were."""
        names = [self.key(key) for key in keys]
        return int(await self._client.delete(*names)) if names else 0

    @_forgiving
    async def delete_pattern(self, pattern: str, prefix: str | None = None) -> int:
        """Forget all keys that match (``*``, ``?``, ``[ab]``, as Redis has them); how many there were. ``prefix`` is that of the settings where none is given.

        Keys that are kept meanwhile may be missed, as ``SCAN`` says.
        """
        escaped = [
            _SPECIAL.sub(r"[\1]", str(p)) for p in (self.prefix if prefix is None else prefix, self.version)
        ]
        # The key function is given the version as text here (``DefaultClient.make_pattern``).
        wanted = self._key_function(pattern, escaped[0], escaped[1])  # type: ignore[arg-type]
        found = [name async for name in self._client.scan_iter(match=wanted)]
        if found:
            async with self._client.pipeline() as pipeline:
                for name in found:
                    pipeline.delete(name)
                await pipeline.execute()
        return len(found)

    @_forgiving
    async def clear(self) -> None:
        """Forget everything in the same place."""
        await self._client.flushdb()

    def content(self, value: Any) -> int | bytes:
        """Whole numbers of any class are numbers of Redis, but for bools and members of an ``Enum``."""
        if isinstance(value, int) and not isinstance(value, bool | Enum):
            return int(value)
        made = json.dumps(value, default=encoded).encode() if self._json else dumps(value)
        return made if self._compressor is None else self._compressor.packed(made)

    def value(self, content: Any) -> Any:
        """The value of what the server has kept."""
        try:
            return int(content)
        except ValueError:
            made: bytes = content if self._compressor is None else self._compressor.unpacked(content)
            return json.loads(made.decode()) if self._json else loads(made)

    async def _put(self, name: str, value: Any, lasting: int | None) -> bool:
        content = self.content(value)
        if lasting is not None and lasting <= 0:
            return bool(await self._client.delete(name))
        return bool(await self._client.set(name, content, px=lasting))

    def _thousandths(self, seconds: Timeout) -> int | None:
        lasting = self.lasting(seconds)
        return None if lasting is None else int(lasting * 1000)

    @staticmethod
    def _nothing(name: str) -> ValueError:
        return ValueError(f"Key '{name!r}' not found")
