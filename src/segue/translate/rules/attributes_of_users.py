"""``getattr(request.user, "role", None)`` and ``hasattr(request.user, "role")``: columns that only users who are signed in have."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, Scalar, User
from segue.translate.load.models import concrete, field_of

# Attributes, properties and methods of ``AnonymousUser``.
_OF_ANONYMOUS = frozenset(
    {
        "id", "pk", "username", "is_staff", "is_active", "is_superuser", "groups", "user_permissions", "is_anonymous",
        "is_authenticated",
    }
)  # fmt: skip


def _column(frame: Frame, kind: User, wanted: str) -> bool:
    """Whether ``wanted`` is a plain column of the user model, which ``AnonymousUser`` lacks."""
    model = concrete(frame.ctx, kind.model)
    known = frame.ctx.snapshot.classes.get(model.cls)
    item = field_of(model, wanted)
    return (
        wanted not in _OF_ANONYMOUS
        and item is not None
        and item.attname == wanted
        and known is not None
        and wanted not in known.methods
        and not any(hook in known.methods for hook in ("__getattr__", "__getattribute__"))
    )


def user_has(frame: Frame, value: Val, wanted: str) -> Val | None:
    """What ``hasattr(user, wanted)`` says; None where Segue cannot tell."""
    kind = value.kind
    if not isinstance(kind, User) or value.node is None or not _column(frame, kind, wanted):
        return None
    if kind.authenticated is not None:
        return const(kind.authenticated)
    helper = frame.imported("segue_bridge.auth.users", "is_authenticated")
    return Val(Scalar("bool"), quote("{0}({1})", helper, value.node))


def user_attribute(frame: Frame, value: Val, wanted: str, default: Val, at: ast.AST) -> Val | None:
    """``getattr(user, wanted, default)``; None where Segue cannot tell."""
    from segue.translate.interp.expressions.attributes import of

    there = user_has(frame, value, wanted)
    if there is None or default.node is None or not isinstance(default.kind, Const):
        return None
    if isinstance(there.kind, Const):
        return of(frame, value, wanted, at) if there.kind.value else default
    found = of(frame, value, wanted, at)
    if found.node is None or there.node is None or not isinstance(found.kind, Scalar):
        return None
    node = quote("({0} if {1} else {2})", found.node, there.node, default.node)
    return Val(join(widen(found.kind), default.kind), node)


__all__ = ["user_attribute", "user_has"]
