"""Related objects of an object in memory, as Django's descriptors give them.

The first reading asks the database once and keeps what it found on the object; what was loaded with it, assigned to it or kept
before is the same object again, however it was changed since. Source: ``ForwardManyToOneDescriptor.__get__`` and
``ReverseOneToOneDescriptor.__get__`` of ``django.db.models.fields.related_descriptors``.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from sqlalchemy import Column, select
from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty
from sqlalchemy.orm.attributes import instance_dict
from sqlalchemy.orm.interfaces import MANYTOONE

from segue_bridge.db.base import Base, back_of, column_key, mapper_of
from segue_bridge.db.errors import MultipleObjectsReturned, ObjectDoesNotExist
from segue_bridge.db.session import Session

T = TypeVar("T")


async def follow(db: Session, entity: object, relation: InstrumentedAttribute[T]) -> T:
    """``entity.relation`` of a foreign key or a one-to-one relation, from either side; ``Entry.note`` names it.

    ``None`` where a nullable key holds NULL. Raises :class:`ObjectDoesNotExist` with Django's text where there is no such row,
    or no key where the column takes no NULL; ``AttributeError`` for what is no row, as an anonymous user.
    """
    name = relation.key
    if not isinstance(entity, Base):
        raise AttributeError(f"'{type(entity).__name__}' object has no attribute '{name}'")
    held = instance_dict(entity)
    known = held.get(name)
    if isinstance(known, Base):
        return cast(T, known)
    found: RelationshipProperty[Any] = mapper_of(type(entity)).relationships[name]
    forward = found.direction is MANYTOONE
    if not forward and name in held and known is None:
        raise ObjectDoesNotExist(f"{type(entity).__segue__.name} has no {name}.")
    target = found.mapper.class_
    pairs = [
        (local, column_key(mapper_of(type(entity)), local), column_key(found.mapper, remote))
        for local, remote in found.local_remote_pairs or ()
        if isinstance(local, Column)
    ]
    values = [held.get(own) for _, own, _ in pairs]
    if None in values:
        if forward and all(local.nullable for local, _, _ in pairs):
            return cast(T, None)
        raise ObjectDoesNotExist(f"{type(entity).__segue__.name} has no {name}.")
    conditions = [getattr(target, far) == value for (_, _, far), value in zip(pairs, values, strict=True)]
    rows = await db.entities(select(target).where(*conditions).limit(21))
    if not rows and not forward:
        held[name] = None
    if not rows:
        text = f"{target.__segue__.name} matching query does not exist."
        raise ObjectDoesNotExist(text if forward else f"{type(entity).__segue__.name} has no {name}.")
    if len(rows) > 1:
        raise MultipleObjectsReturned(
            f"get() returned more than one {target.__segue__.name} -- it returned {len(rows)}!"
        )
    held[name] = rows[0]
    back = back_of(found)
    if back:
        instance_dict(rows[0])[back] = entity
    return cast(T, rows[0])


async def follow_back(db: Session, entity: object, relation: InstrumentedAttribute[T | None]) -> T:
    """:func:`follow` for a one-to-one relation from its other side, which is never None: Django raises instead."""
    return cast(T, await follow(db, entity, relation))


async def find_back(db: Session, entity: object, relation: InstrumentedAttribute[T | None]) -> T | None:
    """:func:`follow_back`, or None where it leads nowhere: ``getattr(user, "profile", None)``. An anonymous user has none."""
    if not isinstance(entity, Base):
        return None
    try:
        return await follow_back(db, entity, relation)
    except ObjectDoesNotExist:
        return None


__all__ = ["find_back", "follow", "follow_back"]
