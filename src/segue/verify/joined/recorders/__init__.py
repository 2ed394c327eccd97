"""What a request does beside its answer and its rows, noted while either side answers.

Each recorder patches the one place in Django (or the standard library) through which such an effect goes, so it
sees both sides: ``start()`` forgets, ``take()`` gives what was done since as JSON-able data, ``[]`` for nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from .cache import CacheWrites
from .logs import ErrorLog
from .outgoing import OutgoingCalls
from .storage import StoredFiles


class Recorder(Protocol):
    """Notes one sort of effect."""

    def start(self) -> None:
        """Forget what was noted."""

    def take(self) -> list[Any]:
        """What was done since :meth:`start`."""


class Recorders:
    """All of them; made once per process, after ``django.setup()``. ``take()`` names what there was.

    ``media_is_watched``: somebody compares the media folder itself, so that files saved there need not be noted.
    ``stubs``: calls of other servers are answered here; else they go where the project's tests let them go.
    """

    def __init__(self, *, media_is_watched: bool = True, stubs: bool = True) -> None:
        self._cache = CacheWrites()
        self._files = StoredFiles(every=not media_is_watched)
        self._calls = OutgoingCalls(passing=not stubs)
        self._all: dict[str, Recorder] = {
            "(cache)": self._cache,
            "(storage)": self._files,
            "(log)": ErrorLog(),
            "(http)": self._calls,
        }

    def start(self) -> None:
        """Forget what was noted."""
        for recorder in self._all.values():
            recorder.start()

    def answers_for(self, case: dict[str, Any]) -> None:
        """Let other servers' answers depend on what is asked of this one, for both sides alike."""
        asked = repr((case["persona"], case["path"], case["query"], case["body"]))
        self._calls.seed = zlib.crc32(asked.encode())

    @property
    def blocked(self) -> bool:
        """Whether something was held back since the start that code of the project may have taken for an error."""
        return self._calls.blocked

    def take(self) -> dict[str, Any]:
        """``{"(cache)": […], …}`` without those that have nothing to tell."""
        return {name: done for name, recorder in self._all.items() if (done := recorder.take())}

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """What nobody undoes is noted and not done: writes to caches outside of this process and of the database,
        deleted files. Saved files are there until the end. Calls of other servers raise ``Unserved``."""
        self._cache.held_back = self._files.held_back = self._calls.held_back = True
        try:
            yield
        finally:
            self._cache.held_back = self._files.held_back = self._calls.held_back = False
            self._files.undo()


__all__ = ["Recorder", "Recorders"]
