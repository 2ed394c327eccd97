"""Writing many-to-many relations as Django's related managers do.

``create_forward_many_to_many_manager`` in ``django.db.models.fields.related_descriptors``: rows of the
through table are added with *on conflict do nothing*, ``set_`` removes before it adds, everything
stands in one block. Where ``m2m_changed`` is listened to (``changes``) the rows that are there already are read first, as
Django does then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Select, Table, and_, bindparam, or_, select
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.orm.attributes import QueryableAttribute, instance_dict

from segue_bridge.db import bulk
from segue_bridge.db.base import Base, column_key, forget_rows, mapper_of
from segue_bridge.db.listeners import Changes, tell
from segue_bridge.db.query import one_of

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

# The name of a relation of the entity's, or the relation of another class that leads to the entity (``Book.tags`` for a tag).
Relation = str | QueryableAttribute[Any]
BATCH = 16_000  # two values each: what one statement may bind
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Link:
    """The through table of one relation, seen from one side."""

    table: Table
    source: Column[Any]
    target: Column[Any]
    own: str
    other: str
    mirrored: bool


def _link(entity: Base, relation: Relation) -> _Link:
    if isinstance(relation, str):
        found = mapper_of(type(entity)).relationships[relation]
    else:
        prop = relation.property
        assert isinstance(prop, RelationshipProperty)
        found = prop
    table = found.secondary
    if not isinstance(table, Table):
        raise TypeError(f"{type(entity).__name__}.{relation} is not a many-to-many relation.")
    (own, source), *_ = found.synchronize_pairs
    (other, target), *_ = found.secondary_synchronize_pairs or ()
    assert isinstance(source, Column)
    assert isinstance(target, Column)
    one, two = column_key(found.parent, own), column_key(found.mapper, other)
    if not isinstance(relation, str):
        return _Link(table, target, source, two, one, False)
    return _Link(table, source, target, one, two, bool(found.info.get("symmetrical")))


def through_of(entity: Base, relation: str) -> Table:
    """The table between both sides."""
    return _link(entity, relation).table


def _own_key(entity: Base, link: _Link, relation: Relation) -> Any:
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
    """Keys of entities, rows or keys, in order."""
    return [item if _is_key(item) else getattr(item, link.other) for item in objects]


def _is_key(item: Any) -> bool:
    return not isinstance(item, Base) and not hasattr(item, "__dataclass_fields__")


async def add(
    db: Session,
    entity: Base,
    relation: Relation,
    objects: Iterable[Any],
    through: type[Base] | None = None,
    defaults: Mapping[str, Any] = EMPTY,
    changes: Changes | None = None,
) -> None:
    """``entity.relation.add(*objects)``. ``objects`` are entities, rows or keys.

    ``through`` is the class of the rows in between where the project wrote that model: those that are there already are
    left, what it refuses is raised. ``defaults`` are columns of a new one (``through_defaults``).
    """
    link = _link(entity, relation)
    own = _own_key(entity, link, relation)
    forget_rows(entity, link.table)
    keys = _keys(link, objects)
    if not keys:
        return
    async with db.atomic(savepoint=False):
        await _add(db, link, entity, own, keys, through, defaults, changes)


async def remove(
    db: Session,
    entity: Base,
    relation: Relation,
    objects: Iterable[Any],
    through: type[Base] | None = None,
    changes: Changes | None = None,
) -> None:
    """``entity.relation.remove(*objects)``: all through rows of each, on both sides when symmetrical."""
    link = _link(entity, relation)
    own = _own_key(entity, link, relation)
    forget_rows(entity, link.table)
    keys = _keys(link, objects)
    if not keys:
        return
    async with db.atomic(savepoint=False):
        await _remove(db, link, entity, own, keys, through, changes)


async def clear(
    db: Session,
    entity: Base,
    relation: Relation,
    through: type[Base] | None = None,
    changes: Changes | None = None,
) -> None:
    """``entity.relation.clear()``."""
    link = _link(entity, relation)
    own = _own_key(entity, link, relation)
    forget_rows(entity, link.table)
    async with db.atomic(savepoint=False):
        await _clear(db, link, entity, own, through, changes)


async def set_(
    db: Session,
    entity: Base,
    relation: Relation,
    objects: Iterable[Any],
    through: type[Base] | None = None,
    defaults: Mapping[str, Any] = EMPTY,
    changes: Changes | None = None,
    *,
    clear_first: bool = False,
    among: Select[Any] | None = None,
) -> None:
    """``entity.relation.set(objects)``: what is not there goes (or all, ``clear_first``), then what is new comes.

    ``among`` selects the keys of the rows that the relation's manager shows, where it leaves some out: others stay.
    """
    link = _link(entity, relation)
    own = _own_key(entity, link, relation)
    forget_rows(entity, link.table)
    new = _keys(link, objects)
    async with db.atomic(savepoint=False):
        if clear_first:
            await _clear(db, link, entity, own, through, changes)
        else:
            with db.primary():
                there = select(link.target).where(link.source == own)
                if among is not None:
                    there = there.where(link.target.in_(among))
                gone = {row[0] for row in await db.all(there)}
            new = [key for key in new if not _taken(gone, key)]
            if gone:
                await _remove(db, link, entity, own, list(gone), through, changes)
        if new:
            await _add(db, link, entity, own, new, through, defaults, changes)


def _taken(keys: set[Any], key: Any) -> bool:
    """Whether ``key`` was among ``keys``, where it is no longer."""
    found = key in keys
    keys.discard(key)
    return found


async def _clear(
    db: Session, link: _Link, entity: Base, own: Any, through: type[Base] | None, changes: Changes | None
) -> None:
    where = link.source == own
    if link.mirrored:
        where = or_(where, link.target == own)
    if changes is not None:
        await tell(changes.pre_clear, db, entity)
    if through is not None:
        await db.delete_matching(select(through).where(where))
    else:
        await db.execute(delete_from(link.table).where(where))
    if changes is not None:
        await tell(changes.post_clear, db, entity)


async def _add(
    db: Session,
    link: _Link,
    entity: Base,
    own: Any,
    keys: Sequence[Any],
    through: type[Base] | None,
    defaults: Mapping[str, Any],
    changes: Changes | None,
) -> None:
    # Django collects the keys in a set and inserts in its order, so the rows in between get these ids.
    wanted = set(keys)
    if through is None and changes is None:
        await _insert(db, link, [(own, key) for key in wanted])
        await _insert(db, link, _mirrored(link, own, wanted))
        return
    there = select(link.target).where(link.source == own, one_of(link.target, "keys"))
    with db.primary():
        missing = wanted.difference([row[0] for row in await db.all(there, {"keys": list(wanted)})])
    if changes is not None:
        await tell(changes.pre_add, db, entity, missing)
    if through is None:
        await _insert(db, link, [(own, key) for key in missing])
    else:
        mapper = mapper_of(through)
        source, target = column_key(mapper, link.source), column_key(mapper, link.target)
        await bulk.insert(db, [through(**defaults, **{source: own, target: key}) for key in missing])
    if changes is not None:
        await tell(changes.post_add, db, entity, missing)
    if through is None:
        await _insert(db, link, _mirrored(link, own, wanted))


def _mirrored(link: _Link, own: Any, keys: Iterable[Any]) -> list[tuple[Any, Any]]:
    """The rows of the other way round, where the relation is symmetrical."""
    return [(key, own) for key in keys] if link.mirrored else []


async def _insert(db: Session, link: _Link, pairs: Sequence[tuple[Any, Any]]) -> None:
    insert: Any = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    for start in range(0, len(pairs), BATCH):
        values = [
            {link.source.name: source, link.target.name: target}
            for source, target in pairs[start : start + BATCH]
        ]
        await db.execute(insert(link.table).values(values).on_conflict_do_nothing())


async def _remove(
    db: Session,
    link: _Link,
    entity: Base,
    own: Any,
    keys: Sequence[Any],
    through: type[Base] | None,
    changes: Changes | None,
) -> None:
    if changes is None:
        await _delete(db, link, own, list(dict.fromkeys(keys)), through)
        return
    gone = set(keys)
    await tell(changes.pre_remove, db, entity, gone)
    await _delete(db, link, own, list(gone), through)
    await tell(changes.post_remove, db, entity, gone)


async def _delete(
    db: Session, link: _Link, own: Any, keys: Sequence[Any], through: type[Base] | None
) -> None:
    if through is not None:
        where = and_(link.source == own, one_of(link.target, keys))
        await db.delete_matching(select(through).where(where))
        return
    for start in range(0, len(keys), BATCH):
        where = and_(link.source == bindparam("own"), one_of(link.target, "keys"))
        params = {"own": own, "keys": list(keys[start : start + BATCH])}
        if link.mirrored:
            where = or_(where, and_(link.target == bindparam("own"), one_of(link.source, "keys")))
        await db.execute(delete_from(link.table).where(where), params)
