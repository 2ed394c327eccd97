"""Writing the many side of a foreign key as Django's related managers do: ``author.books.add(book)``.

``create_reverse_many_to_one_manager`` in ``django.db.models.fields.related_descriptors``, with ``bulk=True``: one UPDATE, no ``save()``.
``reference`` is the relation of the children that leads to the parent (``Book.author``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table, select
from sqlalchemy import update as update_of
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.attributes import instance_dict

from segue_bridge.db.base import Base, column_key, forget_rows, mapper_of
from segue_bridge.db.errors import ObjectDoesNotExist
from segue_bridge.db.query import one_of

if TYPE_CHECKING:
    from segue_bridge.db.session import Session


@dataclass(frozen=True, slots=True)
class _Link:
    """A foreign key that points at an entity: its table, its column, and what it has to be for that entity."""

    table: Table
    column: Column[Any]
    key: Column[Any]
    mapper: Mapper[Any]
    value: Any


def _link(parent: Base, reference: Any) -> _Link:
    """Raises ``ValueError`` with Django's text for a parent without a key."""
    found = reference.property
    assert isinstance(found, RelationshipProperty)
    mapper = found.parent
    assert found.local_remote_pairs
    column, key = found.local_remote_pairs[0]
    table = mapper.local_table
    assert isinstance(column, Column)
    assert isinstance(key, Column)
    assert isinstance(table, Table)
    name = column_key(mapper_of(type(parent)), key)
    value = instance_dict(parent).get(name)
    if value is None:
        shown = parent.__segue__.name
        raise ValueError(
            f'"<{shown}: {shown} object (None)>" needs to have a value for field "{name}" before this relationship can be used.'
        )
    return _Link(table, column, next(iter(table.primary_key.columns)), mapper, value)


async def add(db: Session, parent: Base, reference: Any, children: Sequence[Base]) -> None:
    """``parent.children.add(*children)``. Raises ``ValueError`` for a child that has no row."""
    link = _link(parent, reference)
    forget_rows(parent, link.table)
    keys = []
    for child in children:
        setattr(child, reference.key, parent)
        if not child._stored:
            name = child.__segue__.name
            raise ValueError(f"<{name}> instance isn't saved. Use bulk=False or save the object first.")
        keys.append(instance_dict(child)[column_key(link.mapper, link.key)])
    if keys:
        statement = update_of(link.table).where(one_of(link.key, "keys")).values({link.column: link.value})
        await db.execute(statement, {"keys": keys})


async def remove(db: Session, parent: Base, reference: Any, children: Sequence[Base]) -> None:
    """``parent.children.remove(*children)``. Raises :class:`ObjectDoesNotExist` for one that belongs to another."""
    if not children:
        return
    link = _link(parent, reference)
    forget_rows(parent, link.table)
    name = column_key(link.mapper, link.column)
    for child in children:
        if instance_dict(child).get(name) != link.value:
            raise ObjectDoesNotExist(f"<{child.__segue__.name}> is not related to <{parent.__segue__.name}>.")
    key = column_key(link.mapper, link.key)
    await _forget(db, link, [instance_dict(child)[key] for child in children])


async def clear(db: Session, parent: Base, reference: Any) -> None:
    """``parent.children.clear()``."""
    link = _link(parent, reference)
    forget_rows(parent, link.table)
    await db.execute(update_of(link.table).where(link.column == link.value).values({link.column: None}))


async def set_(
    db: Session, parent: Base, reference: Any, children: Sequence[Base], *, clear_first: bool = False
) -> None:
    """``parent.children.set(children)``: those that are there and not wanted go, then the new ones come."""
    link = _link(parent, reference)
    forget_rows(parent, link.table)
    key = column_key(link.mapper, link.key)
    async with db.atomic(savepoint=False):
        if clear_first:
            await clear(db, parent, reference)
            await add(db, parent, reference, children)
            return
        with db.primary():
            rows = await db.all(select(link.key).where(link.column == link.value))
        present = {row[0] for row in rows}
        new = []
        for child in children:
            if child._stored and instance_dict(child)[key] in present:
                present.remove(instance_dict(child)[key])
            else:
                new.append(child)
        if present:
            await _forget(db, link, list(present))
        await add(db, parent, reference, new)


async def _forget(db: Session, link: _Link, keys: Sequence[Any]) -> None:
    where = (link.column == link.value, one_of(link.key, "keys"))
    await db.execute(update_of(link.table).where(*where).values({link.column: None}), {"keys": list(keys)})
