"""All rows that are made for a database copy before anything is asked."""

from __future__ import annotations

from typing import Any

from .seeding import fill
from .spread import fill_heads, fill_pages, spread
from .variety import hold, vary


def rows_for(spec: dict[str, Any], people: list[Any]) -> int:
    """Make them; how many. ``spec`` has ``models`` and ``operations``: the same ones make the same rows."""
    labels, operations = spec["models"], spec["operations"]
    made = fill(labels) + spread(labels) + vary(labels, people)
    made += fill_heads(labels, operations) + fill_pages(operations, people)
    return made + hold(labels, operations)
