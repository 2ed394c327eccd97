"""Asking again under other circumstances that a correct answer may depend on: a later clock, rows without an order, other draws."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from typing import Any

LATER = 61.7  # seconds: another second and minute; short enough for tokens and sessions to stay valid


@contextlib.contextmanager
def later() -> Iterator[None]:
    """The process's clock is :data:`LATER` ahead (time-machine, from the overlay): what is cut to seconds moves, too."""
    import time_machine

    with time_machine.travel(time.time() + LATER, tick=True):
        yield


@contextlib.contextmanager
def drawing(number: int) -> Iterator[None]:
    """The module ``random`` begins anew from ``number``, and is afterwards as before: who draws the same gets the same."""
    before = random.getstate()
    random.seed(number)
    try:
        yield
    finally:
        random.setstate(before)


@contextlib.contextmanager
def turned(connection: Any) -> Iterator[None]:
    """Rows that no ORDER BY puts in order come the other way round (SQLite's ``reverse_unordered_selects``).

    PostgreSQL has no such switch: there only what is different by itself is seen.
    """
    if connection.vendor != "sqlite":
        yield
        return
    _say(connection, "ON")
    try:
        yield
    finally:
        _say(connection, "OFF")


def _say(connection: Any, value: str) -> None:
    # Past Django: not a query of the application.
    connection.connection.execute(f"PRAGMA reverse_unordered_selects = {value}").close()
