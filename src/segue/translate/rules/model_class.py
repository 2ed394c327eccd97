"""``Model(...)``: a new entity."""

from __future__ import annotations

import ast

from segue.refusal import Refused
from segue.snapshot.model import ModelField
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.members import has_members
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import Const, Instance, Kind, Phone, Scalar, Unknown, User, ValidatedData
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, python_type, target_field
from segue.translate.models.money import is_currency, is_money
from segue.translate.models.phones import is_phone
from segue.translate.models.polymorphic import is_polymorphic
from segue.translate.models.writing import save_problem
from segue.translate.needs import Needs
from segue.translate.query import postgres, ranges
from segue.translate.rules.content_types import generic_values
from segue.translate.rules.following import remembers
from segue.translate.rules.stored_files import is_file
from segue.translate.rules.unsaved import check_unsaved
from segue.translate.rules.uploaded import takes


def new_instance(
    frame: Frame, label: str, call: CallSite, site: Needs | None = None, *, created: bool = False
) -> Val:
    """``Article(title=…, author=user)`` → the mapped class with its columns. ``created``: it is inserted at once, alone."""
    model = concrete(frame.ctx, label)
    if call.args:
        raise frame.refuse("model-init", ast.unparse(call.node), "Positional fields.", call.node)
    known = frame.ctx.snapshot.classes.get(model.cls)
    if frame.ctx.snapshot.functions.get(f"{model.cls}.__init__") is not None:
        raise frame.refuse("model-init", model.cls, "The model has an __init__ of its own.", call.node)
    real = created and is_polymorphic(frame.ctx.snapshot, model)
    if model.parents and not real:
        raise frame.refuse(
            "multi-table", label, "Writes to multi-table models are not translated yet.", call.node
        )
    del known
    cls, item = entity_type(frame.ctx, label)
    frame.use(item)
    site = site or Needs(model.label, written=True, keyless=True)
    site.exact = site.exact or real
    spread = spread_values(frame, label, call, site)
    problem = save_problem(frame.ctx, model.label, set(call.kwargs), real=real)
    if problem is not None:
        raise Refused(problem)
    given = generic_values(frame, label, call.kwargs, call.node)
    keywords = [
        ast.keyword(*column_value(frame, label, key, value, call.node, site, whole=True))
        for key, value in given.items()
    ]
    return Val(Instance(model.label, site, "entity"), ast.Call(name(cls), [], [*spread, *keywords]))


def spread_values(frame: Frame, label: str, call: CallSite, site: Needs | None = None) -> list[ast.keyword]:
    """``**validated_data``: its keys are the serializer's fields, whose values must be the columns' own."""
    given = [keyword.value for keyword in call.node.keywords if keyword.arg is None]
    if not given or (call._kwargs is not None and not call.double_star):
        return []
    if call._kwargs is None:
        values = [frame.eval(node) for node in given]
        if not all(isinstance(v.kind, ValidatedData) and v.node is not None for v in values):
            return []
        call.double_star = [v.node for v in values if v.node is not None]
        call._kwargs = {k.arg: frame.eval(k.value) for k in call.node.keywords if k.arg is not None}
        for value in values:
            check_spread(frame, label, value, call, site=site)
        call.double_star = [without_tags(frame, label, value) for value in values]
    return [ast.keyword(None, node) for node in call.double_star]


def without_tags(frame: Frame, label: str, values: Val) -> ast.expr:
    """Validated values without names of django-taggit's tags, which Django sets as an attribute that nobody looks at."""
    from segue.translate.serializers.left_fields import left_fields

    assert isinstance(values.kind, ValidatedData)
    assert values.node is not None
    serializer = frame.ctx.snapshot.serializers[values.kind.serializer]
    model, left = concrete(frame.ctx, label), left_fields(frame.ctx, serializer)
    names = [
        one.source
        for one in serializer.fields
        if (item := field_of(model, one.source)) is not None and item.tags is not None and one not in left
    ]
    if not names:
        return values.node
    shown = repr(names[0]) if len(names) == 1 else repr(tuple(names))
    text = f"{{key: value for key, value in {values.text}.items() if key {'!=' if len(names) == 1 else 'not in'} {shown}}}"
    return ast.parse(text, mode="eval").body


def held_tags(frame: Frame, key: str, site: Needs | None) -> None:
    """Let nobody look at the tags of this object: in Django they are the names that were sent, until it is read again."""
    if site is not None:
        site.unsaved.add(key)


def check_spread(
    frame: Frame, label: str, value: Val, call: CallSite, *, every: bool = False, site: Needs | None = None
) -> None:
    """Refuse validated data of which a column would not take a value as it is; with ``every`` also what is no column.

    ``site``: where objects are from that may hold an upload until they are saved.
    """
    from segue.translate.serializers.values import kinds_by_source

    assert isinstance(value.kind, ValidatedData)
    serializer = frame.ctx.snapshot.serializers.get(value.kind.serializer)
    if serializer is None:
        raise frame.refuse("dynamic-keywords", ast.unparse(call.node), "The keys are not known.", call.node)
    model = concrete(frame.ctx, label)
    for key, kind in kinds_by_source(frame.ctx, serializer).items():
        if key in value.kind.taken:
            continue
        item = field_of(model, key)
        if item is not None and item.tags is not None:
            if every:
                raise frame.refuse("tags", f"{label}.{key}", "Tags are no column.", call.node)
            held_tags(frame, key, site)
            continue
        # what is no column must have been taken out before: Django refuses it too
        if item is None or (item.relation is not None and item.relation.kind not in ("fk", "o2o")):
            if every:
                raise frame.refuse(
                    "model-field", f"{label}.{key}", "This is no column of the model.", call.node
                )
            continue
        check_column(frame, label, item, key, kind, call.node, site)


def check_column(
    frame: Frame, label: str, item: ModelField, key: str, kind: Kind, at: ast.AST, site: Needs | None = None
) -> None:
    """Refuse a value that is given to a column by its name and that the column does not take as it is."""
    no_amount(frame, label, item, at)
    _note_member(item, kind, site)
    if item.relation is None and item.attname != item.name:
        raise frame.refuse("reserved-name", f"{label}.{key}", "SQLAlchemy keeps this name for itself.", at)
    if item.relation is not None and key == item.name:
        if not isinstance(kind, Instance | User):
            raise frame.refuse("model-field", f"{label}.{key}", "Segue does not know the related object.", at)
    elif (
        not fits(kind, python_type(frame.ctx, item), item.null)
        and not takes(frame, label, item, kind, site, at)
        and not (isinstance(kind, Phone) and is_phone(frame.ctx, item))
    ):
        raise frame.refuse(
            "model-field",
            f"{label}.{key}",
            "Django converts this value when it is saved; the generated code would not.",
            at,
        )


def _note_member(item: ModelField, kind: Kind, site: Needs | None) -> None:
    """Django keeps the member itself on the object until the row is read again: its text is not the column's."""
    if site is not None and has_members(kind):
        site.members.add(item.attname)


def no_amount(frame: Frame, label: str, item: ModelField, at: ast.AST) -> None:
    """Refuse an amount of money, which django-money converts as it is given, and takes a currency from (``MoneyFieldProxy.__set__``)."""
    if is_money(item) or is_currency(item):
        why = "Giving an object an amount of money or its currency is not translated."
        raise frame.refuse("money", f"{label}.{item.name}", why, at)


def column_value(
    frame: Frame,
    label: str,
    key: str,
    value: Val,
    at: ast.AST,
    site: Needs | None = None,
    *,
    whole: bool = False,
) -> tuple[str, ast.expr]:
    """``(column attribute, expression)`` for a field given as ``key=value``.

    ``whole``: an object that may not have a key yet is given as it is, for its key to be asked for when the other is saved
    (``Model._prepare_related_fields_for_save``).
    """
    model = concrete(frame.ctx, label)
    item = field_of(model, key)
    if item is None or (item.relation is not None and item.relation.kind not in ("fk", "o2o")):
        raise frame.refuse("model-field", f"{label}.{key}", "This is no column of the model.", at)
    no_amount(frame, label, item, at)
    kind = value.kind
    _note_member(item, kind, site)
    if item.relation is not None and key == item.name:
        if site is not None:
            site.assigned.add(item.name)
        target = target_field(frame.ctx, item)
        if isinstance(kind, Const) and kind.value is None and value.node is not None:
            return item.attname, value.node
        if isinstance(kind, User):
            from segue.translate.query.coerce import instance_key
            from segue.translate.query.lookups import target as lookup_target

            key_of_user = instance_key(frame, value, lookup_target(frame, name("x"), item), at)
            if (
                site is not None
                and _remembered(frame.ctx, label, item, site)
                and isinstance(key_of_user, ast.Attribute)
            ):
                return item.name, key_of_user.value
            return item.attname, key_of_user
        if isinstance(kind, Instance) and value.node is not None:
            from segue.translate.load.needs import column

            check_unsaved(frame, kind.site, "", at)
            if field_of(concrete(frame.ctx, kind.model), target.attname) is None:
                why = f"It is an object of another model ({kind.model}): Django refuses it."
                raise frame.refuse("model-field", f"{label}.{item.name}", why, at)
            column(frame.ctx, kind.site, target.attname)
            remembered = site is not None and _remembered(frame.ctx, label, item, site)
            if kind.nullable and not remembered:
                if (kind.site.keyless and whole) or frame.no_hoist:
                    raise frame.refuse("nullable", value.text, "The related object may be None.", at)
                node = value.node
                held = node if isinstance(node, ast.Name) else frame.hoist(item.name, node, at)
                return item.attname, quote(f"None if {{0}} is None else {{0}}.{target.attname}", held)
            if kind.site.keyless and whole:
                return item.name, value.node
            if remembered:
                kind.site.written = True
                return item.name, value.node
            return item.attname, ast.Attribute(value.node, target.attname, ast.Load())
        raise frame.refuse("model-field", f"{label}.{key}", "Segue does not know the related object.", at)
    if value.node is None or isinstance(kind, Unknown):
        raise frame.refuse(
            "model-field", f"{label}.{key}", "The value has no form in the generated code.", at
        )
    if ranges.is_range(item) and kind != Const(None):
        raise frame.refuse(
            "model-field",
            f"{label}.{key}",
            "Segue does not write ranges: each driver reads a pair its own way.",
            at,
        )
    wanted = python_type(frame.ctx, item)
    if is_file(item) and isinstance(kind, Const) and kind.value is None:
        return item.attname, literal("")  # no file is an empty text, never NULL
    if (
        not fits(kind, wanted, item.null)
        and not takes(frame, label, item, kind, site, at)
        and not postgres.holds_items(item, value)
        and not (isinstance(kind, Phone) and is_phone(frame.ctx, item))
    ):
        raise frame.refuse(
            "model-field",
            f"{label}.{key}",
            f"Django converts this value to {wanted} when it is saved; the generated code would not.",
            at,
        )
    return item.attname, value.node


def _remembered(ctx: Context, label: str, item: ModelField, site: Needs) -> bool:
    """Does Django's memory of the related object, or of this one by the other, matter later? It does where a query brings one
    with the object: what is assigned takes its place."""
    relation = item.relation
    back = relation is not None and relation.kind == "o2o" and remembers(ctx, relation.to)
    joined = any(path.partition("__")[0] == item.name for path in site.selected)
    return remembers(ctx, label) or back or joined


def fits(kind: object, wanted: str, null: bool) -> bool:
    """Whether a value of ``kind`` is what the column holds, without Django's conversion."""
    if wanted == "Any":
        return True
    if isinstance(kind, Const):
        if kind.value is None:
            return True
        return type(kind.value).__name__ == wanted
    if isinstance(kind, Scalar):
        return kind.type == wanted
    return False
