"""Writes to Django's caches: ``[alias, method, key, value, timeout]`` in their order.

Reads are no effect. Keys are those that the code gives, before ``KEY_FUNCTION`` and version. A value is compared as
far as JSON can tell; a model's object by its label and key, a queryset and anything else by its type. The histories
of throttles are left out: they hold the moments of requests, and where no cache is shared each side keeps its own (docs/bridge/auth.md).
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable
from typing import Any

from .. import shared_cache
from ..compare import plain

_WRITES = (
    "add",
    "set",
    "touch",
    "delete",
    "incr",
    "decr",
    "set_many",
    "delete_many",
    "clear",
    "delete_pattern",
)
_THROTTLES = ("rest_framework.throttling", "segue_bridge.auth.throttles")
# A session's key is random.
_SESSION = re.compile(r"^(django\.contrib\.sessions\.cache(?:d_db)?)[a-z0-9]{32}$")


class CacheWrites:
    """Patches the classes of all configured caches (``django.core.cache.caches``)."""

    def __init__(self) -> None:
        from django.core.cache import caches

        self.held_back = False  # whether writes that no rollback undoes are only noted
        self._done: list[Any] = []
        self._depth = 0
        self._aliases: dict[int, str] = {}
        self._patched: set[type] = set()
        self._follow(caches)

    def _follow(self, caches: Any) -> None:
        self._known = caches.settings
        for alias in caches:
            cls = type(caches[alias])
            if cls not in self._patched:
                self._patched.add(cls)
                for method in (one for one in _WRITES if hasattr(cls, one)):
                    setattr(cls, method, self._noting(getattr(cls, method), method))

    def start(self) -> None:
        """Forget what was noted."""
        from django.core.cache import caches

        self._done = []
        if caches.settings is not self._known:  # overridden by a test
            self._follow(caches)

    def take(self) -> list[Any]:
        """The writes, in their order."""
        return self._done

    def _noting(self, original: Any, method: str) -> Any:
        recorder = self

        @functools.wraps(original)
        def write(cache: Any, *args: Any, **kwargs: Any) -> Any:
            # set_many() calls set(), get_or_set() calls add(): the outermost call is what the code asked for.
            if not recorder._depth and not _counts_requests(sys._getframe(1)):
                recorder._done.append(
                    [recorder._alias(cache), method, *_told(*_bound(original, args, kwargs))]
                )
                if recorder.held_back and not _is_undone(cache):
                    return _as_if(cache, method, args, kwargs)
            recorder._depth += 1
            try:
                return original(cache, *args, **kwargs)
            finally:
                recorder._depth -= 1

        return write

    def _alias(self, cache: Any) -> str:
        from django.core.cache import caches

        # Caches are per thread: ask anew for one that was not seen yet.
        known = self._aliases.get(id(cache))
        if known is None or caches[known] is not cache:
            known = next((alias for alias in caches if caches[alias] is cache), "?")
            self._aliases[id(cache)] = known
        return known


def _counts_requests(caller: Any) -> bool:
    """Whether a throttle writes: DRF's, or the bridge's through the cache that stands in for its own."""
    if caller.f_globals.get("__name__") == shared_cache.__name__:
        caller = caller.f_back
    return caller is not None and caller.f_globals.get("__name__") in _THROTTLES


def _is_undone(cache: Any) -> bool:
    """Whether the run puts it back: in this process, in the database, or nowhere."""
    from django.core.cache.backends.db import DatabaseCache
    from django.core.cache.backends.dummy import DummyCache
    from django.core.cache.backends.locmem import LocMemCache

    return isinstance(cache, LocMemCache | DatabaseCache | DummyCache)


def _as_if(cache: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a write gives back that is not done (``django.core.cache.backends.base.BaseCache``)."""
    if method in ("incr", "decr"):
        key, *rest = args
        delta = kwargs.get("delta", rest[0] if rest else 1)
        found = cache.get(key, version=kwargs.get("version"))
        if found is None:
            raise ValueError(f"Key {key!r} not found")
        return found + delta if method == "incr" else found - delta
    if method == "set_many":
        return []
    if method in ("add", "touch", "delete"):
        key = args[0] if args else kwargs["key"]
        return cache.has_key(key, version=kwargs.get("version")) is (method != "add")
    return None


def _bound(
    original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments by position as far as there is no gap: ``set(k, v, timeout=None)`` is ``set(k, v, None)``."""
    names = list(inspect.signature(original).parameters)[1:]
    left, found = dict(kwargs), list(args)
    for name in names[len(args) :]:
        if name not in left:
            break
        found.append(left.pop(name))
    return tuple(found), left


def _told(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    told = [_SESSION.sub(r"\1", item) if isinstance(item, str) else value(item) for item in args]
    return [*told, {k: value(v) for k, v in sorted(kwargs.items())}] if kwargs else told


def value(item: Any) -> Any:
    """A cached value as JSON can carry it, without asking the database."""
    from django.db.models import Model, QuerySet

    if isinstance(item, Model):
        return f"{item._meta.label}:{item.pk}"
    if isinstance(item, dict):
        return {str(k): value(v) for k, v in item.items()}
    if isinstance(item, list | tuple):
        return [value(v) for v in item]
    if isinstance(item, set | frozenset):
        return sorted(str(value(v)) for v in item)
    if isinstance(item, QuerySet):
        return type(item).__name__
    if type(item) is object:  # the DEFAULT_TIMEOUT of django.core.cache.backends.base
        return "object"
    module = type(item).__module__
    if module in ("builtins", "datetime", "decimal", "uuid"):
        return plain(item)
    return f"{module}.{type(item).__qualname__}"
