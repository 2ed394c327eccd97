"""Rows of every kind, for whatever may be asked for: each state below each parent, each user an owner, and rows that
just one relation holds on to.

A condition of a query shows only where rows are that it leaves out, and ``on_delete`` of a relation only where nothing
else protects the row or goes with it.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction

from .paths import chosen
from .readable import readable
from .seeding import value_for
from .spread import add

_PARENTS, _VALUES, _MOST = (
    3,
    4,
    40,
)  # parents of a relation; values of a column; rows added to a table for either
_KINDS, _HELD = 300, 700  # where the numbers of these rows begin


def vary(labels: list[str], people: list[Any]) -> int:
    """Rows of the models ``labels`` in every state, below the parents that are asked for and the first two of
    ``people``; returns how many were made."""
    from django.apps import apps
    from django.contrib.auth import get_user_model

    made = 0
    for model in _own(apps, labels):
        added = 0
        for relation in _relations(model):
            if relation.related_model is get_user_model():
                parents: list[Any] = [p.user.pk for p in people[:2]]
            else:
                parents = chosen(relation.related_model)[:_PARENTS]
            for index, parent in enumerate(parents):
                if added < _MOST:
                    added += _below(model, relation, parent, _KINDS + added * 7 + index)
            if relation.unique and relation.related_model is get_user_model():
                _without(model, relation, people)
        made += added
    return made


def _without(model: Any, relation: Any, people: list[Any]) -> None:
    """Take the row of the last of ``people`` away where everybody has one: what is told then shows too."""
    rows = model._base_manager.filter(**{f"{relation.attname}__in": [p.user.pk for p in people]})
    if len(people) < 4 or rows.count() < len(people):
        return
    try:
        with transaction.atomic():
            rows.filter(**{relation.attname: people[-1].user.pk}).delete()
    except Exception:  # noqa: BLE001 - protected, or the project forbids it
        return


def hold(labels: list[str], operations: list[dict[str, Any]]) -> int:
    """For the models whose rows an operation deletes: a row with nothing that refers to it, and one for each relation
    to it, with just that; returns how many were made."""
    from django.apps import apps

    own, made = _own(apps, labels), 0
    deleted = {o["model"] for o in operations if o["method"] == "DELETE" and o["model"]}
    for model in (m for m in own if m._meta.label in deleted):
        relations = [r for r in model._meta.related_objects if r.related_model in own and not r.many_to_many]
        number = _HELD
        for relation in [None, *relations] if relations else []:
            before = set(model._base_manager.values_list("pk", flat=True))
            if not any(add(model, number + step, "", {}) for step in range(6)):
                continue
            number, made = number + 7, made + 1
            held = model._base_manager.exclude(pk__in=before).first()
            if relation is not None and held is not None:
                made += any(
                    add(relation.related_model, number + step, "", {relation.field.name: held})
                    for step in range(6)
                )
    return made


def _own(apps: Any, labels: list[str]) -> list[Any]:
    found = [apps.get_model(label) for label in labels]
    usual = [m for m in found if m._meta.managed and not m._meta.proxy and not m._meta.auto_created]
    return [m for m in usual if m._base_manager.exists()]


def _relations(model: Any) -> list[Any]:
    return [
        f for f in model._meta.concrete_fields
        if isinstance(f, models.ForeignKey) and f.editable and f.related_model is not model
    ]  # fmt: skip


def _below(model: Any, relation: Any, parent: Any, number: int) -> int:
    """Add what is missing among the rows that ``relation`` ties to ``parent``; how many were added."""
    rows = model._base_manager.filter(**{relation.attname: parent})
    found = readable(relation.related_model._base_manager.filter(pk=parent), 1)
    if not found:
        return 0
    related = found[0]
    missing = {
        field: wanted
        for field in model._meta.concrete_fields
        if field is not relation and (wanted := [v for v in _states(field) if not _there(rows, field, v)])
    }
    if relation.unique:
        if rows.exists():
            _tell_apart(model, rows, number)
            return 0
        count = 1
    else:
        count = max([len(v) for v in missing.values()], default=0 if rows.exists() else 1)
    made = 0
    for index in range(count):
        given = {f.name: v[index] for f, v in missing.items() if index < len(v)}
        for step in range(6):
            if add(model, number + made * 7 + step, "", {**given, relation.name: related}):
                made += 1
                break
    return made


def _tell_apart(model: Any, rows: Any, number: int) -> None:
    """Give the only row of an owner values of its own where another owner's holds the very same ones."""
    fields = [
        f for f in model._meta.concrete_fields
        if f.editable and not f.is_relation and not f.unique and not f.choices and not isinstance(f, models.FileField)
    ]  # fmt: skip
    names = [f.name for f in fields]
    found = readable(rows.values(*names), 1) if names else []
    mine = found[0] if found else None
    if mine is None or not model._base_manager.exclude(pk__in=rows).filter(**mine).exists():
        return
    own = {f.name: v for f in fields if (v := value_for(f, number)) is not None}
    try:
        with transaction.atomic():
            rows.update(**own)
    except Exception:  # noqa: BLE001 - a constraint of the project's: then they stay alike
        return


def _states(field: Any) -> list[Any]:
    """The values of a column that conditions tell apart: those of a choice, true and false, NULL."""
    if field.unique:
        return []
    out: list[Any] = []
    if field.choices:
        out = [v for v, _ in field.flatchoices if v not in ("", None)][:_VALUES]
    elif isinstance(field, models.BooleanField):
        out = [True, False]
    return [*out, None] if field.null and field.editable else out


def _there(rows: Any, field: Any, value: Any) -> bool:
    if value is None:
        return bool(rows.filter(**{f"{field.name}__isnull": True}).exists())
    return bool(rows.filter(**{field.name: value}).exists())
