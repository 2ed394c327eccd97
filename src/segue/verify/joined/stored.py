"""SQLite columns as they are stored."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def unconverted() -> Iterator[None]:
    """Without Django's global ``sqlite3`` converters, which make date-times of ``datetime`` columns.

    The application's own connection has none: it gets text. SQLite's module looks its converters up when a
    statement is executed, and everything here runs in one thread.
    """
    converters = sqlite3.converters  # type: ignore[attr-defined,unused-ignore]
    kept = dict(converters)
    converters.clear()
    try:
        yield
    finally:
        converters.update(kept)
