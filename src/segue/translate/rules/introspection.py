"""``instance._meta``, ``Model._meta`` and what DRF's ``model_meta`` tells: facts of the snapshot, asked while translating.

Nothing of it is left in the generated code: loops over fields are unrolled, conditions on them decided.
"""

from __future__ import annotations

import ast
from typing import Any

from segue.snapshot.model import Model, ModelField
from segue.translate import language
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import model_label
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, Global, Instance, Introspected, Scalar, Unknown
from segue.translate.load.models import concrete, field_of
from segue.translate.rules.polymorphic import same_class
from segue.translate.rules.registry import attribute, function, method

_FIELD = ("name", "attname", "column", "null", "blank", "unique", "primary_key", "editable", "max_length")
# What fields of some classes alone have: others raise AttributeError.
_ONLY = {
    "auto_now": ("DateField", "TimeField"),
    "auto_now_add": ("DateField", "TimeField"),
    "max_digits": ("DecimalField",),
    "decimal_places": ("DecimalField",),
}
# The nearest class of ``django.db.models`` above each of its fields that is not ``Field`` itself.
_PARENTS = {
    "AutoField": "IntegerField", "BigAutoField": "BigIntegerField", "BigIntegerField": "IntegerField", "DateTimeField": "DateField",
    "EmailField": "CharField", "ImageField": "FileField", "OneToOneField": "ForeignKey", "PositiveBigIntegerField": "BigIntegerField",
    "PositiveIntegerField": "IntegerField", "PositiveSmallIntegerField": "SmallIntegerField", "SlugField": "CharField",
    "SmallAutoField": "SmallIntegerField", "SmallIntegerField": "IntegerField", "URLField": "CharField",
}  # fmt: skip
_ROOTS = {
    "BinaryField", "BooleanField", "CharField", "DateField", "DecimalField", "DurationField", "FileField", "FilePathField", "FloatField",
    "ForeignKey", "GenericIPAddressField", "IntegerField", "JSONField", "TextField", "TimeField", "UUIDField",
}  # fmt: skip


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


def fact_or(frame: Frame, kind: Introspected, name: str, default: Val, node: ast.AST) -> Val:
    """``getattr(field, "auto_now", False)``. Raises ``Refused`` where Segue does not know whether it has that."""
    found = None if name.startswith("#") else known_fact(kind, name)
    if found is not None:
        return found
    column = column_of(frame.ctx, kind)
    if column is not None and name in _ONLY:
        item = column[1]
        if item.cls == item.base or _leaves_alone(frame.ctx, item, name):
            there = set(_ONLY[name]) & set(_chain(item.base))
            return const(getattr(item, name)) if there else default
    if kind.about != "self.Meta":  # of which everything is known
        raise frame.refuse("getattr", ast.unparse(node), "Segue does not know whether it has that.", node)
    return default


@attribute(Introspected, "verbose_name")
def verbose_name(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Of a model or a column: a text, in the language of the request where it is a translated one."""
    assert isinstance(owner.kind, Introspected)
    column = column_of(frame.ctx, owner.kind)
    told: Model | ModelField | None = column[1] if column is not None else None
    if told is None and owner.kind.about.endswith("._meta"):
        told = frame.ctx.snapshot.models.get(owner.kind.about.removesuffix("._meta"))
    if told is None:
        return fact(frame, owner, name, node)
    text, imports = language.written(
        frame.ctx, told.verbose_name, told.lazy_name, told.where, ast.unparse(node)
    )
    if told.lazy_name is None:
        return const(told.verbose_name)
    frame.use(*imports)
    return Val(Scalar("str"), quote("str({0})", ast.parse(text, mode="eval").body))


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
    same_class(frame, owner.kind, node)
    return Val(_options(frame.ctx.model(owner.kind.model)))


@attribute(Global, "_meta")
def options_of_class(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``Model._meta``."""
    assert isinstance(owner.kind, Global)
    label = model_label(frame, owner.kind.ref.name)
    return Val(_options(frame.ctx.model(label))) if label is not None else None


def _options(model: Model) -> Introspected:
    columns = [_field(item, model.label) for item in model.fields if has_value(item)]
    many = [
        _field(item, model.label)
        for item in model.fields
        if item.relation is not None and item.relation.kind == "m2m"
    ]
    about = f"{model.label}._meta"
    listed = Introspected(f"{about}.fields", items=tuple(columns))
    cls = model.cls.rpartition(".")[2]
    facts = (
        ("fields", listed),
        ("concrete_fields", listed),
        ("many_to_many", Introspected(f"{about}.many_to_many", items=tuple(many))),
        (
            "pk",
            next((c for c in columns if c.about == model.pk), Val(Unknown("Its primary key is no column."))),
        ),
        ("app_label", model.app),
        ("object_name", cls),
        ("model_name", cls.lower()),
        ("label", f"{model.app}.{cls}"),
        ("label_lower", f"{model.app}.{cls.lower()}"),
        ("db_table", model.table),
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
    if item.cls != item.base:
        known = ctx.snapshot.classes.get(item.cls)
        if known is None:
            return None
        if set(names) & set(known.mro):
            return True
    above = _chain(item.base)
    asked = [_chain(name)[0] if _chain(name) else "" for name in names]
    if not above or not all(asked):
        return None
    if any(name in above for name in asked):
        return True
    # AutoFieldMeta.__subclasscheck__: the other keys that count count as one, which no table tells.
    return None if "AutoField" in above[0] and any("AutoField" in name for name in asked) else False


def _leaves_alone(ctx: Context, item: ModelField, name: str) -> bool:
    """Whether the field's own class, and those between it and Django's, say nothing of ``name``."""
    known = ctx.snapshot.classes.get(item.cls)
    if known is None or not _chain(item.base) or name in known.attributes or name in known.methods:
        return False
    for base in known.mro[: known.mro.index(item.base)] if item.base in known.mro else known.mro:
        of_class = ctx.snapshot.classes.get(base)
        if of_class is None:
            return False
        for called, dotted in of_class.methods.items():
            if dotted != f"{base}.{called}":
                continue
            function = ctx.snapshot.functions.get(dotted)
            unread = function is None and (called in _SETTING or called.startswith("__getattr"))
            if unread or (function is not None and (name in function.source or "setattr" in function.source)):
                return False
    return True


_SETTING = ("__init__", "__new__", "contribute_to_class", "clone", "deconstruct")


def _chain(name: str) -> tuple[str, ...]:
    """The class and what it inherits, by their last names; empty for what is no field of ``django.db.models``."""
    module, _, cls = name.rpartition(".")
    if not module.startswith("django.db.models"):
        return ()
    if cls == "Field":
        return ("Field",)
    found = [cls]
    while found[-1] in _PARENTS:
        found.append(_PARENTS[found[-1]])
    return (*found, "Field") if found[-1] in _ROOTS else ()


@method(Introspected, "value_from_object")
def value_from_object(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``field.value_from_object(obj)``: ``Field.value_from_object`` is ``getattr(obj, self.attname)``."""
    from segue.translate.interp.expressions.attributes import of

    assert isinstance(owner.kind, Introspected)
    call.only("obj", at_most=1)
    column, given = column_of(frame.ctx, owner.kind), call.argument(0, "obj")
    if column is None or given is None or column[1].cls != column[1].base:
        raise frame.refuse(
            "introspection", ast.unparse(call.node), "Segue does not know the field.", call.node
        )
    return of(frame, given, column[1].attname, call.node)


@method(Introspected, "get_internal_type")
def internal_type(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``Field.get_internal_type``: the class's name, of some the parent's."""
    assert isinstance(owner.kind, Introspected)
    call.only()
    column = column_of(frame.ctx, owner.kind)
    chain = _chain(column[1].base) if column is not None and column[1].cls == column[1].base else ()
    if not chain:
        raise frame.refuse(
            "introspection", ast.unparse(call.node), "Segue does not know the field.", call.node
        )
    told = {"EmailField": "CharField", "URLField": "CharField", "ImageField": "FileField"}
    return const(told.get(chain[0], chain[0]))


def has_value(item: ModelField) -> bool:
    """Is it one of ``_meta.fields``: a column, no many-to-many and no generic relation?"""
    return bool(item.column) and (item.relation is None or item.relation.kind in ("fk", "o2o"))


def _field(item: ModelField, label: str) -> Introspected:
    facts: list[tuple[str, Any]] = [(key, getattr(item, key)) for key in _FIELD]
    chain = _chain(item.base) if item.cls == item.base else ()
    facts += [(key, getattr(item, key)) for key, classes in _ONLY.items() if set(classes) & set(chain)]
    if chain:
        kind = item.relation.kind if item.relation is not None else None
        facts.append(("is_relation", kind is not None))
        # None for columns that are no relation (``Field.many_to_one``)
        facts += [
            (key, kind and kind == short)
            for key, short in (("many_to_one", "fk"), ("one_to_one", "o2o"), ("many_to_many", "m2m"))
        ]
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


__all__ = ["as_value", "column_of", "fact_or", "has_value", "is_field_of", "known_fact"]
