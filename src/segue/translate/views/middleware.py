"""What the project's middleware does to a route → arguments of its ``Resource``."""

from __future__ import annotations

from collections.abc import Mapping

from segue.snapshot.model import Where
from segue.target.ir import Decl, Import
from segue.translate.backends import left_to_django
from segue.translate.context import Context
from segue.translate.middleware.known import SESSIONS
from segue.translate.middleware.stack import RouteMiddleware, user_rule
from segue.translate.middleware.subclasses import cookie
from segue.translate.middleware.values import Fact
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import around_dispatch, sessions
from segue.translate.views.constant_names import distinct

SESSION_AUTHENTICATION = "rest_framework.authentication.SessionAuthentication"
_FIELDS = {"header": "headers", "cookie": "cookies", "query": "query", "session": "session"}
_SESSIONS = ("middleware", "sessions")
_LEFT = ("middleware", "sessions left")


def arguments(
    endpoint: Endpoint, kept: RouteMiddleware, query: Mapping[str, str], *, asks: bool = False
) -> tuple[list[str], set[Import]]:
    """``left_to_django=…``, ``reads_session=True``, ``headers=…``.

    ``asks``: a plain view's decorators read ``request.user`` first of all.
    ``query``: query parameters (``a&b``: both of them) whose requests are Django's for another reason, and what to say of it.

    Raises :class:`Refused` where the project's sessions are of a kind that cannot be read.
    """
    ctx = endpoint.ctx
    rules = dict(kept.left)
    for name, why in query.items():
        facts = tuple(Fact("query", one) for one in name.split("&"))
        rules.setdefault(facts, []).append(why)
    asks = asks or _asks_for_session(endpoint)
    if kept.unseen and not asks:
        # Sessions that have ended are dropped as soon as request.user is read; without the cookie there is none.
        rules.setdefault((Fact("cookie", cookie(ctx.snapshot, SESSIONS)),), []).extend(kept.unseen)
    if kept.user and not asks:
        # Django drops the session of a user who is gone as soon as request.user is read; this view does not read it.
        rules = {k: names for k, names in rules.items() if not set(user_rule()) <= set(k)}
        rules[user_rule()] = kept.user
    out: list[str] = []
    imports: set[Import] = set()
    asked = any(layer.asks_session for layer in kept.layers)
    if asked or kept.session or any(f.kind == "session" for facts in rules for f in facts):
        know_sessions(ctx, endpoint.where)
    logged_in = {Fact("session", ""), *user_rule(), Fact("cookie", cookie(ctx.snapshot, SESSIONS))}
    if asked or any(set(facts) <= logged_in for facts in rules):
        _left(ctx).add(endpoint.route.id)
    if rules:
        name = _constant(endpoint, rules)
        out.append(f"left_to_django={name}")
        imports.add(Import(f"{ctx.program.package}.access", name))
    around = [layer for layer in kept.layers if not layer.idle]
    if around:
        out.append(f"middleware=({', '.join(layer.name for layer in around)},)")
        imports |= {Import(layer.module, layer.name) for layer in around}
    failing = [layer for layer in reversed(kept.layers) if layer.failing]
    if failing:
        out.append(f"failing=({', '.join(layer.failing for layer in failing)},)")
        imports |= {Import(layer.module, layer.failing) for layer in failing}
    if kept.around:
        out.append(f"around={tuple(sorted(kept.around))!r}")
    if kept.session:
        out.append("reads_session=True")
    if kept.late:
        out.append("asks_late=True")
    wrapped = around_dispatch.around(endpoint) if endpoint.route.kind == "drf" else None
    vary = (*(wrapped.vary if wrapped is not None else ()), *kept.vary)
    if vary:
        out.append(f"vary={tuple(dict.fromkeys(vary))!r}")
    if kept.headers:
        out.append(f"headers={kept.headers!r}")
    if kept.default_headers:
        out.append(f"default_headers={kept.default_headers!r}")
    return out, imports


def _asks_for_session(endpoint: Endpoint) -> bool:
    """Whether the view reads ``request.user`` of the session first of all, whatever the request has."""
    first = next((v.name for v in endpoint.policy("authentication_classes").items), "")
    known = endpoint.ctx.snapshot.classes.get(first)
    own = known.methods.get("authenticate", "") if known is not None else ""
    return first == SESSION_AUTHENTICATION or own == f"{SESSION_AUTHENTICATION}.authenticate"


def leaves_sessions(ctx: Context, route: str) -> bool:
    """Whether all requests of logged-in sessions to ``route`` are left to Django, or may be (by their backend)."""
    return route in _left(ctx) or bool(left_to_django(ctx))


def _left(ctx: Context) -> set[str]:
    found = ctx.memo.setdefault(_LEFT, set())
    assert isinstance(found, set)
    return found


def know_sessions(ctx: Context, where: Where) -> None:
    """Have the application know the project's sessions whatever a view's authentication is. Raises :class:`Refused` where it cannot."""
    sessions.declare(ctx, where)
    ctx.memo[_SESSIONS] = True


def uses_sessions(ctx: Context) -> bool:
    """Whether the application has to know the project's sessions whatever a view's authentication is."""
    return bool(ctx.memo.get(_SESSIONS))


def _constant(endpoint: Endpoint, rules: dict[tuple[Fact, ...], list[str]]) -> str:
    """The name of the rules: that of the first route alone, or with the view that has them first."""
    ctx = endpoint.ctx
    known = ctx.memo.setdefault(("middleware", "rules"), {})
    assert isinstance(known, dict)
    lines = []
    for facts, names in sorted(rules.items(), key=lambda r: [(f.kind, f.key) for f in r[0]]):
        lines.append(f"    # {', '.join(names)}")
        lines.append(f"    LeftToDjango({_rule(facts)}),")
    text = "\n".join(lines)
    if text not in known:
        name = distinct(
            "LEFT_TO_DJANGO", [(endpoint.cls or endpoint.view.function).rpartition(".")[2]], known.values()
        )
        module = ctx.program.module(
            f"{ctx.program.package}/access.py", "Who is asking, and how often they may."
        )
        needed = frozenset({Import("segue_bridge.http.handover", "LeftToDjango")})
        module.add(Decl(name, f"{name} = (\n{text}\n)", needed, 35))
        known[text] = name
    return str(known[text])


def _rule(facts: tuple[Fact, ...]) -> str:
    parts = []
    for kind, field in _FIELDS.items():
        keys = tuple(f.key for f in facts if f.kind == kind)
        if keys:
            parts.append(f"{field}={keys!r}")
    for fact in facts:
        if fact.kind == "csrf":
            parts.append(f"malformed_csrf={fact.key!r}")
        if fact.kind == "body":
            parts.append(f"larger_than={int(fact.key)}")
        if fact.kind == "method":
            parts.append(f"method={fact.key!r}")
        elif fact.kind == "status":
            parts.append(f"status={int(fact.key)}")
    return ", ".join(parts)
