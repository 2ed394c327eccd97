"""simplejwt's serializers: who gets tokens, and what becomes of tokens that are sent back."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.snapshot.model import GlobalRef
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.inline import inline_call
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import DictOf, Global, Scalar, SerializerSelf, Super, ValidatedData
from segue.translate.rules.registry import attribute, framework
from segue.translate.serializers import kept
from segue.translate.serializers.by_view import current_view
from segue.translate.serializers.facts import error_key
from segue.translate.serializers.rules.kept import put_on_self
from segue.translate.specialise.fold import plain
from segue.translate.views import jwt_views
from segue.translate.views.rules.tokens import issued_token, token_type

_S = jwt_views.SERIALIZERS
_FINDS = """\
def validate(self, attrs):
    user = authenticate({username}=attrs["{username}"], password=attrs["password"])
    if user is None{inactive}:
        raise AuthenticationFailed(_("No active account found with the given credentials"), "no_active_account")
    return user
"""
_NAMES = {
    "authenticate": GlobalRef("function", "django.contrib.auth.authenticate"),
    "AuthenticationFailed": GlobalRef("class", "rest_framework.exceptions.AuthenticationFailed"),
    "_": GlobalRef("function", "django.utils.translation.gettext"),
}


def _self(owner: Val) -> SerializerSelf:
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    assert isinstance(kind, SerializerSelf)
    return kind


@framework(f"{_S}TokenObtainSerializer.validate")
def find_user(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Whoever has that name and password is ``self.user``; the dict is empty."""
    kind, ctx = _self(owner), frame.ctx
    endpoint, attrs = current_view(ctx), call.argument(0, "attrs")
    function = ctx.snapshot.functions.get(f"{_S}TokenObtainSerializer.validate")
    known = ctx.snapshot.classes.get(kind.name)
    if endpoint is None or function is None or known is None or attrs is None:
        raise frame.refuse("jwt", ast.unparse(call.node), "Segue does not know this serializer.", call.node)
    if not isinstance(attrs.kind, ValidatedData):
        raise frame.refuse("jwt", ast.unparse(call.node), "It is given other values.", call.node)
    frame.use(jwt_views.tokens(endpoint))
    _own_text(frame, kind, call)
    username = plain(known.attributes["username_field"].value)
    if not isinstance(username, str):
        raise frame.refuse("jwt", "username_field", "Segue cannot tell what users log in with.", call.node)
    active = jwt_views.given(ctx).get("CHECK_USER_IS_ACTIVE", True)
    source = _FINDS.format(username=username, inactive=" or not user.is_active" if active else "")
    written = replace(function, source=source, globals=_NAMES)
    user = inline_call(frame, written, {"attrs": attrs}, Val(kind), call.node)
    put_on_self(frame, kind.name, "user", user)
    kept.kinds(ctx, kind.name)["user"] = user.kind  # whoever calls this one may read it
    return Val(DictOf(), ast.Dict([], []))


@framework(f"{_S}TokenObtainPairSerializer.validate", f"{_S}TokenObtainSlidingSerializer.validate")
def tokens_of_user(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """simplejwt's own source, written where it is asked: it calls what the project overrides."""
    kind, attrs = _self(owner), call.argument(0, "attrs")
    function = frame.ctx.snapshot.functions.get(_pairing(frame, kind))
    if function is None or attrs is None:
        raise frame.refuse("jwt", ast.unparse(call.node), "Segue does not know this serializer.", call.node)
    return inline_call(frame, function, {"attrs": attrs}, Val(kind), call.node)


def _pairing(frame: Frame, kind: SerializerSelf) -> str:
    order = frame.ctx.snapshot.classes[kind.name].mro
    names = (f"{_S}TokenObtainPairSerializer", f"{_S}TokenObtainSlidingSerializer")
    return next((f"{c}.validate" for c in order if c in names), "")


def _own_text(frame: Frame, kind: SerializerSelf, call: CallSite) -> None:
    """simplejwt's messages may be replaced by the project's."""
    known = frame.ctx.snapshot.classes[kind.name]
    found = known.attributes.get("default_error_messages")
    if found is not None and not found.defined_in.startswith(("rest_framework.", _S)):
        why = "Messages of its own are not translated yet."
        raise frame.refuse("jwt", f"{kind.name}.default_error_messages", why, call.node)


@framework(f"{_S}TokenObtainSerializer.get_token")
def get_token(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``cls.token_class.for_user(user)``; the class may be asked itself, as dj-rest-auth does."""
    call.only("user", at_most=1)
    asked = owner.kind.ref.name if isinstance(owner.kind, Global) else _self(owner).name
    known = frame.ctx.snapshot.classes.get(asked)
    held = known.attributes.get("token_class") if known is not None else None
    return issued_token(frame, call.argument(0, "user"), token_type(frame, held, call.node), call.node)


@attribute(Global, "UPDATE_LAST_LOGIN")
def update_last_login(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``api_settings.UPDATE_LAST_LOGIN`` of simplejwt."""
    assert isinstance(owner.kind, Global)
    if owner.kind.ref.name != "rest_framework_simplejwt.settings.api_settings":
        return None
    return const(bool(jwt_views.given(frame.ctx).get(attr)))


def _answer(method: str, key: str, *, given: str = "", rotated: bool = False) -> None:
    """``validate`` of a serializer that takes a token, as a method of ``TOKENS``."""

    @framework(f"{_S}{given}.validate")
    def rule(frame: Frame, owner: Val, call: CallSite) -> Val:
        endpoint, attrs = current_view(frame.ctx), call.argument(0, "attrs")
        kind = _self(owner)
        known = frame.ctx.snapshot.classes.get(kind.name)
        if endpoint is None or attrs is None or attrs.node is None or known is None:
            raise frame.refuse(
                "jwt", ast.unparse(call.node), "Segue does not know this serializer.", call.node
            )
        if not isinstance(attrs.kind, ValidatedData):
            raise frame.refuse("jwt", ast.unparse(call.node), "It is given other values.", call.node)
        held = known.attributes.get("token_class")
        if given != "TokenVerifySerializer":
            wanted = "sliding" if "Sliding" in given else "refresh"
            if token_type(frame, held, call.node) != wanted:
                raise frame.refuse("jwt", "token_class", "It is another class of tokens.", call.node)
        asks = jwt_views.has_blacklist(frame.ctx) and jwt_views.given(frame.ctx).get(
            "BLACKLIST_AFTER_ROTATION"
        )
        if method == "verify" and asks and error_key(frame.ctx) != "non_field_errors":
            why = "Revoked tokens are told under the key non_field_errors only."
            raise frame.refuse("jwt", "NON_FIELD_ERRORS_KEY", why, call.node)
        frame.use(jwt_views.tokens(endpoint))
        _own_text(frame, kind, call)
        made = quote(
            f"await TOKENS.{method}({{0}}, {{1}})",
            frame.db,
            ast.Subscript(attrs.node, literal(key), ast.Load()),
        )
        if method in ("verify", "revoke"):
            frame.emit(ast.unparse(made))
            return Val(DictOf(), ast.Dict([], []))
        keys = ["token"] if method == "slid" else ["access"]
        if rotated and jwt_views.given(frame.ctx).get("ROTATE_REFRESH_TOKENS"):
            keys.append("refresh")
        kinds = tuple((k, Scalar("str")) for k in keys)
        return Val(DictOf(kinds), made)

    rule.__doc__ = f"``{given}.validate``."


_answer("refreshed", "refresh", given="TokenRefreshSerializer", rotated=True)
_answer("slid", "token", given="TokenRefreshSlidingSerializer")
_answer("verify", "token", given="TokenVerifySerializer")
_answer("revoke", "refresh", given="TokenBlacklistSerializer")
