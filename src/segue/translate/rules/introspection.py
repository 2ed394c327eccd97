"""``instance._meta``, ``Model._meta`` and what DRF's ``model_meta`` tells: facts of the snapshot, asked while translating.

Nothing of it is left in the generated code: loops over fields are unrolled, conditions on them decided.
"""

from __future__ import annotations

import ast
from typing import Any

from segue.snapshot.model import Model, ModelField
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import model_label
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, Global, Instance, Introspected
from segue.translate.load.models import concrete, field_of
from segue.translate.rules.registry import attribute, function, method

_FIELD = ("name", "attname", "null", "blank", "unique", "primary_key", "editable", "max_length")


def known_fact(kind: Introspected, name: str) -> Val | None:
    """The fact called ``name``; None where there is none."""
    for key, value in kind.facts:
        if key == name:
            return as_value(value)
    return None


def as_value(value: Any) -> Val:
    """A fact as a value of the interpreter."""
    if isinstance(value, Val):
        return value
    if isinstance(value, Introspected | Global):
        return Val(value)
    return const(value)


@attribute(Introspected, "*")
def fact(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """One of its facts."""
    assert isinstance(owner.kind, Introspected)
    found = known_fact(owner.kind, name)
    if found is None or name.startswith("#"):
        raise frame.refuse(
            "introspection", f"{owner.kind.about}.{name}", "Segue does not know this of it.", node
        )
    return found


@attribute(Instance, "_meta")
def options(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``instance._meta``."""
    assert isinstance(owner.kind, Instance)
    return Val(_options(concrete(frame.ctx, owner.kind.model)))


@attribute(Global, "_meta")
def options_of_class(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``Model._meta``."""
    assert isinstance(owner.kind, Global)
    label = model_label(frame, owner.kind.ref.name)
    return Val(_options(concrete(frame.ctx, label))) if label is not None else None


def _options(model: Model) -> Introspected:
    columns = [_field(item, model.label) for item in model.fields if has_value(item)]
    many = [
        _field(item, model.label)
        for item in model.fields
        if item.relation is not None and item.relation.kind == "m2m"
    ]
    about = f"{model.label}._meta"
    listed = Introspected(f"{about}.fields", items=tuple(columns))
    facts = (
        ("fields", listed),
        ("concrete_fields", listed),
        ("many_to_many", Introspected(f"{about}.many_to_many", items=tuple(many))),
        ("app_label", model.app),
        ("object_name", model.cls.rpartition(".")[2]),
        ("model_name", model.cls.rpartition(".")[2].lower()),
    )
    return Introspected(about, facts)


@method(Introspected, "get_field")
def get_field(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``Model._meta.get_field("title")`` of a column."""
    assert isinstance(owner.kind, Introspected)
    call.only("field_name", at_most=1)
    given = call.argument(0, "field_name")
    if given is None or not isinstance(given.kind, Const) or not owner.kind.about.endswith("._meta"):
        raise frame.refuse("getattr", ast.unparse(call.node), "The name is computed.", call.node)
    listed = known_fact(owner.kind, "fields")
    columns = listed.kind.items if listed is not None and isinstance(listed.kind, Introspected) else None
    for column in columns or ():
        if isinstance(column, Introspected) and column.about == given.kind.value:
            return Val(column)
    raise frame.refuse("introspection", ast.unparse(call.node), "This is no column of the model.", call.node)


def column_of(ctx: Context, field: Introspected) -> tuple[Model, ModelField] | None:
    """The column that an object of ``_meta.fields`` stands for."""
    label = next((value for key, value in field.facts if key == "#model"), None)
    if not isinstance(label, str):
        return None
    model = concrete(ctx, label)
    item = field_of(model, field.about)
    return (model, item) if item is not None else None


def is_field_of(ctx: Context, field: Introspected, names: list[str]) -> bool | None:
    """``isinstance(field, names)`` for classes of Django's fields; None where that is not certain."""
    column = column_of(ctx, field)
    if column is None:
        return None
    item = column[1]
    own = {item.cls, item.base, "django.db.models.fields.Field"}
    if item.base.endswith(".ImageField"):
        own.add("django.db.models.fields.files.FileField")
    if own & set(names):
        return True
    known = (".FileField", ".ImageField", ".BooleanField", ".DateTimeField", ".DateField", ".JSONField")
    return (
        False
        if item.cls == item.base
        and all(name.endswith(known) for name in names)
        and ("django.db.models.fields.DateField" not in names)
        else None
    )


def has_value(item: ModelField) -> bool:
    """Is it one of ``_meta.fields``: a column, no many-to-many and no generic relation?"""
    return bool(item.column) and (item.relation is None or item.relation.kind in ("fk", "o2o"))


def _field(item: ModelField, label: str) -> Introspected:
    facts = tuple((key, getattr(item, key)) for key in _FIELD)
    return Introspected(item.name, (*facts, ("#model", label)))


@function("rest_framework.utils.model_meta.get_field_info")
def field_info(frame: Frame, call: CallSite) -> Val | None:
    """``relations``: forward ones, then reverse ones, by accessor (``rest_framework.utils.model_meta``)."""
    call.only(at_most=1)
    given = call.args[0]
    label = model_label(frame, given.kind.ref.name) if isinstance(given.kind, Global) else None
    if label is None:
        return None
    model = concrete(frame.ctx, label)
    forward = [
        (item.name, _relation(item.name, item.relation.kind == "m2m", item, model.label))
        for item in sorted(model.fields, key=lambda f: f.relation is not None and f.relation.kind == "m2m")
        if item.relation is not None and item.relation.kind in ("fk", "o2o", "m2m")
    ]
    reverse = [
        (item.accessor, _relation(item.accessor, item.kind != "o2o", None, model.label))
        for item in model.reverse
        if item.accessor
    ]
    relations = Introspected("info.relations", by_key=tuple(dict([*forward, *reverse]).items()))
    return Val(Introspected("model_meta.get_field_info()", (("relations", relations),)))


def _relation(name: str, to_many: bool, item: ModelField | None, label: str) -> Introspected:
    facts: list[tuple[str, Any]] = [("to_many", to_many), ("reverse", item is None)]
    if item is not None:
        facts.append(("model_field", _field(item, label)))
    return Introspected(name, tuple(facts))


__all__ = ["as_value", "column_of", "has_value", "is_field_of", "known_fact"]
