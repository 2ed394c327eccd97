"""Django's signals without what they leave behind at every request of the test client.

``Signal.connect`` registers a ``weakref.finalize`` for the receiver at each call, and the test client connects three
receivers per request (``ClientHandler.__call__``, ``Client.request``) that outlive them all: 2 MiB for 1,000 requests.
One per receiver and signal does the same: it only marks the signal as having a dead receiver.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class _Once:
    """The module ``weakref`` as ``django.dispatch.dispatcher`` uses it."""

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[Any, set[int]] = weakref.WeakKeyDictionary()

    def __getattr__(self, name: str) -> Any:
        return getattr(weakref, name)

    def finalize(self, receiver: Any, remove: Callable[..., Any]) -> Any:
        """``weakref.finalize``, the first time for a receiver and signal."""
        signal = id(getattr(remove, "__self__", remove))
        try:
            known = self._known.setdefault(receiver, set())
        except TypeError:  # it cannot be hashed
            return weakref.finalize(receiver, remove)
        if signal in known:
            return None
        known.add(signal)
        return weakref.finalize(receiver, remove)


def finalize_once() -> None:
    """Let Django's signals register one finalizer per receiver."""
    from django.dispatch import dispatcher

    module: Any = dispatcher
    if not isinstance(module.weakref, _Once):
        module.weakref = _Once()
