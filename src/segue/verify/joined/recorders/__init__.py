"""What a request does beside its answer and its rows, noted while either side answers.

Each recorder patches the one place in Django (or the standard library) through which such an effect goes, so it
sees both sides: ``start()`` forgets, ``take()`` gives what was done since as JSON-able data, ``[]`` for nothing.
"""

from __future__ import annotations

from typing import Any, Protocol

from .cache import CacheWrites
from .logs import ErrorLog
from .storage import StoredFiles


class Recorder(Protocol):
    """Notes one sort of effect."""

    def start(self) -> None:
        """Forget what was noted."""

    def take(self) -> list[Any]:
        """What was done since :meth:`start`."""


class Recorders:
    """All of them; made once per process, after ``django.setup()``. ``take()`` names what there was."""

    def __init__(self) -> None:
        self._all: dict[str, Recorder] = {
            "(cache)": CacheWrites(),
            "(storage)": StoredFiles(),
            "(log)": ErrorLog(),
        }

    def start(self) -> None:
        """Forget what was noted."""
        for recorder in self._all.values():
            recorder.start()

    def take(self) -> dict[str, Any]:
        """``{"(cache)": […], …}`` without those that have nothing to tell."""
        return {name: done for name, recorder in self._all.items() if (done := recorder.take())}


__all__ = ["Recorder", "Recorders"]
