"""DRF's authentication inside of the project's own classes: ``super().authenticate(request)`` and its helpers."""

from __future__ import annotations

import ast

from segue.snapshot.model import Class, GlobalRef
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke_function
from segue.translate.interp.join import nullable
from segue.translate.interp.value import Val, const, quote
from segue.translate.interp.value import name as name_of
from segue.translate.kinds import (
    Claims,
    Const,
    Global,
    Instance,
    Kind,
    Maybe,
    Object,
    Request,
    Scalar,
    TupleOf,
)
from segue.translate.needs import Needs
from segue.translate.rules.registry import framework, function, method
from segue.translate.views.authentication import declared_base
from segue.translate.views.own_authentication import DRF, JWT, changed, credentials

_BASES = (JWT, f"{DRF}SessionAuthentication", f"{DRF}BasicAuthentication")


def _class(frame: Frame, owner: Val, call: CallSite) -> Class:
    known = frame.ctx.snapshot.classes.get(owner.kind.cls) if isinstance(owner.kind, Object) else None
    if known is None:
        raise frame.refuse("authentication", ast.unparse(call.node), "Its class is not known.", call.node)
    return known


@function(f"{DRF}get_authorization_header")
def header(frame: Frame, call: CallSite) -> Val:
    """``get_authorization_header(request)``: bytes."""
    call.only("request", at_most=1)
    request = call.argument(0, "request")
    if request is None or not isinstance(request.kind, Request):
        raise frame.refuse("authentication", ast.unparse(call.node), "It is given no request.", call.node)
    helper = frame.imported("segue_bridge.auth.own", "authorization_header")
    return Val(Scalar("bytes"), quote("{0}({1})", helper, frame.state("request")))


@framework(f"{DRF}BaseAuthentication.authenticate_header", f"{DRF}SessionAuthentication.authenticate_header")
def no_header(frame: Frame, owner: Val, call: CallSite) -> Val:
    """No challenge: 403 instead of 401."""
    return const(None)


@framework(f"{DRF}TokenAuthentication.get_model")
def get_model(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The class attribute ``model``, else ``authtoken.Token``."""
    call.only()
    known = _class(frame, owner, call)
    found = known.attributes.get("model")
    if found is None or (found.value.kind == "const" and found.value.data is None):
        if "authtoken.Token" not in frame.ctx.snapshot.models:
            raise frame.refuse(
                "authentication", known.name, "rest_framework.authtoken is not installed.", call.node
            )
        return Val(Global(GlobalRef("model", frame.ctx.model("authtoken.Token").cls)))
    name = found.value.name
    if not any(m.cls == name for m in frame.ctx.snapshot.models.values()):
        raise frame.refuse("authentication", f"{known.name}.model", "It is no model.", call.node)
    return Val(Global(GlobalRef("model", name)))


@framework(f"{DRF}TokenAuthentication.authenticate")
def authenticate(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``TokenAuthentication.authenticate``: the key of the header, given to ``authenticate_credentials``."""
    known = _class(frame, owner, call)
    keyword = known.attributes.get("keyword")
    if keyword is None or not isinstance(keyword.value.data, str):
        raise frame.refuse("authentication", f"{known.name}.keyword", "It is no text.", call.node)
    helper = frame.imported("segue_bridge.auth.own", "header_token")
    key = frame.hoist(
        "key", quote("{0}({1}, {2})", helper, frame.state("request"), ast.Constant(keyword.value.data))
    )
    dotted = known.methods.get("authenticate_credentials", "")
    found = frame.ctx.snapshot.functions.get(dotted)
    if found is None:
        model = get_model(frame, owner, CallSite(frame, ast.Call(call.node.func, [], []), "get_model"))
        assert isinstance(model.kind, Global)
        found = credentials(known, model.kind.ref.name, frame.where(call.node))
    inner = CallSite(frame, call.node, "authenticate_credentials")
    inner._args, inner._kwargs = [Val(Scalar("str"), key)], {}
    user = invoke_function(frame, found, inner, owner)
    assert user.node is not None
    return Val(nullable(user.kind), quote("{0} if {1} is not None else None", user.node, key))


@framework(f"{DRF}TokenAuthentication.authenticate_credentials")
def authenticate_credentials(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``super().authenticate_credentials(key)``."""
    known = _class(frame, owner, call)
    model = get_model(frame, owner, CallSite(frame, ast.Call(call.node.func, [], []), "get_model"))
    assert isinstance(model.kind, Global)
    made = credentials(known, model.kind.ref.name, frame.where(call.node))
    return invoke_function(frame, made, call, owner)


@framework(*(f"{base}.authenticate" for base in _BASES))
def of_base(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().authenticate(request)`` of simplejwt's class, of sessions and of passwords: whom they find, and the token."""
    ctx, known = frame.ctx, _class(frame, owner, call)
    call.only("request", at_most=1)
    first = call.argument(0, "request")
    base = next(one for one in _BASES if one in known.mro)
    behind = ctx.snapshot.classes.get(base)
    if first is None or not isinstance(first.kind, Request) or behind is None:
        return None
    used = {*behind.methods, *behind.attributes} - {
        "authenticate",
        "authenticate_header",
        "__doc__",
        "__module__",
    }
    for name in sorted(changed(known) & used):
        why = "What it goes on to looks at this, which the project has changed."
        raise frame.refuse("authentication", f"{known.name}.{name}", why, call.node)
    constant, imported = declared_base(ctx, base)
    frame.use(imported)
    state, db = frame.state("call"), frame.db
    session = "{1}.stored_session" if base.endswith(".SessionAuthentication") else "None"
    found = frame.hoist(
        "found", quote(f"await {{0}}.authenticate({{1}}, {{2}}, {session})", name_of(constant), state, db)
    )
    model = ctx.snapshot.settings.user_model
    user = Instance(model, Needs(model, written=True), "entity")
    token: Kind = Claims() if base == JWT else Const(None)
    return Val(Maybe(TupleOf((user, token))), found)


@method(Claims, "get", "__getitem__", "__contains__")
def claim(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``token["team"]``, ``token.get("team", None)``, ``"team" in token``."""
    first, default = call.argument(0, "key"), call.argument(1, "default")
    if (
        first is None
        or first.node is None
        or owner.node is None
        or (default is not None and default.node is None)
    ):
        return None
    if call.name == "__contains__":
        return Val(Scalar("bool"), quote("{0} in {1}", first.node, owner.node))
    if call.name == "__getitem__":
        return Val(Scalar("Any"), quote("{0}[{1}]", owner.node, first.node))
    given = [node for node in (first.node, default.node if default is not None else None) if node is not None]
    return Val(Scalar("Any"), ast.Call(ast.Attribute(owner.node, "get", ast.Load()), given, []))
