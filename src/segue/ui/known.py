"""What evidence is about now, worked out again when a file of it has changed: for some 250 operations that takes seconds."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from segue.config import Config
from segue.ledger import Basis, Ledger

_Signature = tuple[object, ...]


class Known:
    """``work_out`` reads everything anew. Pages only: what moves traffic reads for itself."""

    def __init__(self, work_out: Callable[[Config, Ledger], Basis]) -> None:
        self._work_out = work_out
        self._lock = threading.Lock()
        self._last: tuple[_Signature, Basis] | None = None

    def basis(self, settings: Config, book: Ledger) -> Basis:
        """As ``work_out`` gives it; the last one while files, their times, the operations and their functions are the same."""
        with self._lock:  # two pages at once need not work it out twice
            signature = (
                settings.package,
                tuple((e.key, e.function) for e in book.entries.values()),
                *_files(settings),
            )
            if self._last is None or self._last[0] != signature:
                self._last = (signature, self._work_out(settings, book))
            return self._last[1]


def _files(settings: Config) -> Iterator[object]:
    for file in (settings.snapshot_file, *sorted((settings.output / settings.package).rglob("*.py"))):
        yield (str(file), *_stat(file))


def _stat(file: Path) -> tuple[int, ...]:
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size
