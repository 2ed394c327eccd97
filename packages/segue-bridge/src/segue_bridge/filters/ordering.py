"""``rest_framework.filters.OrderingFilter``: unknown names are dropped, none left is the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select

from segue_bridge.filters.search import parameters
from segue_bridge.http.call import Call
from segue_bridge.http.query import QueryParams

Columns = Mapping[str, Any]


def ordering(
    statement: Select[Any],
    call: Call | QueryParams,
    allowed: Columns,
    default: Sequence[str] | None = None,
    *,
    param: str = "ordering",
    columns: Columns | None = None,
) -> Select[Any]:
    """``statement`` in the order of ``?ordering=``; as it is when neither that nor ``default`` gives one.

    ``allowed`` maps the names that the client may use to columns; a tuple of columns stands for a
    relation that orders by several. ``columns`` holds the names of ``default`` where ``allowed`` does not.
    """
    names = ordering_names(call, allowed, default, param=param)
    if not names:
        return statement
    return statement.order_by(None).order_by(*terms(names, {**(columns or {}), **allowed}))


def ordering_names(
    call: Call | QueryParams,
    allowed: Columns,
    default: Sequence[str] | None = None,
    *,
    param: str = "ordering",
) -> tuple[str, ...]:
    """``OrderingFilter.get_ordering``: the names with their signs, for cursor pagination."""
    text = parameters(call).get(param)
    if text:
        names = [part.strip() for part in text.split(",")]
        # One sign is taken off, so "--name" is no name.
        known = tuple(name for name in names if name.removeprefix("-") in allowed)
        if known:
            return known
    return tuple(default or ())


def terms(names: Sequence[str], columns: Columns) -> list[ColumnElement[Any]]:
    """``order_by(*names)``."""
    found: list[ColumnElement[Any]] = []
    for name in names:
        target = columns[name.removeprefix("-")]
        parts = target if isinstance(target, tuple) else (target,)
        found.extend(part.desc() if name.startswith("-") else part.asc() for part in parts)
    return found
