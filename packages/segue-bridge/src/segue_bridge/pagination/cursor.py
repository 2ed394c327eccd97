"""``rest_framework.pagination.CursorPagination``."""

from __future__ import annotations

import base64
import datetime
import decimal
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlencode

from sqlalchemy import ColumnElement, Select
from typing_extensions import TypedDict

from segue_bridge.errors import NotFound
from segue_bridge.http.call import Call
from segue_bridge.http.urls import with_parameter
from segue_bridge.pagination.numbers import positive_int

T = TypeVar("T")
Row = TypeVar("Row")
_OFFSET_CUTOFF = 1000


class CursorPage(TypedDict, Generic[T]):
    """The answer's shape."""

    next: str | None
    previous: str | None
    results: list[T]


@dataclass(frozen=True, slots=True)
class Position:
    """A decoded cursor: rows from ``offset`` after ``value`` of the first ordering column."""

    offset: int = 0
    reverse: bool = False
    value: str | None = None


@dataclass(slots=True)
class Slice(Generic[Row]):
    """One page. Give the rows of ``statement`` to :meth:`take`, then ask for the links."""

    call: Call
    statement: Select[Any]
    size: int
    parameter: str
    given: Position | None
    position_of: Callable[[Row], str]
    rows: list[Row] = field(default_factory=list)
    empty: bool = False
    _next: str | None = None
    _previous: str | None = None
    _has_next: bool = False
    _has_previous: bool = False

    def take(self, found: Sequence[Row]) -> list[Row]:
        """The page's rows out of the ``size + 1`` that were asked for, in the order of the answer."""
        at = self.given or Position()
        self.rows = list(found[: self.size])
        more = len(found) > len(self.rows)
        following = self.position_of(found[-1]) if more else None
        began = at.value is not None or at.offset > 0
        if at.reverse:
            self.rows.reverse()
            self._has_next, self._has_previous = began, more
            self._next, self._previous = at.value, following
        else:
            self._has_next, self._has_previous = more, began
            self._next, self._previous = following, at.value
        return self.rows

    def next_link(self) -> str | None:
        """``get_next_link``."""
        if not self._has_next:
            return None
        backwards = self.given is not None and self.given.reverse
        offset, position, unique = self._walk(list(reversed(self.rows)), self._next, turned=backwards)
        if self.rows and not unique:
            if not self._has_previous:
                offset, position = self.size, None
            elif backwards:
                offset, position = 0, self._previous
            else:
                offset, position = (self.given.offset if self.given else 0) + self.size, self._previous
        if not self.rows:
            position = self._next
        return self._link(Position(offset, False, position))

    def previous_link(self) -> str | None:
        """``get_previous_link``."""
        if not self._has_previous:
            return None
        backwards = self.given is not None and self.given.reverse
        turned = self.given is not None and not backwards
        offset, position, unique = self._walk(self.rows, self._previous, turned=turned)
        if self.rows and not unique:
            if not self._has_next:
                offset, position = self.size, None
            elif backwards:
                offset, position = (self.given.offset if self.given else 0) + self.size, self._next
            else:
                offset, position = 0, self._next
        if not self.rows:
            position = self._previous
        return self._link(Position(offset, True, position))

    def body(self, items: list[T]) -> CursorPage[T]:
        """``get_paginated_response``'s data."""
        return {"next": self.next_link(), "previous": self.previous_link(), "results": items}

    def _walk(self, rows: list[Row], edge: str | None, *, turned: bool) -> tuple[int, str | None, bool]:
        """How many rows at the edge share one position, the position before them, and if there is one."""
        compare = edge
        if rows and turned and self.given is not None and self.given.offset != 0:
            compare = self.position_of(rows[0])
        offset, position = 0, None
        for row in rows:
            position = self.position_of(row)
            if position != compare:
                return offset, position, True
            compare = position
            offset += 1
        return offset, position, False

    def _link(self, cursor: Position) -> str:
        tokens: dict[str, str] = {}
        if cursor.offset:
            tokens["o"] = str(cursor.offset)
        if cursor.reverse:
            tokens["r"] = "1"
        if cursor.value is not None:
            tokens["p"] = cursor.value
        encoded = base64.b64encode(urlencode(tokens, doseq=True).encode("ascii")).decode("ascii")
        return with_parameter(self.call.absolute(), self.parameter, encoded)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The class attributes of a paginator.

    ``ordering`` lists (column, descending); the first one is the position. The view's OrderingFilter
    replaces it, as in DRF: give :meth:`page` its ordering then.
    """

    page_size: int | None
    ordering: tuple[tuple[ColumnElement[Any], bool], ...]
    cursor_query_param: str = "cursor"
    page_size_query_param: str | None = None
    max_page_size: int | None = None
    invalid_cursor_message: str = "Invalid cursor"

    def page(
        self,
        call: Call,
        statement: Select[Any],
        position: Callable[[Row], Any],
        ordering: Sequence[tuple[ColumnElement[Any], bool]] | None = None,
    ) -> Slice[Row] | None:
        """The page that ``call`` asks for. ``position`` reads the first ordering column of a row.

        Raises :class:`NotFound` for a cursor that cannot be read.
        """
        size = self._size(call)
        if not size:
            return None
        cursor = self._decode(call)
        order = tuple(ordering or self.ordering)
        reverse = cursor is not None and cursor.reverse
        keys = [c.desc() if down != reverse else c.asc() for c, down in order]
        statement = statement.order_by(None).order_by(*keys)
        if cursor is not None and cursor.value is not None:
            column, down = order[0]
            value = _typed(cursor.value, column)
            statement = statement.where(column < value if cursor.reverse != down else column > value)
        offset = cursor.offset if cursor else 0
        statement = statement.limit(size + 1)
        if offset:
            statement = statement.offset(offset)
        return Slice(call, statement, size, self.cursor_query_param, cursor, lambda row: str(position(row)))

    def _size(self, call: Call) -> int | None:
        if self.page_size_query_param and self.page_size_query_param in call.query:
            try:
                return positive_int(
                    call.query[self.page_size_query_param], strict=True, cutoff=self.max_page_size
                )
            except ValueError:
                pass
        return self.page_size

    def _decode(self, call: Call) -> Position | None:
        encoded = call.query.get(self.cursor_query_param)
        if encoded is None:
            return None
        try:
            tokens = parse_qs(
                base64.b64decode(encoded.encode("ascii")).decode("ascii"), keep_blank_values=True
            )
            offset = positive_int(tokens.get("o", ["0"])[0], cutoff=_OFFSET_CUTOFF)
            reverse = bool(int(tokens.get("r", ["0"])[0]))
        except (TypeError, ValueError):
            raise NotFound(self.invalid_cursor_message) from None
        return Position(offset, reverse, tokens.get("p", [None])[0])

    def parameters(self) -> list[dict[str, Any]]:
        """OpenAPI parameters."""
        return [{"name": self.cursor_query_param, "in": "query", "schema": {"type": "string"}}]


def _typed(text: str, column: ColumnElement[Any]) -> Any:
    """The cursor's text as the column's Python type. Raises ``ValueError`` (a 500, as in Django)."""
    kind = column.type.python_type
    if kind is datetime.datetime:
        return datetime.datetime.fromisoformat(text)
    if kind is datetime.date:
        return datetime.date.fromisoformat(text)
    if kind is datetime.time:
        return datetime.time.fromisoformat(text)
    if kind is bool:
        return {"True": True, "False": False}[text]
    if kind in (int, float, uuid.UUID, str):
        return kind(text)
    if kind is decimal.Decimal:
        return decimal.Decimal(text)
    raise ValueError(f"a cursor cannot stand on a column of {kind.__name__}")
