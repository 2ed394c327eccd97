"""``QuerySet.get_or_create`` over plain columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from segue_bridge.db.base import Base
from segue_bridge.db.errors import IntegrityError

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

E = TypeVar("E", bound=Base)


async def get_or_create(
    db: Session,
    entity: type[E],
    values: Mapping[str, Any],
    defaults: Mapping[str, Any],
    before: Callable[[E], object] | None = None,
) -> tuple[E, bool]:
    """The one row whose columns equal ``values``, else a new one with ``defaults`` on top; and whether it is new.

    ``before`` is called with the new object before its INSERT, as receivers of ``pre_save`` are.

    A row that somebody else inserts in between is taken. Raises :class:`MultipleObjectsReturned` for several rows,
    :class:`IntegrityError` where the new row is refused and there still is none.
    """
    columns = ((getattr(entity, name), value) for name, value in values.items())
    where = [column.is_(None) if value is None else column == value for column, value in columns]
    found = await db.get(entity, *where)
    if found is not None:
        return found, False
    try:
        async with db.atomic():
            made = entity(**{**values, **defaults})
            if before is not None:
                before(made)
            await db.insert(made)
            return made, True
    except IntegrityError:
        found = await db.get(entity, *where)
        if found is not None:
            return found, False
        raise
