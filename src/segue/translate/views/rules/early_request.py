"""What middleware asks of the route and of who is there: ``resolve(request.path_info)``, ``request.user``, cookies that it sets."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
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
from segue.translate.rules.registry import attribute, function, method
from segue.translate.specialise.fold import plain
from segue.translate.views.rules.around import GONE_ON

ANONYMOUS = ("middleware", "anonymous")
"""Memo: requests that are not left to Django have no session, so nobody is logged in by one."""
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
def nobody(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``request.user`` where requests with a session are left to Django: it was read, and nobody is there."""
    if not frame.ctx.memo.get(ANONYMOUS):
        return None
    if frame.ctx.memo.get(GONE_ON):
        why = "After the view this is whom the view has authenticated, by a token too."
        raise frame.refuse("middleware", ast.unparse(node), why, node)
    frame.emit(f"{ast.unparse(frame.state('call'))}.vary_on('Cookie')")
    return Val(
        User(frame.ctx.snapshot.settings.user_model, False),
        quote("{0}()", frame.imported("segue_bridge.auth.users", "AnonymousUser")),
    )


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
