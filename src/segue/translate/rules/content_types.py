"""``ContentType.objects.get_for_model(x)`` → ``content_type(db, ContentType, "app", "model")``.

``x`` is a model, the sender of a signal, or an object. The row is that of the model behind a proxy.
Source: ``django.contrib.contenttypes.models.ContentTypeManager.get_for_model``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import model_label
from segue.translate.interp.value import Val, literal, name
from segue.translate.kinds import Global, Instance, Manager, Needs, User
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete
from segue.translate.rules.polymorphic import same_for_children
from segue.translate.rules.registry import method

CONTENT_TYPE = "contenttypes.ContentType"


@method(Manager, "get_for_model")
def get_for_model(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The content type of a model."""
    kind = owner.kind
    assert isinstance(kind, Manager)
    if kind.model != CONTENT_TYPE or kind.cls:
        return None
    call.only("model", at_most=1)
    given = call.argument(0, "model")
    label = _label(frame, given, call) if given is not None else None
    if label is None:
        raise frame.refuse(
            "content-type", ast.unparse(call.node), "Segue does not know the model.", call.node
        )
    found = Instance(CONTENT_TYPE, Needs(CONTENT_TYPE, written=True), "entity")
    return Val(found, of_model(frame, label))


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
        same_for_children(frame, given.kind, "_meta", call.node)
        return given.kind.model
    return given.kind.model if isinstance(given.kind, User) and given.kind.authenticated else None
