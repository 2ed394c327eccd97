"""Rows for empty tables, made from the model definitions with valid relations."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction

from .readable import keep_readable, readable
from .samples import matching, telephone

ROWS = 4
_ATTEMPTS, _PATIENT = (
    8,
    4,
)  # rounds over tables without rows; those in which a table waits for others that it may do without


def fill(labels: list[str]) -> int:
    """Give every empty table of the models ``labels`` some rows; returns how many were made."""
    from django.apps import apps

    pending = [apps.get_model(label) for label in labels]
    pending = [m for m in pending if m._meta.managed and not m._meta.proxy and not m._base_manager.exists()]
    made = 0
    for attempt in range(
        _ATTEMPTS
    ):  # relations decide the order: what fails now may work once others have rows
        left: list[Any] = []
        waiting = set(pending)
        for model in pending:
            done = 0
            if attempt < _PATIENT and _may_wait(model, waiting):
                left.append(model)
                continue
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
            else:
                waiting.discard(model)
        if len(left) == len(pending) and attempt >= _PATIENT:
            break
        pending = left
    return made


def _may_wait(model: Any, waiting: set[Any]) -> bool:
    """Whether it refers to a table that has no rows yet, if only where it may: without them all that is NULL."""
    targets = {f.related_model for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey)}
    return any(target is not model and target in waiting for target in targets)


def instance(model: Any, number: int, given: dict[str, Any]) -> Any:
    """Create one row with plausible values. Raises what Django raises."""
    with unscoped(), unsent():
        return _instance(model, number, given)


def unscoped() -> AbstractContextManager[Any]:
    """``scopes_disabled()`` of django-scopes, where the project has it: rows are made outside of any request."""
    package = sys.modules.get("django_scopes")
    found: AbstractContextManager[Any] = package.scopes_disabled() if package is not None else nullcontext()
    return found


@contextmanager
def unsent() -> Iterator[None]:
    """Tasks of Celery that models ask for while rows are made are not sent: there may be no broker, and no case is running."""
    package = sys.modules.get("celery.app.task")
    if package is None:
        yield
        return
    asked = package.Task.apply_async
    package.Task.apply_async = lambda *_, **__: None
    try:
        yield
    finally:
        package.Task.apply_async = asked


def _instance(model: Any, number: int, given: dict[str, Any]) -> Any:
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
                many[field.name] = _some(field, number)
            continue
        if field.name in given:
            values[field.name] = given[field.name]
        elif isinstance(field, models.AutoField):
            continue
        else:
            value = value_for(field, number)
            if value is not None or field.null:
                values[field.name] = value
    row = _saved(model, values, given)
    keep_readable(row, values)
    for name, objects in many.items():
        getattr(row, name).set(objects)
    return row


def _saved(model: Any, values: dict[str, Any], given: dict[str, Any]) -> Any:
    """A row of these values, without files where the model's own code opens them: they are names only."""
    files = {
        field.name: ""
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
        and field.blank
        and values.get(field.name)
        and field.name not in given
    }
    try:
        with transaction.atomic() if files else nullcontext():
            return _kept(model, values)
    except OSError:
        if not files:
            raise
    return _kept(model, {**values, **files})


def _kept(model: Any, values: dict[str, Any]) -> Any:
    row = model(**values)
    if hasattr(row, "set_password") and "password" in values:
        row.password = "!unusable"
    row.save()
    return row


def _some(field: Any, number: int) -> list[Any]:
    """None, one or two related rows; fields of one model begin at different ones, so that their keys differ."""
    begin = [f.name for f in field.model._meta.many_to_many].index(field.name)
    found = readable(field.related_model._base_manager.order_by("pk"), begin + 2)
    return found[begin : begin + number % 3] or found[: number % 3]


def value_for(field: Any, number: int) -> Any:
    """A value for a model field; None lets the default or NULL stand.

    No two columns of a row, and no two columns of the same name in different tables, hold the same: a value that is
    shown in the place of another can be told.
    """
    if isinstance(field, models.ForeignKey):
        return _related(field, number)
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return None
    if field.has_default() and not field.unique and number % 2:
        return field.get_default()
    place = _place(field, models.Field)
    if field.choices:
        values = [v for v, _ in field.flatchoices if v not in ("", None)]
        chosen = [f.name for f in field.model._meta.concrete_fields if f.choices]
        shift = chosen.index(field.name) if field.name in chosen else 0
        return values[(number + shift) % len(values)] if values else None
    if field.null and (number + place) % 3 == 0 and not field.unique:
        return None
    name, day = field.name, 1 + (number + place) % 27
    table: list[tuple[Any, Any]] = [
        (models.EmailField, f"user{number}@example.com"),
        (models.URLField, f"https://example.com/{name}/{number}"),
        (models.SlugField, f"{name}-{number}".replace("_", "-")),
        (models.UUIDField, uuid.UUID(int=(11 << 90) + (place << 40) + number)),
        (models.BooleanField, not number >> _place(field, models.BooleanField) % 3 & 1),
        (models.DateTimeField, dt.datetime(2024, 1, day, 10, 30, tzinfo=_utc())),
        (models.DateField, dt.date(2024, 2, day)),
        (models.TimeField, dt.time(8 + (number + place) % 10, 15)),
        (models.DurationField, dt.timedelta(hours=number, minutes=place)),
        (models.DecimalField, _decimal(field, number + place)),
        (models.FloatField, number + place + 0.25),
        (models.PositiveIntegerField, _within(field, number * 3 + place)),
        (models.PositiveSmallIntegerField, _within(field, number + place)),
        (models.IntegerField, _within(field, number * 7 + place)),
        (models.GenericIPAddressField, f"10.0.{place}.{number % 250}"),
        (models.JSONField, {"n": number, name: place}),
        (models.BinaryField, _binary(number, place)),
        (models.FileField, f"{name}/{number}.txt"),
    ]
    for kind, value in table:
        if isinstance(field, kind):
            return value
    if isinstance(field, (models.CharField, models.TextField)):
        return _text(field, number)
    return field.get_default() if field.has_default() else None


def _binary(number: int, place: int) -> bytes:
    """Code that keeps a document in such a column has compressed it, and fails for anything else; other code takes any bytes."""
    return zlib.compress(f'{{"n": {number}, "place": {place}}}'.encode())


def _place(field: Any, kind: Any) -> int:
    """Which one of its model's columns of this kind a field is."""
    names = [f.name for f in field.model._meta.concrete_fields if isinstance(f, kind)]
    return names.index(field.name) if field.name in names else 0


def _related(field: Any, number: int) -> Any:
    if field.null and not field.editable:
        return None  # the model fills it in itself: content types of django-polymorphic
    others = [
        f.name for f in field.model._meta.concrete_fields
        if isinstance(f, models.ForeignKey) and f.related_model is field.related_model
    ]  # fmt: skip
    place = others.index(field.name) if field.name in others else 0
    if field.null and (number + place) % 4 == 0 and not field.unique:
        return None
    found = readable(field.related_model._base_manager.order_by("pk"), 6)
    return found[(number - 1 + place) % len(found)] if found else None


def _decimal(field: Any, number: int) -> Decimal:
    places = getattr(field, "decimal_places", 0) or 0
    digits = getattr(field, "max_digits", 9) or 9
    if places >= digits:  # no digit in front of the point
        return Decimal(number % 10**digits).scaleb(-places)
    whole = number % 10 ** (digits - places)
    return Decimal(_within(field, whole)) + (Decimal("0.5") if places else 0)


def _within(field: Any, number: int) -> int:
    """``number``, brought between the limits that the field's validators set."""
    low = [int(_limit(v)) for v in field.validators if isinstance(v, MinValueValidator)]
    high = [int(_limit(v)) for v in field.validators if isinstance(v, MaxValueValidator)]
    least = max(low, default=0)
    if high and least <= min(high):
        return least + (number - least) % (min(high) - least + 1)
    return max(number, least)


def _limit(validator: Any) -> Any:
    return validator.limit_value() if callable(validator.limit_value) else validator.limit_value


def _text(field: Any, number: int) -> str:
    fitting = matching(field.validators, number)
    if fitting is not None:
        return fitting
    called = telephone(field.validators, number)
    if called is not None and number % 5:  # every fifth is what such a column should not have, and may
        return called
    most, name = field.max_length, field.name
    if not most or most >= len(f"{field.model.__name__} {name} Ä{number} %_"):
        name = f"{field.model.__name__.lower()} {name}"
    text = f"{name} {number}" if number % 2 else f"{name.title()} Ä{number} %_"
    return text[:most] if most else text


def _utc() -> Any:
    from django.conf import settings

    return dt.UTC if settings.USE_TZ else None
