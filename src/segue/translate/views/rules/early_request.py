"""What middleware asks of the route and of who is there: ``resolve(request.path_info)``, ``request.user``, cookies that it sets."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.leaving import BEHIND
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    BoundMethod,
    Const,
    EarlyRequest,
    MatchArguments,
    RequestPath,
    RouteMatch,
    UrlText,
    User,
)
from segue.translate.language import MIDDLEWARE
from segue.translate.middleware.known import CSRF, SESSIONS
from segue.translate.middleware.of_route import NAME_ASKED
from segue.translate.middleware.subclasses import cookie
from segue.translate.rules.given_attributes import read_aside
from segue.translate.rules.registry import attribute, function, method
from segue.translate.specialise.fold import plain
from segue.translate.specialise.users import anonymous_is_djangos

ANONYMOUS = ("middleware", "anonymous")
"""Memo: requests that are not left to Django have no session, so nobody is logged in by one; :data:`BY_SESSION`: the session has to be asked."""
BY_SESSION = "by session"
_TEXTS = ("str", "slug", "path")
"""Converters whose arguments are texts; those are never empty."""


@function("django.urls.base.resolve", "django.urls.resolve")
def resolve(frame: Frame, call: CallSite) -> Val | None:
    """``resolve(request.path_info)``: the route itself."""
    early = next((v.kind for v in frame.env.values() if isinstance(v.kind, EarlyRequest)), None)
    first = call.argument(0, "path")
    if (
        early is None
        or first is None
        or not isinstance(first.kind, RequestPath)
        or len(call.args) + len(call.kwargs) != 1
    ):
        return None
    if early.match is None:
        raise frame.refuse(
            "middleware", ast.unparse(call.node), "Segue does not see what it asks of the route.", call.node
        )
    return Val(early.match)


@attribute(RouteMatch, "namespaces", "namespace", "url_name", "view_name", "kwargs", "captured_kwargs")
def of_match(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """What ``django.urls.ResolverMatch`` tells of the route."""
    kind = owner.kind
    assert isinstance(kind, RouteMatch)
    if attr == "namespaces":
        return const(kind.namespaces)
    if attr == "namespace":
        return const(":".join(kind.namespaces))
    if attr == "kwargs":
        return Val(MatchArguments(kind.arguments, kind.asked))
    if attr == "captured_kwargs":
        raise frame.refuse("middleware", f"ResolverMatch.{attr}", "Segue has no rule for it.", node)
    if not kind.named:
        frame.ctx.memo[NAME_ASKED] = True
        raise frame.refuse("middleware", f"ResolverMatch.{attr}", "It is another one for each route.", node)
    if attr == "url_name":
        return const(kind.name)
    if kind.name is None:
        raise frame.refuse("middleware", f"ResolverMatch.{attr}", "The route has no name.", node)
    return const(":".join([*kind.namespaces, kind.name]))


@method(MatchArguments, "get", "__getitem__", "__contains__")
def argument(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``match.kwargs.get("event")``: an argument of the URL, or what is not there."""
    kind, first = owner.kind, call.argument(0)
    assert isinstance(kind, MatchArguments)
    wanted = first.kind.value if first is not None and isinstance(first.kind, Const) else None
    if wanted not in kind.asked or wanted == "format":
        raise frame.refuse(
            "middleware", ast.unparse(call.node), "Segue does not know which argument this is.", call.node
        )
    converters = [converter for name, converter in kind.arguments if name == wanted]
    if call.name == "__contains__":
        return const(bool(converters))
    if not converters:
        if call.name == "__getitem__":
            raise frame.refuse(
                "middleware", ast.unparse(call.node), "This route has no such argument.", call.node
            )
        default = call.argument(1, "default")
        return const(None) if default is None else default
    if converters[0] not in _TEXTS:
        raise frame.refuse("middleware", ast.unparse(call.node), "The argument is no text.", call.node)
    text = quote("{0}.path[{1}]", frame.state("call"), literal(wanted))
    return Val(UrlText("str"), text)


@attribute(EarlyRequest, "user")
def user(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``request.user``: before the view that of the session, where only requests of nobody are answered here; after it whom the
    view has authenticated, by a token too (DRF's ``Request.user`` puts them on Django's request)."""
    ctx = frame.ctx
    if ctx.memo.get(BEHIND):
        return _late(frame, node)
    anonymous = ctx.memo.get(ANONYMOUS)
    if not anonymous:
        return None
    call = ast.unparse(frame.state("call"))
    if anonymous == BY_SESSION:
        frame.is_async = True
        frame.emit(f"await {ast.unparse(frame.imported('segue_bridge.http.handover', 'nobody'))}({call})")
    else:
        frame.emit(f"{call}.vary_on('Cookie')")
    return Val(
        User(ctx.snapshot.settings.user_model, False),
        quote("{0}()", frame.imported("segue_bridge.auth.users", "AnonymousUser")),
    )


def _late(frame: Frame, node: ast.AST) -> Val:
    if not anonymous_is_djangos(frame.ctx):
        why = "Without credentials it is no AnonymousUser of Django's, but None or something of the project's own."
        raise frame.refuse("user-model", "UNAUTHENTICATED_USER", why, node)
    if not read_aside(frame.ctx, "user"):
        why = "Code of a view puts another there, and this is translated once for all views."
        raise frame.refuse("request", "request.user", why, node)
    return Val(User(frame.ctx.snapshot.settings.user_model, None), quote("{0}.user", frame.state("call")))


def has_user(frame: Frame, owner: Val, wanted: str) -> bool:
    """Whether ``wanted`` is ``user``, and Django's request has one: after the view, or inside of ``AuthenticationMiddleware``."""
    ctx = frame.ctx
    known = isinstance(owner.kind, EarlyRequest) and wanted == "user"
    return known and bool(ctx.memo.get(BEHIND) or ctx.memo.get(ANONYMOUS))


@method(BoundMethod, "__setitem__")
def set_cookie_of_request(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request.COOKIES["language"] = …``: what stands further in sees it as if the client had sent it."""
    kind = owner.kind
    assert isinstance(kind, BoundMethod)
    key, value = call.args
    if not isinstance(kind.owner, EarlyRequest) or kind.name != "COOKIES":
        return None
    if (
        not isinstance(key.kind, Const)
        or not isinstance(key.kind.value, str)
        or value.node is None
        or getattr(value.kind, "type", "") != "str"
    ):
        raise frame.refuse(
            "middleware", ast.unparse(call.node), "Segue does not know this cookie.", call.node
        )
    if key.kind.value in _read_before(frame):
        why = "The service has read this cookie before any middleware of the project runs."
        raise frame.refuse("middleware", ast.unparse(call.node), why, call.node)
    cookies = quote("{0}.cookies[{1}]", frame.state("call"), literal(key.kind.value))
    frame.emit(f"{ast.unparse(cookies)} = {value.text}")
    return const(None)


def _read_before(frame: Frame) -> set[str]:
    """Cookies that say who asks, and in which language where ``LocaleMiddleware`` reads that."""
    settings = frame.ctx.snapshot.settings
    found = {cookie(frame.ctx.snapshot, SESSIONS), cookie(frame.ctx.snapshot, CSRF)}
    if MIDDLEWARE in settings.middleware:
        name = settings.values.get("LANGUAGE_COOKIE_NAME")
        found.add(str(plain(name)) if name is not None else "django_language")
    return found
