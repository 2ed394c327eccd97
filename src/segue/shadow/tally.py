"""What was seen of each operation, in little memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from segue.shadow.judge import Kind, Verdict
from segue.verify.joined.compare import general

EXAMPLES = 5
"""Differences that are kept of each operation, one for each set of places."""

PLACES = 200
"""Places that are remembered of each operation."""


@dataclass(slots=True)
class Tally:
    """``reads`` were served while somebody looked; ``compared`` of them were asked of the other side, and are ``equal``, ``volatile`` (a side differs from itself,
    nothing else does) or ``different``. ``left``: FastAPI leaves such requests to Django. ``silent``: a side did not answer in time. ``long``: the
    answer is too long to be kept, or cannot be read. ``crowded``: there was no room for it. ``examples`` are redacted."""

    reads: int = 0
    compared: int = 0
    equal: int = 0
    volatile: int = 0
    different: int = 0
    left: int = 0
    silent: int = 0
    long: int = 0
    crowded: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    moving: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def count(self, verdict: Verdict, status: int) -> bool:
        """Add a verdict on an answer with ``status``; whether it is a difference of which an example is still wanted."""
        if verdict.kind is Kind.LEFT:
            self.left += 1
            return False
        self.compared += 1
        self.statuses[str(status)] += 1
        if verdict.kind is Kind.EQUAL:
            self.equal += 1
            return False
        places = {general(path) for path, _, _ in verdict.places}
        if verdict.kind is Kind.VOLATILE:
            self.volatile += 1
            _note(self.moving, places)
            return False
        self.different += 1
        fresh = bool(places - self.differing.keys()) and len(self.examples) < EXAMPLES
        _note(self.differing, places)
        return fresh


def _note(counter: Counter[str], places: set[str]) -> None:
    for place in places:
        if place in counter or len(counter) < PLACES:
            counter[place] += 1
