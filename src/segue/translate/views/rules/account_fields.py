"""What ``AbstractBaseUser`` says of itself: ``has_usable_password``, ``get_email_field_name``, ``clean``; addresses in normal form."""

from __future__ import annotations

import ast

from segue.snapshot.model import Model
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.attributes import of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, Global, Instance, Manager, Scalar, User
from segue.translate.load.models import concrete, field_of
from segue.translate.rules.instance import sure
from segue.translate.rules.registry import function, method
from segue.translate.rules.user import entity_of

_BASE_USER = "django.contrib.auth.base_user.AbstractBaseUser."
_CLEAN = (f"{_BASE_USER}clean", "django.contrib.auth.models.AbstractUser.clean")
_USER = "django.contrib.auth.models.AbstractUser."
_NORMALIZE = "django.contrib.auth.base_user.BaseUserManager.normalize_email"


@method(Instance, "has_usable_password")
def has_usable_password(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``AbstractBaseUser.has_usable_password``: ``is_password_usable`` of the stored hash."""
    assert isinstance(owner.kind, Instance)
    user = frame.ctx.snapshot.classes.get(frame.ctx.model(owner.kind.model).cls)
    if user is None or user.methods.get("has_usable_password") != f"{_BASE_USER}has_usable_password":
        return None
    call.only(at_most=0)
    stored = of(frame, owner, "password", call.node)
    assert stored.node is not None
    return Val(
        Scalar("bool"),
        quote("{0}({1})", frame.imported("segue_bridge.auth.passwords", "usable"), stored.node),
    )


@method(Global, "get_email_field_name")
@method(Instance, "get_email_field_name")
@method(User, "get_email_field_name")
def email_field_name(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``AbstractBaseUser.get_email_field_name``: ``EMAIL_FIELD``, or ``email``."""
    kind = owner.kind
    cls = kind.ref.name if isinstance(kind, Global) else frame.ctx.model(kind.model).cls  # type: ignore[attr-defined]
    known = frame.ctx.snapshot.classes.get(cls)
    if known is None or known.methods.get("get_email_field_name") != f"{_BASE_USER}get_email_field_name":
        return None
    found = known.attributes.get("EMAIL_FIELD")
    return const(found.value.data if found is not None and isinstance(found.value.data, str) else "email")


@method(Instance, "get_username")
@method(User, "get_username")
def username(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``AbstractBaseUser.get_username``: the column that ``USERNAME_FIELD`` names; '' of anonymous users."""
    cls = frame.ctx.model(owner.kind.model).cls  # type: ignore[attr-defined]
    known = frame.ctx.snapshot.classes.get(cls)
    if known is None or known.methods.get("get_username") != f"{_BASE_USER}get_username":
        return None
    call.only(at_most=0)
    found = known.attributes.get("USERNAME_FIELD")
    field = found.value.data if found is not None else None
    if not isinstance(field, str) or (isinstance(owner.kind, User) and field != "username"):
        return None
    return of(frame, owner, field, call.node)


@method(Instance, "get_full_name", "get_short_name")
@method(User, "get_full_name", "get_short_name")
def names(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``AbstractUser.get_full_name``: first and last name with a space between, stripped; ``get_short_name``: the first name.

    An anonymous user has neither, which is an ``AttributeError`` on both sides.
    """
    model = concrete(frame.ctx, owner.kind.model)  # type: ignore[attr-defined]
    known = frame.ctx.snapshot.classes.get(model.cls)
    if known is None or known.methods.get(call.name) != f"{_USER}{call.name}":
        return None
    call.only(at_most=0)
    if call.name == "get_short_name":
        return of(frame, owner, "first_name", call.node) if field_of(model, "first_name") else None
    if isinstance(owner.kind, User):
        owner = entity_of(frame, owner)
        assert owner.node is not None
        owner = Val(
            owner.kind, quote("{0}({1})", frame.imported("segue_bridge.auth.users", "member"), owner.node)
        )
    whose = sure(frame, owner, call.node)
    if whose.node is None:
        return None
    for part in ("first_name", "last_name"):
        item = field_of(model, part)
        if item is None or of(frame, whose, part, call.node).kind not in (Scalar("str"), Scalar("str", True)):
            return None
    return Val(
        Scalar("str"),
        quote("{0}({1})", frame.imported("segue_bridge.auth.users", "full_name"), whose.node),
    )


def cleaned(frame: Frame, model: Model, dotted: str, user: ast.expr) -> ast.expr | None:
    """The call that stands for ``clean`` of ``AbstractBaseUser`` or ``AbstractUser``; None where the project redefines a part of it.

    Source: ``django.contrib.auth`` (5.2). ``dotted`` is the method that the class of ``model`` has.
    """
    known = frame.ctx.snapshot.classes.get(model.cls)
    if dotted not in _CLEAN or known is None:
        return None
    parts = ("normalize_username", "get_username")
    if any(known.methods.get(part) != f"{_BASE_USER}{part}" for part in parts):
        return None
    field = known.attributes.get("USERNAME_FIELD")
    given: list[ast.expr] = [user]
    username = field.value.data if field is not None else None
    if not isinstance(username, str) or not any(item.name == username for item in model.fields):
        return None
    if username != "username" or dotted == _CLEAN[1]:
        given.append(ast.Constant(username))
    if dotted == _CLEAN[1]:
        manager = frame.ctx.snapshot.classes.get(model.managers.get("objects", ""))
        if not any(item.name == "email" for item in model.fields):
            return None
        if manager is None or manager.methods.get("normalize_email") != _NORMALIZE:
            return None
        given.append(ast.Constant("email"))
    return ast.Call(frame.imported("segue_bridge.auth.users", "clean_user"), given, [])


@function(_NORMALIZE)
def normalize_email(frame: Frame, call: CallSite) -> Val | None:
    """``BaseUserManager.normalize_email(email)``: the domain in lower case."""
    return _normalized(frame, call)


@method(Manager, "normalize_email")
def normalize_by_manager(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The same, called on a manager."""
    assert isinstance(owner.kind, Manager)
    dotted = frame.ctx.model(owner.kind.model).managers.get(owner.kind.name, "")
    known = frame.ctx.snapshot.classes.get(dotted)
    if known is None or known.methods.get("normalize_email") != _NORMALIZE:
        return None
    return _normalized(frame, call)


def _normalized(frame: Frame, call: CallSite) -> Val | None:
    call.only("email", at_most=1)
    given = call.argument(0, "email")
    if given is None or given.node is None or not isinstance(given.kind, Scalar | Const):
        return None
    helper = frame.imported("segue_bridge.auth.users", "normal_email")
    return Val(Scalar("str"), quote("{0}({1})", helper, given.node))
