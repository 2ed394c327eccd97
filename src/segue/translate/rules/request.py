"""The request: user, query parameters, body, method, headers."""

from __future__ import annotations

import ast

from segue.translate.interp import carried
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.carried import REQUEST_AUTH
from segue.translate.interp.expressions.attributes import find
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    BoundMethod,
    Const,
    Instance,
    ListOf,
    Payload,
    QueryParameters,
    Request,
    Scalar,
    User,
    ViewSelf,
)
from segue.translate.rules import meta, request_state
from segue.translate.rules.given_attributes import read_aside
from segue.translate.rules.registry import attribute, method
from segue.translate.specialise.users import anonymous_is_djangos


@attribute(Request, "user")
def user(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.user``: whom authentication has found, or whom code has put there since."""
    if "user" in carried.on_request(frame.ctx):
        return request_state.read(frame, "user", node)
    if not carried.is_open(frame.ctx) and not read_aside(frame.ctx, "user"):
        why = "Code of a view puts another there, and this is translated once for all views."
        raise frame.refuse("request", "request.user", why, node)
    authenticated = _authenticated(frame)
    if not authenticated and not anonymous_is_djangos(frame.ctx):
        why = "Without credentials it is no AnonymousUser of Django's, but None or something of the project's own."
        raise frame.refuse("user-model", "UNAUTHENTICATED_USER", why, node)
    return Val(User(frame.ctx.snapshot.settings.user_model, authenticated), frame.state("user"))


def _authenticated(frame: Frame) -> bool | None:
    found = frame.ctx.memo.get(("kernel", "authenticated"))
    return bool(found) if isinstance(found, bool) else None


@attribute(Request, "auth")
def auth(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.auth``: what the authentication classes of the view put there."""
    known = frame.ctx.memo.get(REQUEST_AUTH)
    if isinstance(known, Instance):
        return Val(known, frame.state("auth"))
    if isinstance(known, Const):
        return const(None)
    from segue.translate.views.own_authentication import any_of_project

    if any_of_project(frame.ctx):
        raise frame.refuse(
            "request-auth",
            "request.auth",
            "What the project's own authentication puts there is not known at this place.",
            node,
        )
    return Val(Scalar("Any"), frame.state("auth"))


@attribute(Request, "version")
def version(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.version``: what ``determine_version`` found, None without a versioning class."""
    return Val(Scalar("str", True), frame.state("version"))


def _check_own(frame: Frame, owner: Val, name: str, node: ast.AST) -> None:
    """Refuse what only DRF's request has, asked of Django's: an ``AttributeError`` there, unless middleware gives it one."""
    if getattr(owner.kind, "raw", False) and name in ("data", "query_params"):
        raise frame.refuse("request", f"_request.{name}", "Django's own request has none; ask DRF's.", node)


@attribute(Request, "query_params", "GET")
def query_params(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.query_params``."""
    _check_own(frame, owner, name, node)
    return Val(QueryParameters(), frame.state("query"))


@attribute(Request, "data")
def data(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.data``: parsed when it is first read, as DRF does."""
    _check_own(frame, owner, name, node)
    frame.is_async = True
    return Val(Payload(), quote("(await {0}())", frame.state("body")))


@attribute(Request, "method")
def http_method(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.method``, a constant where the endpoint is known."""
    assert isinstance(owner.kind, Request)
    known = owner.kind.method or _endpoint_method(frame)
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


@attribute(Request, "META", "headers", "COOKIES")
def headers(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Left to the methods below."""
    return Val(BoundMethod(owner.kind, name))


@method(BoundMethod, "get")
def header(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request.headers.get("X-Y")``, ``request.META.get("HTTP_X_Y")``, ``request.COOKIES.get("name")``."""
    of_server = _of_server(frame, owner, call)
    if of_server is not None:
        return of_server
    found = _sent(frame, owner, call)
    if found is None:
        return None
    mapping, wanted = found
    default = call.argument(1)
    if default is None:
        return Val(Scalar("str", True), quote("{0}.get({1})", mapping, literal(wanted)))
    if default.node is None:
        return None
    if isinstance(default.kind, Const) and isinstance(default.kind.value, bytes):
        raise frame.refuse(
            "header", ast.unparse(call.node), "Its default is bytes, a header is text.", call.node
        )
    null = isinstance(default.kind, Const) and default.kind.value is None
    return Val(Scalar("str", null), quote("{0}.get({1}, {2})", mapping, literal(wanted), default.node))


@method(BoundMethod, "__getitem__")
def header_item(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request.META["HTTP_X_Y"]``: a ``KeyError`` on both sides where it is missing."""
    of_server = _of_server(frame, owner, call)
    if of_server is not None:
        return of_server
    found = _sent(frame, owner, call)
    if found is None:
        return None
    return Val(Scalar("str"), quote("{0}[{1}]", found[0], literal(found[1])))


@method(BoundMethod, "__contains__")
def header_sent(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``"HTTP_X_Y" in request.META``."""
    of_server = _of_server(frame, owner, call)
    if of_server is not None:
        return of_server
    found = _sent(frame, owner, call)
    if found is None:
        return None
    return Val(Scalar("bool"), quote("{0} in {1}", literal(found[1]), found[0]))


def _of_server(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """What the server tells, asked of ``request.META``; None for headers, and for another owner."""
    kind, first = owner.kind, call.argument(0)
    assert isinstance(kind, BoundMethod)
    if not isinstance(kind.owner, Request) or kind.name != "META" or first is None:
        return None
    known = first.kind.value if isinstance(first.kind, Const) else None
    return meta.asked(frame, known, call) if isinstance(known, str) else None


def _sent(frame: Frame, owner: Val, call: CallSite) -> tuple[ast.expr, str] | None:
    """The generated mapping, and the name in it; None where the owner is no such mapping."""
    kind = owner.kind
    assert isinstance(kind, BoundMethod)
    if not isinstance(kind.owner, Request) or kind.name not in ("META", "headers", "COOKIES"):
        return None
    first = call.argument(0)
    if first is None or not isinstance(first.kind, Const) or not isinstance(first.kind.value, str):
        raise frame.refuse("header", ast.unparse(call.node), "The name is computed.", call.node)
    wanted = first.kind.value
    if kind.name == "COOKIES":
        return quote("{0}.cookies", frame.state("request")), wanted
    if kind.name == "META":
        wanted = wanted[5:].replace("_", "-").title()
    return quote("{0}.headers", frame.state("request")), wanted


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
