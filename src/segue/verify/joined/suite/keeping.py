"""What the savepoint around FastAPI's turn does not undo: caches in this process, the module ``random``, PostgreSQL's sequences.

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


class Sequences:
    """PostgreSQL's sequences as they were: a rollback does not give their numbers back, and Django would get the next
    ones. ``raw`` is the driver's connection: no test counts these questions."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._before = self._now()

    def restore(self) -> None:
        """Set those that have moved."""
        now = self._now()
        for name, (value, called) in self._before.items():
            if now.get(name) != (value, called):
                self._ask("SELECT setval(%s::regclass, %s, %s)", [name, value, called])

    def _now(self) -> dict[str, tuple[int, bool]]:
        rows = self._ask(
            "SELECT format('%%I.%%I', schemaname, sequencename), coalesce(last_value, start_value),"
            " last_value IS NOT NULL FROM pg_sequences WHERE schemaname = current_schema()",
            [],
        )
        return {name: (value, called) for name, value, called in rows}

    def _ask(self, sql: str, values: list[Any]) -> list[Any]:
        cursor = self._raw.cursor()
        try:
            cursor.execute(sql, values)
            return list(cursor.fetchall())
        finally:
            cursor.close()
