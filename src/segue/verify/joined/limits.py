"""Rate limits that are used up: what a client is told who asked too often, without asking so often."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_MANY = 100_000  # requests in the last second: more than any limit


class _Busy:
    """A cache whose every history is full (``SimpleRateThrottle.cache``)."""

    def get(self, key: str, default: Any = None) -> list[float]:
        """Past requests, newest first."""
        return [time.time()] * _MANY

    def set(self, key: str, value: Any, timeout: Any = None) -> None:
        """Nothing is kept."""


@contextmanager
def used_up(package: str = "") -> Iterator[None]:
    """All limits of DRF's throttles are reached, and those of the generated ``package``."""
    from rest_framework.throttling import SimpleRateThrottle

    history: Any = type(getattr(sys.modules.get(f"{package}.access"), "HISTORY", None))
    own = getattr(history, "get", None)
    cache = SimpleRateThrottle.cache
    SimpleRateThrottle.cache = _Busy()
    if own is not None:
        history.get = lambda self, key: [time.time()] * _MANY
    try:
        yield
    finally:
        SimpleRateThrottle.cache = cache
        if own is not None:
            history.get = own
