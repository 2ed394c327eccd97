"""Code of middleware: ``get_response``, the request before the view, the answer on its way out.

The generated function is ``async def name(call, get_response)``; see :mod:`segue.translate.middleware.lifted`.
"""

from __future__ import annotations

import ast

from segue.translate.context import Context
from segue.translate.interp import carried
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import nullable
from segue.translate.interp.leaving import BEHIND
from segue.translate.interp.scope import in_source
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    BoundMethod,
    Const,
    DictOf,
    EarlyRequest,
    Kind,
    NextHandler,
    Object,
    QueryParameters,
    Request,
    RequestPath,
    Response,
    Scalar,
)
from segue.translate.middleware.sources import tree_of
from segue.translate.rules import meta
from segue.translate.rules.given_attributes import given_here, perhaps_here
from segue.translate.rules.registry import attribute, function, method

KEPT = ("middleware", "kept")
"""Memo, only while the code of a middleware is translated: attributes that every request has when it comes to a view."""
GONE_ON = ("middleware", "gone on")
"""Memo, only while the code of a middleware is translated: whether a request may have gone on to the view before what comes next."""
ATTRIBUTES = ("middleware", "given")
"""Memo: attributes that translated middleware gives to requests, and their kinds."""


@method(NextHandler, "__call__")
def get_response(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.get_response(request)``: never raises, as Django's does not."""
    if len(call.args) != 1 or call.kwargs or not isinstance(call.args[0].kind, EarlyRequest):
        raise frame.refuse(
            "middleware", ast.unparse(call.node), "It is not called with the request.", call.node
        )
    given = next((v.node for v in frame.env.values() if isinstance(v.kind, NextHandler) and v.node), None)
    if given is None:
        raise frame.refuse(
            "middleware", ast.unparse(call.node), "A helper of the middleware calls it.", call.node
        )
    frame.is_async = True
    frame.ctx.memo[GONE_ON] = True
    if not _ends(frame, call.node):
        frame.ctx.memo[BEHIND] = True
    return Val(Response(), quote("(await {0}({1}))", given, frame.state("call")))


def _ends(frame: Frame, node: ast.AST) -> bool:
    """Whether nothing of the function comes after this call: ``return self.get_response(request)``, outside of ``try`` and ``with``."""
    tree = tree_of(frame.function)
    return tree is not None and _returned(
        tree.body, getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    )


def _returned(body: list[ast.stmt], line: int, column: int) -> bool:
    for statement in body:
        match statement:
            case ast.Return(ast.Call(lineno=there, col_offset=at)) if (there, at) == (line, column):
                return True
            case ast.If(_, then, otherwise) if _returned([*then, *otherwise], line, column):
                return True
    return False


@function(
    "asgiref.sync.iscoroutinefunction",
    "asyncio.coroutines.iscoroutinefunction",
    "inspect.iscoroutinefunction",
)
def coroutine(frame: Frame, call: CallSite) -> Val | None:
    """Asked of a middleware or of ``get_response``: the synchronous side is the contract."""
    first = call.argument(0)
    return const(False) if first is not None and isinstance(first.kind, Object | NextHandler) else None


@attribute(EarlyRequest, "method")
def verb(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``request.method``."""
    return Val(Scalar("str"), ast.Attribute(frame.state("call"), "verb", ast.Load()))


@attribute(EarlyRequest, "path", "path_info")
def path(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``request.path``."""
    kind = owner.kind
    assert isinstance(kind, EarlyRequest)
    found = RequestPath("str", False, kind.prefix, kind.fixed)
    return Val(found, ast.Attribute(frame.state("call"), "url_path", ast.Load()))


LATE = "after the view"


def looked_at(ctx: Context) -> set[str]:
    """The attributes of middleware that code has read by now, and for what they are by now."""
    found = ctx.memo.setdefault(("middleware", "looked at"), set())
    assert isinstance(found, set)
    return found


def may_have(frame: Frame, owner: Val, attr: str) -> ast.expr | None:
    """``call.state``, where middleware gives ``attr`` to some of the requests only; None for any other attribute."""
    if not isinstance(owner.kind, Request | EarlyRequest) or attr not in perhaps_here(frame.ctx):
        return None
    looked_at(frame.ctx).add(attr)
    return ast.Attribute(frame.state("call"), "state", ast.Load())


def perhaps_given(frame: Frame, owner: Val, attr: str, default: Val) -> Val | None:
    """``getattr(request, attr, None)`` of what middleware gives to some requests; None for any other attribute."""
    state = may_have(frame, owner, attr)
    known = frame.ctx.memo.get(ATTRIBUTES)
    if state is None or not isinstance(known, dict):
        return None
    if not (isinstance(default.kind, Const) and default.kind.value is None):
        return None
    if isinstance(known[attr], Const):
        return const(None)
    return Val(nullable(known[attr]), quote(f"getattr({{0}}, {attr!r}, None)", state))


@attribute(EarlyRequest, "*")
@attribute(Request, "*")
def kept_by_middleware(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``request.tenant``, which a middleware has set."""
    known = frame.ctx.memo.get(ATTRIBUTES)
    if not isinstance(known, dict) or attr not in known:
        return None
    if isinstance(owner.kind, Request) and attr in carried.on_request(frame.ctx):
        return None  # what code of the view has put in its place (rules.request_attributes)
    kind = known[attr]
    looked_at(frame.ctx).add(attr)
    if isinstance(owner.kind, EarlyRequest) and frame.ctx.memo.get(GONE_ON):
        looked_at(frame.ctx).add(f"{attr} {LATE}")
    if attr in perhaps_here(frame.ctx) and (in_source(frame.ctx) or isinstance(kind, Const)):
        why = "Middleware gives it to some requests only; others have an AttributeError here, which DRF may take for a missing value."
        raise frame.refuse("request", f"request.{attr}", why, node)
    if isinstance(kind, Const) and attr in given_here(frame.ctx):
        return const(None)
    return Val(known[attr], quote(f"{{0}}.state.{attr}", frame.state("call")))


@attribute(EarlyRequest, "GET")
def query(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``request.GET``."""
    return Val(QueryParameters(), ast.Attribute(frame.state("call"), "query", ast.Load()))


@attribute(EarlyRequest, "META", "headers", "COOKIES")
def mapping(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """Left to the methods below."""
    return Val(BoundMethod(owner.kind, attr))


@method(BoundMethod, "get", "__contains__", "__getitem__")
def header(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request.headers.get("X-Y")``, ``"HTTP_X_Y" in request.META``, ``request.COOKIES["a"]``."""
    kind = owner.kind
    assert isinstance(kind, BoundMethod)
    if not isinstance(kind.owner, EarlyRequest) or kind.name not in ("META", "headers", "COOKIES"):
        return None
    first = call.args[0] if call.args else None
    if first is None or not isinstance(first.kind, Const) or not isinstance(first.kind.value, str):
        raise frame.refuse("header", ast.unparse(call.node), "The name is computed.", call.node)
    wanted = first.kind.value
    if kind.name == "META":
        of_server = meta.asked(frame, wanted, call)
        if of_server is not None:
            return of_server
        wanted = wanted[5:].replace("_", "-").title()
    where = ast.Attribute(frame.state("call"), "cookies" if kind.name == "COOKIES" else "headers", ast.Load())
    if call.name == "__contains__":
        return Val(Scalar("bool"), ast.Compare(literal(wanted), [ast.In()], [where]))
    if call.name == "__getitem__":
        raise frame.refuse(
            "header", ast.unparse(call.node), "A missing one is an error in Django.", call.node
        )
    default = call.argument(1, "default")
    if default is None:
        return Val(Scalar("str", True), quote("{0}.get({1})", where, literal(wanted)))
    null = isinstance(default.kind, Const) and default.kind.value is None
    if default.node is None or not (null or default.kind == Scalar("str") or _text(default)):
        raise frame.refuse("header", ast.unparse(call.node), "Segue does not know this default.", call.node)
    return Val(Scalar("str", null), quote("{0}.get({1}, {2})", where, literal(wanted), default.node))


def _text(value: Val) -> bool:
    return isinstance(value.kind, Const) and isinstance(value.kind.value, str)


@method(RequestPath, "startswith")
def starts(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request.path.startswith("/api/")``: decided where every path of the route agrees."""
    kind = owner.kind
    assert isinstance(kind, RequestPath)
    first = call.argument(0)
    if len(call.args) != 1 or first is None or not isinstance(first.kind, Const) or owner.node is None:
        return None
    options = first.kind.value if isinstance(first.kind.value, tuple) else (first.kind.value,)
    if not all(isinstance(o, str) for o in options):
        return None
    if any(kind.prefix.startswith(o) for o in options):
        return const(True)
    if kind.fixed or not any(o.startswith(kind.prefix) for o in options):
        return const(False)
    return Val(Scalar("bool"), quote("{0}.startswith({1})", owner.node, literal(first.kind.value)))


@function("django.http.response.JsonResponse")
def json_response(frame: Frame, call: CallSite) -> Val | None:
    """``JsonResponse({...}, status=...)`` of texts, numbers and the like."""
    if not _in_middleware(frame):
        return None
    call.only("data", "status", at_most=1)
    data, status = call.argument(0, "data"), call.kwargs.get("status")
    if data is None or data.node is None or not _plain(data):
        raise frame.refuse("response", ast.unparse(call.node), "Segue does not know this data.", call.node)
    return _reply(frame, "json_reply", data.node, status, 200, call)


@function("django.utils.timezone.activate")
def activate(frame: Frame, call: CallSite) -> Val | None:
    """``timezone.activate("Europe/Berlin")``: for the rest of the request."""
    first = call.argument(0)
    if not _in_middleware(frame) or first is None or len(call.args) != 1:
        return None
    known = isinstance(first.kind, Const) and isinstance(first.kind.value, str)
    if first.node is None or not (known or first.kind in (Scalar("str"), Scalar("ZoneInfo"))):
        raise frame.refuse("middleware", ast.unparse(call.node), "Segue does not know this zone.", call.node)
    return Val(Const(None), quote("{0}.activate({1})", frame.imported("segue_bridge", "zone"), first.node))


@function("django.utils.timezone.deactivate")
def deactivate(frame: Frame, call: CallSite) -> Val | None:
    """``timezone.deactivate()``."""
    if not _in_middleware(frame):
        return None
    return Val(Const(None), quote("{0}.deactivate()", frame.imported("segue_bridge", "zone")))


@function("django.http.response.HttpResponseRedirect", "django.shortcuts.redirect")
def redirect(frame: Frame, call: CallSite) -> Val | None:
    """``redirect("/path/")``: to a path or URL that is written out."""
    if not _in_middleware(frame):
        return None
    first = call.argument(0)
    known = first.kind.value if first is not None and isinstance(first.kind, Const) else None
    if (
        not isinstance(known, str)
        or len(call.args) != 1
        or call.kwargs
        or not known.startswith(("/", "http"))
    ):
        raise frame.refuse("response", ast.unparse(call.node), "The target is not written out.", call.node)
    return _reply(frame, "redirect_reply", literal(known), None, 302, call)


_STATUS = {
    "HttpResponse": 200, "HttpResponseBadRequest": 400, "HttpResponseForbidden": 403, "HttpResponseNotFound": 404,
    "HttpResponseGone": 410, "HttpResponseServerError": 500,
}  # fmt: skip


@function(*(f"django.http.response.{n}" for n in _STATUS))
def text_response(frame: Frame, call: CallSite) -> Val | None:
    """``HttpResponseForbidden("why")``."""
    if not _in_middleware(frame):
        return None
    usual = _STATUS[call.name.rpartition(".")[2]]
    call.only("content", "status", at_most=1)
    data, status = call.argument(0, "content"), call.kwargs.get("status")
    if data is not None and (data.node is None or not (_text(data) or data.kind == Scalar("str"))):
        raise frame.refuse("response", ast.unparse(call.node), "Its content is no plain text.", call.node)
    return _reply(frame, "text_reply", literal("") if data is None else data.node, status, usual, call)


def _reply(
    frame: Frame, made: str, data: ast.expr | None, status: Val | None, usual: int, call: CallSite
) -> Val:
    assert data is not None
    if status is not None and not (isinstance(status.kind, Const) and isinstance(status.kind.value, int)):
        raise frame.refuse("response", ast.unparse(call.node), "Segue does not know this status.", call.node)
    code = usual if status is None or not isinstance(status.kind, Const) else status.kind.value
    assert isinstance(code, int)
    return Val(
        Response(code), ast.Call(frame.imported("segue_bridge.http.replies", made), [data, literal(code)], [])
    )


def _in_middleware(frame: Frame) -> bool:
    return KEPT in frame.ctx.memo


def _plain(value: Val) -> bool:
    """Data that ``json`` writes by itself: a display of constants, texts and whole numbers."""
    assert value.node is not None
    return _written(value.kind) or all(
        isinstance(n, ast.Dict | ast.List | ast.Constant | ast.expr_context) for n in ast.walk(value.node)
    )


def _written(kind: Kind) -> bool:
    if isinstance(kind, Const):
        return kind.value is None or isinstance(kind.value, str | int)
    if isinstance(kind, DictOf):
        keys = all(isinstance(key, str) for key, _ in kind.items)
        return kind.value is None and keys and all(_written(inner) for _, inner in kind.items)
    return isinstance(kind, Scalar) and kind.type in ("str", "int", "bool")
