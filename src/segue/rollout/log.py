"""Reading what Envoy writes of every request, as it is written."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from segue.gateway.access_log import Tail
from segue.gateway.routes import STANDIN
from segue.rollout.figures import Pair, bucket

_NATURAL = ("weighted", "weighted-safe", "weighted-standin")
_KEPT = 10_000

_BROKEN = frozenset({"UC", "UPE", "UR", "UMSDR"})
"""Envoy's flags (``%RESPONSE_FLAGS%``) for a side that did not end its answer. Those of clients begin with D."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request of an operation whose side the weight decided (not a header, not the browsable API).

    ``weight`` is what it was routed by; ``side`` the side chosen; ``fallback`` whether Django answered in FastAPI's place although
    FastAPI had not left it the request; ``status`` 0 when the client went away first; ``microseconds`` from the request's first byte to the answer's last. ``at`` is when the answer had ended, in seconds
    since 1970 (0 where the log does not say). ``left`` whether FastAPI left it to Django of its own accord. ``broken``: the answer had
    begun, with that status, and its side did not end it.
    """

    key: str
    weight: int
    side: str
    status: int
    fallback: bool
    microseconds: float
    at: float = 0.0
    left: bool = False
    broken: bool = False

    def count(self, pair: Pair) -> None:
        """Add it to the figures of its side."""
        side = pair.fastapi if self.side == "fastapi" else pair.django
        side.requests += 1
        if self.status == 0:
            side.abandoned += 1
            return
        side.fallbacks += self.fallback
        side.left += self.left
        failed = self.fallback or self.broken or self.status >= 500
        side.failures += failed
        if self.microseconds and not failed:
            side.latencies[bucket(self.microseconds)] += 1


class Reader:
    """Follows ``access.jsonl`` from where it ends now. ``django`` is Django's address as Envoy logs it; without it no
    fallback is told from other answers. A file that was replaced or cut is read from its beginning.

    ``back``: begin that many bytes before the end. ``everything``: read also requests whose side the weight did not decide; those of
    routes that the gateway does not name have the key ''.
    """

    def __init__(self, file: Path, django: str = "", *, back: int = 0, everything: bool = False) -> None:
        self.django, self._everything = django, everything
        self._tail = Tail(file, back)
        self._rest = b""
        self._left: dict[str, None] = {}
        self._order: deque[str] = deque()

    def read(self) -> Iterator[Line]:
        """What has been written since the last call. A line that is not complete yet is kept for the next one."""
        for data, first in self._tail.chunks():
            *lines, self._rest = (data if first else self._rest + data).split(b"\n")
            for text in lines:
                line = self._line(text)
                if line is not None:
                    yield line

    def _line(self, text: bytes) -> Line | None:
        try:
            raw = json.loads(text)
            if "left" in raw:
                self._remember(raw)
                return None
            key, _, name = str(raw["route"]).rpartition("|")
            if name not in _NATURAL and not self._everything:
                return None
            # A client that went away saw no headers, so none of them says whom it had waited for.
            side = str(raw["side"] or raw.get("cluster"))
            side = "fastapi" if side == STANDIN else side  # its share, that Django has for a while
            # In one process the line itself says it.
            left = side == "fastapi" and (
                raw["request_id"] in self._left or raw["upstream"] == "django (left)"
            )
            fallback = side == "fastapi" and raw["upstream"] == self.django and not left
            return Line(
                key, int(raw["weight"] or 0), side, int(raw["status"] or 0), fallback, float(raw["us"] or 0),
                _ended(raw.get("at"), float(raw["us"] or 0)), left,
                raw["us"] is None and not _BROKEN.isdisjoint(str(raw.get("flags")).split(",")),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError):
            return None  # a line cut by a full disk or a foreign format says nothing

    @property
    def behind(self) -> int:
        """Bytes that have not been read yet."""
        return self._tail.behind

    def _remember(self, raw: dict[str, object]) -> None:
        """FastAPI itself said that it does not serve this request: Django's answer is no failure."""
        if not raw["left"]:
            return
        request = str(raw["request_id"])
        self._left[request] = None
        self._order.append(request)
        if len(self._order) > _KEPT:
            self._left.pop(self._order.popleft(), None)


def _ended(began: object, microseconds: float) -> float:
    return datetime.fromisoformat(began).timestamp() + microseconds / 1e6 if isinstance(began, str) else 0.0
