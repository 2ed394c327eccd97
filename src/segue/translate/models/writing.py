"""Writes that cannot be carried out without Django, with the reason.

:func:`delete_problem` follows what ``django.db.models.deletion.Collector`` would touch;
:func:`save_problem` looks at the fields that an INSERT or UPDATE of all columns writes.
"""

from __future__ import annotations

from collections.abc import Collection

from segue.refusal import Refusal
from segue.snapshot.model import Model, ModelField, Snapshot
from segue.translate.context import Context
from segue.translate.models.columns import set_value
from segue.translate.models.defaults import default_of
from segue.translate.models.kinds import has_column
from segue.translate.models.own_defaults import full_default_of
from segue.translate.models.polymorphic import family, is_polymorphic, plain_managers, write_problem
from segue.translate.models.problems import field_refusal, unusable, value_problem
from segue.translate.models.time_stamps import created_of

KNOWN = frozenset({"CASCADE", "PROTECT", "RESTRICT", "SET_NULL", "SET_DEFAULT", "DO_NOTHING"})


def deleted_with(snapshot: Snapshot, label: str) -> list[str]:
    """Labels of all models whose rows may go when one of a model does, itself first; unsorted but for that."""
    seen: dict[str, None] = {}
    waiting = [label]
    while waiting:
        current = waiting.pop()
        if current not in snapshot.models:
            continue
        model = _concrete(snapshot, snapshot.models[current])
        if model.label in seen:
            continue
        seen[model.label] = None
        waiting.extend(parent for parent, link in model.parents.items() if link)
        for field in model.fields:
            if field.relation is not None and field.relation.kind == "generic_relation":
                waiting.append(field.relation.to)
        for other, field in _referring(snapshot, model):
            if field.relation is not None and field.relation.on_delete == "CASCADE":
                waiting.append(other.label)
    return list(seen)


def delete_problem(snapshot: Snapshot, label: str, *, real: bool = False) -> Refusal | None:
    """Why rows of a model cannot be deleted, or None. Signal receivers are not looked at here.

    ``real``: what is deleted is one object at a time, each of the class that a polymorphic model saved it as.
    """
    own = family(snapshot, snapshot.models[label]) if real else set()
    for current in deleted_with(snapshot, label):
        model = snapshot.models[current]
        polymorphic = write_problem(snapshot, model) if model.label not in own else None
        if polymorphic is not None:
            return polymorphic
        for other, field in _referring(snapshot, model):
            if other.label in own and field.name in other.parents.values():
                continue  # the rows of one object: its own key leads from one to the next
            problem = _reference_problem(snapshot, other, field)
            if problem is not None:
                return problem
    return None


def save_problem(
    ctx: Context, label: str, given: Collection[str] | None = None, *, real: bool = False
) -> Refusal | None:
    """Why an object of a model cannot be written, or None.

    ``given``: names of the fields that a *new* object always gets; None for one that exists, whose
    defaults are not asked for. ``real``: the object is of the class that a polymorphic model saved it as, or will.
    """
    snapshot = ctx.snapshot
    asked = snapshot.models[label]
    model = _concrete(snapshot, asked)
    if asked.proxy:
        return Refusal(
            "proxy",
            label,
            "Proxy models are not translated: signals are sent with their own class.",
            asked.where.file,
            asked.where.line,
        )
    real = real and is_polymorphic(snapshot, model) and plain_managers(snapshot, model)
    if model.base_manager and not real:
        return Refusal(
            "base-manager",
            f"{model.label}.Meta.base_manager_name",
            "Django saves objects through this manager.",
            model.where.file,
            model.where.line,
        )
    polymorphic = None if real else write_problem(snapshot, model)
    if polymorphic is not None:
        return polymorphic
    links = set(model.parents.values()) if real else set()
    for field in model.fields:
        if not has_column(field) or field.name in links:
            continue
        problem = value_problem(ctx, field, writing=True)
        if problem is not None:
            return problem
        if created_of(snapshot, model, field) == "":
            return field_refusal(field, "A new row takes its moment from a field that Segue does not see.")
        if given is None or field.name in given or field.attname in given:
            continue
        unknown = full_default_of(ctx, field).unknown
        if unknown:
            return Refusal(
                "field-default",
                f"{model.label}.{field.name}",
                f"Its default {unknown} is not translated, and this write may need it.",
                field.where.file,
                field.where.line,
            )
    return None


def _concrete(snapshot: Snapshot, model: Model) -> Model:
    while model.proxy and model.proxy_for:
        model = snapshot.models[model.proxy_for]
    return model


def _referring(snapshot: Snapshot, model: Model) -> list[tuple[Model, ModelField]]:
    """Foreign keys that point at the model or at a proxy of it, hidden ones included."""
    found = []
    for other in snapshot.models.values():
        if other.proxy or other.swapped:
            continue
        for field in other.fields:
            relation = field.relation
            if relation is None or relation.kind not in ("fk", "o2o") or relation.to not in snapshot.models:
                continue
            if _concrete(snapshot, snapshot.models[relation.to]).label == model.label:
                found.append((other, field))
    return found


def _reference_problem(snapshot: Snapshot, other: Model, field: ModelField) -> Refusal | None:
    assert field.relation is not None
    name = field.relation.on_delete
    if name not in KNOWN and not (name.startswith("SET(") and set_value(field)):
        why = f"on_delete={name} of {other.label}.{field.name} is not translated."
        return Refusal("on-delete", f"{other.label}.{field.name}", why, field.where.file, field.where.line)
    if name == "SET_DEFAULT" and default_of(field).unknown:
        why = f"The default that on_delete of {other.label}.{field.name} sets is not translated."
        return Refusal("on-delete", f"{other.label}.{field.name}", why, field.where.file, field.where.line)
    if name != "DO_NOTHING" and other.base_manager:
        why = f"{other.label} is looked through with its Meta.base_manager_name, which may leave rows out."
        return Refusal("base-manager", f"{other.label}.{field.name}", why, other.where.file, other.where.line)
    if name != "DO_NOTHING" and unusable(snapshot, other) is not None:
        why = f"{other.label} refers to it, and its rows are not translated."
        return Refusal("on-delete", f"{other.label}.{field.name}", why, field.where.file, field.where.line)
    return None
