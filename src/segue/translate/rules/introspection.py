"""``instance._meta``, ``Model._meta`` and what DRF's ``model_meta`` tells: facts of the snapshot, asked while translating.

Nothing of it is left in the generated code: loops over fields are unrolled, conditions on them decided.
"""

from __future__ import annotations

import ast
from typing import Any

from segue.snapshot.model import Model, ModelField
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import model_label
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Global, Instance, Introspected
from segue.translate.load.models import concrete
from segue.translate.rules.registry import attribute, function

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
    if found is None:
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
    columns = [_field(item) for item in model.fields if has_value(item)]
    many = [
        _field(item) for item in model.fields if item.relation is not None and item.relation.kind == "m2m"
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


def has_value(item: ModelField) -> bool:
    """Is it one of ``_meta.fields``: a column, no many-to-many and no generic relation?"""
    return bool(item.column) and (item.relation is None or item.relation.kind in ("fk", "o2o"))


def _field(item: ModelField) -> Introspected:
    return Introspected(item.name, tuple((key, getattr(item, key)) for key in _FIELD))


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
        (item.name, _relation(item.name, item.relation.kind == "m2m", item))
        for item in sorted(model.fields, key=lambda f: f.relation is not None and f.relation.kind == "m2m")
        if item.relation is not None and item.relation.kind in ("fk", "o2o", "m2m")
    ]
    reverse = [
        (item.accessor, _relation(item.accessor, item.kind != "o2o", None))
        for item in model.reverse
        if item.accessor
    ]
    relations = Introspected("info.relations", by_key=tuple(dict([*forward, *reverse]).items()))
    return Val(Introspected("model_meta.get_field_info()", (("relations", relations),)))


def _relation(name: str, to_many: bool, item: ModelField | None) -> Introspected:
    facts: list[tuple[str, Any]] = [("to_many", to_many), ("reverse", item is None)]
    if item is not None:
        facts.append(("model_field", _field(item)))
    return Introspected(name, tuple(facts))


__all__ = ["as_value", "has_value", "known_fact"]
