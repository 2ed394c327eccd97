"""Writing many-to-many relations as Django's related managers do.

``create_forward_many_to_many_manager`` in ``django.db.models.fields.related_descriptors``: rows of the
through table are added with *on conflict do nothing*, ``set_`` removes before it adds, everything
stands in one block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table, and_, bindparam, or_, select
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.attributes import instance_dict

from segue_bridge.db.base import Base, column_key, mapper_of
from segue_bridge.db.query import one_of

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

BATCH = 400


@dataclass(frozen=True, slots=True)
class _Link:
    """The through table of one relation, seen from one side."""

    table: Table
    source: Column[Any]
    target: Column[Any]
    own: str
    other: str
    mirrored: bool


def _link(entity: Base, relation: str) -> _Link:
    mapper = mapper_of(type(entity))
    found = mapper.relationships[relation]
    table = found.secondary
    if not isinstance(table, Table):
        raise TypeError(f"{type(entity).__name__}.{relation} is not a many-to-many relation.")
    (own, source), *_ = found.synchronize_pairs
    (other, target), *_ = found.secondary_synchronize_pairs or ()
    assert isinstance(source, Column)
    assert isinstance(target, Column)
    return _Link(
        table,
        source,
        target,
        column_key(mapper, own),
        column_key(found.mapper, other),
        bool(found.info.get("symmetrical")),
    )


def _own_key(entity: Base, link: _Link, relation: str) -> Any:
    """The entity's value in the through table. Raises ``ValueError`` with Django's text when unsaved."""
    value = instance_dict(entity).get(link.own)
    if value is None:
        name = type(entity).__segue__.name
        raise ValueError(
            f'"<{name}: {name} object (None)>" needs to have a value for field "{link.own}" before this '
            "many-to-many relationship can be used."
        )
    return value


def _keys(link: _Link, objects: Iterable[Any]) -> list[Any]:
    """Keys of entities, rows or keys, each once, in order."""
    found = []
    for item in objects:
        found.append(item if _is_key(item) else getattr(item, link.other))
    return list(dict.fromkeys(found))


def _is_key(item: Any) -> bool:
    return not isinstance(item, Base) and not hasattr(item, "__dataclass_fields__")


async def add(
    db: Session, entity: Base, relation: str, objects: Iterable[Any], through: dict[str, Any] | None = None
) -> None:
    """``entity.relation.add(*objects)``. ``objects`` are entities, rows or keys; ``through`` are
    further columns of the through row (``through_defaults``), by column name."""
    link = _link(entity, relation)
    own = _own_key(entity, link, relation)
    keys = _keys(link, objects)
    if not keys:
        return
    async with db.atomic(savepoint=False):
        await _insert(db, link, own, keys, through or {})


async def remove(db: Session, entity: Base, relation: str, objects: Iterable[Any]) -> None:
    """``entity.relation.remove(*objects)``: all through rows of each, on both sides when symmetrical."""
    link = _link(entity, relation)
    own = _own_key(entity, link, relation)
    keys = _keys(link, objects)
    if not keys:
        return
    async with db.atomic(savepoint=False):
        await _delete(db, link, own, keys)


async def clear(db: Session, entity: Base, relation: str) -> None:
    """``entity.relation.clear()``."""
    link = _link(entity, relation)
    own = _own_key(entity, link, relation)
    where = link.source == own
    if link.mirrored:
        where = or_(where, link.target == own)
    async with db.atomic(savepoint=False):
        await db.execute(delete_from(link.table).where(where))


async def set_(
    db: Session, entity: Base, relation: str, objects: Iterable[Any], through: dict[str, Any] | None = None
) -> None:
    """``entity.relation.set(objects)``: what is not there goes, then what is new comes."""
    link = _link(entity, relation)
    own = _own_key(entity, link, relation)
    wanted = _keys(link, objects)
    async with db.atomic(savepoint=False):
        rows = await db.all(select(link.target).where(link.source == own))
        present = {row[0] for row in rows}
        gone = [key for key in present if key not in wanted]
        if gone:
            await _delete(db, link, own, gone)
        new = [key for key in wanted if key not in present]
        if new:
            await _insert(db, link, own, new, through or {})


async def _insert(db: Session, link: _Link, own: Any, keys: Sequence[Any], through: dict[str, Any]) -> None:
    insert: Any = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    # Django collects the keys in a set and inserts in its order, so the through rows get these ids.
    keys = list(set(keys))
    pairs = [(own, key) for key in keys]
    if link.mirrored:
        pairs += [(key, own) for key in keys if key != own]
    for start in range(0, len(pairs), BATCH):
        values = [
            {link.source.name: source, link.target.name: target, **through}
            for source, target in pairs[start : start + BATCH]
        ]
        await db.execute(insert(link.table).values(values).on_conflict_do_nothing())


async def _delete(db: Session, link: _Link, own: Any, keys: Sequence[Any]) -> None:
    for start in range(0, len(keys), BATCH):
        where = and_(link.source == bindparam("own"), one_of(link.target, "keys"))
        params = {"own": own, "keys": list(keys[start : start + BATCH])}
        if link.mirrored:
            where = or_(where, and_(link.target == bindparam("own"), one_of(link.source, "keys")))
        await db.execute(delete_from(link.table).where(where), params)
