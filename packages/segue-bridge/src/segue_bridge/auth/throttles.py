"""DRF's rate limits (``rest_framework.throttling``).

A history in a cache that Django has too (:class:`CacheHistory`) counts the requests of both sides together: same keys, same contents.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from segue_bridge.auth.users import CurrentUser, Identity, is_authenticated
from segue_bridge.errors import Throttled

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.cache.base import Cache

T = TypeVar("T")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


Hook = Callable[[Any, "Asked"], T | Awaitable[T]]
"""A method of the project's class: the call (of :mod:`segue_bridge.http.call`) and what is being asked."""


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


class NoHistory:
    """Django's ``dummy`` cache: it forgets every request at once."""

    async def get(self, key: str) -> list[float]:
        return []

    async def set(self, key: str, history: list[float], seconds: float) -> None:
        """Forgotten."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """One limit. ``who``: ``anon`` (logged-in users pass), ``user``, or ``scope`` (``scope`` is its name).

    ``rate`` None: nobody is limited by it. What the project's class has of its own: ``allow`` (``allow_request``), ``key``
    (``get_cache_key``) and ``ident`` (``get_ident``) are called with the call and what is being asked. ``who`` is ``own`` for a
    ``BaseThrottle``, which has no rate and says ``seconds`` to those who have to wait.
    """

    who: str
    scope: str
    rate: Rate | None
    history: History
    identity: Identity
    proxies: int | None = None
    clock: Callable[[], float] = time.time
    allow: Hook[bool | None] | None = None
    key: Hook[str | None] | None = None
    ident: Hook[str] | None = None
    seconds: float | None = None

    async def wait(self, request: Request, user: CurrentUser, counted: Counted | None = None) -> float | None:
        """Seconds to wait; None when the request is allowed (and is counted, which ``counted`` is told).

        ``math.inf`` stands for DRF's "wait of None".
        """
        asked = Asked(self, request, user, counted)
        if self.allow is None:
            allowed: bool | None = await asked.allow()
        else:
            allowed = await _given(self.allow(request, asked))
        return None if allowed else asked.left()


class Asked:
    """A limit and one request: DRF makes a throttle object for each."""

    def __init__(
        self, limit: Throttle, request: Request, user: CurrentUser, counted: Counted | None = None
    ) -> None:
        self._limit, self._request, self._user, self._counted = limit, request, user, counted
        self._history: list[float] | None = None
        self._now = 0.0

    async def allow(self) -> bool:
        """``SimpleRateThrottle.allow_request``: whether there is room, and the request is counted then."""
        limit = self._limit
        if limit.rate is None:
            return True
        key = await self.key() if limit.key is None else await _given(limit.key(self._request, self))
        if key is None:
            return True
        self._now = now = limit.clock()
        self._history = history = await limit.history.get(key)
        while history and history[-1] <= now - limit.rate.seconds:
            history.pop()
        if len(history) >= limit.rate.requests:
            return False
        history.insert(0, now)
        await limit.history.set(key, history, limit.rate.seconds)
        if self._counted is not None:
            self._counted.append((limit, key, now))
        return True

    async def key(self) -> str | None:
        """``get_cache_key`` of DRF's class: None for those whom it does not limit."""
        limit = self._limit
        known = is_authenticated(self._user)
        if limit.who == "anon" and known:
            return None
        if known:
            ident = str(limit.identity.pk_of(self._user))
        elif limit.ident is not None:
            ident = await _given(limit.ident(self._request, self))
        else:
            ident = self.address()
        return f"throttle_{limit.scope}_{ident}"

    def address(self) -> str:
        """``BaseThrottle.get_ident``: where the request comes from."""
        return client_address(self._request, self._limit.proxies)

    def left(self) -> float:
        """``wait()``. An ``AttributeError``, as in DRF, where the project's ``allow_request`` never asked DRF's."""
        limit = self._limit
        if limit.who == "own":
            return math.inf if limit.seconds is None else limit.seconds
        if self._history is None or limit.rate is None:
            raise AttributeError("'Throttle' object has no attribute 'history'")
        history = self._history
        left = limit.rate.seconds - (self._now - history[-1]) if history else float(limit.rate.seconds)
        available = limit.rate.requests - len(history) + 1
        return math.inf if available <= 0 else left / available


Counted = list[tuple[Throttle, str, float]]
"""What counted a request: limit, key and moment."""


async def _given(found: T | Awaitable[T]) -> T:
    return await found if isinstance(found, Awaitable) else found


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
        assert limit.rate is not None
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
