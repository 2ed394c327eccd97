"""``rest_framework.pagination.PageNumberPagination``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from typing_extensions import TypedDict

from segue_bridge.db import reads
from segue_bridge.errors import NotFound
from segue_bridge.http.call import Call
from segue_bridge.http.urls import with_parameter, without_parameter
from segue_bridge.pagination.numbers import positive_int

T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    """The answer's shape."""

    count: int
    next: str | None
    previous: str | None
    results: list[T]


@dataclass(frozen=True, slots=True)
class Numbered:
    """One page: ``statement`` selects its rows, ``number`` counts from 1."""

    call: Call
    statement: Select[Any]
    count: int
    number: int
    pages: int
    parameter: str
    empty: bool = False

    def next_link(self) -> str | None:
        """``get_next_link``."""
        if self.number >= self.pages:
            return None
        return with_parameter(self.call.absolute(), self.parameter, self.number + 1)

    def previous_link(self) -> str | None:
        """``get_previous_link``: page 1 is spelled without the parameter."""
        if self.number <= 1:
            return None
        url = self.call.absolute()
        if self.number == 2:
            return without_parameter(url, self.parameter)
        return with_parameter(url, self.parameter, self.number - 1)

    def body(self, items: list[T]) -> Page[T]:
        """``get_paginated_response``'s data."""
        return {
            "count": self.count,
            "next": self.next_link(),
            "previous": self.previous_link(),
            "results": items,
        }


@dataclass(frozen=True, slots=True)
class PageNumber:
    """The class attributes of a paginator. ``page_size`` None means: not paginated unless asked."""

    page_size: int | None
    page_query_param: str = "page"
    page_size_query_param: str | None = None
    max_page_size: int | None = None
    last_page_strings: tuple[str, ...] = ("last",)
    invalid_page_message: str = "Invalid page."

    def size(self, call: Call) -> int | None:
        """``get_page_size``."""
        if self.page_size_query_param and self.page_size_query_param in call.query:
            try:
                asked = call.query[self.page_size_query_param]
                return positive_int(asked, strict=True, cutoff=self.max_page_size)
            except ValueError:
                pass
        return self.page_size

    async def page(self, call: Call, statement: Select[Any]) -> Numbered | None:
        """The page that ``call`` asks for; None when the list is not paginated. One count query.

        Raises :class:`NotFound`.
        """
        size = self.size(call)
        if not size:
            return None
        count = await reads.count(call.db, statement)
        pages = max(1, -(-count // size))
        text = call.query.get(self.page_query_param) or "1"
        number = pages if text in self.last_page_strings else self._number(text, pages)
        start = (number - 1) * size
        return Numbered(
            call, _slice(statement, start, min(start + size, count)), count, number, pages, self.page_query_param,
            empty=start >= count,
        )  # fmt: skip

    def _number(self, text: str, pages: int) -> int:
        """``Paginator.validate_number``."""
        message = "Invalid page."
        try:
            number = int(text)
        except ValueError:
            number = 0
        if not 1 <= number <= pages:
            raise NotFound(self.invalid_page_message.format(page_number=text, message=message))
        return number

    def parameters(self) -> list[dict[str, Any]]:
        """OpenAPI parameters."""
        out = [{"name": self.page_query_param, "in": "query", "schema": {"type": "string"}}]
        if self.page_size_query_param:
            out.append({"name": self.page_size_query_param, "in": "query", "schema": {"type": "string"}})
        return out


def _slice(statement: Select[Any], start: int, stop: int) -> Select[Any]:
    limited = statement.limit(max(0, stop - start))
    return limited.offset(start) if start else limited
