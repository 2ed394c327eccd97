"""The database of the application under test, from test functions that are not coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, select

from segue_bridge.db import relations
from segue_bridge.db.base import Base

if TYPE_CHECKING:
    from segue_bridge.auth.passwords import Passwords
    from segue_bridge.db.database import Database
    from segue_bridge.db.session import Session

T = TypeVar("T")
E = TypeVar("E", bound=Base)
Call = Callable[[Callable[[], Awaitable[Any]]], Any]
_BOUND: list[tuple[Database, Call]] = []


@contextmanager
def rows_of(database: Database, call: Call) -> Iterator[None]:
    """Let the functions of this package and factories use ``database`` inside; ``call`` runs a coroutine function in the loop of the
    application: ``client.portal.call`` of a ``TestClient``."""
    _BOUND.append((database, call))
    try:
        yield
    finally:
        _BOUND.pop()


def run(work: Callable[[Session], Awaitable[T]]) -> T:
    """What ``work(db)`` gives, with a session of its own.

    Raises ``RuntimeError`` outside of :func:`rows_of`: the test does not ask for ``client``.
    """
    if not _BOUND:
        raise RuntimeError("There is no database here: let the test ask for the fixture `client`.")
    database, call = _BOUND[-1]

    async def with_session() -> T:
        async with database.session() as db:
            return await work(db)

    found: T = call(with_session)
    return found


def rows(entity: type[E], *where: ColumnElement[bool]) -> list[E]:
    """All entities that match, by their key."""
    return run(lambda db: db.entities(select(entity).where(*where).order_by(*entity.__mapper__.primary_key)))


def row(entity: type[E], *where: ColumnElement[bool]) -> E:
    """The one entity that matches. Raises ``LookupError`` for none, and for several."""
    found = rows(entity, *where)
    if len(found) != 1:
        raise LookupError(f"{len(found)} rows of {entity.__name__} match, not one.")
    return found[0]


def save(entity: Base, *names: str) -> None:
    """INSERT or UPDATE; of the columns called ``names`` alone."""
    run(lambda db: db.save(entity, *names))


def refresh(entity: Base) -> None:
    """Read all columns again."""
    run(lambda db: db.refresh(entity))


def add(entity: Base, relation: relations.Relation, others: Iterable[Any]) -> None:
    """Add objects, or keys of them, to a many-to-many relation: by its name, or from the other end (``Book.tags`` of a tag)."""
    given = list(others)
    run(lambda db: relations.add(db, entity, relation, given))


def put(entity: Base, relation: relations.Relation, others: Iterable[Any]) -> None:
    """Let a many-to-many relation lead to just these objects, or keys of them."""
    given = list(others)
    run(lambda db: relations.set_(db, entity, relation, given))


def hashed(passwords: Passwords, raw: str) -> str:
    """The hash of a password, made as the service makes it."""
    return asyncio.run(passwords.make(raw))
