"""The request: user, query parameters, body, method, headers."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.attributes import find
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    BoundMethod,
    Const,
    ListOf,
    Payload,
    QueryParameters,
    Request,
    Scalar,
    User,
    ViewSelf,
)
from segue.translate.rules.registry import attribute, method


@attribute(Request, "user")
def user(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.user``."""
    return Val(User(frame.ctx.snapshot.settings.user_model, _authenticated(frame)), frame.state("user"))


def _authenticated(frame: Frame) -> bool | None:
    found = frame.ctx.memo.get(("kernel", "authenticated"))
    return bool(found) if isinstance(found, bool) else None


@attribute(Request, "auth")
def auth(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.auth``."""
    return Val(Scalar("Any"), frame.state("auth"))


@attribute(Request, "version")
def version(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.version``: what ``determine_version`` found, None without a versioning class."""
    return Val(Scalar("str", True), frame.state("version"))


@attribute(Request, "query_params", "GET")
def query_params(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.query_params``."""
    return Val(QueryParameters(), frame.state("query"))


@attribute(Request, "data")
def data(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.data``: parsed when it is first read, as DRF does."""
    frame.is_async = True
    return Val(Payload(), quote("(await {0}())", frame.state("body")))


@attribute(Request, "method")
def http_method(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.method``, a constant where the endpoint is known."""
    known = _endpoint_method(frame)
    return const(known) if known else Val(Scalar("str"), frame.state("method"))


def _endpoint_method(frame: Frame) -> str:
    for value in [frame.receiver, *frame.env.values()]:
        if value is not None and isinstance(value.kind, ViewSelf):
            found = getattr(value.kind.endpoint, "method", None)
            if isinstance(found, str) and found:
                return found
    return ""


@method(Request, "build_absolute_uri")
def build_absolute_uri(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``request.build_absolute_uri()`` and ``build_absolute_uri(location)``."""
    call.only("location", at_most=1)
    location = call.argument(0, "location")
    if location is None or (isinstance(location.kind, Const) and location.kind.value is None):
        return Val(Scalar("str"), quote("{0}.absolute()", frame.state("call")))
    known = location.kind.value if isinstance(location.kind, Const) else None
    text = isinstance(known, str) or location.kind == Scalar("str")
    if not text or location.node is None:
        raise frame.refuse("request", ast.unparse(call.node), "The location is no plain text.", call.node)
    return Val(Scalar("str"), quote("{0}.absolute({1})", frame.state("call"), location.node))


@attribute(Request, "_request")
def raw(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request._request``: Django's own request."""
    return Val(Request(raw=True))


@attribute(Request, "META", "headers")
def headers(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Left to the methods below."""
    return Val(BoundMethod(owner.kind, name))


@method(BoundMethod, "get")
def header(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request.headers.get("X-Y")`` and ``request.META.get("HTTP_X_Y")``."""
    kind = owner.kind
    assert isinstance(kind, BoundMethod)
    if not isinstance(kind.owner, Request) or kind.name not in ("META", "headers"):
        return None
    first = call.argument(0)
    if first is None or not isinstance(first.kind, Const) or not isinstance(first.kind.value, str):
        raise frame.refuse("header", ast.unparse(call.node), "The header's name is computed.", call.node)
    wanted = first.kind.value
    if kind.name == "META":
        if not wanted.startswith("HTTP_"):
            raise frame.refuse("request-meta", wanted, "Only headers are read from META.", call.node)
        wanted = wanted[5:].replace("_", "-").title()
    request = frame.state("request")
    default = call.argument(1)
    if default is None:
        return Val(Scalar("str", True), quote("{0}.headers.get({1})", request, literal(wanted)))
    if default.node is None:
        return None
    null = isinstance(default.kind, Const) and default.kind.value is None
    return Val(
        Scalar("str", null), quote("{0}.headers.get({1}, {2})", request, literal(wanted), default.node)
    )


@method(QueryParameters, "get")
def get(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``query_params.get(name, default)``: the last value."""
    name, default = call.argument(0), call.argument(1, "default")
    if name is None or name.node is None or owner.node is None:
        raise frame.refuse(
            "query-params", ast.unparse(call.node), "The parameter's name has no form.", call.node
        )
    if default is None:
        return Val(Scalar("str", True), quote("{0}.get({1})", owner.node, name.node))
    if default.node is None:
        raise frame.refuse("query-params", ast.unparse(call.node), "The default has no form.", call.node)
    from segue.translate.interp.join import join

    return Val(
        join(Scalar("str"), default.kind), quote("{0}.get({1}, {2})", owner.node, name.node, default.node)
    )


@method(QueryParameters, "getlist")
def getlist(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``query_params.getlist(name)``: every value."""
    name = call.argument(0)
    call.only(at_most=1)
    if name is None or name.node is None or owner.node is None:
        raise frame.refuse(
            "query-params", ast.unparse(call.node), "The parameter's name has no form.", call.node
        )
    return Val(ListOf(Scalar("str")), quote("{0}.getlist({1})", owner.node, name.node))


@method(QueryParameters, "__getitem__")
def item(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``query_params[name]``: a missing one is a ``KeyError`` on both sides (500)."""
    name = call.argument(0)
    if name is None or name.node is None or owner.node is None:
        raise frame.refuse(
            "query-params", ast.unparse(call.node), "The parameter's name has no form.", call.node
        )
    return Val(Scalar("str"), quote("{0}[{1}]", owner.node, name.node))


@method(Payload, "get")
def payload_get(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``request.data.get(name)``; a body that is no object fails on both sides."""
    name, default = call.argument(0), call.argument(1, "default")
    if name is None or name.node is None or owner.node is None:
        raise frame.refuse("request-data", ast.unparse(call.node), "The key has no form.", call.node)
    if default is not None and default.node is not None:
        return Val(Scalar("Any"), quote("{0}.get({1}, {2})", owner.node, name.node, default.node))
    return Val(Scalar("Any", True), quote("{0}.get({1})", owner.node, name.node))


__all__ = ["find"]
