"""Functions of the database that SQLite and PostgreSQL write differently, as ``django.db.models.functions`` has them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Numeric, case, cast, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from segue_bridge.db.query import Condition, per_dialect
from segue_bridge.db.types import Float, UtcDateTime

Column = ColumnElement[Any] | InstrumentedAttribute[Any]


def greatest(*columns: Column) -> Column:
    """``Greatest``: NULLs are left out on PostgreSQL; on SQLite one makes the result NULL."""
    kind = columns[0].type
    return per_dialect(func.greatest(*columns, type_=kind), func.max(*columns, type_=kind))


def least(*columns: Column) -> Column:
    """``Least``: NULLs are left out on PostgreSQL; on SQLite one makes the result NULL."""
    kind = columns[0].type
    return per_dialect(func.least(*columns, type_=kind), func.min(*columns, type_=kind))


def null_if(column: Column, other: Column) -> Column:
    """``NullIf``: the column, NULL where it equals ``other``."""
    return func.nullif(column, other, type_=column.type)


def last_characters(column: Column, length: int) -> Column:
    """``Right``."""
    return per_dialect(
        func.right(column, length, type_=column.type),
        func.substr(column, -length, length, type_=column.type),
    )


def position(column: Column, text: Column) -> Column:
    """``StrIndex``: where ``text`` begins, counted from 1; 0 where it is not found."""
    return per_dialect(func.strpos(column, text), func.instr(column, text))


def rounded(column: Column, digits: int = 0) -> Column:
    """``Round`` of a float: PostgreSQL rounds numerics only (``FixDecimalInputMixin``)."""
    return per_dialect(
        cast(func.round(cast(column, Numeric(1000, 15)), digits), Float()), func.round(column, digits)
    )


def now() -> Column:
    """``Now``: when the statement began."""
    return per_dialect(
        func.statement_timestamp(type_=UtcDateTime()),
        func.strftime("%Y-%m-%d %H:%M:%f", "now", type_=UtcDateTime()),
    )


def exactly_one(first: Condition, second: Condition) -> Condition:
    """``Q ^ Q``: one of both, with NULL for false where the other is true (``WhereNode.as_sql``)."""
    held = case((first, 1), else_=0) + case((second, 1), else_=0)
    return or_(first, second) & (held == 1)
