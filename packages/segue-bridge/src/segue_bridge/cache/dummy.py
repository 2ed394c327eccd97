"""``django.core.cache.backends.dummy.DummyCache``: it keeps nothing."""

from __future__ import annotations

from typing import Any

from segue_bridge.cache.base import DEFAULT, Cache, Timeout


class DummyCache(Cache):
    """A cache that is always empty."""

    async def get(self, key: object, default: Any = None) -> Any:
        return default

    async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> None:
        return None

    async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:
        return True

    async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
        return False

    async def delete(self, key: object) -> bool:
        return False

    async def clear(self) -> None:
        return None

    async def has_key(self, key: object) -> bool:
        return False
