"""What the savepoint around FastAPI's turn does not undo: caches in this process, and the module ``random``.

Both are as before when the turn is over, so that Django, and the test after it, see nothing of it; and Django begins
with the same random numbers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unchanged() -> Iterator[None]:
    """Put both back at the end. The caches are those of ``LocMemCache`` (and of classes that derive from it)."""
    from django.core.cache.backends import locmem

    # name → pickled values by key, and name → times of expiry by key; caches of all threads share them
    spaces: list[dict[str, Any]] = [locmem._caches, locmem._expire_info]
    before = [{name: dict(held) for name, held in space.items()} for space in spaces]
    drawn = random.getstate()
    try:
        yield
    finally:
        random.setstate(drawn)
        for space, kept in zip(spaces, before, strict=True):
            for name, held in space.items():
                held.clear()
                held.update(kept.get(name, {}))
