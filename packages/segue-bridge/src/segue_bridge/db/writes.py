"""INSERT and UPDATE of entities as ``Model.save_base`` does them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, DefaultClause, Executable, Insert, Table, Update, bindparam, literal, select
from sqlalchemy import insert as insert_into
from sqlalchemy import update as update_of
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import instance_dict, set_committed_value
from sqlalchemy.orm.interfaces import MANYTOONE
from sqlalchemy.sql import ClauseElement

from segue_bridge import zone
from segue_bridge.db.base import Base, column_key, mapper_of
from segue_bridge.db.errors import DatabaseError
from segue_bridge.db.types import Date, Time

if TYPE_CHECKING:
    from segue_bridge.db.session import Session


@dataclass(frozen=True, slots=True)
class Part:
    """One table of an entity: its columns as (attribute, column), formula columns left out."""

    table: Table
    columns: tuple[tuple[str, Column[Any]], ...]
    key: tuple[str, Column[Any]]
    generated: tuple[tuple[str, Column[Any]], ...]
    files: tuple[str, ...]


_PARTS: dict[type[Base], tuple[Part, ...]] = {}
_INSERTS: dict[tuple[Table, tuple[str, ...]], Insert] = {}
_UPDATES: dict[tuple[Table, tuple[str, ...]], Update] = {}


def parts(cls: type[Base]) -> tuple[Part, ...]:
    """The tables of an entity class, the root first (multi-table inheritance has several)."""
    known = _PARTS.get(cls)
    if known is None:
        found: list[Part] = []
        for mapper in reversed(list(mapper_of(cls).iterate_to_root())):
            table = mapper.local_table
            if not isinstance(table, Table) or any(part.table is table for part in found):
                continue
            found.append(_part(mapper, table))
        known = _PARTS[cls] = tuple(found)
    return known


def _part(mapper: Mapper[Any], table: Table) -> Part:
    named = [(column_key(mapper, column), column) for column in table.columns]
    primary = list(table.primary_key.columns)
    if len(primary) != 1:
        raise TypeError(f"{table.name}: an entity needs a primary key of one column.")
    return Part(
        table,
        tuple((name, column) for name, column in named if column.computed is None),
        (column_key(mapper, primary[0]), primary[0]),
        tuple((name, column) for name, column in named if column.computed is not None),
        tuple(name for name, column in named if column.info.get("file")),
    )


async def insert(db: Session, entity: Base) -> None:
    """INSERT into each table of the entity, parents first, all in one block when there are several."""
    check_related(entity)
    found = parts(type(entity))
    if len(found) > 1:
        async with db.atomic(savepoint=False):
            for part in found:
                await _insert(db, entity, part)
    else:
        async with db.marks_rollback():
            await _insert(db, entity, found[0])
        if not db.in_atomic:
            db.early.note(entity, found[0])
    held = instance_dict(entity)
    held["_stored"] = True
    for part in found:
        for name in part.files:  # what a later save replaces (``segue_bridge.cleanup``)
            set_committed_value(entity, name, held.get(name))


async def save(db: Session, entity: Base, names: Sequence[str]) -> bool:
    """``Model.save()``. A new entity whose key has a default is inserted without trying UPDATE.

    Returns whether the entity's own table (the last one) got a new row.
    """
    if not names and not entity._stored:
        part = parts(type(entity))[0]
        held = instance_dict(entity)
        if held.get(part.key[0]) is None or part.key[1].default is not None:
            await insert(db, entity)
            return True
    return await update(db, entity, names)


async def update(db: Session, entity: Base, names: Sequence[str], *, force: bool = False) -> bool:
    """UPDATE every table of the entity; without ``names`` or ``force`` a table with no matching row gets an INSERT.

    Returns whether the last table got one.
    """
    created = False
    check_related(entity, names)
    wanted = _attributes(type(entity), names) if names else None
    found = parts(type(entity))
    if len(found) > 1:
        async with db.atomic(savepoint=False):
            for part in found:
                created = await _update(db, entity, part, wanted, force=force)
    else:
        async with db.marks_rollback():
            created = await _update(db, entity, found[0], wanted, force=force)
    instance_dict(entity)["_stored"] = True
    return created


def _attributes(cls: type[Base], names: Iterable[str]) -> frozenset[str]:
    """Column attributes of ``update_fields``: a relation's name stands for its columns.

    Raises ``ValueError`` with Django's text for a name that is neither.
    """
    mapper = mapper_of(cls)
    found: set[str] = set()
    unknown = []
    for name in names:
        if name in mapper.column_attrs:
            found.add(name)
        elif name in mapper.relationships and mapper.relationships[name].direction is MANYTOONE:
            found.update(
                column_key(mapper, column)
                for column in mapper.relationships[name].local_columns
                if isinstance(column, Column)
            )
        else:
            unknown.append(name)
    if unknown:
        raise ValueError(
            "The following fields do not exist in this model, are m2m fields, primary keys, or are "
            f"non-concrete fields: {', '.join(sorted(unknown))}"
        )
    return frozenset(found)


async def save_raw(db: Session, entity: Base) -> None:
    """``save_base(raw=True)``: UPDATE, or else INSERT, of the entity's own table alone, with its values as they are.

    A column with a database default that holds nothing gets that default again.
    """
    part = parts(type(entity))[-1]
    held = instance_dict(entity)
    async with db.marks_rollback():
        if held.get(part.key[0]) is not None:
            values = dict(held)
            for name, column in part.columns:
                if name not in held and isinstance(column.server_default, DefaultClause):
                    given = column.server_default.arg
                    values[name] = literal(given) if isinstance(given, str) else given
            chosen = [item for item in part.columns if not item[1].primary_key and item[0] in values]
            if await _run_update(db, values, part, chosen):
                return
        await _insert(db, entity, part, raw=True)


async def _insert(db: Session, entity: Base, part: Part, *, raw: bool = False) -> None:
    held = instance_dict(entity)
    if not raw:
        _inherit_key(entity, part)
        stamp(held, part.columns, adding=True)
    values: dict[str, Any] = {}
    left = []
    for name, column in part.columns:
        value = held.get(name)
        if (name not in held and column.server_default is not None) or (
            name == part.key[0] and value is None
        ):
            left.append((name, column))
        else:
            check_value(entity, name, value)
            values[name] = value
    returned = left + list(part.generated)
    statement = _insert_statement(part, tuple(values), returned)
    bound = {f"v_{name}": value for name, value in values.items()}
    async with db.marks_rollback():
        if returned:
            row = await _returning(db, statement, bound)
            for (name, _), value in zip(returned, row, strict=True):
                held[name] = value
        else:
            await db.execute(statement, bound)


def check_value(entity: Base, name: str, value: Any) -> None:
    """Refuse to insert an expression. Raises ``ValueError`` with Django's text."""
    if isinstance(value, ClauseElement):
        raise ValueError(
            f'Failed to insert expression "{value}" on {entity.__segue__.label}.{name}. '
            "F() expressions can only be used to update, not to insert."
        )


async def _returning(db: Session, statement: Executable, bound: dict[str, Any]) -> Sequence[Any]:
    async with db._alone():
        return (await db.all(statement, bound))[0]


def _insert_statement(
    part: Part, names: tuple[str, ...], returned: Sequence[tuple[str, Column[Any]]]
) -> Insert:
    key = (part.table, names)
    statement = _INSERTS.get(key)
    if statement is None:
        columns = dict(part.columns)
        statement = insert_into(part.table).values(
            {columns[name]: bindparam(f"v_{name}", type_=columns[name].type) for name in names}
        )
        if returned:
            statement = statement.returning(*(column for _, column in returned))
        _INSERTS[key] = statement
    return statement


async def _update(
    db: Session, entity: Base, part: Part, wanted: frozenset[str] | None, *, force: bool = False
) -> bool:
    """Whether there was no row, so that one was made."""
    held = instance_dict(entity)
    _inherit_key(entity, part)
    if held.get(part.key[0]) is None:
        if wanted is not None or force:
            raise ValueError("Cannot force an update in save() with no primary key.")
        await _insert(db, entity, part)
        return True
    chosen = [
        (name, column)
        for name, column in part.columns
        if not column.primary_key and (wanted is None or name in wanted) and name in held
    ]
    if wanted is not None and not chosen:
        return False
    stamp(held, chosen, adding=False)
    if await _run_update(db, held, part, chosen):
        return False
    if wanted is not None:
        raise DatabaseError("Save with update_fields did not affect any rows.")
    if force:
        raise DatabaseError("Forced update did not affect any rows.")
    await _insert(db, entity, part)
    return True


async def _run_update(
    db: Session, held: dict[str, Any], part: Part, chosen: Sequence[tuple[str, Column[Any]]]
) -> bool:
    """Whether a row matched. Without columns to set, whether the row is there."""
    key_name, key_column = part.key
    where = key_column == bindparam("key_", type_=key_column.type)
    if not chosen:
        with db.primary():
            return bool(await db.all(select(key_column).where(where), {"key_": held[key_name]}))
    bound = {"key_": held[key_name]}
    expressions = {}
    for name, column in chosen:
        if isinstance(held[name], ClauseElement):
            expressions[column] = held[name]
        else:
            bound[f"v_{name}"] = held[name]
    names = tuple(name for name, _ in chosen)
    statement = None if expressions else _UPDATES.get((part.table, names))
    if statement is None:
        values = {
            column: expressions.get(column, bindparam(f"v_{name}", type_=column.type))
            for name, column in chosen
        }
        statement = update_of(part.table).where(where).values(values)
        if not expressions:
            _UPDATES[part.table, names] = statement
    return await db.execute(statement, bound) > 0


def stamp(held: dict[str, Any], columns: Iterable[tuple[str, Column[Any]]], *, adding: bool) -> None:
    """``pre_save`` of fields with ``auto_now`` / ``auto_now_add``, and of files: Django never saves NULL for one."""
    for name, column in columns:
        if (
            adding and "as_created" in column.info
        ):  # django-model-utils: a new row was changed when it was made
            if held.get(name) is None:
                held[name] = held.get(column.info["as_created"])
        elif column.info.get("auto_now") or (adding and column.info.get("auto_now_add")):
            held[name] = _now(column)
        elif column.info.get("file"):
            _stamp_file(held, name, adding and name not in held and column.server_default is not None)


def _stamp_file(held: dict[str, Any], name: str, left_to_database: bool) -> None:
    value = held.get(name)
    if value is None:
        if not left_to_database:
            held[name] = ""
    elif not isinstance(value, str):
        raise AttributeError(f"'{type(value).__name__}' object has no attribute '_committed'")


def _now(column: Column[Any]) -> object:
    """Django runs with the process clock in ``TIME_ZONE``: dates and times are local there."""
    if isinstance(column.type, Date):
        return zone.today()
    if isinstance(column.type, Time):
        return zone.wall_time().time()
    return zone.now()


def _inherit_key(entity: Base, part: Part) -> None:
    """A child table's key is its parent's (``Model._save_parents``)."""
    first = parts(type(entity))[0]
    held = instance_dict(entity)
    if part is first or not part.key[1].foreign_keys:
        return
    target = next(iter(part.key[1].foreign_keys)).column
    for other in parts(type(entity)):
        for name, column in other.columns:
            if column is target and held.get(name) is not None:
                held[part.key[0]] = held[name]


def check_related(entity: Base, names: Sequence[str] = (), operation: str = "save") -> None:
    """``Model._prepare_related_fields_for_save``: related objects must have been saved."""
    mapper = mapper_of(type(entity))
    held = instance_dict(entity)
    for relation in mapper.relationships:
        other = held.get(relation.key)
        if relation.direction is not MANYTOONE or not isinstance(other, Base):
            continue
        for local, remote in relation.local_remote_pairs or ():
            if not isinstance(local, Column) or not isinstance(remote, Column):
                continue
            name = column_key(mapper, local)
            value = instance_dict(other).get(column_key(relation.mapper, remote))
            if names and name not in names and relation.key not in names:
                continue
            if value is None:
                raise ValueError(
                    f"{operation}() prohibited to prevent data loss due to unsaved related object '{relation.key}'."
                )
            if held.get(name) in (None, ""):
                held[name] = value
