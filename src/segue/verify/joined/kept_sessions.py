"""Sessions of personas that are in no database: in a cache or a folder, where each case must find them as they were made."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_again: dict[str, Callable[[], None]] = {}


def keep(key: str) -> None:
    """Remember the session of that key, as it is now."""
    from django.conf import settings

    engine = settings.SESSION_ENGINE.rpartition(".")[2]
    session: Any = import_module(settings.SESSION_ENGINE).SessionStore(key)
    if engine in ("cache", "cached_db"):
        cache = session._cache
        name = cache.make_and_validate_key(session.cache_key)
        # LocMemCache (boot.local_caches): pickles, and times of expiry.
        held, until = cache._cache.get(name), cache._expire_info.get(name)
        if held is not None:

            def put() -> None:
                cache._cache[name], cache._expire_info[name] = held, until

            _again[key] = put
    elif engine == "file":
        path = session._key_to_file()
        with open(path, "rb") as file:
            content = file.read()

        def write() -> None:
            with open(path, "wb") as file:
                file.write(content)

        _again[key] = write


def restore() -> None:
    """All remembered sessions are again as they were."""
    for put in _again.values():
        put()
