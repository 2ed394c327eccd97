"""``QuerySet.get_or_create`` and ``update_or_create`` over plain columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    for_update: bool = False,
) -> tuple[E, bool]:
    """The one row whose columns equal ``values``, else a new one with ``defaults`` on top; and whether it is new.

    ``before`` is called with the new object before its INSERT, as receivers of ``pre_save`` are.

    A row that somebody else inserts in between is taken. Raises :class:`MultipleObjectsReturned` for several rows,
    :class:`IntegrityError` where the new row is refused and there still is none.
    """
    columns = ((getattr(entity, name), value) for name, value in values.items())
    where = [column.is_(None) if value is None else column == value for column, value in columns]
    with db.primary():
        found = await db.get(entity, *where, for_update=for_update)
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
        with db.primary():
            found = await db.get(entity, *where, for_update=for_update)
        if found is not None:
            return found, False
        raise


async def update_or_create(
    db: Session,
    entity: type[E],
    values: Mapping[str, Any],
    defaults: Mapping[str, Any],
    also: Sequence[str] = (),
) -> tuple[E, bool]:
    """The one row whose columns equal ``values``, with ``defaults`` written to it, else a new one of both; and whether it is new.

    The row is locked until it is written. ``also`` are columns that an UPDATE writes besides: those whose field has a
    ``pre_save`` of its own, as dates have (Django 4.2 and later). Raises what :func:`get_or_create` does.
    """
    async with db.atomic():
        found, created = await get_or_create(db, entity, values, defaults, for_update=True)
        if not created:
            for name, value in defaults.items():
                setattr(found, name, value)
            await db.update(found, *defaults, *also)
    return found, created
