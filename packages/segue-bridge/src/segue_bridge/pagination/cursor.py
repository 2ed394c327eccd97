"""``rest_framework.pagination.CursorPagination``: pages by position, nothing is counted.

A cursor is ``o`` (offset), ``r`` (reverse) and ``p`` (position: the first ordering value as text),
urlencoded in base64. Offsets stand in where neighbouring rows share a position.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlencode

from sqlalchemy import Select, literal

from segue_bridge.errors import NotFound
from segue_bridge.http.call import Call
from segue_bridge.http.urls import with_parameter
from segue_bridge.pagination.slices import Slice, Unpaged, positive, size_of
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _

R = TypeVar("R")

# Guards against offsets that cost the database much (``offset_cutoff``).
OFFSET_CUTOFF = 1000


class Mark(NamedTuple):
    """A decoded cursor."""

    offset: int
    reverse: bool
    position: str | None


class CursorSlice(Slice):
    """One page. :meth:`take` must see the rows of ``statement`` (one more than the page) first."""

    def __init__(
        self,
        call: Call,
        statement: Select[Any],
        *,
        size: int,
        mark: Mark | None,
        attribute: str,
        parameter: str,
    ) -> None:
        super().__init__(call, statement)
        self._size, self._mark, self._attribute, self._parameter = size, mark, attribute, parameter
        self._positions: list[str] = []
        self._base = call.absolute()
        self.has_next = self.has_previous = False
        self._next: str | None = None
        self._previous: str | None = None

    def take(self, rows: Sequence[R]) -> list[R]:
        """The rows of the page in the order of the list; notes where its neighbours begin."""
        page = list(rows[: self._size])
        more = len(rows) > len(page)
        following = self._position(rows[-1]) if more else None
        offset, reverse, position = self._mark or Mark(0, False, None)
        came_from = position is not None or offset > 0
        if reverse:
            page.reverse()
            self.has_next, self.has_previous = came_from, more
            self._next, self._previous = position, following
        else:
            self.has_next, self.has_previous = more, came_from
            self._next, self._previous = following, position
        self._positions = [self._position(row) for row in page]
        return page

    def next_link(self) -> str | None:
        if not self.has_next:
            return None
        mark = self._mark
        turned = mark is not None and mark.reverse
        if self._positions and mark is not None and mark.reverse and mark.offset != 0:
            compare: str | None = self._positions[-1]
        else:
            compare = self._next
        skipped, position = _seek(reversed(self._positions), compare)
        if not self._positions:
            position = self._next
        elif position is None:
            # All rows of the page share the position, so it cannot mark the place.
            if not self.has_previous:
                skipped, position = self._size, None
            elif turned:
                skipped, position = 0, self._previous
            else:
                skipped, position = (mark.offset if mark else 0) + self._size, self._previous
        return self._link(Mark(skipped, False, position))

    def previous_link(self) -> str | None:
        if not self.has_previous:
            return None
        mark = self._mark
        if self._positions and mark is not None and not mark.reverse and mark.offset != 0:
            compare: str | None = self._positions[0]
        else:
            compare = self._previous
        skipped, position = _seek(self._positions, compare)
        if not self._positions:
            position = self._previous
        elif position is None:
            if not self.has_next:
                skipped, position = self._size, None
            elif mark is not None and mark.reverse:
                skipped, position = mark.offset + self._size, self._next
            else:
                skipped, position = 0, self._next
        return self._link(Mark(skipped, True, position))

    def body(self, items: list[Any]) -> Any:
        return {"next": self.next_link(), "previous": self.previous_link(), "results": items}

    def _position(self, row: Any) -> str:
        return str(getattr(row, self._attribute))

    def _link(self, mark: Mark) -> str:
        tokens: dict[str, str] = {}
        if mark.offset:
            tokens["o"] = str(mark.offset)
        if mark.reverse:
            tokens["r"] = "1"
        if mark.position is not None:
            tokens["p"] = mark.position
        encoded = b64encode(urlencode(tokens, doseq=True).encode("ascii")).decode("ascii")
        return with_parameter(self._base, self._parameter, encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """``ordering`` is a tuple of names, ``-`` for descending; the first one gives the positions."""

    size: int | None
    ordering: tuple[str, ...] = ("-created",)
    param: str = "cursor"
    size_param: str | None = None
    max_size: int | None = None
    invalid: Text = _("Invalid cursor")

    async def page(
        self,
        call: Call,
        query: Select[Any],
        *,
        columns: Mapping[str, Any],
        ordering: Sequence[str] | None = None,
        attribute: str = "",
    ) -> CursorSlice | Unpaged:
        """The page that the request asks for. Raises :class:`NotFound` for a broken cursor.

        ``columns`` maps the names of the ordering to columns; ``ordering`` is the order that the view's
        OrderingFilter found, if it has one. Rows have the first name as an attribute (``attribute``
        if it has another name there). A position that the column's type cannot read is an error (500),
        as in DRF.
        """
        size = size_of(call, self.size_param, self.max_size, self.size)
        if not size:
            return Unpaged(call, query)
        order = tuple(ordering or self.ordering)
        mark = self._decode(call)
        offset, reverse, position = mark or Mark(0, False, None)
        terms = []
        for name in order:
            column = columns[name.removeprefix("-")]
            terms.append(column.desc() if name.startswith("-") != reverse else column.asc())
        statement = query.order_by(None).order_by(*terms)
        first = order[0].lstrip("-")
        if position is not None:
            column = columns[first]
            bound = literal(position, type_=column.type)
            descending = order[0].startswith("-")
            statement = statement.where(column < bound if reverse != descending else column > bound)
        statement = statement.limit(size + 1)
        if offset:
            statement = statement.offset(offset)
        return CursorSlice(
            call, statement, size=size, mark=mark, attribute=attribute or first, parameter=self.param
        )

    def parameters(self) -> list[dict[str, Any]]:
        """The query parameters, for OpenAPI."""
        found: list[dict[str, Any]] = [
            {
                "name": self.param,
                "in": "query",
                "required": False,
                "description": "The pagination cursor value.",
                "schema": {"type": "string"},
            }
        ]
        if self.size_param:
            found.append(
                {
                    "name": self.size_param,
                    "in": "query",
                    "required": False,
                    "description": "Number of results to return per page.",
                    "schema": {"type": "integer"},
                }
            )
        return found

    def _decode(self, call: Call) -> Mark | None:
        encoded = call.query.get(self.param)
        if encoded is None:
            return None
        try:
            # Not strict: characters outside the alphabet are skipped, so "!!!" is the first page.
            tokens = parse_qs(b64decode(encoded.encode("ascii")).decode("ascii"), keep_blank_values=True)
            offset = positive(tokens.get("o", ["0"])[0], cutoff=OFFSET_CUTOFF)
            reverse = bool(int(tokens.get("r", ["0"])[0]))
        except (TypeError, ValueError):
            raise NotFound(self.invalid) from None
        return Mark(offset, reverse, tokens["p"][0] if "p" in tokens else None)


def _seek(positions: Any, compare: str | None) -> tuple[int, str | None]:
    """How many rows share the position of the neighbour, and the first position that differs."""
    skipped = 0
    for position in positions:
        if position != compare:
            return skipped, position
        skipped += 1
    return skipped, None
