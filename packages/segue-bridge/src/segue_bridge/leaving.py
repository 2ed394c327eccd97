"""Branches that were not translated: the request goes to Django, which does it from its start."""

from __future__ import annotations

import re

from sqlalchemy import select

from segue_bridge.acted import has_acted
from segue_bridge.db.base import Base, mapper_of, primary_key
from segue_bridge.db.pool import PoolBusy
from segue_bridge.db.session import Session
from segue_bridge.errors import TooLate, Unserved

ONLY_HERE = (Unserved, TooLate, PoolBusy)
"""What Django's side never raises, and no ``except Exception`` of the project's may take: let it go on first."""


def left_to_django(db: Session, why: str) -> Exception:
    """What to raise there: :class:`~segue_bridge.errors.Unserved`, as long as this request has written nothing.

    After a write, a mail, a task or a stored file that is too late, as Django would do it twice: the request fails then (500).
    """
    if is_too_late(db):
        return TooLate(f"Only Django can go on here, and something was written before: {why}")
    return Unserved(why)


async def save_once(db: Session, entity: Base) -> None:
    """``if not token.version: token.version = v; token.save()``: Django, asked from the start, finds that done (or does the same
    again), so that it does not keep the request here."""
    again = db.kept <= db.repeatable
    await db.save(entity)
    if again:
        db.repeatable = db.kept


def leave_conflicts(db: Session, why: str) -> None:
    """From here on, a row that the database refuses (``IntegrityError``) is :func:`left_to_django`: the project's ``save()`` tries
    again with other values there, and the failed statement has written nothing."""
    db.refused = lambda: left_to_django(db, why)


def keep_conflicts(db: Session) -> None:
    """The row is there: what the database refuses from here on raises ``IntegrityError``."""
    db.refused = None


async def leave_replaced_files(db: Session, entity: Base, *columns: str) -> None:
    """Before ``entity`` is saved by a ``save()`` that looks up the stored row to act on files which another one replaces: where a file
    column is to hold anything else than it does, the save is :func:`left_to_django`. Nothing where there is no such row.

    ``FileField.path`` of a name that leads out of the storage raises (``SuspiciousFileOperation``): that is Django's as well.
    """
    model, mapper = type(entity), mapper_of(type(entity))
    key = primary_key(entity)
    if not all(key):
        return
    where = [column == value for column, value in zip(mapper.primary_key, key, strict=True)]
    row = await db.first(select(*(getattr(model, column) for column in columns)).where(*where))
    for column, stored in zip(columns, row or (), strict=False):
        name = str(stored or "")
        if (
            stored != getattr(entity, column)
            or name.startswith(("/", "\\"))
            or ".." in re.split(r"[/\\]", name)
        ):
            raise left_to_django(db, f"{column} is to hold another file")


def is_too_late(db: Session) -> bool:
    """Whether this request has done what Django, asked from the start, would do again.

    What DRF's authentication wrote (a better hash of a password, the end of a token) may be done again, and so may what failed or
    was rolled back; what a class of the project's own wrote (``key.uses += 1``) may not.
    """
    return db.kept > db.repeatable or has_acted()
