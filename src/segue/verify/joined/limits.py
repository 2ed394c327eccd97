"""Rate limits that are used up: what a client is told who asked too often, without asking so often."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Full:
    """A cache in which every history has as many requests as Django's limit allows, less ``but``; all of one moment.

    Stands for ``SimpleRateThrottle.cache``. So a limit of another size shows: one side refuses, the other does not.
    """

    def __init__(self, but: int) -> None:
        self._but, self._moment, self._limits = but, time.time(), limits()

    def get(self, key: str, default: Any = None) -> list[float]:
        """Past requests, newest first."""
        scopes = [scope for scope in self._limits if key.startswith(f"throttle_{scope}_")]
        most = self._limits[max(scopes, key=len)] if scopes else 0
        return [self._moment] * max(0, most - self._but)

    def set(self, key: str, value: Any, timeout: Any = None) -> None:
        """Nothing is kept."""


def limits() -> dict[str, int]:
    """Requests that each scope of DRF's throttles allows in its period."""
    from rest_framework.throttling import SimpleRateThrottle

    found = dict(SimpleRateThrottle.THROTTLE_RATES or {})
    left = [SimpleRateThrottle]
    while left:
        cls = left.pop()
        left += cls.__subclasses__()
        if cls.scope and getattr(cls, "rate", None):
            found[cls.scope] = cls.rate
    out: dict[str, int] = {}
    for scope, rate in found.items():
        number = str(rate or "").partition("/")[0]
        if number.isdigit():
            out[str(scope)] = int(number)
    return out


@contextmanager
def used_up(package: str = "", *, but: int = 0) -> Iterator[None]:
    """All limits of DRF's throttles are reached but for ``but`` requests, and those of the generated ``package``."""
    from rest_framework.throttling import SimpleRateThrottle

    history: Any = type(getattr(sys.modules.get(f"{package}.access"), "HISTORY", None))
    own = getattr(history, "get", None)
    cache, full = SimpleRateThrottle.cache, _Full(but)
    SimpleRateThrottle.cache = full
    if own is not None:

        async def get(self: Any, key: str) -> list[float]:
            return full.get(key)

        history.get = get
    try:
        yield
    finally:
        SimpleRateThrottle.cache = cache
        if own is not None:
            history.get = own
