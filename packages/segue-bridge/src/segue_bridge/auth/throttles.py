"""DRF's rate limits (``rest_framework.throttling``).

A history in a cache that Django has too (:class:`CacheHistory`) counts the requests of both sides together: same keys, same contents.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from segue_bridge.auth.users import CurrentUser, Identity, is_authenticated
from segue_bridge.errors import Throttled

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.cache.base import Cache

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class History(Protocol):
    """Where the times of past requests are kept, newest first."""

    async def get(self, key: str) -> list[float]:
        """The history of ``key``."""

    async def set(self, key: str, history: list[float], seconds: float) -> None:
        """Keep ``history`` for ``seconds``."""


@dataclass(slots=True)
class ProcessHistory:
    """History in this process, as Django's ``locmem`` cache keeps it: not shared with other workers."""

    _kept: dict[str, tuple[float, list[float]]] = field(default_factory=dict)
    clock: Callable[[], float] = time.time

    async def get(self, key: str) -> list[float]:
        until, history = self._kept.get(key, (0.0, []))
        return list(history) if until > self.clock() else []

    async def set(self, key: str, history: list[float], seconds: float) -> None:
        now = self.clock()
        if len(self._kept) > 10_000:
            self._kept = {k: v for k, v in self._kept.items() if v[0] > now}
        self._kept[key] = (now + seconds, list(history))

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


@dataclass(frozen=True, slots=True)
class CacheHistory:
    """History in a cache of ``CACHES`` that the processes of both sides share.

    As in DRF nothing is locked: of requests that come at the same moment some may not be counted.
    """

    cache: Cache

    async def get(self, key: str) -> list[float]:
        found: list[float] = await self.cache.get(key, [])
        return found

    async def set(self, key: str, history: list[float], seconds: float) -> None:
        await self.cache.set(key, history, seconds)


@dataclass(frozen=True, slots=True)
class Rate:
    """``requests`` per ``seconds``."""

    requests: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """``SimpleRateThrottle.parse_rate``: ``"10/min"``; only the period's first letter counts."""
        number, _, period = text.partition("/")
        return cls(int(number), _SECONDS[period[0]])


@dataclass(frozen=True, slots=True)
class Throttle:
    """One limit. ``who``: ``anon`` (logged-in users pass), ``user``, or ``scope`` (``scope`` is its name)."""

    who: str
    scope: str
    rate: Rate
    history: History
    identity: Identity
    proxies: int | None = None
    clock: Callable[[], float] = time.time

    async def wait(self, request: Request, user: CurrentUser, counted: Counted | None = None) -> float | None:
        """Seconds to wait; None when the request is allowed (and is counted, which ``counted`` is told).

        ``math.inf`` stands for DRF's "wait of None".
        """
        known = is_authenticated(user)
        if self.who == "anon" and known:
            return None
        ident = str(self.identity.pk_of(user)) if known else client_address(request, self.proxies)
        key = f"throttle_{self.scope}_{ident}"
        now = self.clock()
        history = await self.history.get(key)
        while history and history[-1] <= now - self.rate.seconds:
            history.pop()
        if len(history) >= self.rate.requests:
            left = self.rate.seconds - (now - history[-1]) if history else float(self.rate.seconds)
            available = self.rate.requests - len(history) + 1
            return math.inf if available <= 0 else left / available
        history.insert(0, now)
        await self.history.set(key, history, self.rate.seconds)
        if counted is not None:
            counted.append((self, key, now))
        return None


Counted = list[tuple[Throttle, str, float]]
"""What counted a request: limit, key and moment."""


async def check(
    throttles: Sequence[Throttle], request: Request, user: CurrentUser, counted: Counted | None = None
) -> None:
    """``APIView.check_throttles``: every limit counts the request; the longest wait is told.

    Raises :class:`Throttled`.
    """
    asked = [await t.wait(request, user, counted) for t in throttles]
    waits = [w for w in asked if w is not None]
    if waits:
        finite = [w for w in waits if w is not math.inf and not math.isinf(w)]
        raise Throttled(max(finite) if finite else None)


async def take_back(counted: Counted) -> None:
    """Count a request no longer: it is left to Django, which counts it itself."""
    for limit, key, moment in counted:
        history = await limit.history.get(key)
        if moment in history:
            history.remove(moment)
            await limit.history.set(key, history, limit.rate.seconds)


def client_address(request: Request, proxies: int | None = None) -> str:
    """``BaseThrottle.get_ident``: the whole X-Forwarded-For, or the entry ``NUM_PROXIES`` from its end."""
    forwarded = request.headers.get("x-forwarded-for")
    remote = request.client.host if request.client else ""
    if proxies is not None:
        if proxies == 0 or forwarded is None:
            return remote
        parts = forwarded.split(",")
        return parts[-min(proxies, len(parts))].strip()
    return "".join(forwarded.split()) if forwarded else remote
