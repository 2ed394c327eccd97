"""What the gateway's log says of the last minutes, kept in slots of two seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from segue.rollout.figures import Pair
from segue.rollout.log import Line, Reader

SLOT = 2.0
"""Seconds of one slot."""

WINDOW = 60.0
"""Seconds that figures are of."""

KEPT = 300.0
"""Seconds that rates are drawn of."""

_BACK = 8_000_000  # bytes of the log that one look reads at most: some 25,000 requests
_RATE = 10.0  # seconds that a rate is of


@dataclass(frozen=True, slots=True)
class Seen:
    """``figures`` are of the last :data:`WINDOW` seconds; ``rates`` requests per second (Django, FastAPI) of each slot, the oldest
    first; ``rate`` the same over the last ten seconds. ``left_out``: part of the log was too much to read."""

    figures: Pair
    rates: tuple[tuple[float, float], ...]
    rate: tuple[float, float]
    left_out: bool = False

    @property
    def requests(self) -> int:
        """Requests to both sides."""
        return self.figures.django.requests + self.figures.fastapi.requests

    @property
    def answered(self) -> int:
        """Requests that FastAPI itself answered."""
        mine = self.figures.fastapi
        return mine.requests - mine.fallbacks - mine.left - mine.abandoned


@dataclass(slots=True)
class _Slot:
    total: Pair = field(default_factory=Pair)
    keys: dict[str, Pair] = field(default_factory=dict)


class Live:
    """Follows one log for all pages that are open. Nothing is read while nobody looks; what is behind by more than 8 MB then is left out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._file = Path()
        self._slots: dict[int, _Slot] = {}
        self._left_out = float("-inf")

    def look(self, file: Path, django: str, now: float) -> None:
        """Read what is new in ``file``. ``django`` is Django's address as the gateway logs it; ``now`` in seconds since 1970."""
        with self._lock:
            if self._reader is None or file != self._file:
                self._slots, self._reader = {}, None
            elif self._reader.behind > _BACK:
                self._left_out, self._reader = now, None
            cut = False
            if self._reader is None:
                self._reader, self._file = Reader(file, django, back=_BACK, everything=True), file
                cut = self._reader.behind >= _BACK
            if django:  # of a gateway that has just gone the last lines are still to be read
                self._reader.django = django
            oldest = self._count(self._reader.read(), now)
            if cut and oldest > now - WINDOW:  # what came before it is of the last minute as well
                self._left_out = now

    def seen(self, now: float, key: str = "") -> Seen:
        """Of all requests, or of one operation (rates of the last :data:`WINDOW` seconds then)."""
        with self._lock:
            last = int(now // SLOT)  # not over yet
            figures = Pair()
            for number in range(last - int(WINDOW / SLOT), last + 1):
                figures.add(self._pair(number, key))
            length = int((WINDOW if key else KEPT) / SLOT)
            pairs = [self._pair(number, key) for number in range(last - length, last)]
            rates = tuple((p.django.requests / SLOT, p.fastapi.requests / SLOT) for p in pairs)
            recent = pairs[-int(_RATE / SLOT) :]
            rate = (
                sum(p.django.requests for p in recent) / _RATE,
                sum(p.fastapi.requests for p in recent) / _RATE,
            )
            return Seen(figures, rates, rate, now - self._left_out < WINDOW)

    def _pair(self, number: int, key: str) -> Pair:
        slot = self._slots.get(number)
        if slot is None:
            return Pair()
        return slot.keys.get(key, Pair()) if key else slot.total

    def _count(self, lines: Iterable[Line], now: float) -> float:
        """When the oldest of ``lines`` ended."""
        last, oldest, first = int(now // SLOT), int((now - KEPT) // SLOT), float("inf")
        for line in lines:
            first = min(first, line.at)
            number = int(line.at // SLOT)
            if number >= oldest:
                slot = self._slots.setdefault(number, _Slot())
                line.count(slot.total)
                if line.key:
                    line.count(slot.keys.setdefault(line.key, Pair()))
        for number in [n for n in self._slots if n < oldest]:
            del self._slots[number]
        for number, slot in self._slots.items():
            if number < last - WINDOW / SLOT:
                slot.keys.clear()
        return first
