"""Which columns point at which tables, and what Django does with them on delete.

Read from the mapped tables: ``ForeignKey(info={"on_delete": …})``, or for relations without a
constraint ``mapped_column(info={"references": "table.column", "on_delete": …})``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Table
from sqlalchemy.orm import Mapper

from segue_bridge.db.base import Base, column_key, mapper_of


@dataclass(frozen=True, slots=True)
class Reference:
    """``column`` of ``mapper`` holds values of ``target``; ``field`` is the Django field's name."""

    mapper: Mapper[Any]
    column: Column[Any]
    target: Column[Any]
    on_delete: str
    field: str
    value: Any = None
    parent_link: bool = False

    @property
    def name(self) -> str:
        """``'Book.author'`` as in Django's messages."""
        return f"'{self.mapper.class_.__segue__.name}.{self.field}'"

    @property
    def target_key(self) -> str:
        """How the referenced value is called among collected rows."""
        return f"{self.target.table.name}.{self.target.name}"


_GRAPHS: WeakKeyDictionary[Any, tuple[int, dict[Table, list[Reference]]]] = WeakKeyDictionary()


def references_to(cls: type[Base]) -> list[Reference]:
    """All columns that point at a table of ``cls``, inherited tables first.

    A child table's link to its parent counts for the parent only (``Options._get_fields``).
    """
    mapper = mapper_of(cls)
    graph = _graph(mapper)
    found: list[Reference] = []
    chain = [m.local_table for m in reversed(list(mapper.iterate_to_root()))]
    for table in dict.fromkeys(chain):
        assert isinstance(table, Table)
        for reference in graph.get(table, ()):
            if reference.parent_link and table is not mapper.local_table:
                continue
            found.append(reference)
    return found


def parent_link(mapper: Mapper[Any]) -> tuple[Mapper[Any], Column[Any], Column[Any]] | None:
    """The parent mapper of a multi-table child with (own column, parent's column), else None."""
    parent = mapper.inherits
    if parent is None or parent.local_table is mapper.local_table:
        return None
    table = mapper.local_table
    assert isinstance(table, Table)
    key = next(iter(table.primary_key.columns))
    for foreign in key.foreign_keys:
        return parent, key, foreign.column
    return None


def _local(mapper: Mapper[Any]) -> Table:
    table = mapper.local_table
    assert isinstance(table, Table)
    return table


def _graph(mapper: Mapper[Any]) -> dict[Table, list[Reference]]:
    registry = mapper.registry
    count = len(registry.mappers)
    known = _GRAPHS.get(registry)
    if known is not None and known[0] == count:
        return known[1]
    modules = {name: number for number, name in enumerate(registry.metadata.info.get("modules", ()))}
    tables = {table: position for position, table in enumerate(registry.metadata.tables.values())}

    def order(each: Mapper[Any]) -> tuple[int, int]:
        """Django's model order: by app, then as defined (it decides the order in messages)."""
        return modules.get(each.class_.__module__, len(modules)), tables.get(_local(each), 0)

    mappers = [m for m in registry.mappers if isinstance(m.local_table, Table)]
    mappers = [m for m in mappers if m.inherits is None or m.local_table is not m.inherits.local_table]
    graph: dict[Table, list[Reference]] = {}
    for each in sorted(mappers, key=order):
        for reference in _references(each):
            table = reference.target.table
            assert isinstance(table, Table)
            graph.setdefault(table, []).append(reference)
    _GRAPHS[registry] = (count, graph)
    return graph


def _references(mapper: Mapper[Any]) -> list[Reference]:
    table = mapper.local_table
    assert isinstance(table, Table)
    link = parent_link(mapper)
    found = []
    for column in table.columns:
        name = column_key(mapper, column)
        for foreign in column.foreign_keys:
            info = {**column.info, **foreign.info}
            found.append(_reference(mapper, column, foreign.column, name, info, link))
        if not column.foreign_keys and "references" in column.info:
            target_table, _, target_name = column.info["references"].rpartition(".")
            target = table.metadata.tables[target_table].columns[target_name]
            found.append(_reference(mapper, column, target, name, column.info, link))
    return found


def _reference(
    mapper: Mapper[Any],
    column: Column[Any],
    target: Column[Any],
    name: str,
    info: Mapping[str, Any],
    link: tuple[Mapper[Any], Column[Any], Column[Any]] | None,
) -> Reference:
    return Reference(
        mapper,
        column,
        target,
        info.get("on_delete", "DO_NOTHING"),
        info.get("field", name.removesuffix("_id")),
        info.get("set_value"),
        link is not None and link[1] is column,
    )
