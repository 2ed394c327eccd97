"""``QuerySet.bulk_create`` and ``QuerySet.bulk_update``: many entities of one class by few statements.

No signals are sent and no ``save()`` is called. ``bulk_create`` fills what ``pre_save`` of a field fills (``auto_now``),
``bulk_update`` does not. All batches stand in one block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Column, ColumnElement, Insert, bindparam, case
from sqlalchemy import update as update_of
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.attributes import instance_dict, set_committed_value
from sqlalchemy.sql import ClauseElement

from segue_bridge.db import writes
from segue_bridge.db.base import Base
from segue_bridge.db.query import one_of

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

E = TypeVar("E", bound=Base)

# What one statement may bind: 32,767 in PostgreSQL's protocol, 32,766 in SQLite since 3.32.
MOST = 32_766
# Django's number for SQLite, where a CASE has two values for each row.
MOST_IN_CASE = {"sqlite": 999}


async def insert(
    db: Session,
    found: Iterable[E],
    *,
    batch_size: int | None = None,
    ignore_conflicts: bool = False,
    update: Sequence[str] = (),
    unique: Sequence[str] = (),
    keys: bool = True,
) -> list[E]:
    """``bulk_create``: those that have a key first. See :meth:`Session.insert_all`."""
    _check_size(batch_size)
    entities = list(found)
    if not entities:
        return entities
    part = _only_part(entities[0], "create")
    name, column = part.key
    for entity in entities:
        held = instance_dict(entity)
        if held.get(name) is None and column.default is not None:
            held[name] = instance_dict(type(entity)())[name]
        writes.check_related(entity, operation="bulk_create")
    keyed = [entity for entity in entities if instance_dict(entity).get(name) is not None]
    unkeyed = [entity for entity in entities if instance_dict(entity).get(name) is None]
    returned = [] if ignore_conflicts or not keys else [*part.generated]
    async with db.atomic(savepoint=False):
        for group, left in ((keyed, []), (unkeyed, [(name, column)] if column.identity is not None else [])):
            columns = [item for item in part.columns if item not in left]
            more = [] if ignore_conflicts or not keys else [*left, *returned]
            for batch in _batches(group, batch_size, MOST // len(columns)):
                statement = _insert_of(db, batch, part, columns)
                if ignore_conflicts:
                    statement = statement.on_conflict_do_nothing()
                elif update:
                    new = {column.name: statement.excluded[column.name] for column in _named(part, update)}
                    statement = statement.on_conflict_do_update(index_elements=_named(part, unique), set_=new)
                await _send(db, batch, statement, more)
            for entity in group:
                held = instance_dict(entity)
                held["_stored"] = True
                for file in part.files:  # what a later save replaces (``segue_bridge.cleanup``)
                    set_committed_value(entity, file, held.get(file))
    return entities


def _insert_of(
    db: Session, batch: Sequence[Base], part: writes.Part, columns: Sequence[tuple[str, Column[Any]]]
) -> Any:
    """INSERT with the values of each entity, which ``pre_save`` has filled."""
    rows = []
    for entity in batch:
        held = instance_dict(entity)
        writes.stamp(held, columns, adding=True)
        for name, _ in columns:
            writes.check_value(entity, name, held.get(name))
        rows.append({column.name: held.get(name) for name, column in columns})
    into: Any = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    return into(part.table).values(rows)


async def _send(
    db: Session, batch: Sequence[Base], statement: Insert, returned: Sequence[tuple[str, Column[Any]]]
) -> None:
    """Run it; what the database has made of each row goes into its entity."""
    if not returned:
        await db.execute(statement)
        return
    async with db.marks_rollback():
        rows = await db.all(statement.returning(*(column for _, column in returned)))
    for entity, row in zip(batch, rows, strict=True):
        instance_dict(entity).update({name: value for (name, _), value in zip(returned, row, strict=True)})


async def update(
    db: Session,
    found: Iterable[Base],
    names: Sequence[str],
    where: Sequence[ColumnElement[bool]] = (),
    *,
    batch_size: int | None = None,
) -> int:
    """``bulk_update``. See :meth:`Session.update_all`."""
    _check_size(batch_size)
    entities = tuple(found)
    if not entities:
        return 0
    part = _only_part(entities[0], "update")
    key, column = part.key
    if any(instance_dict(entity).get(key) is None for entity in entities):
        raise ValueError("All bulk_update() objects must have a primary key set.")
    for entity in entities:
        writes.check_related(entity, names, operation="bulk_update")
    columns = [(name, item) for name, item in part.columns if name in names]
    most = MOST_IN_CASE.get(db.dialect, MOST) // (2 * len(columns) + 1)
    count = 0
    async with db.atomic(savepoint=False):
        for batch in _batches(entities, batch_size, most):
            values = {item: _case(batch, part, name, item) for name, item in columns}
            statement = update_of(part.table).where(one_of(column, "ids"), *where).values(values)
            count += await db.execute(statement, {"ids": [instance_dict(entity)[key] for entity in batch]})
    return count


def _case(batch: Sequence[Base], part: writes.Part, name: str, column: Column[Any]) -> ColumnElement[Any]:
    """``CASE WHEN id = … THEN … END``: of an object that is there twice the first counts."""
    key, key_column = part.key
    pairs = []
    for entity in batch:
        held = instance_dict(entity)
        value = held.get(name)
        if not isinstance(value, ClauseElement):
            value = bindparam(None, value, type_=column.type, unique=True)
        pairs.append((key_column == held[key], value))
    return case(*pairs)


def _batches(entities: Sequence[E], wanted: int | None, most: int) -> Iterator[Sequence[E]]:
    size = max(most, 1) if wanted is None else max(min(wanted, most), 1)
    for start in range(0, len(entities), size):
        yield entities[start : start + size]


def _check_size(batch_size: int | None) -> None:
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")


def _only_part(entity: Base, what: str) -> writes.Part:
    found = writes.parts(type(entity))
    if len(found) > 1:
        raise ValueError(f"Can't bulk {what} a multi-table inherited model")
    return found[0]


def _named(part: writes.Part, names: Sequence[str]) -> list[Column[Any]]:
    columns = dict(part.columns)
    return [columns[name] for name in names]
