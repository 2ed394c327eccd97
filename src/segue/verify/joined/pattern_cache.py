"""The cache of this process that stands for one of django-redis: it forgets by patterns, too."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.locmem import LocMemCache

from .redis_glob import matcher, pattern


class PatternCache(LocMemCache):  # type: ignore[misc]
    """``django_redis.cache.RedisCache`` as far as ``delete_pattern`` goes."""

    def delete_pattern(
        self,
        pattern_: str,
        version: int | None = None,
        prefix: str | None = None,
        client: Any = None,
        itersize: int | None = None,
    ) -> int:
        """Forget all keys that match; how many there were."""
        wanted = matcher(
            pattern(pattern_, self.key_prefix if prefix is None else prefix, version or self.version)
        )
        with self._lock:
            found = [key for key in self._cache if wanted(key) and not self._has_expired(key)]
            for key in found:
                self._delete(key)
        return len(found)
