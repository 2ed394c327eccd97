"""``queryset.aggregate(...)``: one row of aggregates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Cast, FunctionFilter, TypeCoerce
from sqlalchemy.sql.functions import FunctionElement

from segue_bridge.db.query import PerDialect
from segue_bridge.db.reads import AnySelect, Parameters, empty
from segue_bridge.db.session import Session

_UNKNOWN = object()


async def totals(db: Session, statement: AnySelect, parameters: Parameters = None) -> Sequence[Any]:
    """The one row of ``statement``. Where no row can match, Django asks nothing (``empty_result_set_value``)."""
    if empty(statement):
        known = [_of_nothing(column) for column in statement.selected_columns]
        if _UNKNOWN not in known:
            return known
    return (await db.all(statement, parameters))[0]


def _of_nothing(column: Any) -> Any:
    """What the aggregate is over no rows."""
    if isinstance(column, FunctionFilter):
        return _of_nothing(column.func)
    if isinstance(column, PerDialect):
        return _of_nothing(column.postgresql)
    if isinstance(column, Cast | TypeCoerce):
        return _of_nothing(column.clause)
    if isinstance(column, BindParameter):
        return column.value
    if not isinstance(column, FunctionElement):
        return _UNKNOWN
    name = getattr(column, "name", "")
    if name == "coalesce":
        for part in column.clauses:
            value = _of_nothing(part)
            if value is not None:
                return value
        return None
    if name == "count":
        return 0
    return None if name in ("sum", "avg", "min", "max") else _UNKNOWN
