"""``Model.refresh_from_db``: the columns of an entity as they stand in the database now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Column, select
from sqlalchemy.orm.attributes import instance_dict, set_committed_value
from sqlalchemy.orm.interfaces import MANYTOONE

from segue_bridge.db import writes
from segue_bridge.db.base import Base, column_key, mapper_of
from segue_bridge.db.errors import ObjectDoesNotExist

if TYPE_CHECKING:
    from segue_bridge.db.session import Session


async def refresh(db: Session, entity: Base, names: Sequence[str]) -> None:
    """Read ``names``, or all columns, again. Raises :class:`ObjectDoesNotExist` when the row is gone."""
    mapper = mapper_of(type(entity))
    held = instance_dict(entity)
    part = writes.parts(type(entity))[-1]
    wanted = list(names) or [attribute.key for attribute in mapper.column_attrs]
    key, key_column = part.key
    statement = select(*(getattr(type(entity), name) for name in wanted)).where(key_column == held.get(key))
    rows = [] if held.get(key) is None else await db.all(statement)
    if not rows:
        raise ObjectDoesNotExist(f"{entity.__segue__.name} matching query does not exist.")
    for name, value in zip(wanted, rows[0], strict=True):
        if name in part.files:  # what a later save replaces (``segue_bridge.cleanup``)
            set_committed_value(entity, name, value)
        held[name] = value
    for relation in mapper.relationships:
        local = [
            column_key(mapper, column) for column in relation.local_columns if isinstance(column, Column)
        ]
        if not names or (relation.direction is MANYTOONE and any(name in wanted for name in local)):
            held.pop(relation.key, None)
