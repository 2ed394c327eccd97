"""``RefreshToken.for_user(user).access_token`` of simplejwt → ``issued(user, "access", …)``."""

from __future__ import annotations

import ast

from segue.snapshot.model import Value
from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import Instance, NewToken, Scalar
from segue.translate.load.models import concrete, pk_field
from segue.translate.load.needs import column
from segue.translate.rules.registry import attribute, function, method
from segue.translate.serializers.by_view import current_view
from segue.translate.specialise.fold import plain
from segue.translate.versions import since
from segue.translate.views.jwt import declare_settings

_TOKENS = "rest_framework_simplejwt.tokens."
_DISTRIBUTION = "djangorestframework-simplejwt"


@function(f"{_TOKENS}RefreshToken.for_user", f"{_TOKENS}AccessToken.for_user")
def for_user(frame: Frame, call: CallSite) -> Val:
    """The token before anybody reads it: its text is made where it is shown."""
    call.only("user", at_most=1)
    user = call.argument(0, "user")
    cls = call.name.removeprefix(_TOKENS).partition(".")[0]
    ctx = frame.ctx
    if cls == "RefreshToken" and any(
        app.startswith("rest_framework_simplejwt.token_blacklist")
        for app in ctx.snapshot.settings.installed_apps
    ):
        raise frame.refuse(
            "jwt", ast.unparse(call.node), "Tokens that are written into the blacklist's table.", call.node
        )
    known = user is not None and isinstance(user.kind, Instance) and not user.kind.nullable
    if user is None or not known or user.node is None:
        raise frame.refuse("jwt", ast.unparse(call.node), "Segue cannot tell whose token this is.", call.node)
    node = user.node if isinstance(user.node, ast.Name) else frame.hoist("user", user.node, call.node)
    return _needed(frame, Val(user.kind, node), cls)


def _needed(frame: Frame, user: Val, cls: str) -> Val:
    """The columns that the claims are made of are loaded."""
    kind = user.kind
    assert isinstance(kind, Instance)
    settings = _given(frame)
    field = str(settings.get("USER_ID_FIELD", "id"))
    key = (
        pk_field(frame.ctx, kind.model)
        if field in ("id", "pk")
        else next(f for f in concrete(frame.ctx, kind.model).fields if f.name == field)
    )
    column(frame.ctx, kind.site, key.attname)
    if settings.get("CHECK_REVOKE_TOKEN"):
        column(frame.ctx, kind.site, "password")
    return Val(NewToken(cls), user.node)


@attribute(NewToken, "access_token")
def access_token(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``refresh.access_token``: of the same user."""
    assert isinstance(owner.kind, NewToken)
    return Val(NewToken("AccessToken"), owner.node) if owner.kind.cls == "RefreshToken" else None


@method(NewToken, "__str__")
def text(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``str(token)``: signed as the settings say."""
    assert isinstance(owner.kind, NewToken)
    assert owner.node is not None
    ctx = frame.ctx
    endpoint = current_view(ctx)
    installed = {k.lower().replace("_", "-"): v for k, v in ctx.snapshot.versions.packages.items()}
    version = installed.get(_DISTRIBUTION, "")
    if endpoint is None or not version or (since(version, 5, 4) and not since(version, 5, 5)):
        raise frame.refuse(
            "jwt", ast.unparse(call.node), "Segue does not know this release's tokens.", call.node
        )
    declare_settings(endpoint)
    given = _given(frame)
    if str(given.get("ALGORITHM", ""))[:2] != "HS":
        raise frame.refuse("jwt", "ALGORITHM", "Only shared keys sign tokens here.", call.node)
    refresh = owner.kind.cls == "RefreshToken"
    lifetime = given.get("REFRESH_TOKEN_LIFETIME" if refresh else "ACCESS_TOKEN_LIFETIME")
    if not isinstance(lifetime, Value) or lifetime.kind != "timedelta":
        raise frame.refuse("jwt", "ACCESS_TOKEN_LIFETIME", "Segue cannot read this setting.", call.node)
    frame.use(Import(f"{ctx.program.package}.access", "JWT"))
    seconds = int(str(lifetime.data)) / 1_000_000
    made = quote(
        "{0}({1}, {2}, {3}, {4})",
        frame.imported("segue_bridge.auth.jwt", "issued"),
        owner.node,
        literal("refresh" if refresh else "access"),
        literal(int(seconds) if seconds.is_integer() else seconds),
        name("JWT"),
    )
    if not since(version, 5, 4):
        assert isinstance(made, ast.Call)
        made.keywords.append(ast.keyword("number", ast.Constant(True)))
    return Val(Scalar("str"), made)


def _given(frame: Frame) -> dict[str, object]:
    found = frame.ctx.snapshot.settings.values.get("SIMPLE_JWT")
    return {str(k.data): plain(v) for k, v in found.pairs} if found is not None else {}
