"""Helpers for the generated project's Alembic environment.

Django names constraints and indexes with hashes that differ between its versions; SQLAlchemy
names them otherwise or not at all. Autogenerate would drop and re-create all of them, so what
differs by name only is left out of a revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

FOREIGN_TABLES = frozenset({"django_migrations"})


def include_object(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Leave Django's own bookkeeping and unmanaged tables alone."""
    if kind == "table":
        return name not in FOREIGN_TABLES and item.info.get("managed", True) is not False
    return True


def without_renames(context: Any, revision: Any, directives: list[Any]) -> None:
    """``process_revision_directives``: drop pairs of *drop X* and *create X* equal but for the name."""
    for script in directives:
        for operations in script.upgrade_ops_list + script.downgrade_ops_list:
            for table in operations.ops:
                if hasattr(table, "ops"):
                    table.ops = list(_without_pairs(table.ops))
            operations.ops = [op for op in operations.ops if not (hasattr(op, "ops") and not op.ops)]


def _without_pairs(operations: Iterable[Any]) -> Iterable[Any]:
    found = list(operations)
    dropped: dict[Any, Any] = {}
    for op in found:
        key = _dropped(op)
        if key is not None:
            dropped[key] = op
    gone: set[int] = set()
    for op in found:
        key = _added(op)
        if key is not None and key in dropped:
            gone |= {id(op), id(dropped.pop(key))}
    return [op for op in found if id(op) not in gone]


def _added(op: Any) -> Any:
    kind = type(op).__name__
    if kind == "CreateIndexOp":
        return _index(op.to_index())
    if kind in ("CreateUniqueConstraintOp", "CreateForeignKeyOp"):
        return _constraint(op.to_constraint())
    return None


def _dropped(op: Any) -> Any:
    kind = type(op).__name__
    if kind == "DropIndexOp":
        return _index(op.to_index())
    if kind == "DropConstraintOp":
        return _constraint(op.to_constraint())
    return None


def _index(index: Any) -> Any:
    columns = tuple(str(getattr(part, "name", part)) for part in index.expressions)
    return "unique" if index.unique else "index", index.table.name, columns


def _constraint(constraint: Any) -> Any:
    if type(constraint).__name__ == "ForeignKeyConstraint":
        targets = tuple(element.target_fullname for element in constraint.elements)
        return "foreign key", constraint.table.name, tuple(constraint.column_keys), targets
    columns = tuple(column.name for column in constraint.columns)
    return "unique", constraint.table.name, columns
