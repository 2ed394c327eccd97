"""Evaluating a ``Select`` the way a Django queryset is evaluated.

A statement of generated code selects the primary key first, then annotations. Specified by
``django.db.models.query.QuerySet``: ``count``, ``exists``, ``get``, ``__getitem__``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import BinaryExpression, BindParameter, ColumnElement, Select, func, literal, select
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BooleanClauseList, False_

from segue_bridge.db.errors import MultipleObjectsReturned, ObjectDoesNotExist
from segue_bridge.db.session import Session

__all__ = [
    "MultipleObjectsReturned",
    "ObjectDoesNotExist",
    "all_of",
    "any_of",
    "count",
    "empty",
    "exists",
    "item",
    "keys",
    "not_none",
    "only",
    "or_none",
    "present",
    "related",
    "rows",
    "unchecked",
]

T = TypeVar("T")
Parameters = Mapping[str, object] | None
AnySelect = Select[*tuple[Any, ...]]  # whatever it selects
MAX_GET_RESULTS = 21  # django.db.models.query.MAX_GET_RESULTS


def related(target: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """``EXISTS (SELECT 1 FROM target WHERE conditions)``; every other table belongs to the outside."""
    return select(literal(1)).select_from(target).where(*conditions).correlate_except(target).exists()


def keys(statement: AnySelect) -> AnySelect:
    """The statement as the right side of ``IN``: on its own, and without its order unless it is sliced."""
    sliced = statement._limit_clause is not None or statement._offset_clause is not None
    return (statement if sliced else statement.order_by(None)).correlate(None)


def empty(statement: AnySelect) -> bool:
    """Whether Django would not ask the database: ``none()``, ``__in=[]`` among the ANDed conditions, an empty slice."""
    limit = statement._limit_clause
    if isinstance(limit, BindParameter) and limit.value == 0:
        return True
    return any(_never(condition) for condition in statement._where_criteria)


def _never(condition: ColumnElement[bool]) -> bool:
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        return any(_never(part) for part in condition.clauses)
    if isinstance(condition, BinaryExpression) and condition.operator is operators.in_op:
        right = condition.right
        return isinstance(right, BindParameter) and right.expanding and right.value == []
    return isinstance(condition, False_)


_COUNT = func.count()
_ONE = literal(1)


async def rows(db: Session, statement: AnySelect, parameters: Parameters = None) -> Sequence[Any]:
    """All rows; nothing is asked where nothing can match."""
    return [] if empty(statement) else await db.all(statement, parameters)


async def count(db: Session, statement: AnySelect, parameters: Parameters = None) -> int:
    """``queryset.count()``: grouped, distinct or sliced statements are counted as a subquery."""
    if empty(statement):
        return 0
    if statement._for_update_arg is not None:  # Query.get_count() locks nothing
        statement = statement._generate()
        statement._for_update_arg = None
    simple = (
        statement._limit_clause is None
        and statement._offset_clause is None
        and not statement._group_by_clauses
        and not statement._distinct
    )
    if simple:
        counted: AnySelect = statement.order_by(None).with_only_columns(_COUNT, maintain_column_froms=True)
    else:
        counted = select(func.count()).select_from(statement.subquery())
    return int(await db.scalar(counted, parameters) or 0)


async def exists(db: Session, statement: AnySelect, parameters: Parameters = None) -> bool:
    """``queryset.exists()``: at most one row is asked for."""
    if empty(statement):
        return False
    if statement._limit_clause is None:
        statement = statement.limit(1)
    if not statement._group_by_clauses and not statement._distinct:
        statement = statement.order_by(None).with_only_columns(_ONE, maintain_column_froms=True)
    return await db.first(statement, parameters) is not None


def only(rows: Sequence[T], name: str) -> T:
    """The one row of ``queryset.get()``; its errors otherwise. ``name`` is the model's ``object_name``."""
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise ObjectDoesNotExist(f"{name} matching query does not exist.")
    shown = f"{len(rows)}" if len(rows) < MAX_GET_RESULTS else f"more than {MAX_GET_RESULTS - 1}"
    raise MultipleObjectsReturned(f"get() returned more than one {name} -- it returned {shown}!")


def item(rows: Sequence[T]) -> T:
    """The row of ``queryset[n]``."""
    if not rows:
        raise IndexError("list index out of range")
    return rows[0]


def or_none(rows: Sequence[T]) -> T | None:
    """The row of ``queryset.first()``."""
    return rows[0] if rows else None


def present(value: T | None, message: str) -> T:
    """``value``, or Django's ``RelatedObjectDoesNotExist`` when there is none."""
    if value is None:
        raise ObjectDoesNotExist(message)
    return value


def not_none(value: T | None) -> T:
    """``value``, which an attribute is read of: None has none, as in Python."""
    if value is None:
        raise AttributeError("'NoneType' object has no such attribute")
    return value


def unchecked(value: T | None) -> T:
    """``value`` for ``int()`` or ``float()``, which raise their own ``TypeError`` of None."""
    return cast(T, value)


async def any_of(items: Sequence[Any], test: Callable[[Any], Awaitable[object]]) -> bool:
    """``any(await test(x) for x in items)``, which Python cannot write; stops at the first hit."""
    for value in items:
        if await test(value):
            return True
    return False


async def all_of(items: Sequence[Any], test: Callable[[Any], Awaitable[object]]) -> bool:
    """``all(await test(x) for x in items)``; stops at the first miss."""
    for value in items:
        if not await test(value):
            return False
    return True
