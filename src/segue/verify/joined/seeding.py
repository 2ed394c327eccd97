"""Rows for empty tables, made from the model definitions with valid relations."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from .samples import matching

ROWS = 4


def fill(labels: list[str]) -> int:
    """Give every empty table of the models ``labels`` some rows; returns how many were made."""
    from django.apps import apps

    pending = [apps.get_model(label) for label in labels]
    pending = [m for m in pending if m._meta.managed and not m._meta.proxy and not m._base_manager.exists()]
    made = 0
    for _ in range(4):  # relations decide the order: what fails now may work once others have rows
        left = []
        for model in pending:
            done = 0
            for number in range(1, ROWS + 1):
                try:
                    with transaction.atomic():
                        instance(model, number, {})
                        done += 1
                except Exception:  # noqa: BLE001 - a row that cannot be made is left out
                    break
            made += done
            if not done:
                left.append(model)
        if len(left) == len(pending):
            break
        pending = left
    return made


def instance(model: Any, number: int, given: dict[str, Any]) -> Any:
    """Create one row with plausible values. Raises what Django raises."""
    values: dict[str, Any] = {}
    many: dict[str, list[Any]] = {}
    for field in model._meta.get_fields():
        # Generic relations are fields as well, but nothing to give a value to.
        if field.auto_created or not (
            getattr(field, "concrete", False) or isinstance(field, models.ManyToManyField)
        ):
            continue
        if isinstance(field, models.ManyToManyField):
            if field.remote_field.through._meta.auto_created:
                many[field.name] = list(field.related_model._base_manager.order_by("pk")[: number % 3])
            continue
        if field.name in given:
            values[field.name] = given[field.name]
        elif isinstance(field, models.AutoField):
            continue
        else:
            value = value_for(field, number)
            if value is not None or field.null:
                values[field.name] = value
    row = model(**values)
    if hasattr(row, "set_password") and "password" in values:
        row.password = "!unusable"
    row.save()
    for name, objects in many.items():
        getattr(row, name).set(objects)
    return row


def value_for(field: Any, number: int) -> Any:
    """A value for a model field; None lets the default or NULL stand."""
    if isinstance(field, models.ForeignKey):
        if field.null and not field.editable:
            return None  # the model fills it in itself: content types of django-polymorphic
        found = list(field.related_model._base_manager.order_by("pk")[:6])
        if not found:
            return None
        return found[(number - 1) % len(found)]
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return None
    if field.has_default() and not field.unique and number % 2:
        return field.get_default()
    if field.choices:
        values = [v for v, _ in field.flatchoices if v not in ("", None)]
        return values[number % len(values)] if values else None
    if field.null and number % 3 == 0 and not field.unique:
        return None
    name = field.name
    table: list[tuple[Any, Any]] = [
        (models.EmailField, f"user{number}@example.com"),
        (models.URLField, f"https://example.com/{name}/{number}"),
        (models.SlugField, f"{name}-{number}".replace("_", "-")),
        (models.UUIDField, uuid.UUID(int=(11 << 90) + number)),
        (models.BooleanField, number % 2 == 0),
        (models.DateTimeField, dt.datetime(2024, 1, 1 + number % 27, 10, 30, tzinfo=_utc())),
        (models.DateField, dt.date(2024, 2, 1 + number % 27)),
        (models.TimeField, dt.time(8 + number % 10, 15)),
        (models.DurationField, dt.timedelta(hours=number)),
        (
            models.DecimalField,
            Decimal(number) + Decimal("0.5") if getattr(field, "decimal_places", 1) else Decimal(number),
        ),
        (models.FloatField, number + 0.25),
        (models.PositiveIntegerField, number * 3),
        (models.PositiveSmallIntegerField, number),
        (models.IntegerField, number * 7),
        (models.GenericIPAddressField, f"10.0.0.{number}"),
        (models.JSONField, {"n": number}),
        (models.BinaryField, bytes([number])),
        (models.FileField, f"{name}/{number}.txt"),
    ]
    for kind, value in table:
        if isinstance(field, kind):
            return value
    if isinstance(field, (models.CharField, models.TextField)):
        fitting = matching(field.validators, number)
        if fitting is not None:
            return fitting
        text = f"{name} {number}" if number % 2 else f"{name.title()} Ä{number} %_"
        return text[: field.max_length] if field.max_length else text
    return field.get_default() if field.has_default() else None


def _utc() -> Any:
    from django.conf import settings

    return dt.UTC if settings.USE_TZ else None
