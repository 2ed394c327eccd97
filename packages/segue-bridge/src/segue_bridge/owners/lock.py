"""One run of migrations at a time on a database, whichever tool runs it.

PostgreSQL: an advisory lock of the session, on a connection of its own, so that it outlasts every transaction of the run
and ends with the process; so on MySQL (``GET_LOCK``). SQLite: a lock on a file beside the database (``NAME.migrating``), which
stays there, empty.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

KEY = int.from_bytes(b"SegueMig", "big")
TRY = f"SELECT pg_try_advisory_lock({KEY})"
FREE = f"SELECT pg_advisory_unlock({KEY})"
PATIENCE = 60.0
# Of the session, with a name that holds for the whole server; it waits by itself.
_NAME_MYSQL = "CONCAT('segue.', LEFT(DATABASE(), 50))"
TRY_MYSQL = f"SELECT GET_LOCK({_NAME_MYSQL}, {PATIENCE:.0f})"
FREE_MYSQL = f"SELECT RELEASE_LOCK({_NAME_MYSQL})"
STEP = 0.1


class MigrationRunning(Exception):
    """Another run of migrations has had the database for longer than one would wait."""

    def __init__(self, waited: float) -> None:
        super().__init__(
            f"Another run of migrations holds this database (waited {waited:.0f} s). Run this one again when that has ended."
        )


def take(attempt: Callable[[], bool]) -> None:
    """Call ``attempt`` until it is true. Raises :class:`MigrationRunning` after :data:`PATIENCE` seconds."""
    until = time.monotonic() + PATIENCE
    while not attempt():
        if time.monotonic() >= until:
            raise MigrationRunning(PATIENCE)
        time.sleep(STEP)


@contextlib.contextmanager
def file_lock(database: str) -> Iterator[None]:
    """The lock for the SQLite file ``database``; none for a database in memory."""
    if not database or ":memory:" in database or "mode=memory" in database:
        yield
        return
    # one file for all who come by other names: a link, or a path from another folder
    path = Path(database.removeprefix("file:").partition("?")[0]).resolve()
    handle = os.open(path.with_name(path.name + ".migrating"), os.O_RDWR | os.O_CREAT, 0o644)
    try:

        def attempt() -> bool:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        take(attempt)
        yield
    finally:
        os.close(handle)
