"""Query parameters for OpenAPI. Nothing is validated by them: filters and paginators read the query themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def query(
    name: str,
    kind: str = "string",
    *,
    format: str | None = None,
    enum: Sequence[str] = (),
    many: bool = False,
    description: str = "",
) -> dict[str, Any]:
    """An optional parameter; ``kind`` and ``format`` are JSON Schema's, ``many`` lets it be repeated."""
    schema: dict[str, Any] = {"type": kind}
    if format:
        schema["format"] = format
    if enum:
        schema["enum"] = list(enum)
    if many:
        schema = {"type": "array", "items": schema}
    found: dict[str, Any] = {"name": name, "in": "query", "required": False, "schema": schema}
    if description:
        found["description"] = description
    return found
