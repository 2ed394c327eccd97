"""``request.user``: the fields of the user model, and what anonymous users answer."""

from __future__ import annotations

import ast

from segue.translate.backends import check_flag, check_permissions
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, Instance, Scalar, User
from segue.translate.needs import Needs
from segue.translate.permissions import guardian
from segue.translate.rules import object_permissions
from segue.translate.rules.registry import attribute, method

_FLAGS = {"is_authenticated": True, "is_anonymous": False}


def entity_of(frame: Frame, owner: Val) -> Val:
    """The user as an entity of its model."""
    assert isinstance(owner.kind, User)
    site = frame.ctx.memo.get(("kernel", "user-site"))
    if not isinstance(site, Needs):
        site = Needs(owner.kind.model, written=True)
        frame.ctx.memo[("kernel", "user-site")] = site
    return Val(Instance(owner.kind.model, site, "entity"), owner.node)


@attribute(User, "is_authenticated", "is_anonymous")
def flag(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """Known where the flow has decided it."""
    assert isinstance(owner.kind, User)
    if owner.kind.authenticated is not None:
        return const(_FLAGS[name] == owner.kind.authenticated)
    assert owner.node is not None
    helper = frame.imported("segue_bridge.auth.users", "is_authenticated")
    return Val(Scalar("bool"), quote("{0}({1})" if _FLAGS[name] else "not {0}({1})", helper, owner.node))


@attribute(Instance, "is_authenticated", "is_anonymous")
def flag_of_row(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Of a row of the user table, where the model leaves them as ``AbstractBaseUser`` has them."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    if kind.nullable or kind.model != frame.ctx.snapshot.settings.user_model:
        return None
    check_flag(frame.ctx, name, frame.where(node))
    return const(_FLAGS[name])


@attribute(User, "is_staff", "is_superuser", "is_active", "username", "id", "pk")
def common(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Fields that ``AnonymousUser`` has as well."""
    kind = owner.kind
    assert isinstance(kind, User)
    if kind.authenticated is True:
        return None
    if kind.authenticated is False:
        return const({"username": "", "id": None, "pk": None}.get(name, False))
    from segue.translate.load.models import field_of, python_type

    model = frame.ctx.model(kind.model)
    item = field_of(model, name)
    assert owner.node is not None
    if item is None:
        if name in ("is_staff", "is_superuser"):
            raise frame.refuse(
                "user-field", f"user.{name}", "Only anonymous users have this attribute here.", node
            )
        return None
    return Val(
        Scalar(python_type(frame.ctx, item), name in ("id", "pk")),
        quote("{0}.%s" % ("id" if name == "pk" and item.attname == "id" else item.attname), owner.node),
    )


@attribute(User, "*")
def field(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Any other field: the entity's. For an anonymous user both sides raise ``AttributeError``."""
    from segue.translate.interp.expressions.attributes import of

    assert isinstance(owner.kind, User)
    return of(frame, entity_of(frame, owner), name, node)


@method(User, "__setattr__")
def put(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request.user.x = value``: of the entity."""
    from segue.translate.rules.writes import set_attribute

    return set_attribute(frame, entity_of(frame, owner), call)


@method(User, "has_perm")
def has_perm(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``user.has_perm("app.code")`` with Django's ModelBackend; with an object where django-rules is asked."""
    if len(call.args) + len(call.kwargs) > 1:
        if object_permissions.asked(frame.ctx):
            return object_permissions.ask(frame, owner, call)
        if guardian.asked(frame.ctx):
            return object_permissions.of_guardian(frame, owner, call)
    call.only(at_most=1)
    check_permissions(frame.ctx, frame.where(call.node))
    permission = call.argument(0)
    if permission is None or permission.node is None or owner.node is None:
        raise frame.refuse(
            "has-perm", "has_perm", "The permission has no form in the generated code.", call.node
        )
    helper = frame.imported("segue_bridge.auth.permissions", "has_perm")
    return Val(
        Scalar("bool"), quote("await {0}({1}, {2}, {3})", helper, frame.db, owner.node, permission.node)
    )


@method(User, "*")
def method_of_user(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """A method of the user model."""
    from segue.translate.interp.expressions.calls import method_call
    from segue.translate.rules.instance import model_method

    target = entity_of(frame, owner)
    assert isinstance(target.kind, Instance)
    if target.node is not None and model_method(frame, frame.ctx.model(target.kind.model).cls, call.name):
        # An anonymous user has no such method, on either side.
        helper = frame.imported("segue_bridge.auth.users", "member")
        target = Val(target.kind, quote("{0}({1})", helper, target.node))
    return method_call(frame, target, call.name, call.node)


__all__ = ["Const"]
