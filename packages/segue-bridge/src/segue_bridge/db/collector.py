"""Deleting as Django does: ``django.db.models.deletion.Collector`` over mapped tables.

The database has no ``ON DELETE`` (Django never writes one): protection is checked, columns are
nulled and dependent rows deleted by statements, in one transaction. Tables nothing depends on
are deleted without reading them first, as Django's fast deletes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, or_, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as update_of
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import instance_dict

from segue_bridge.db import selecting
from segue_bridge.db.base import Base, GenericRelation, column_key, mapper_of
from segue_bridge.db.errors import NotSupportedError, ProtectedError, RestrictedError
from segue_bridge.db.listeners import NOBODY, ByClass, Listeners
from segue_bridge.db.query import one_of
from segue_bridge.db.references import Reference, parent_link, references_to

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

BATCH = 500  # SQLite takes 999 variables; Django's batches for one column are this long
Rows = dict[Any, dict[str, Any]]


async def delete(
    db: Session, found: Sequence[Base], listeners: Listeners = NOBODY
) -> tuple[int, dict[str, int]]:
    """Delete entities of one class and all that hangs on them. See :meth:`Session.delete`."""
    if not found:
        return 0, {}
    mapper = mapper_of(type(found[0]))
    key = _key_name(mapper)
    for entity in found:
        if instance_dict(entity).get(key) is None:
            name = entity.__segue__.name
            raise ValueError(f"{name} object can't be deleted because its {key} attribute is set to None.")
    if len(found) == 1 and can_delete_fast(mapper, listeners=listeners):
        table = _table(mapper)
        count = await db.execute(delete_from(table).where(_key(mapper) == instance_dict(found[0])[key]))
        instance_dict(found[0])[key] = None
        return count, {mapper.class_.__segue__.label: count}
    collector = Collector(db, listeners)
    await collector.collect(
        mapper,
        {instance_dict(e)[key]: _values(mapper, e) for e in found},
        objects={instance_dict(e)[key]: e for e in found},
    )
    result = await collector.run()
    for entity in found:
        instance_dict(entity)[key] = None
    return result


async def delete_matching(
    db: Session, statement: Select[Any], listeners: Listeners = NOBODY
) -> tuple[int, dict[str, int]]:
    """``QuerySet.delete()``: one DELETE where nothing depends on the rows, else read and collect."""
    cls, _ = selecting.expand(statement)
    mapper = mapper_of(cls)
    if can_delete_fast(mapper, listeners=listeners):
        keys = statement.with_only_columns(
            getattr(cls, _key_name(mapper)), maintain_column_froms=True
        ).order_by(None)
        count = await db.execute(delete_from(_table(mapper)).where(_key(mapper).in_(keys)))
        return count, ({cls.__segue__.label: count} if count else {})
    with db.primary():
        entities = await db.entities(statement)
    return await delete(db, entities, listeners)


def can_delete_fast(
    mapper: Mapper[Any], via: Reference | None = None, *, listeners: Listeners = NOBODY
) -> bool:
    """Whether rows can go without being read (``Collector.can_fast_delete``)."""
    if listeners.has(mapper.class_):
        return False
    link = parent_link(mapper)
    if link is not None and (via is None or link[1] is not via.column):
        return False
    if mapper.class_.__segue__.generic:
        return False
    return all(reference.on_delete == "DO_NOTHING" for reference in references_to(mapper.class_))


def _table(mapper: Mapper[Any]) -> Table:
    table = mapper.local_table
    assert isinstance(table, Table)
    return table


def _key(mapper: Mapper[Any]) -> Column[Any]:
    return next(iter(_table(mapper).primary_key.columns))


def _key_name(mapper: Mapper[Any]) -> str:
    return column_key(mapper, _key(mapper))


def _tables(mapper: Mapper[Any]) -> list[Mapper[Any]]:
    return list(mapper.iterate_to_root())


def _wanted(mapper: Mapper[Any]) -> list[Column[Any]]:
    """Columns to read of rows that will be deleted: their key, and what others refer to."""
    columns = {_key(mapper): None}
    for reference in references_to(mapper.class_):
        columns[reference.target] = None
    link = parent_link(mapper)
    while link is not None:
        columns[link[2]] = None
        link = parent_link(link[0])
    return list(columns)


def _name(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


def _values(mapper: Mapper[Any], entity: Base) -> dict[str, Any]:
    held = instance_dict(entity)
    return {_name(column): held.get(column_key(mapper, column)) for column in _wanted(mapper)}


class Collector:
    """What one delete will do: rows to delete per class, columns to set, tables to clear unread."""

    def __init__(self, db: Session, listeners: Listeners = NOBODY) -> None:
        self._db = db
        self._listeners = listeners
        # What receivers are given: the objects of the classes that have any, by key.
        self._told: dict[Mapper[Any], dict[Any, Base]] = {}
        self._found: dict[Mapper[Any], Rows] = {}
        self._earlier: dict[Mapper[Any], set[Mapper[Any]]] = {}
        self._fast: list[tuple[Mapper[Any], ColumnElement[bool], dict[str, Any]]] = []
        self._sets: dict[Reference, dict[Any, None]] = {}
        self._restricted: dict[Reference, dict[Any, Base]] = {}

    async def collect(
        self,
        mapper: Mapper[Any],
        rows: Rows,
        *,
        related: bool = True,
        check_restricted: bool = True,
        objects: Mapping[Any, Base] | None = None,
    ) -> None:
        """Add rows (by key, values by ``table.column``) and everything that depends on them.

        ``objects``: the same rows as entities, where receivers of their class are to have them.
        """
        known = self._found.setdefault(mapper, {})
        new = {key: row for key, row in rows.items() if key not in known}
        known.update(new)
        if not new:
            return
        if mapper.class_ in self._listeners:
            assert objects is not None
            self._told.setdefault(mapper, {}).update({key: objects[key] for key in new})
        link = parent_link(mapper)
        if link is not None:
            parent, _, target = link
            self._earlier.setdefault(parent, set()).add(mapper)
            parents = {row.get(_name(target), key): row for key, row in new.items()}
            await self.collect(parent, parents, related=False, check_restricted=False)
        if not related:
            return
        await self._collect_related(mapper, new)
        for generic in mapper.class_.__segue__.generic:
            await self._collect_generic(mapper, generic, list(new))
        if check_restricted:
            await self._check_restricted(mapper)

    async def _collect_related(self, mapper: Mapper[Any], new: Rows) -> None:
        protected: dict[str, list[Base]] = {}
        fast: dict[Mapper[Any], list[Reference]] = {}
        for reference in references_to(mapper.class_):
            if reference.on_delete == "DO_NOTHING":
                continue
            values = [row[reference.target_key] for row in new.values()]
            if reference.on_delete == "CASCADE" and self._goes_unread(reference.mapper, reference):
                fast.setdefault(reference.mapper, []).append(reference)
            elif reference.on_delete == "CASCADE":
                rows, entities = await self._rows(reference.mapper, reference.column, values)
                if rows:
                    if not reference.column.nullable:
                        self._earlier.setdefault(mapper, set()).add(reference.mapper)
                    await self.collect(reference.mapper, rows, check_restricted=False, objects=entities)
            elif reference.on_delete in {"SET_NULL", "SET_DEFAULT", "SET"}:
                # One UPDATE for all rows met, however often: Django combines what one field is set to as well.
                self._sets.setdefault(reference, {}).update(dict.fromkeys(values))
            elif reference.on_delete in {"PROTECT", "RESTRICT"}:
                objects = await self._objects(reference, values)
                if objects and reference.on_delete == "PROTECT":
                    protected.setdefault(reference.name, []).extend(objects)
                elif objects:
                    self._earlier.setdefault(mapper, set()).add(reference.mapper)
                    held = self._restricted.setdefault(reference, {})
                    key = _key_name(reference.mapper)
                    held.update({instance_dict(item)[key]: item for item in objects})
            else:
                raise NotSupportedError(
                    f"{reference.name}: on_delete={reference.on_delete} cannot be carried out here."
                )
        if protected:
            raise ProtectedError(
                f"Cannot delete some instances of model {mapper.class_.__segue__.name!r} because they "
                f"are referenced through protected foreign keys: {', '.join(protected)}.",
                list(dict.fromkeys(item for items in protected.values() for item in items)),
            )
        for target, references in fast.items():
            for batch in self._batches(list(new.values())):
                self._add_fast(target, references, batch)

    def _add_fast(
        self, target: Mapper[Any], references: list[Reference], rows: Sequence[dict[str, Any]]
    ) -> None:
        conditions = []
        params = {}
        for position, reference in enumerate(references):
            conditions.append(one_of(reference.column, f"v{position}"))
            params[f"v{position}"] = [row[reference.target_key] for row in rows]
        self._fast.append((target, or_(*conditions), params))

    async def _collect_generic(self, mapper: Mapper[Any], generic: GenericRelation, keys: list[Any]) -> None:
        target = _class(mapper, generic.model)
        types = _table(_class(mapper, mapper.class_.__segue__.content_types))
        app, _, name = mapper.class_.__segue__.label.partition(".")
        this_type = (
            select(types.c.id)
            .where(types.c.app_label == app, types.c.model == name.lower())
            .scalar_subquery()
        )
        content_type = target.columns[generic.content_type]
        object_id = target.columns[generic.object_id]
        for batch in self._batches(keys):
            where = and_(content_type == this_type, one_of(object_id, "ids"))
            if self._goes_unread(target):
                self._fast.append((target, where, {"ids": batch}))
                continue
            rows, entities = await self._read(target, where, {"ids": batch})
            await self.collect(target, rows, check_restricted=False, objects=entities)

    async def _check_restricted(self, mapper: Mapper[Any]) -> None:
        names: dict[str, list[Base]] = {}
        for reference, objects in self._restricted.items():
            left = {
                key: item for key, item in objects.items() if key not in self._found.get(reference.mapper, {})
            }
            for target, where, params in self._fast if left else ():
                if target is reference.mapper:
                    gone = await self._select(target, where, params)
                    left = {key: item for key, item in left.items() if key not in gone}
            if left:
                names.setdefault(reference.name, []).extend(left.values())
        if names:
            raise RestrictedError(
                f"Cannot delete some instances of model {mapper.class_.__segue__.name!r} because they "
                f"are referenced through restricted foreign keys: {', '.join(names)}.",
                list(dict.fromkeys(item for items in names.values() for item in items)),
            )

    async def run(self) -> tuple[int, dict[str, int]]:
        """Carry it out in one block. Returns deleted rows, in all and per label."""
        counts: Counter[str] = Counter()
        db = self._db
        order = self._order()
        async with db.atomic(savepoint=False):
            for mapper in order:
                await self._tell(self._listeners.before, mapper, sorted(self._found[mapper]))
            for mapper, where, params in self._fast:
                count = await db.execute(delete_from(_table(mapper)).where(where), params)
                counts[mapper.class_.__segue__.label] += count
            for reference, values in self._sets.items():
                for batch in self._batches(list(values)):
                    statement = update_of(_table(reference.mapper)).where(one_of(reference.column, "ids"))
                    await db.execute(
                        statement.values({reference.column: _replacement(reference)}), {"ids": batch}
                    )
            for mapper in order:
                keys = sorted(self._found[mapper], reverse=True)
                for batch in self._batches(keys):
                    statement_ = delete_from(_table(mapper)).where(one_of(_key(mapper), "ids"))
                    counts[mapper.class_.__segue__.label] += await db.execute(statement_, {"ids": batch})
                await self._tell(self._listeners.after, mapper, keys)
        done = {label: count for label, count in counts.items() if count}
        return sum(done.values()), done

    async def _tell(self, listeners: ByClass, mapper: Mapper[Any], keys: Iterable[Any]) -> None:
        for key in keys if mapper.class_ in listeners else ():
            for listener in listeners[mapper.class_]:
                await listener(self._db, self._told[mapper][key])

    def _goes_unread(self, mapper: Mapper[Any], via: Reference | None = None) -> bool:
        return can_delete_fast(mapper, via, listeners=self._listeners)

    def _order(self) -> list[Mapper[Any]]:
        """Classes in deleting order (``Collector.sort``): those that refer to others first, as found in a ring."""
        found = [mapper for mapper, rows in self._found.items() if rows]
        done: list[Mapper[Any]] = []
        while len(done) < len(found):
            before = len(done)
            for mapper in found:
                # One that is placed counts for those behind it at once.
                if mapper not in done and self._earlier.get(mapper, set()) <= set(done):
                    done.append(mapper)
            if len(done) == before:
                return found
        return done

    def _batches(self, items: Sequence[Any]) -> Iterable[list[Any]]:
        if self._db.dialect == "postgresql":  # one array parameter, however long
            yield list(items)
            return
        for start in range(0, len(items), BATCH):
            yield list(items[start : start + BATCH])

    async def _rows(
        self, mapper: Mapper[Any], column: Column[Any], values: list[Any]
    ) -> tuple[Rows, dict[Any, Base]]:
        found: Rows = {}
        objects: dict[Any, Base] = {}
        for batch in self._batches(values):
            rows, entities = await self._read(mapper, one_of(column, "ids"), {"ids": batch})
            found.update(rows)
            objects.update(entities)
        return found, objects

    async def _read(
        self, mapper: Mapper[Any], where: ColumnElement[bool], params: dict[str, Any]
    ) -> tuple[Rows, dict[Any, Base]]:
        """Rows, and the same as objects where somebody is told of them."""
        if mapper.class_ not in self._listeners:
            return await self._select(mapper, where, params), {}
        key = _key_name(mapper)
        with self._db.primary():
            entities = await self._db.entities(select(mapper.class_).where(where), params)
        objects = {instance_dict(entity)[key]: entity for entity in entities}
        return {k: _values(mapper, entity) for k, entity in objects.items()}, objects

    async def _select(self, mapper: Mapper[Any], where: ColumnElement[bool], params: dict[str, Any]) -> Rows:
        columns = _wanted(mapper)
        statement = select(*columns).select_from(mapper.selectable).where(where)
        names = [_name(column) for column in columns]
        with self._db.primary():
            rows = await self._db.all(statement, params)
        return {row[0]: dict(zip(names, row, strict=True)) for row in rows}

    async def _objects(self, reference: Reference, values: list[Any]) -> list[Base]:
        found: list[Base] = []
        for batch in self._batches(values):
            statement = select(reference.mapper.class_).where(one_of(reference.column, "ids"))
            with self._db.primary():
                found.extend(await self._db.entities(statement, {"ids": batch}))
        return found


def _replacement(reference: Reference) -> Any:
    if reference.on_delete == "SET_NULL":
        return None
    if reference.on_delete == "SET":
        return reference.value
    default: Any = reference.column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


def _class(mapper: Mapper[Any], path: str) -> Mapper[Any]:
    """The mapper of the class with this dotted path. Raises ``LookupError``."""
    for other in mapper.registry.mappers:
        if f"{other.class_.__module__}.{other.class_.__qualname__}" == path:
            return other
    raise LookupError(f"No mapped class {path}; import its module first.")
