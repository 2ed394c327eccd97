"""``PolymorphicManager.get_queryset()`` → every row of the model's own table."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance, Manager
from segue.translate.load.models import concrete
from segue.translate.models.polymorphic import definer
from segue.translate.query.build import model_queryset
from segue.translate.rules.registry import framework


@framework("polymorphic.managers.PolymorphicManager.get_queryset")
def every_row(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The parent's rows; :func:`same_for_children` watches over what is read of them."""
    kind = owner.kind
    if not isinstance(kind, Manager):
        return None
    if frame.ctx.model(kind.model).proxy:
        raise frame.refuse(
            "polymorphic", kind.model, "A polymorphic proxy gives the rows of its own class only.", call.node
        )
    return model_queryset(frame, kind.model, call.node)


def same_for_children(frame: Frame, kind: Instance, name: str, node: ast.AST) -> None:
    """Refuse an attribute or method that a polymorphic child defines anew, where the object may be of such a class."""
    if kind.site.exact:
        return
    label = kind.model
    child = definer(frame.ctx.snapshot, concrete(frame.ctx, label), name)
    if child is not None:
        raise frame.refuse(
            "polymorphic",
            f"{label}.{name}",
            f"{child.label} defines it anew, and django-polymorphic gives objects of either class.",
            node,
        )
