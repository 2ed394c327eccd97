"""``RefreshToken.for_user(user).access_token`` of simplejwt → ``issued(user, "access", …)``."""

from __future__ import annotations

import ast

from segue.snapshot.model import Attribute, Value
from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import (
    Claims,
    Const,
    DictOf,
    EarlyRequest,
    Instance,
    JwtToken,
    Kind,
    ListOf,
    NewToken,
    Payload,
    Raised,
    Scalar,
    TupleOf,
)
from segue.translate.load.models import concrete, pk_field
from segue.translate.load.needs import column
from segue.translate.rules import custom_signals
from segue.translate.rules.own_exceptions import own_names
from segue.translate.rules.registry import attribute, function, method
from segue.translate.serializers.by_view import current_view
from segue.translate.specialise.fold import plain
from segue.translate.versions import since
from segue.translate.views import jwt_views
from segue.translate.views.jwt import declare_settings

_TOKENS = "rest_framework_simplejwt.tokens."
_TYPES = {
    f"{_TOKENS}AccessToken": "access",
    f"{_TOKENS}RefreshToken": "refresh",
    f"{_TOKENS}SlidingToken": "sliding",
}
_PLAIN = ("str", "int", "bool", "float")


@function(f"{_TOKENS}RefreshToken.for_user", f"{_TOKENS}AccessToken.for_user")
def for_user(frame: Frame, call: CallSite) -> Val:
    """The token before anybody reads it: its text is made where it is shown."""
    call.only("user", at_most=1)
    user = call.argument(0, "user")
    cls = call.name.removeprefix(_TOKENS).partition(".")[0]
    ctx = frame.ctx
    if cls == "RefreshToken" and jwt_views.has_blacklist(ctx):
        return issued_token(frame, user, "refresh", call.node)
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


def token_type(frame: Frame, held: Attribute | None, node: ast.AST) -> str:
    """What ``token_class`` makes. Raises ``Refused`` for a class of the project's own."""
    value = held.value.name if held is not None else ""
    if value not in _TYPES:
        raise frame.refuse(
            "jwt", value or "token_class", "Tokens of this class are not translated yet.", node
        )
    return _TYPES[value]


def issued_token(frame: Frame, user: Val | None, kind: str, node: ast.AST) -> Val:
    """``RefreshToken.for_user(user)``, noted where there is a blacklist: a local variable."""
    endpoint = current_view(frame.ctx)
    known = user is not None and isinstance(user.kind, Instance) and not user.kind.nullable
    if endpoint is None or user is None or not known or user.node is None:
        raise frame.refuse("jwt", kind, "Segue cannot tell whose token this is.", node)
    assert isinstance(user.kind, Instance)
    if user.kind.model != frame.ctx.snapshot.settings.user_model:
        raise frame.refuse("jwt", user.kind.model, "Tokens are noted for users of AUTH_USER_MODEL.", node)
    frame.use(jwt_views.tokens(endpoint))
    _needed(frame, user, kind)
    column(frame.ctx, user.kind.site, pk_field(frame.ctx, user.kind.model).attname)
    made = quote(f"await TOKENS.for_user({{0}}, {{1}}, {kind!r})", frame.db, user.node)
    return Val(JwtToken(kind), made)


@function(*_TYPES)
def read_token(frame: Frame, call: CallSite) -> Val:
    """``RefreshToken(text)``: what a client has sent."""
    call.only("token", at_most=1)
    endpoint, text = current_view(frame.ctx), call.argument(0, "token")
    kind = _TYPES[call.name]
    if text is not None and _only_read(frame):
        return _claims(frame, text, kind, call)
    if endpoint is None or text is None or text.node is None:
        raise frame.refuse("jwt", ast.unparse(call.node), "A token of nobody.", call.node)
    if not isinstance(text.kind, Scalar | Payload) or (
        isinstance(text.kind, Scalar) and text.kind.type not in ("str", "Any")
    ):
        raise frame.refuse("jwt", ast.unparse(call.node), "Segue does not know this text.", call.node)
    frame.use(jwt_views.tokens(endpoint))
    made = quote(f"await TOKENS.read({{0}}, {{1}}, {kind!r})", frame.db, text.node)
    return Val(JwtToken(kind), made)


def _only_read(frame: Frame) -> bool:
    """Whether this is the code of a middleware, which no view stands around."""
    return any(isinstance(value.kind, EarlyRequest) for value in frame.env.values())


def _claims(frame: Frame, text: Val, kind: str, call: CallSite) -> Val:
    """``AccessToken(text)`` whose claims are read: no row is asked for. Raises ``Refused``."""
    if text.kind != Scalar("str") or text.node is None:
        raise frame.refuse("jwt", ast.unparse(call.node), "Segue does not know this text.", call.node)
    if kind != "access" and jwt_views.has_blacklist(frame.ctx):
        why = "Whether it is revoked is asked of the database, for which there is no rule in middleware."
        raise frame.refuse("jwt", ast.unparse(call.node), why, call.node)
    declare_settings(frame.ctx)
    frame.use(Import(f"{frame.ctx.program.package}.access", "JWT"))
    read = frame.imported("segue_bridge.auth.jwt", "verified")
    return Val(Claims(), quote(f"{{0}}({{1}}, {kind!r}, {{2}})", read, text.node, name("JWT")))


@method(JwtToken, "__setitem__")
def claim(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``token["name"] = user.username``: what JSON has."""
    key, value = call.args
    if (
        not isinstance(key.kind, Const)
        or not isinstance(key.kind.value, str)
        or value.node is None
        or not _is_json(value.kind)
    ):
        raise frame.refuse(
            "jwt", ast.unparse(call.node), "Segue does not know how JSON writes this.", call.node
        )
    assert owner.node is not None
    frame.emit(f"{owner.text}[{key.kind.value!r}] = {value.text}")
    return Val(Const(None), ast.Constant(None))


def _is_json(kind: Kind | None) -> bool:
    if isinstance(kind, Const):
        return kind.value is None or isinstance(kind.value, str | int | bool | float)
    if isinstance(kind, ListOf):
        return _is_json(kind.item)
    if isinstance(kind, DictOf):
        return bool(kind.items) and all(_is_json(k) for _, k in kind.items)
    return isinstance(kind, Scalar) and kind.type in _PLAIN


@method(JwtToken, "__str__")
def signed(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``str(token)``."""
    assert owner.node is not None
    return Val(Scalar("str"), quote("str({0})", owner.node))


@attribute(JwtToken, "access_token")
def access_of(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``refresh.access_token``: another one each time."""
    assert isinstance(owner.kind, JwtToken)
    if owner.kind.type != "refresh" or owner.node is None:
        return None
    return Val(JwtToken("access"), quote("{0}.access_token", owner.node))


@method(JwtToken, "blacklist")
def blacklist(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``token.blacklist()``."""
    assert isinstance(owner.kind, JwtToken)
    if owner.kind.type == "access" or owner.node is None or not jwt_views.has_blacklist(frame.ctx):
        return None
    call.only()
    frame.emit(ast.unparse(quote("await {0}.blacklist({1})", owner.node, frame.db)))
    return Val(Const(None), ast.Constant(None))


@function("rest_framework_simplejwt.exceptions.InvalidToken")
def invalid_token(frame: Frame, call: CallSite) -> Val:
    """``InvalidToken(text)``: 401 with text and code."""
    call.only("detail", at_most=1)
    text = call.argument(0, "detail")
    if text is None or text.node is None or not isinstance(text.kind, Scalar | Const):
        raise frame.refuse("jwt", ast.unparse(call.node), "Segue does not know this text.", call.node)
    made = quote("{0}({1})", frame.imported("segue_bridge.auth.jwt", "failed"), text.node)
    return Val(Raised("rest_framework.exceptions.AuthenticationFailed"), made)


@attribute(Raised, "args")
def arguments_of(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``error.args`` of simplejwt's ``TokenError``: its text alone."""
    assert isinstance(owner.kind, Raised)
    if owner.kind.cls != "TokenError" or owner.kind.cls in own_names(frame.ctx) or owner.node is None:
        return None
    return Val(TupleOf((Scalar("str"),)), quote("({0},)", quote("str({0})", owner.node)))


@function("django.contrib.auth.models.update_last_login")
def last_login(frame: Frame, call: CallSite) -> Val:
    """``update_last_login(None, user)``, called by hand."""
    call.only("sender", "user", at_most=2)
    user = call.argument(1, "user")
    custom_signals.update_last_login(frame, {} if user is None else {"user": user}, call)
    return Val(Const(None), ast.Constant(None))


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
    version = jwt_views.installed_version(ctx)
    if endpoint is None or not version:
        raise frame.refuse(
            "jwt", ast.unparse(call.node), "Segue does not know this release's tokens.", call.node
        )
    declare_settings(ctx)
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
    if not since(version, *jwt_views.NEWEST):
        assert isinstance(made, ast.Call)
        made.keywords.append(ast.keyword("number", ast.Constant(True)))
    return Val(Scalar("str"), made)


def _given(frame: Frame) -> dict[str, object]:
    found = frame.ctx.snapshot.settings.values.get("SIMPLE_JWT")
    return {str(k.data): plain(v) for k, v in found.pairs} if found is not None else {}
