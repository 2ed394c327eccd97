"""Rows that middleware makes before the view: taken back where the request is left to Django, whose middleware makes them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.orm.attributes import instance_dict

from segue_bridge.db.base import Base

if TYPE_CHECKING:
    from segue_bridge.db.session import Session
    from segue_bridge.db.writes import Part


class EarlyRows:
    """The rows of one request. They are noted between :meth:`begin` and :meth:`end`, each one of a single table."""

    def __init__(self) -> None:
        self._noting = False
        self._rows: list[tuple[Part, object]] = []

    def begin(self) -> None:
        """The request comes to the first middleware."""
        self._noting = True

    def note(self, entity: Base, part: Part) -> None:
        """``entity`` was inserted, outside of any block."""
        if self._noting:
            self._rows.append((part, instance_dict(entity)[part.key[0]]))

    def end(self, db: Session) -> None:
        """The request comes to the view, or does not come that far. Where nothing else was written it may still be left to Django."""
        if self._noting and self._rows and db.kept == db.repeatable + len(self._rows):
            db.repeatable = db.kept
        self._noting = False

    async def take_back(self, db: Session) -> None:
        """Delete them again, the last one first."""
        while self._rows:
            part, key = self._rows.pop()
            await db.execute(delete(part.table).where(part.key[1] == key))
