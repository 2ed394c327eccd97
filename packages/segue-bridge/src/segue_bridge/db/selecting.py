"""From ``select(Entity)`` to columns, and from rows to entities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Select

from segue_bridge.db.base import Base, mapper_of
from segue_bridge.db.errors import MultipleObjectsReturned

E = TypeVar("E", bound=Base)


@dataclass(frozen=True, slots=True)
class Columns:
    """A statement that selects the columns of an entity; ``names`` are their attributes in order."""

    statement: Select[Any]
    names: tuple[str, ...]


_EXPANDED: WeakKeyDictionary[Any, tuple[Any, Columns]] = WeakKeyDictionary()


def column_names(entity: type[Base]) -> tuple[str, ...]:
    """Attribute names of all columns, inherited ones included."""
    return tuple(attribute.key for attribute in mapper_of(entity).column_attrs)


def expand(statement: Select[Any]) -> tuple[type[Any], Columns]:
    """The entity class of ``select(Entity)`` (or of an alias) and the statement over its columns.

    Kept per statement object, so that a module-level statement is compiled only once.
    Raises ``TypeError`` when the statement selects anything else.
    """
    known = _EXPANDED.get(statement)
    if known is None:
        descriptions = statement.column_descriptions
        source = descriptions[0]["entity"] if len(descriptions) == 1 else None
        entity = descriptions[0]["type"] if source is not None else None
        if source is None or not isinstance(entity, type) or not issubclass(entity, Base):
            raise TypeError("entities() takes a select() of one mapped class.")
        names = column_names(entity)
        columns = statement.with_only_columns(
            *(getattr(source, name) for name in names), maintain_column_froms=True
        )
        known = _EXPANDED[statement] = (entity, Columns(columns, names))
    return known


def too_many(entity: type[Base], count: int) -> MultipleObjectsReturned:
    """Django's error of ``QuerySet.get()``."""
    shown = str(count) if count < 21 else "more than 20"
    name = entity.__segue__.name
    return MultipleObjectsReturned(f"get() returned more than one {name} -- it returned {shown}!", entity)
