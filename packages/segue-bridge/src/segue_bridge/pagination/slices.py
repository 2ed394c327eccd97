"""What all styles share: the part of a select that is asked for, and how rows are counted."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, select

from segue_bridge.http.call import Call

R = TypeVar("R")


class Slice:
    """One page of ``query``. ``statement`` selects its rows.

    A subclass says what ``next_link`` and ``previous_link`` are; ``body`` puts the envelope around
    the presented items.
    """

    def __init__(self, call: Call, statement: Select[Any]) -> None:
        self.call = call
        self.statement = statement

    def take(self, rows: Sequence[R]) -> list[R]:
        """The rows of this page out of those that ``statement`` found."""
        return list(rows)

    def next_link(self) -> str | None:
        """Absolute address of the next page, None on the last."""
        raise NotImplementedError

    def previous_link(self) -> str | None:
        """Absolute address of the previous page, None on the first."""
        raise NotImplementedError

    def body(self, items: list[Any]) -> Any:
        """``get_paginated_response(items).data``."""
        raise NotImplementedError


class Unpaged(Slice):
    """No page size applies: DRF answers the bare list."""

    count: int | None = None

    def next_link(self) -> str | None:
        return None

    def previous_link(self) -> str | None:
        return None

    def body(self, items: list[Any]) -> Any:
        return items


def positive(text: str, *, strict: bool = False, cutoff: int | None = None) -> int:
    """``_positive_int``: Python's ``int()``, so spaces, ``+1`` and other digits count. Raises ``ValueError``."""
    number = int(text)
    if number < 0 or (number == 0 and strict):
        raise ValueError(text)
    return min(number, cutoff) if cutoff else number


def size_of(call: Call, parameter: str | None, cutoff: int | None, default: int | None) -> int | None:
    """The client's page size where it may choose one, else ``default``; bad ones are ignored."""
    if parameter:
        with contextlib.suppress(KeyError, ValueError):
            return positive(call.query[parameter], strict=True, cutoff=cutoff)
    return default


def counting(query: Select[Any]) -> Select[Any]:
    """``QuerySet.count()``: the same rows counted, without order and columns where that is the same."""
    plain = query.order_by(None)
    simple = not (
        query._distinct
        or query._distinct_on
        or query._group_by_clauses
        or query._having_criteria
        or query._limit_clause is not None
        or query._offset_clause is not None
    )
    if simple:
        return plain.with_only_columns(func.count(), maintain_column_froms=True)
    return select(func.count()).select_from(plain.subquery())


async def count_of(call: Call, query: Select[Any], count: Select[Any] | int | None) -> int:
    """The number of rows of ``query``; ``count`` is a leaner statement for it, or the number itself."""
    if isinstance(count, int):
        return count
    found = await call.db.scalar(counting(query) if count is None else count)
    return int(found)


def window(query: Select[Any], offset: int, limit: int) -> Select[Any]:
    """``queryset[offset:offset + limit]``; an empty window is not sent to the database, as in Django."""
    if limit <= 0:
        return query.limit(0).execution_options(segue_empty=True)
    cut = query.limit(limit)
    return cut.offset(offset) if offset else cut
