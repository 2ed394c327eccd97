"""One cache for both sides: the generated ``app/cache.py`` is replaced by Django's own cache of this process.

So each case begins with the same cache, and writes of either side are noted by ``recorders.cache``. That the bridge's caches
have Django's keys and contents is what their tests are for.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType
from typing import Any

_ASKED = ("get", "get_many", "get_or_set", "incr", "decr")
_TOLD = ("set", "add", "touch", "delete", "has_key", "set_many", "delete_many", "delete_pattern", "clear")


class SharedCache:
    """``CACHE`` (or another one) of the generated application over ``django.core.cache.caches[alias]``."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def on(self, db: Any) -> SharedCache:
        """Django's caches find the connection of both sides themselves."""
        return self

    def __getattr__(self, method: str) -> Any:
        if method not in (*_ASKED, *_TOLD):
            raise AttributeError(method)

        async def call(*args: Any, **kwargs: Any) -> Any:
            from django.core.cache import caches

            from segue_bridge.cache.values import dumps, loads

            if "seconds" in kwargs:
                kwargs["timeout"] = kwargs.pop("seconds")
            found = getattr(caches[self._alias], method)(*args, **kwargs)
            # As the bridge reads it: plain values only.
            return loads(dumps(found)) if method in _ASKED else found

        return call


def name(alias: str) -> str:
    """What ``caches[alias]`` is called in the generated service (``segue.translate.caches``)."""
    return "CACHE" if alias == "default" else re.sub(r"\W", "_", alias).upper() + "_CACHE"


def stand_in(package: str) -> None:
    """Put the module in the place of ``package``'s ``cache``, where it has one. Before anything imports that."""
    if importlib.util.find_spec(f"{package}.cache") is None:
        return
    from django.core.cache import caches

    module = ModuleType(f"{package}.cache")
    for alias in caches:
        setattr(module, name(alias), SharedCache(alias))
    sys.modules[module.__name__] = module
