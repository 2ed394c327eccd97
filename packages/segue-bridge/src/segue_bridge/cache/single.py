"""One maker at a time: when a much-asked value expires, all who ask for it wait for the first instead of all making it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from segue_bridge.cache.base import DEFAULT, MISSING, Cache, Timeout

T = TypeVar("T")
_Locks = WeakValueDictionary[tuple[int, str], asyncio.Lock]
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Locks] = WeakKeyDictionary()


async def get_or_make(
    cache: Cache,
    key: object,
    make: Callable[[], Awaitable[T]],
    seconds: Timeout = DEFAULT,
    *,
    lease: float = 30,
    look_again: float = 0.05,
) -> T | Any:
    """The value under ``key``; where there is none, what ``make`` gives, which is kept for ``seconds``.

    Only one task of all processes makes it: the others wait until it is there. One that has not made it after ``lease`` seconds
    (it was killed) is followed by another; an error of ``make`` is raised to its caller, and the next one tries. Those in other
    processes look again every ``look_again`` seconds. Django's ``get`` and ``set`` of the same key see the value as any other.
    """
    found = await cache.get(key, MISSING)
    if found is not MISSING:
        return found
    claim, mine = f"{key}.being-made", uuid.uuid4().hex
    async with _lock(cache, key):
        while True:
            found = await cache.get(key, MISSING)
            if found is not MISSING:
                return found
            if await cache.add(claim, mine, lease):
                break
            await asyncio.sleep(look_again)
        try:
            value = await make()
            await cache.set(key, value, seconds)
        finally:
            if await cache.get(claim) == mine:
                await cache.delete(claim)
        return value


def _lock(cache: Cache, key: object) -> asyncio.Lock:
    """The lock of the tasks of this event loop."""
    held = _locks.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    name = (id(cache), cache.key(key))
    lock = held.get(name)
    if lock is None:
        lock = held[name] = asyncio.Lock()
    return lock
