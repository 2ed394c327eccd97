"""Rows that have what the project's code asks for by name: ``Role.objects.get(name=settings.ROLE_ADMIN)``, ``filter(role__name="owner")``.

Without them such code finds nothing, and fails or refuses whatever is sent.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction

from .readable import readable


def name_rows(labels: list[str], asked: dict[tuple[Any, str], dict[str, None]]) -> int:
    """Give the first rows of the models ``labels`` the texts that ``asked`` has by model and column; how many columns were set. Users
    keep their names: cases are asked by them.

    A row whose column has one of them already keeps it, and a value that the database refuses is left out.
    """
    done = 0
    for (model, name), values in asked.items():
        if model._meta.label not in labels or model is get_user_model():
            continue
        rows = readable(model._base_manager.order_by("pk"), 2 * len(values))
        known = {getattr(row, name) for row in rows}
        wanted = [value for value in values if value not in known]
        free = [row for row in rows if getattr(row, name) not in values]
        for row, value in zip(free, wanted, strict=False):
            try:
                with transaction.atomic():
                    done += model._base_manager.filter(pk=row.pk).update(**{name: value})
            except Exception:  # noqa: BLE001 - there once only, or too long for the column
                continue
    return done


def column_of(model: Any, path: str) -> tuple[Any, str] | None:
    """The model and the column of text that a keyword of a query means; None for anything else."""
    *steps, last = path.split("__")
    for step in steps:
        field = _field(model, step)
        if field is None or field.related_model is None:
            return None
        model = field.related_model
    column = _field(model, last)
    plain = isinstance(column, models.CharField | models.TextField) and not column.choices
    return (model, column.name) if plain and column is not None and not column.primary_key else None


def _field(model: Any, name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except Exception:  # noqa: BLE001 - no field: a look-up, an annotation
        return None
