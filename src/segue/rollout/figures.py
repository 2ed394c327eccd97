"""What was seen of one operation: per side the requests, the failures and the latencies."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

BUCKET = 1.05
"""Ratio of the bounds of one bucket: latencies within 5 % of each other count as equal."""


def bucket(microseconds: float) -> int:
    """The bucket of a latency."""
    return math.floor(math.log(max(microseconds, 1.0)) / math.log(BUCKET))


@dataclass(slots=True)
class Side:
    """``failures`` are answers with 5xx and, for FastAPI, requests that Django had to answer in its place (``fallbacks``, counted
    among them). ``abandoned``: the client went away before the answer. ``left``: FastAPI left the request to Django of its own accord.
    ``latencies`` are those of complete answers, by bucket."""

    requests: int = 0
    failures: int = 0
    fallbacks: int = 0
    abandoned: int = 0
    latencies: Counter[int] = field(default_factory=Counter)
    left: int = 0

    def add(self, other: Side) -> None:
        """Count what ``other`` counted."""
        self.requests += other.requests
        self.failures += other.failures
        self.fallbacks += other.fallbacks
        self.abandoned += other.abandoned
        self.left += other.left
        self.latencies.update(other.latencies)

    def median(self) -> float:
        """Milliseconds, to within a bucket; 0 without answers."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> float:
        """What ``share`` (0 to 1) of the answers took at most, in milliseconds, to within a bucket; 0 without answers."""
        wanted, seen = sum(self.latencies.values()) * share, 0
        for number in sorted(self.latencies):
            seen += self.latencies[number]
            if seen >= wanted:
                return float(BUCKET ** (number + 0.5)) / 1000
        return 0.0


@dataclass(slots=True)
class Pair:
    """Both sides over the same time."""

    django: Side = field(default_factory=Side)
    fastapi: Side = field(default_factory=Side)

    def add(self, other: Pair) -> None:
        """Count what ``other`` counted."""
        self.django.add(other.django)
        self.fastapi.add(other.fastapi)
