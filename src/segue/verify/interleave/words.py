"""Schedules: words over the names of requests. A letter lets its request go to its next point, or to its end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations
from math import factorial, prod

NAMES = "ABC"


def serial(counts: Sequence[int]) -> list[str]:
    """One request after the other, in every order."""
    parts = [NAMES[at] * count for at, count in enumerate(counts)]
    return ["".join(order) for order in permutations(parts)]


def schedules(counts: Sequence[int], most: int, pick: random.Random) -> tuple[list[str], bool]:
    """Serial ones first, then ``most`` in all, each once; whether these are all there are. ``counts``: letters of each request."""
    total = factorial(sum(counts)) // prod(factorial(n) for n in counts)
    first = serial(counts)
    if total <= most:
        return first + [w for w in _all(counts) if w not in first], True
    chosen = dict.fromkeys(first)
    letters = [NAMES[at] for at, count in enumerate(counts) for _ in range(count)]
    while len(chosen) < max(most, len(first)):
        pick.shuffle(letters)
        chosen.setdefault("".join(letters))
    return list(chosen), False


def _all(counts: Sequence[int]) -> list[str]:
    if not any(counts):
        return [""]
    out = []
    for at, count in enumerate(counts):
        if count:
            rest = [n - (place == at) for place, n in enumerate(counts)]
            out += [NAMES[at] + word for word in _all(rest)]
    return out
