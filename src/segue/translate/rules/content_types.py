"""``ContentType.objects.get_for_model(x)`` → ``content_type(db, ContentType, "app", "model")``.

``x`` is a model, the sender of a signal, or an object. The row is that of the model behind a proxy.
Source: ``django.contrib.contenttypes.models.ContentTypeManager.get_for_model``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import model_label
from segue.translate.interp.value import Val, is_pure, literal, name
from segue.translate.kinds import Const, Global, Instance, Manager, User
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import column_kind, concrete, field_of, pk_field
from segue.translate.load.needs import column
from segue.translate.needs import Needs
from segue.translate.query.paths import generic_hop
from segue.translate.rules.polymorphic import same_class
from segue.translate.rules.registry import function, method

CONTENT_TYPE = "contenttypes.ContentType"


@method(Manager, "get_for_model")
def get_for_model(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The content type of a model."""
    kind = owner.kind
    assert isinstance(kind, Manager)
    if kind.model != CONTENT_TYPE or kind.cls:
        return None
    call.only("model", "for_concrete_model", at_most=2)
    behind = call.argument(1, "for_concrete_model")
    if behind is not None and not isinstance(behind.kind, Const):
        raise frame.refuse(
            "content-type", ast.unparse(call.node), "for_concrete_model is computed.", call.node
        )
    own = behind is not None and isinstance(behind.kind, Const) and not behind.kind.value
    return _content_type(frame, call.argument(0, "model"), call, own=own)


@function("django.contrib.admin.options.get_content_type_for_model")
def of_logged(frame: Frame, call: CallSite) -> Val:
    """``get_content_type_for_model(obj)`` of the admin: ``get_for_model(obj, for_concrete_model=False)``."""
    call.only("obj", at_most=1)
    return _content_type(frame, call.argument(0, "obj"), call, own=True)


def _content_type(frame: Frame, given: Val | None, call: CallSite, *, own: bool) -> Val:
    """``own``: that of a proxy itself, which is refused: nothing that is translated asks for its row."""
    label = _label(frame, given, call) if given is not None else None
    if label is None:
        raise frame.refuse(
            "content-type", ast.unparse(call.node), "Segue does not know the model.", call.node
        )
    if own:
        not_a_proxy(frame, label, call.node)
    found = Instance(CONTENT_TYPE, Needs(CONTENT_TYPE, written=True), "entity")
    return Val(found, of_model(frame, label))


def not_a_proxy(frame: Frame, label: str, at: ast.AST) -> None:
    """Refuse the content type of a proxy itself."""
    if concrete(frame.ctx, label).label != frame.ctx.model(label).label:
        raise frame.refuse("content-type", label, "It is the content type of a proxy.", at)


def of_model(frame: Frame, label: str) -> ast.expr:
    """The content type of the model, or of that behind a proxy."""
    cls, imported = entity_type(frame.ctx, CONTENT_TYPE)
    frame.use(imported)
    app, _, model = concrete(frame.ctx, label).label.partition(".")
    made = ast.Call(
        frame.imported("segue_bridge.db.content_types", "content_type"),
        [frame.db, name(cls), literal(app), literal(model.lower())],
        [],
    )
    return ast.Await(made)


def _label(frame: Frame, given: Val, call: CallSite) -> str | None:
    if isinstance(given.kind, Global):
        return model_label(frame, given.kind.ref.name)
    if isinstance(given.kind, Instance) and not given.kind.nullable:
        same_class(frame, given.kind, call.node)
        return given.kind.model
    return given.kind.model if isinstance(given.kind, User) and given.kind.authenticated else None


def generic_values(frame: Frame, label: str, given: Mapping[str, Val], at: ast.AST) -> dict[str, Val]:
    """``content_object=paper`` as the two columns that a ``GenericForeignKey`` sets (``GenericForeignKey.__set__``)."""
    model = concrete(frame.ctx, label)
    found: dict[str, Val] = {}
    for key, value in given.items():
        item = field_of(model, key)
        relation = item.relation if item is not None else None
        if relation is None or relation.kind != "generic_fk":
            found[key] = value
            continue
        kind = value.kind
        if not isinstance(kind, Instance) or kind.nullable or value.node is None or not is_pure(value.node):
            raise frame.refuse("generic-relation", f"{label}.{key}", "Segue does not know this object.", at)
        target = frame.ctx.model(kind.model)
        if target.proxy or concrete(frame.ctx, kind.model).parents or kind.site.keyless:
            raise frame.refuse(
                "generic-relation",
                f"{label}.{key}",
                "It may stand for another model, or have no key yet.",
                at,
            )
        same_class(frame, kind, at)
        key_ = pk_field(frame.ctx, kind.model)
        column(frame.ctx, kind.site, key_.attname)
        types = Instance(CONTENT_TYPE, Needs(CONTENT_TYPE, written=True), "entity")
        found[relation.content_type_field] = Val(types, of_model(frame, kind.model))
        found[relation.object_id_field] = Val(
            column_kind(frame.ctx, key_), ast.Attribute(value.node, key_.attname, ast.Load())
        )
    return found


def generic_parent(
    frame: Frame, instance: Instance, accessor: str, owner: ast.expr | None, at: ast.AST
) -> dict[str, Val] | None:
    """The two columns that ``paper.comments.create(…)`` gives the new row; None where ``accessor`` is no ``GenericRelation``.

    Source: ``create_generic_related_manager``, whose ``create`` puts them over what it is given.
    """
    item = field_of(concrete(frame.ctx, instance.model), accessor)
    relation = item.relation if item is not None else None
    if item is None or relation is None or relation.kind != "generic_relation":
        return None
    generic_hop(frame, instance.model, item, at)
    if instance.nullable or owner is None or not is_pure(owner):
        raise frame.refuse("generic-relation", f"{instance.model}.{accessor}", "There may be no object.", at)
    same_class(frame, instance, at)
    types = Instance(CONTENT_TYPE, Needs(CONTENT_TYPE, written=True), "entity")
    key = pk_field(frame.ctx, instance.model)
    column(frame.ctx, instance.site, key.attname)
    return {
        relation.content_type_field: Val(types, of_model(frame, instance.model)),
        relation.object_id_field: Val(
            column_kind(frame.ctx, key), ast.Attribute(owner, key.attname, ast.Load())
        ),
    }
