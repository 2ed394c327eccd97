"""``authenticate``, ``validate_password``, ``create_user`` and the tokens of password resets (``django.contrib.auth``)."""

from __future__ import annotations

import ast

from segue.translate.backends import asked_for, names
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import TOKEN_GENERATOR
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import lifted_call
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, Global, Instance, Kind, Request, Scalar, User
from segue.translate.needs import Needs
from segue.translate.rules.registry import function, method
from segue.translate.rules.user import entity_of
from segue.translate.views.accounts import password_rules, reset_tokens
from segue.translate.views.rules import own_backends

_DEFAULT = "django.contrib.auth.tokens.default_token_generator"


@function("django.contrib.auth.authenticate")
def authenticate(frame: Frame, call: CallSite) -> Val:
    """``authenticate(request, username=…, password=…)``."""
    ctx = frame.ctx
    where = frame.where(call.node)
    given = {key: value for key, value in call.kwargs.items() if key != "request"}
    asked = asked_for(ctx, where, frozenset(given))
    request = call.argument(0, "request")
    if request is not None and not (isinstance(request.kind, Request) or _is_none(request)):
        raise frame.refuse(
            "authenticate", ast.unparse(call.node), "Its first argument is no request.", call.node
        )
    if len(call.args) > 1 or call.double_star:
        raise frame.refuse(
            "authenticate",
            ast.unparse(call.node),
            "Segue cannot tell which credentials are given.",
            call.node,
        )
    if len(asked) == 1 and asked[0][1] is None and len(names(ctx)) == 1:
        return own_backends.by_name(frame, given, call, where)
    # A backend may ask whether there is a request, and which one: Django hands on what it is given.
    asking = const(None) if request is None or _is_none(request) else Val(request.kind)
    return own_backends.found(frame, call, asking, given, asked)


@function("django.contrib.auth.password_validation.validate_password")
def validate_password(frame: Frame, call: CallSite) -> Val:
    """``validate_password(password, user)``: the validators of the settings."""
    call.only("password", "user", at_most=2)
    password, user = call.argument(0, "password"), call.argument(1, "user")
    kind: Kind = user.kind if user is not None else Const(None)
    if password is None or not isinstance(password.kind, Scalar) or password.node is None:
        raise frame.refuse(
            "password-rule", ast.unparse(call.node), "Segue does not know the password.", call.node
        )
    if not isinstance(kind, Instance | User | Const) or (isinstance(kind, Instance) and kind.nullable):
        raise frame.refuse(
            "password-rule", ast.unparse(call.node), "Segue does not know the user.", call.node
        )
    if isinstance(kind, Instance):
        if kind.model != frame.ctx.snapshot.settings.user_model:
            raise frame.refuse("password-rule", ast.unparse(call.node), "It is no user.", call.node)
        if kind.mode == "row":
            kind.site.written = True
        kind = Instance(kind.model, Needs(kind.model, written=True), "entity")
    elif isinstance(kind, User):
        kind = User(kind.model)
    lifted = password_rules(frame.ctx, password.kind, kind, frame.where(call.node))
    assert password.node is not None
    explicit = [password.node]
    if not isinstance(kind, Const):
        assert user is not None
        assert user.node is not None
        explicit.append(user.node)
    return Val(Const(None), lifted_call(frame, lifted, explicit))


@method(Global, "make_token", "check_token")
def reset_token(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``default_token_generator.make_token(user)`` and ``.check_token(user, token)``."""
    assert isinstance(owner.kind, Global)
    ref = owner.kind.ref
    if ref.name != _DEFAULT and ref.name != TOKEN_GENERATOR:
        return None
    constant = reset_tokens(frame.ctx, frame.where(call.node))
    user = call.args[0] if call.args else None
    if user is not None and isinstance(user.kind, User):
        user = entity_of(frame, user)
        assert user.node is not None
        user = Val(
            user.kind, quote("{0}({1})", frame.imported("segue_bridge.auth.users", "member"), user.node)
        )
    if user is None or not isinstance(user.kind, Instance) or user.kind.nullable or user.node is None:
        raise frame.refuse("reset-token", ast.unparse(call.node), "Segue does not know the user.", call.node)
    if user.kind.model != frame.ctx.snapshot.settings.user_model:
        raise frame.refuse("reset-token", ast.unparse(call.node), "It is no user.", call.node)
    if user.kind.mode == "row":
        user.kind.site.written = True
    frame.use(constant)
    if call.name == "make_token":
        call.only(at_most=1)
        return Val(Scalar("str"), quote("RESET_TOKENS.make({0})", user.node))
    call.only("token", at_most=2)
    token = call.argument(1, "token")
    if token is None or token.node is None or not isinstance(token.kind, Scalar | Const):
        raise frame.refuse("reset-token", ast.unparse(call.node), "Segue does not know the token.", call.node)
    return Val(Scalar("bool"), quote("RESET_TOKENS.check({0}, {1})", user.node, token.node))


def _is_none(value: Val) -> bool:
    return isinstance(value.kind, Const) and value.kind.value is None
