"""What a run of interleavings saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One of those that ran at the same time."""

    key: str
    persona: str
    method: str
    path: str
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result that a side can show: ``statuses`` of the requests, ``kind`` (see :func:`.outcome.kind_of`), the ``words`` (schedules)
    that lead there, and ``told`` (answers and rows). ``against``: where the other side has something else under the first of the
    words (path, this side's value, the other's)."""

    kind: str
    statuses: tuple[int, ...]
    words: tuple[str, ...]
    told: Any
    against: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def rows_alike(self) -> bool:
        """Only answers differ from what the other side has under the same schedule."""
        return bool(self.against) and not any(path.startswith("rows") for path, _, _ in self.against)


@dataclass(frozen=True, slots=True)
class Result:
    """Requests run at the same time: ``points`` of each, ``words`` run on both sides, what only one side showed.

    ``alike``: schedules with one outcome on both sides. ``kinds``: schedules on Django by the kind of outcome. ``noisy``: Django
    answered one schedule in two ways; nothing is compared then.
    """

    requests: tuple[Request, ...]
    points: tuple[tuple[str, ...], ...]
    words: int
    whole: bool
    alike: int
    waits: tuple[int, int]
    kinds: Mapping[str, int]
    only_django: tuple[Outcome, ...] = ()
    only_fastapi: tuple[Outcome, ...] = ()
    noisy: bool = False

    @property
    def concurrent(self) -> bool:
        """Whether a request could stop between its statements, so that another one ran in the middle of it."""
        return any(len(points) > 1 for points in self.points)

    @property
    def different(self) -> bool:
        """One side can show what the other cannot."""
        return bool(self.only_django or self.only_fastapi)


@dataclass(frozen=True, slots=True)
class InterleaveReport:
    """All of it."""

    results: tuple[Result, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def schedules(self) -> int:
        """Schedules compared."""
        return sum(r.words for r in self.compared)

    @property
    def compared(self) -> tuple[Result, ...]:
        """Those that say something: Django answered a schedule in one way, and requests ran in the middle of each other."""
        return tuple(r for r in self.results if r.concurrent and not r.noisy)

    @property
    def different(self) -> int:
        """Results that differ."""
        return sum(r.different for r in self.results)

    @property
    def kinds(self) -> Counter[str]:
        """Schedules by the kind of their outcome on Django."""
        total: Counter[str] = Counter()
        for result in self.compared:
            total.update(result.kinds)
        return total
