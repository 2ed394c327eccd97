"""All rows that are made for a database copy before anything is asked."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from .asked_values import name_rows
from .literals import belong, literals_of
from .seeding import fill
from .spread import fill_heads, fill_pages, roots_of, spread
from .variety import hold, vary


def rows_for(spec: dict[str, Any], people: list[Any]) -> int:
    """Make them; how many. ``spec`` has ``models`` and ``operations``: the same ones make the same rows."""
    labels, operations = spec["models"], spec["operations"]
    belong(labels)
    empty = [label for label in labels if not _has_rows(apps.get_model(label))]
    made = fill(labels)
    roots = [*roots_of(operations), *(apps.get_model(label) for label in labels)]
    name_rows(empty, literals_of(roots).asked)  # what migrations have written stays as it is
    made += spread(labels) + vary(labels, people)
    made += fill_heads(labels, operations) + fill_pages(operations, people)
    return made + hold(labels, operations)


def _has_rows(model: Any) -> bool:
    return bool(not model._meta.managed or model._base_manager.exists())
