"""Whether a request has done something outside of the database that must not be done twice: mails, tasks, files."""

from __future__ import annotations

from contextvars import ContextVar

_done: ContextVar[list[str] | None] = ContextVar("segue_acted", default=None)


def begin() -> None:
    """A request begins."""
    _done.set([])


def acted(what: str) -> None:
    """Something is about to be done: ``mail``, ``task``, ``file``."""
    found = _done.get()
    if found is not None:
        found.append(what)


def has_acted() -> bool:
    """Whether this request has."""
    return bool(_done.get())
