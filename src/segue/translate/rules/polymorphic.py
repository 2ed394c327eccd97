"""``PolymorphicManager.get_queryset()`` → every row of the model's own table."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance, Manager
from segue.translate.load.models import concrete
from segue.translate.load.own_loading import check_made
from segue.translate.models.polymorphic import children, definer, drops_missing, is_polymorphic
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


def same_class(frame: Frame, kind: Instance, node: ast.AST) -> None:
    """Refuse to ask an object for its class (``_meta``, its content type) where it may be of a child's, as django-polymorphic gives it."""
    below = [] if kind.site.exact else children(frame.ctx.snapshot, concrete(frame.ctx, kind.model))
    if below:
        raise frame.refuse(
            "polymorphic",
            ast.unparse(node),
            f"The object may be a {below[0].label}: django-polymorphic gives objects of either class.",
            node,
        )


def as_saved(frame: Frame, kind: Instance, at: ast.AST | None) -> bool:
    """Let the objects of a place be of the classes that they were saved as, so that they can be written or deleted.

    Whether the model is polymorphic at all. Raises ``Refused`` where Segue does not see the place that they come from.
    """
    snapshot = frame.ctx.snapshot
    model = concrete(frame.ctx, kind.model)
    if not is_polymorphic(snapshot, model):
        return False
    sites = [kind.site, *kind.site.united]
    if all(site.exact for site in sites):
        return True
    why = ""
    if not all(site.fetched for site in sites):
        why = "Segue does not know the classes of these objects."
    elif any(site.computed for site in sites):
        why = "The query adds values to the objects."
    elif drops_missing(snapshot) is None:
        why = "Segue knows django-polymorphic before 4 and from 4.11 on."
    below = sorted(children(snapshot, model), key=lambda m: -len(snapshot.classes[m.cls].mro))
    if any(one.proxy for one in below):
        why = why or "Proxies of polymorphic models are not translated."
    if why:
        raise frame.refuse("polymorphic", model.label, why, at)
    for one in below:
        check_made(frame.ctx, one.label)
    for site in sites:
        site.classes = tuple(one.label for one in below)
        site.written = True
    return True
