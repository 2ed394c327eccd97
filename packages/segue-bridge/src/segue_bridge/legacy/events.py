"""Saves and deletions on the Django side that the other side has to hear of: receivers that write them to the outbox.

In ``AppConfig.ready``: ``announce(Order, "orders", fields=["status", "customer"])``. Sources: ``Model.save_base`` and
``Collector.delete``, which send ``post_save`` and ``post_delete``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from django.db.models.signals import post_delete, post_save
from django.db.transaction import TransactionManagementError

from segue_bridge.legacy import outbox


def announce(model: type[Model], topic: str, *, fields: Iterable[str] = (), strict: bool = False) -> None:
    """Write an event for every object of ``model`` (proxies aside) that is saved or deleted, in its transaction.

    The body is ``{"event": "created" | "updated" | "deleted", "model": "shop.Order", "id": 7, "fields": {…}}``, the key
    ``"shop.Order 7"``, so that events of one object keep their order. ``fields`` are names of columns (of a relation: the
    key), as Django's JSON encoder writes them. Objects loaded by ``loaddata`` are not told.

    Outside of a transaction the event is written after the row, and lost if the process dies in between: ``strict`` makes
    that a ``TransactionManagementError`` instead. Raises ``FieldDoesNotExist`` for an unknown field; ``TypeError`` on saving
    where a value is an expression (``F``) or no JSON.
    """
    columns = [model._meta.get_field(name) for name in fields]
    label = model._meta.label

    def tell(event: str, instance: Model, using: str) -> None:
        if strict and not connections[using].in_atomic_block:
            raise TransactionManagementError(
                f"{label} is announced ({topic}) and has to be written in atomic()."
            )
        values = {column.name: _plain(column.value_from_object(instance)) for column in columns}
        body = {"event": event, "model": label, "id": _plain(instance.pk), "fields": values}
        outbox.add(topic, body, key=f"{label} {instance.pk}", using=using)

    def saved(instance: Model, created: bool, raw: bool, using: str, **_: Any) -> None:
        if not raw:
            tell("created" if created else "updated", instance, using)

    def deleted(instance: Model, using: str, **_: Any) -> None:
        tell("deleted", instance, using)

    uid = f"segue-events {label} {topic}"
    post_save.connect(saved, sender=model, weak=False, dispatch_uid=uid)
    post_delete.connect(deleted, sender=model, weak=False, dispatch_uid=uid)


def _plain(value: Any) -> Any:
    if isinstance(value, FieldFile):
        value = value.name
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False))
