"""The shapes of paginated responses, for OpenAPI and type checkers."""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

from typing_extensions import TypedDict

T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    """``get_paginated_response`` of page numbers and limit/offset."""

    count: int
    next: str | None
    previous: str | None
    results: list[T]


class CursorPage(TypedDict, Generic[T]):
    """``get_paginated_response`` of cursors: nothing is counted."""

    next: str | None
    previous: str | None
    results: list[T]


PageBody: TypeAlias = Page[T]
"""What a path operation function returns; the same shape under the name the generated code uses."""
