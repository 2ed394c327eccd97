"""The generated ``app/cache.py`` in this process's memory, as Django's side of a run has its caches (``joined.boot.local_caches``)."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segue_bridge.cache.base import Cache


def stand_in(package: str) -> dict[str, Any]:
    """Put it in the place of ``package``'s ``cache``, where it has one, before anything imports that. Its caches by their names, as they are asked for."""
    made: dict[str, Any] = {}
    if importlib.util.find_spec(f"{package}.cache") is None:
        return made
    module = ModuleType(f"{package}.cache")

    def find(name: str) -> Any:
        if not name.isupper():
            raise AttributeError(name)
        return made.setdefault(name, memory_cache())

    module.__getattr__ = find  # type: ignore[method-assign]
    sys.modules[module.__name__] = module
    return made


def _redis_glob() -> Any:
    """joined/redis_glob.py by its path, as this file is run by its own."""
    path = Path(__file__).parents[1] / "joined" / "redis_glob.py"
    spec = importlib.util.spec_from_file_location("redis_glob", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def memory_cache() -> Cache:
    """A cache of the bridge's that keeps pickles in a dictionary (``django.core.cache.backends.locmem``)."""
    from segue_bridge.cache.base import DEFAULT, Cache, Timeout
    from segue_bridge.cache.values import dumps, loads

    class MemoryCache(Cache):
        def __init__(self) -> None:
            super().__init__()
            self.kept: dict[str, tuple[float | None, bytes]] = {}

        def _found(self, key: object) -> bytes | None:
            until, pickled = self.kept.get(self.key(key), (None, None))
            return None if until is not None and until <= time.time() else pickled

        async def get(self, key: object, default: Any = None) -> Any:
            pickled = self._found(key)
            return default if pickled is None else loads(pickled)

        async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> None:
            lasting = self.lasting(seconds)
            until = None if lasting is None else time.time() + lasting
            self.kept[self.key(key)] = (until, dumps(value))

        async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:
            new = self._found(key) is None
            if new:
                await self.set(key, value, seconds)
            return new

        async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
            pickled = self._found(key)
            if pickled is not None:
                await self.set(key, loads(pickled), seconds)
            return pickled is not None

        async def delete(self, key: object) -> bool:
            there = self._found(key) is not None
            self.kept.pop(self.key(key), None)
            return there

        async def delete_pattern(self, pattern: str, prefix: str | None = None) -> int:
            """As django-redis has it."""
            glob = _redis_glob()
            made = glob.pattern(pattern, self.prefix if prefix is None else prefix, self.version)
            wanted = glob.matcher(made)
            found = [key for key in self.kept if wanted(key)]
            for key in found:
                del self.kept[key]
            return len(found)

        async def clear(self) -> None:
            self.kept.clear()

        async def has_key(self, key: object) -> bool:
            return self._found(key) is not None

        async def close(self) -> None:
            """Nothing is open."""

    return MemoryCache()
