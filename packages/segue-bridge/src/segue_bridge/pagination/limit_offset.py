"""``rest_framework.pagination.LimitOffsetPagination``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select

from segue_bridge.db import reads
from segue_bridge.http.call import Call
from segue_bridge.http.urls import with_parameter, without_parameter
from segue_bridge.pagination.numbers import positive_int
from segue_bridge.pagination.page_number import Page

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Window:
    """``limit`` rows from ``offset``. ``empty``: the window is past the end, no rows are to be read."""

    call: Call
    statement: Select[Any]
    count: int
    limit: int
    offset: int
    limit_param: str
    offset_param: str
    empty: bool

    def next_link(self) -> str | None:
        """``get_next_link``."""
        if self.offset + self.limit >= self.count:
            return None
        url = with_parameter(self.call.absolute(), self.limit_param, self.limit)
        return with_parameter(url, self.offset_param, self.offset + self.limit)

    def previous_link(self) -> str | None:
        """``get_previous_link``."""
        if self.offset <= 0:
            return None
        url = with_parameter(self.call.absolute(), self.limit_param, self.limit)
        if self.offset - self.limit <= 0:
            return without_parameter(url, self.offset_param)
        return with_parameter(url, self.offset_param, self.offset - self.limit)

    def body(self, items: list[T]) -> Page[T]:
        """``get_paginated_response``'s data."""
        return {
            "count": self.count,
            "next": self.next_link(),
            "previous": self.previous_link(),
            "results": items,
        }


@dataclass(frozen=True, slots=True)
class LimitOffset:
    """The class attributes of a paginator. ``default_limit`` None: not paginated unless asked."""

    default_limit: int | None
    limit_query_param: str = "limit"
    offset_query_param: str = "offset"
    max_limit: int | None = None

    async def page(self, call: Call, statement: Select[Any]) -> Window | None:
        """The window that ``call`` asks for; None when the list is not paginated. One count query."""
        limit = self.limit(call)
        if limit is None:
            return None
        count = await reads.count(call.db, statement)
        try:
            offset = positive_int(call.query[self.offset_query_param])
        except (KeyError, ValueError):
            offset = 0
        empty = count == 0 or offset > count
        selected = statement.limit(limit)
        return Window(
            call, selected.offset(offset) if offset else selected, count, limit, offset, self.limit_query_param,
            self.offset_query_param, empty,
        )  # fmt: skip

    def limit(self, call: Call) -> int | None:
        """``get_limit``."""
        try:
            return positive_int(call.query[self.limit_query_param], strict=True, cutoff=self.max_limit)
        except (KeyError, ValueError):
            return self.default_limit

    def parameters(self) -> list[dict[str, Any]]:
        """OpenAPI parameters."""
        return [
            {"name": name, "in": "query", "schema": {"type": "string"}}
            for name in (self.limit_query_param, self.offset_query_param)
        ]
