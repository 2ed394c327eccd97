"""``rest_framework.pagination.PageNumberPagination`` with ``django.core.paginator.Paginator``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from segue_bridge.errors import NotFound
from segue_bridge.http.call import Call
from segue_bridge.http.urls import with_parameter, without_parameter
from segue_bridge.pagination.slices import Slice, Unpaged, count_of, size_of, window
from segue_bridge.translation import Text, gettext_lazy
from segue_bridge.translation import gettext as _


class EmptyPage(Exception):
    """``django.core.paginator.EmptyPage``: there is no page of that number. No answer of DRF's."""


class PageNumberSlice(Slice):
    """Page ``number`` of ``pages``; ``count`` rows in all, ``size`` on a page."""

    def __init__(
        self,
        call: Call,
        statement: Select[Any],
        *,
        number: int,
        count: int,
        pages: int,
        parameter: str,
        size: int,
    ) -> None:
        super().__init__(call, statement)
        self.number, self.count, self.pages, self.size = number, count, pages, size
        self._parameter = parameter

    def has_next(self) -> bool:
        """``Page.has_next``."""
        return self.number < self.pages

    def has_previous(self) -> bool:
        """``Page.has_previous``."""
        return self.number > 1

    def next_page_number(self) -> int:
        """``Page.next_page_number``. Raises :class:`EmptyPage` on the last page."""
        if not self.has_next():
            raise EmptyPage("That page contains no results")
        return self.number + 1

    def previous_page_number(self) -> int:
        """``Page.previous_page_number``. Raises :class:`EmptyPage` on the first page."""
        if not self.has_previous():
            raise EmptyPage("That page number is less than 1")
        return self.number - 1

    def start_index(self) -> int:
        """The place of the page's first row among all, from 1 on; 0 where there is none."""
        return self.size * (self.number - 1) + 1 if self.count else 0

    def end_index(self) -> int:
        """The place of the page's last row among all."""
        return self.count if self.number == self.pages else self.number * self.size

    def next_link(self) -> str | None:
        if self.number >= self.pages:
            return None
        return with_parameter(self.call.absolute(), self._parameter, self.number + 1)

    def previous_link(self) -> str | None:
        if self.number <= 1:
            return None
        here = self.call.absolute()
        if self.number == 2:
            return without_parameter(here, self._parameter)
        return with_parameter(here, self._parameter, self.number - 1)

    def body(self, items: list[Any]) -> Any:
        return {
            "count": self.count,
            "next": self.next_link(),
            "previous": self.previous_link(),
            "results": items,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """``size`` rows per page; ``param`` names the page.

    The client may choose the size by ``size_param``, up to ``max_size``. ``last`` are words for the last page.
    ``invalid`` may hold ``{page_number}`` and ``{message}`` as ``invalid_page_message``.
    """

    size: int | None
    param: str = "page"
    size_param: str | None = None
    max_size: int | None = None
    last: tuple[str, ...] = ("last",)
    invalid: Text = gettext_lazy("Invalid page.")

    async def page(
        self, call: Call, query: Select[Any], *, count: Select[Any] | int | None = None
    ) -> PageNumberSlice | Unpaged:
        """The page that the request asks for. One query for the count. Raises :class:`NotFound`."""
        size = size_of(call, self.size_param, self.max_size, self.size)
        if not size:
            return Unpaged(call, query)
        wanted: str | int = call.query.get(self.param) or 1
        if wanted not in self.last:
            number = self._number(wanted)
            total = await count_of(call, query, count)
            pages = _pages(total, size)
        else:
            total = await count_of(call, query, count)
            number = pages = wanted_last = _pages(total, size)
            wanted = wanted_last
        if number > pages:
            raise self._invalid(wanted, _("That page contains no results"))
        start = (number - 1) * size
        return PageNumberSlice(
            call,
            window(query, start, min(size, total - start)),
            number=number,
            count=total,
            pages=pages,
            parameter=self.param,
            size=size,
        )

    def parameters(self) -> list[dict[str, Any]]:
        """The query parameters, for OpenAPI."""
        found = [_described(self.param, "A page number within the paginated result set.")]
        if self.size_param:
            found.append(_described(self.size_param, "Number of results to return per page."))
        return found

    def _number(self, wanted: str | int) -> int:
        """``Paginator.validate_number`` as far as it needs no count."""
        try:
            number = int(wanted)
        except ValueError:
            raise self._invalid(wanted, _("That page number is not an integer")) from None
        if number < 1:
            raise self._invalid(wanted, _("That page number is less than 1"))
        return number

    def _invalid(self, wanted: str | int, message: str) -> NotFound:
        return NotFound(self.invalid.format(page_number=wanted, message=message))


def _pages(count: int, size: int) -> int:
    return max(1, -(-count // size))


def _described(name: str, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": text,
        "schema": {"type": "integer"},
    }
