"""Aggregates of PostgreSQL, as ``django.contrib.postgres.aggregates`` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, null
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by, array
from sqlalchemy.orm import InstrumentedAttribute

from segue_bridge.db.types import Json

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
Order = Sequence[Column]


def array_agg(column: Column, *, distinct: bool = False, order: Order = ()) -> Any:
    """``ArrayAgg(column, distinct=…, ordering=…)``: NULL of no rows."""
    return func.array_agg(_items(column, distinct, order), type_=ARRAY(column.type))


def jsonb_agg(column: Column, *, distinct: bool = False, order: Order = ()) -> Any:
    """``JSONBAgg(column, …)``."""
    return func.jsonb_agg(_items(column, distinct, order), type_=Json())


def string_agg(column: Column, delimiter: str, *, distinct: bool = False, order: Order = ()) -> Any:
    """``StringAgg(column, delimiter, …)``."""
    between: Column = literal(delimiter, Text())
    if order:
        between = aggregate_order_by(between, *order)
    return func.string_agg(column.distinct() if distinct else column, between, type_=Text())


def _items(column: Column, distinct: bool, order: Order) -> Column:
    items = column.distinct() if distinct else column
    return aggregate_order_by(items, *order) if order else items


def or_none_alone(aggregate: Column) -> Column:
    """What ``ArrayAgg`` and ``JSONBAgg`` give of a row without related ones: the outer join has one, of NULLs."""
    if isinstance(aggregate.type, ARRAY):
        return func.coalesce(aggregate, cast(array([null()]), aggregate.type), type_=aggregate.type)
    return func.coalesce(aggregate, cast(literal("[null]", Text()), JSONB()), type_=aggregate.type)


def or_empty(aggregate: Column) -> Column:
    """``default=Value([])``."""
    return func.coalesce(aggregate, cast(array([]), aggregate.type), type_=aggregate.type)
