"""Branches that were not translated: the request goes to Django, which does it from its start."""

from __future__ import annotations

from segue_bridge.acted import has_acted
from segue_bridge.db.base import Base
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


def is_too_late(db: Session) -> bool:
    """Whether this request has done what Django, asked from the start, would do again.

    What DRF's authentication wrote (a better hash of a password, the end of a token) may be done again, and so may what failed or
    was rolled back; what a class of the project's own wrote (``key.uses += 1``) may not.
    """
    return db.kept > db.repeatable or has_acted()
