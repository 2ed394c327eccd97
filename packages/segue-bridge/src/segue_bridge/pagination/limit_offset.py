"""``rest_framework.pagination.LimitOffsetPagination``."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from segue_bridge.http.call import Call
from segue_bridge.http.urls import with_parameter, without_parameter
from segue_bridge.pagination.slices import Slice, Unpaged, count_of, positive, size_of, window


class LimitOffsetSlice(Slice):
    """Rows ``offset`` to ``offset + limit`` of ``count``."""

    def __init__(
        self,
        call: Call,
        statement: Select[Any],
        *,
        limit: int,
        offset: int,
        count: int,
        names: tuple[str, str],
    ) -> None:
        super().__init__(call, statement)
        self.limit, self.offset, self.count = limit, offset, count
        self._limit_name, self._offset_name = names

    def next_link(self) -> str | None:
        if self.offset + self.limit >= self.count:
            return None
        return with_parameter(self._limited(), self._offset_name, self.offset + self.limit)

    def previous_link(self) -> str | None:
        if self.offset <= 0:
            return None
        if self.offset - self.limit <= 0:
            return without_parameter(self._limited(), self._offset_name)
        return with_parameter(self._limited(), self._offset_name, self.offset - self.limit)

    def body(self, items: list[Any]) -> Any:
        return {
            "count": self.count,
            "next": self.next_link(),
            "previous": self.previous_link(),
            "results": items,
        }

    def _limited(self) -> str:
        return with_parameter(self.call.absolute(), self._limit_name, self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOffset:
    """``limit`` rows unless the client says otherwise by ``limit_param``, ``max_limit`` at most."""

    limit: int | None
    limit_param: str = "limit"
    offset_param: str = "offset"
    max_limit: int | None = None

    async def page(
        self, call: Call, query: Select[Any], *, count: Select[Any] | int | None = None
    ) -> LimitOffsetSlice | Unpaged:
        """The rows that the request asks for. One query for the count; bad numbers are ignored."""
        limit = size_of(call, self.limit_param, self.max_limit, self.limit)
        if limit is None:
            return Unpaged(call, query)
        total = await count_of(call, query, count)
        offset = 0
        with contextlib.suppress(KeyError, ValueError):
            offset = positive(call.query[self.offset_param])
        beyond = total == 0 or offset > total
        return LimitOffsetSlice(
            call,
            window(query, offset, 0 if beyond else limit),
            limit=limit,
            offset=offset,
            count=total,
            names=(self.limit_param, self.offset_param),
        )

    def parameters(self) -> list[dict[str, Any]]:
        """The query parameters, for OpenAPI."""
        texts = {
            self.limit_param: "Number of results to return per page.",
            self.offset_param: "The initial index from which to return the results.",
        }
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": text,
                "schema": {"type": "integer"},
            }
            for name, text in texts.items()
        ]
