"""``make(Book)``: a row with all that it must have, and nothing more (``baker.make`` of model_bakery)."""

from __future__ import annotations

import datetime as dt
import random
import string
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Column
from sqlalchemy.orm.interfaces import MANYTOONE
from sqlalchemy.types import TypeEngine

from segue_bridge import zone
from segue_bridge.db.base import Base, _defaults, column_key, mapper_of
from segue_bridge.db.types import (
    Array,
    Binary,
    Bool,
    Date,
    Float,
    HStore,
    Inet,
    Interval,
    Json,
    LocalDateTime,
    Money,
    Time,
    UtcDateTime,
    Uuid,
)
from segue_bridge.db.types.numbers import _Whole
from segue_bridge.db.types.text import _Text
from segue_bridge.testing.rows import run
from segue_bridge.testing.values import taken

E = TypeVar("E", bound=Base)


def make(entity: type[E], **given: Any) -> E:
    """A new row. ``given`` by attribute; columns with a default have it, those that may be NULL are.

    Others are random; a foreign key that is needed leads to a row made for it. Raises ``LookupError`` for a column whose type has
    no random value: give one.
    """
    made = prepare(entity, **given)
    run(lambda db: db.insert(made))
    return made


def batch(entity: type[E], number: int, **given: Any) -> list[E]:
    """``number`` rows."""
    return [make(entity, **given) for _ in range(number)]


def prepare(entity: type[E], **given: Any) -> E:
    """The object that :func:`make` writes; rows that it refers to are written."""
    values = taken(entity, given)
    mapper = mapper_of(entity)
    for relation in mapper.relationships:
        if relation.direction is not MANYTOONE or relation.key in values:
            continue
        local = [column for column, _ in relation.local_remote_pairs or () if isinstance(column, Column)]
        if any(column.nullable or column_key(mapper, column) in values for column in local):
            continue
        values[relation.key] = make(relation.mapper.class_)
    filled = {column_key(mapper, c) for r in mapper.relationships if r.key in values for c in r.local_columns}
    defaults = _defaults(entity)
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if not isinstance(column, Column) or attribute.key in values or attribute.key in filled:
            continue
        left = column.nullable or column.identity is not None or column.server_default is not None
        if left or column.default is not None or column.computed is not None or attribute.key not in defaults:
            continue
        if column.primary_key and isinstance(column.type, _Whole):
            continue
        values[attribute.key] = _random(column.type, f"{entity.__name__}.{attribute.key}")
    return entity(**values)


def _random(kind: TypeEngine[Any], name: str) -> Any:
    for known, value in _VALUES:
        if isinstance(kind, known):
            return value(kind)
    raise LookupError(f"make() has no value for {name}: give one.")


def _letters(kind: Any) -> str:
    return "".join(random.choices(string.ascii_lowercase, k=min(getattr(kind, "length", None) or 24, 24)))


def _decimal(kind: Money) -> Decimal:
    places = kind.places or 0
    whole = min((kind.digits or 9) - places, 6)
    return Decimal(random.randrange(10 ** (whole + places))).scaleb(-places)


_VALUES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Bool, lambda kind: False),
    (_Whole, lambda kind: random.randrange(1, 32_000)),
    (Float, lambda kind: random.random()),
    (Money, _decimal),
    ((UtcDateTime, LocalDateTime), lambda kind: zone.now()),
    (Date, lambda kind: zone.now().date()),
    (Time, lambda kind: dt.time(random.randrange(24), random.randrange(60))),
    (Interval, lambda kind: dt.timedelta(seconds=random.randrange(1, 86_400))),
    (Uuid, lambda kind: uuid.uuid4()),
    (Inet, lambda kind: f"10.0.{random.randrange(256)}.{random.randrange(1, 255)}"),
    ((Json, HStore), lambda kind: {}),
    (Array, lambda kind: []),
    (Binary, lambda kind: b""),
    (_Text, _letters),
)
