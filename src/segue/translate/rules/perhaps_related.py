"""``hasattr(user, "profile")`` and ``getattr(user, "profile", None)``: a one-to-one relation from its other side, which may lead
nowhere, of an object that is asked for it by a query of its own (``request.user``, objects that are written).

``RelatedObjectDoesNotExist`` is an ``AttributeError``, so that the query answers both; it is kept on the object, found or not, as
Django's descriptor keeps it. An anonymous user has no such attribute.
"""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Instance, Scalar, User
from segue.translate.load.models import concrete, reverse_of
from segue.translate.load.needs import check_fresh


def perhaps_related(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """The related object or None; None where ``owner`` is no such object, or ``name`` no such relation of it."""
    from segue.translate.rules.following import follow
    from segue.translate.rules.user import entity_of

    of_user = owner.kind if isinstance(owner.kind, User) else None
    if owner.node is None:
        return None
    if of_user is not None and of_user.authenticated is False:
        return const(None) if _reverse_one(frame, of_user.model, name) else None
    target = entity_of(frame, owner) if of_user is not None else owner
    kind = target.kind
    if not isinstance(kind, Instance) or kind.mode != "entity" or kind.nullable or target.node is None:
        return None
    label = _reverse_one(frame, kind.model, name)
    if not label or kind.site.keyless:
        return None
    check_fresh(kind.site, name)
    label = concrete(frame.ctx, label).label
    if concrete(frame.ctx, label).parents:
        return None
    return follow(frame, target, name, label, node, or_none=True)


def has_related(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Whether there is one; None as in :func:`perhaps_related`."""
    found = perhaps_related(frame, owner, name, node)
    if found is None:
        return None
    if not isinstance(found.kind, Instance):
        return const(False)
    return Val(Scalar("bool"), quote("({0}) is not None", found.node)) if found.node is not None else None


def _reverse_one(frame: Frame, label: str, name: str) -> str:
    """The model at the other end; '' where that is no one-to-one relation from its other side."""
    reverse = reverse_of(concrete(frame.ctx, label), name)
    return reverse.model if reverse is not None and reverse.kind == "o2o" else ""
