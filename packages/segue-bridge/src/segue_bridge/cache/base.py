"""What all caches have in common (``django.core.cache.backends.base.BaseCache``)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from segue_bridge.db.session import Session


class _Missing:
    """No value: what nothing in a cache is equal to."""


MISSING: Final = _Missing()
DEFAULT: Final = _Missing()  # the timeout of the settings
Timeout = float | None | _Missing
#: Key, prefix and version to the key of the server (``KEY_FUNCTION``).
KeyFunction = Callable[[Any, str, int], str]


def default_key(key: object, prefix: str, version: int) -> str:
    """``django.core.cache.backends.base.default_key_func``."""
    return f"{prefix}:{version}:{key}"


class Cache(ABC):
    """A cache of ``CACHES``. ``prefix``, ``version``, ``timeout`` (seconds; None: for ever) and ``key_function`` are its settings.

    ``seconds`` are how long a value is kept: zero and less expire at once, None never, without them it is ``timeout``. Values are plain data: a cached value of another class
    raises :class:`~segue_bridge.cache.values.NotPlain` as it is read.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        version: int = 1,
        timeout: float | None = 300,
        key_function: KeyFunction = default_key,
    ) -> None:
        self.prefix, self.version, self.timeout = prefix, version, timeout
        self._key_function = key_function

    def on(self, db: Session) -> Self:
        """The cache as a request with that database session uses it: only one that is in the database makes a difference."""
        return self

    def key(self, key: object) -> str:
        """The key of the server (``make_key``)."""
        return self._key_function(key, self.prefix, self.version)

    def lasting(self, seconds: Timeout) -> float | None:
        """``seconds``, or the timeout of the settings."""
        return self.timeout if isinstance(seconds, _Missing) else seconds

    @abstractmethod
    async def get(self, key: object, default: Any = None) -> Any:
        """The value, or ``default``."""

    @abstractmethod
    async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> None:
        """Keep ``value``."""

    @abstractmethod
    async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:
        """Keep ``value`` where there is none; whether it was kept."""

    @abstractmethod
    async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
        """Let it expire at another time; whether it was there."""

    @abstractmethod
    async def delete(self, key: object) -> bool:
        """Forget it; whether it was there."""

    @abstractmethod
    async def has_key(self, key: object) -> bool:
        """Whether it is there."""

    @abstractmethod
    async def clear(self) -> bool | None:
        """Forget everything in the same place, whatever its prefix and version (``clear``); with Redis, whether that went well."""

    async def get_or_set(self, key: object, default: Any, seconds: Timeout = DEFAULT) -> Any:
        """The value; ``default``, which is kept then, where there is none."""
        found = await self.get(key, MISSING)
        if found is not MISSING:
            return found
        await self.add(key, default, seconds)
        return await self.get(key, default)

    async def incr(self, key: object, delta: int = 1) -> int:
        """Add ``delta``; the value then, which has the timeout of the settings. Raises ``ValueError`` where there is none."""
        found = await self.get(key, MISSING)
        if found is MISSING:
            raise ValueError(f"Key '{key}' not found")
        value: int = found + delta
        await self.set(key, value)
        return value

    async def decr(self, key: object, delta: int = 1) -> int:
        """:meth:`incr` by ``-delta``."""
        return await self.incr(key, -delta)

    async def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        """The values of those that are there, by their keys."""
        found = {}
        for key in keys:
            value = await self.get(key, MISSING)
            if value is not MISSING:
                found[key] = value
        return found

    async def set_many(self, values: Mapping[Any, Any], seconds: Timeout = DEFAULT) -> list[Any]:
        """Keep all ``values``; the keys that could not be: none."""
        for key, value in values.items():
            await self.set(key, value, seconds)
        return []

    async def delete_many(self, keys: Iterable[Any]) -> None:
        """Forget all of them."""
        for key in keys:
            await self.delete(key)
