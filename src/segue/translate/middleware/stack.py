"""The project's ``MIDDLEWARE`` for one route: refusals, requests that are left to Django, headers."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from segue.refusal import Refusal, Refused
from segue.snapshot.model import Route, Snapshot
from segue.translate import language
from segue.translate.context import Context
from segue.translate.middleware import allauth, csp, packages
from segue.translate.middleware.answer_headers import WRITTEN, asks_headers
from segue.translate.middleware.attributes import kept, put, read_elsewhere
from segue.translate.middleware.judge import TOO_MANY, Verdict, judge, judge_finalizer
from segue.translate.middleware.known import (
    COMMON,
    CONDITIONAL,
    FRAMES,
    GZIP,
    KNOWN,
    OTP,
    SECURITY,
    SESSIONS,
    UNCHECKED,
    USERS,
    XVIEW,
)
from segue.translate.middleware.lifted import Layer, layer
from segue.translate.middleware.machine import Outside
from segue.translate.middleware.paths import Event
from segue.translate.middleware.plain import may_be_plain
from segue.translate.middleware.subclasses import base_of, extends, judge_subclass, without_session
from segue.translate.middleware.values import Fact
from segue.translate.rules import given_attributes, scopes
from segue.translate.views import finishers, otp
from segue.translate.views.cors import NAME as CORS
from segue.translate.views.cors import PREFLIGHTS, cors_problem
from segue.translate.views.rules.early_request import ANONYMOUS, BY_SESSION

_FINALIZER = "override-finalize-response"
SAFE = ("GET", "HEAD", "OPTIONS")
_ADVICE = "list the middleware under accepted_middleware in segue.toml once you have checked."
_REQUEST = ("header", "cookie", "query", "session", "csrf", "body")
_WRITING = frozenset({SECURITY, FRAMES, COMMON, CORS, language.MIDDLEWARE, SESSIONS})
_USER = Fact("session", "_auth_user_id")


@dataclass(slots=True)
class RouteMiddleware:
    """``refused``: reason by method. ``left``: facts, all of which hold for requests that go to Django, and the
    names of the middleware that this is for. ``layers``: the generated functions of those that are translated as code,
    from the outside in. ``user``: the names of those that read ``request.user`` of all requests. ``vary``: what every answer
    varies on. ``unseen``: the names of those that read ``request.user`` and have the session say that nobody has. ``unchecked``: no request needs a CSRF token. ``late``: whether
    any of those that are not translated asks who it was, after the view. ``judged``: what each of the others sets on requests, ``always``: what all requests get of that. ``around``: words of Django's own that
    stand inside of a translated one."""

    refused: dict[str, Refusal] = field(default_factory=dict)
    left: dict[tuple[Fact, ...], list[str]] = field(default_factory=dict)
    session: bool = False
    user: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    default_headers: dict[str, str] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    vary: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    unchecked: bool = False
    late: bool = False
    judged: dict[str, frozenset[str]] = field(default_factory=dict)
    always: set[str] = field(default_factory=set)
    around: set[str] = field(default_factory=set)

    def enter(self, ctx: Context, *within: str) -> None:
        """What is translated from here on is for requests that have come through these, and is the code of ``within``."""
        given_attributes.enter(
            ctx,
            (name for layer in self.layers for name in layer.gives),
            (*(layer.defined for layer in self.layers), *within),
            (name for layer in self.layers for name in layer.left_out),
            self.judged,
            self.always,
            (name for layer in self.layers for name in layer.perhaps),
        )
        around = [dict(layer.scopes) for layer in self.layers if layer.scopes is not None]
        scopes.enter(ctx, around[-1] if around else None)
        ctx.memo[UNCHECKED] = self.unchecked


def of_route(ctx: Context, route: Route) -> RouteMiddleware:
    """What the middleware that Segue does not know by name does to requests of ``route``."""
    try:
        return _of_route(ctx, route, as_code=False)
    except _OutOfOrder:
        # One answers by itself, so that others which set headers have to stand around it or inside of it.
        return _of_route(ctx, route, as_code=True)


class _OutOfOrder(Exception):
    """A middleware that answers by itself stands among others of which only the headers are known."""


def _of_route(ctx: Context, route: Route, *, as_code: bool) -> RouteMiddleware:
    out = RouteMiddleware()
    methods = [o.method for o in route.operations]
    refusal = language.untold(ctx)
    if refusal is not None:
        _refuse(out, methods, refusal)
    for name, defined in entries(ctx.snapshot):
        if methods and all(m in out.refused for m in methods):
            break
        before = set(out.refused)
        _entry(ctx, route, out, methods, name, defined, as_code=as_code)
        for method in out.refused.keys() - before:
            out.refused[method] = replace(out.refused[method], entry=name)
    return out


def _entry(
    ctx: Context,
    route: Route,
    out: RouteMiddleware,
    methods: list[str],
    name: str,
    defined: str,
    *,
    as_code: bool,
) -> None:
    """Add what one entry of ``MIDDLEWARE`` does: ``name`` in the settings, ``defined`` where it is written."""
    if name in ctx.accepted_middleware:
        return
    if name == CORS:
        problem = cors_problem(ctx.snapshot)
        if problem:
            refusal = Refusal("middleware", name, problem, ctx.snapshot.settings.module, 0)
            _refuse(out, methods, refusal)
        return
    if name == language.MIDDLEWARE:
        problem = language.middleware_problem(ctx.snapshot, route)
        if problem:
            _refuse(out, methods, _refusal(ctx, name, problem.rstrip(".")))
        return
    if name in (CONDITIONAL, GZIP):
        problem = finishers.problem(ctx.snapshot, name) or _looking(out, name)
        if problem:
            _refuse(out, methods, _refusal(ctx, name, problem))
        return
    if name == allauth.NAME:
        problem = allauth.problem(ctx.snapshot, route)
        if problem:
            _refuse(out, methods, _refusal(ctx, name, problem))
        return
    if name in packages.KNOWN:
        problem = packages.problem(ctx.snapshot, name)
        if problem:
            _refuse(out, methods, _refusal(ctx, name, problem))
        for header, value in packages.headers(ctx.snapshot, name).items():
            _header(out, header, value, "set")
        if packages.reads_user(ctx.snapshot, name):
            _judge(ctx, route, out, methods, name, Verdict(session="always", user=True))
        out.late |= packages.reads_user_late(ctx.snapshot, name)
        if packages.reads_user_unseen(ctx.snapshot, name) and not _holds(ctx):
            out.unseen.append(name)
        return
    if name in csp.NAMES:
        policies = csp.headers(ctx.snapshot, route)
        if policies is None:
            _refuse(out, methods, _refusal(ctx, name, "Segue does not know its header on this route"))
        for header, value in (policies or {}).items():
            _header(out, header, value, "default")
        return
    if name == OTP and otp.left_to_django(ctx):
        out.left.setdefault((Fact("session", otp.SESSION_KEY),), []).append(name)
    if name == XVIEW:
        out.left.setdefault((Fact("method", "HEAD"),), []).append(name)
    if name in KNOWN:
        return
    base = base_of(ctx.snapshot, defined)
    if base:
        verdict, left = _subclass(ctx, route, defined, base)
        out.left.setdefault((left,), []).append(name)
        _judge(ctx, route, out, methods, name, verdict)
        return
    outside = replace(_outside(ctx, out, name), bare=may_be_plain(ctx, route))
    verdict = _verdict(ctx, route, defined, outside)
    out.enter(ctx, defined)
    ctx.memo[ANONYMOUS] = _nobody(ctx, name) or (BY_SESSION if _by_session(ctx, name) else False)
    if not _as_code(ctx, route, out, methods, name, defined, verdict, as_code):
        _judge(ctx, route, out, methods, name, verdict)
        _ended(ctx, out, methods, name, verdict)
        out.unchecked = out.unchecked or verdict.unchecked
        out.judged[defined] = verdict.sets
        out.always |= verdict.always


def _looking(out: RouteMiddleware, name: str) -> str:
    """Why what stands outside of Django's middleware ``name`` (``ConditionalGetMiddleware``, ``GZipMiddleware``) may see its work."""
    if out.layers:
        return f"It stands inside of {out.layers[0].defined}, which is translated around the view"
    if name == GZIP:
        return ""
    asked = {f.key for facts in out.left for f in facts if f.kind == "status"}
    if out.headers or out.default_headers or out.vary or asked & {"304", "412"}:
        return "It stands inside of middleware that writes headers or looks at the status"
    return ""


def _as_code(
    ctx: Context,
    route: Route,
    out: RouteMiddleware,
    methods: list[str],
    name: str,
    defined: str,
    verdict: Verdict,
    wanted: bool,
) -> bool:
    """Translate the middleware where its effects would keep the route on Django; False where that cannot be."""
    alone = RouteMiddleware()
    _judge(ctx, route, alone, methods, name, verdict)
    stack = ctx.snapshot.settings.middleware
    inner = stack[stack.index(name) + 1 :]
    needed = read_elsewhere(ctx, defined)
    if not verdict.events and not alone.refused and not needed and not (wanted and verdict.headers):
        return False
    try:
        found = layer(ctx, defined, route)
        _check_place(ctx, out, name, found, inner)
        if found.early and (out.headers or out.default_headers):
            if not wanted and alone.refused:
                raise _OutOfOrder
            raise Refused(
                _refusal(ctx, name, "It stands inside of middleware of which only the headers are known")
            )
    except Refused as refused:
        given_attributes.note_lost(
            ctx, kept(ctx.snapshot, defined) | put(ctx.snapshot, defined), refused.refusal
        )
        if not kept(ctx.snapshot, defined) & _attributes_of_requests(ctx):
            return False
        # Other routes may read what it gives to requests, in code that is shared with this one.
        _refuse(out, methods, refused.refusal)
        return True
    if found.failing and route.kind != "drf":
        _refuse(out, methods, _refusal(ctx, name, "Its process_exception sees what DRF would have answered"))
    out.layers.append(found)
    out.late = out.late or found.late
    if CORS in inner:
        ctx.memo[PREFLIGHTS] = True
    out.around |= {word for one, word in ((SECURITY, "security"), (COMMON, "common")) if one in inner}
    return True


def _check_place(ctx: Context, out: RouteMiddleware, name: str, found: Layer, inner: Sequence[str]) -> None:
    """What Django's own middleware further in does is not on an answer that is given here, and is put on the view's when all
    that is translated has run. Raises ``Refused``."""
    inside = set(inner) & {*_WRITING, CORS}
    if inside and (found.early or asks_headers(ctx.snapshot, found.defined, of_cors=CORS in inside)):
        why = "It stands outside of Django's middleware whose headers it would see, or would answer without"
        raise Refused(_refusal(ctx, name, why))
    if found.writes and any(f.kind == "status" for facts in out.left for f in facts):
        why = "It writes, and stands inside of middleware that has Django answer by the status"
        raise Refused(_refusal(ctx, name, why))


def _attributes_of_requests(ctx: Context) -> set[str]:
    known = ctx.memo.get(("middleware", "given"))
    return set(known) if isinstance(known, dict) else set()


def add_finalizer(ctx: Context, route: Route, out: RouteMiddleware, cls: str, dotted: str) -> None:
    """The same for an override of DRF's ``finalize_response``, which sees every answer of the view."""
    methods = [o.method for o in route.operations]
    function = ctx.snapshot.functions.get(dotted)
    if function is None or not function.source:
        where = ctx.snapshot.classes[cls].where
        _refuse(
            out,
            methods,
            Refusal(_FINALIZER, dotted, "The snapshot has no source of it.", where.file, where.line),
        )
        return
    verdict = judge_finalizer(ctx.snapshot, cls, function, route, Outside(bare=may_be_plain(ctx, route)))
    for event in verdict.events:
        why = f"{event.why} An overridden finalize_response sees every answer."
        _event(out, methods, dotted, event, Refusal(_FINALIZER, event.construct, why, event.file, event.line))
    if verdict.session != "never":
        why = "An overridden finalize_response reads the session."
        _refuse(out, methods, Refusal(_FINALIZER, dotted, why, function.where.file, function.where.line))
    for header, value, mode in verdict.headers:
        _header(out, header, value, mode)


def entries(snapshot: Snapshot) -> list[tuple[str, str]]:
    """(name in the settings, where it is defined) of every entry."""
    value = snapshot.settings.values.get("MIDDLEWARE")
    defined = [v.name for v in value.items] if value is not None else list(snapshot.settings.middleware)
    return list(zip(snapshot.settings.middleware, defined, strict=True))


def _outside(ctx: Context, out: RouteMiddleware, name: str) -> Outside:
    stack = ctx.snapshot.settings.middleware
    before = stack[: stack.index(name)]
    given = tuple(attr for one, attr in ((SESSIONS, "session"), (USERS, "user")) if one in before)
    return Outside(chosen=language.MIDDLEWARE in before, plain=not out.layers, given=given)


def _verdict(ctx: Context, route: Route, defined: str, outside: Outside) -> Verdict:
    """One for all routes where the source does not ask for the route."""
    key = ("middleware", (defined, outside))
    common = ctx.memo.get(key)
    if isinstance(common, Verdict):
        return common
    try:
        attributes, holds = _set_on_responses(ctx), _holds(ctx)
        found = judge(ctx.snapshot, defined, route, attributes, holds=holds, outside=outside)
    except Exception as error:  # noqa: BLE001 - a defect of ours must cost one middleware, not the run
        why = f"Segue stumbled ({type(error).__name__}: {str(error)[:80]}); please report it."
        found = Verdict((Event(defined, why, ctx.snapshot.settings.module, 0, (), False),))
    if not found.asked or _seldom_ends(ctx, defined, found):
        ctx.memo[key] = found
    return found


def _subclass(ctx: Context, route: Route, defined: str, base: str) -> tuple[Verdict, Fact]:
    """One for all routes of a kind where the source does not ask for the route."""
    key = ("middleware", ("subclass", defined, route.kind))
    common = ctx.memo.get(key)
    if isinstance(common, tuple):
        return common
    found = judge_subclass(ctx.snapshot, defined, base, route)
    if not found[0].asked:
        ctx.memo[key] = found
    return found


def _seldom_ends(ctx: Context, defined: str, found: Verdict) -> bool:
    """Whether the middleware has had too many cases on several routes: to try all of them takes long."""
    if not any(event.why == TOO_MANY for event in found.events):
        return False
    tried = ctx.memo.setdefault(("middleware", ("too many", defined)), [])
    assert isinstance(tried, list)
    tried.append(found)
    return len(tried) > _TRIED


_TRIED = 20  # a second or so


def _holds(ctx: Context) -> dict[Fact, bool]:
    return without_session(ctx.snapshot, [defined for _, defined in entries(ctx.snapshot)])


def _nobody(ctx: Context, name: str) -> bool:
    """Whether ``request.user`` of the middleware is nobody in all requests that are not left to Django."""
    stack = [defined for _, defined in entries(ctx.snapshot)]
    before = stack[: ctx.snapshot.settings.middleware.index(name)]
    return bool(_holds(ctx)) and extends(ctx.snapshot, before, SESSIONS) and USERS in before


def _by_session(ctx: Context, name: str) -> bool:
    """Whether ``request.user`` of the middleware is that of Django's own session."""
    before = ctx.snapshot.settings.middleware[: ctx.snapshot.settings.middleware.index(name)]
    return SESSIONS in before and USERS in before


def _set_on_responses(ctx: Context) -> frozenset[str]:
    """Names of attributes that the source of any middleware sets on any object but ``self`` and the request."""
    known = ctx.memo.get(("middleware", "attributes"))
    if isinstance(known, frozenset):
        return known
    found = set()
    for _, defined in entries(ctx.snapshot):
        cls = ctx.snapshot.classes.get(defined)
        names = [f"{base}." for base in cls.mro] if cls is not None else [defined]
        for function in ctx.snapshot.functions.values():
            if function.name.startswith(tuple(names)):
                found |= _attributes(function.source)
    ctx.memo["middleware", "attributes"] = frozenset(found)
    return frozenset(found)


def _attributes(source: str) -> set[str]:
    return {
        n.attr
        for n in ast.walk(ast.parse(textwrap.dedent(source)))
        if isinstance(n, ast.Attribute)
        and isinstance(n.ctx, ast.Store)
        and not (isinstance(n.value, ast.Name) and n.value.id in ("self", "request"))
    }


def _judge(
    ctx: Context, route: Route, out: RouteMiddleware, methods: list[str], name: str, verdict: Verdict
) -> None:
    for event in verdict.events:
        why = f"{event.why} ({name}); {_ADVICE}"
        _event(out, methods, name, event, Refusal("middleware", event.construct, why, event.file, event.line))
    if verdict.session == "sometimes":
        _refuse(out, methods, _refusal(ctx, name, "It reads the session of some requests and not of others"))
    if verdict.session == "always" and _holds(ctx):
        out.vary.append("Cookie")  # the session is empty, but it was read
    elif verdict.session == "always":
        out.session = True
    if verdict.user and not _holds(ctx):
        out.user.append(name)
    out.late |= verdict.late
    out.vary += [v for v in verdict.vary if v not in out.vary]
    sessions = out.session or any(f.kind == "session" for facts in out.left for f in facts)
    if sessions and SESSIONS not in ctx.snapshot.settings.middleware:
        _refuse(out, methods, _refusal(ctx, name, "It uses sessions that are not Django's own"))
    stack = ctx.snapshot.settings.middleware
    inside = _WRITING & set(stack[stack.index(name) + 1 :])
    for header, value, mode in verdict.headers:
        if mode == "default" and header in WRITTEN and inside:
            why = f"It stands outside of Django's middleware that may write {header}, and asks for it"
            _refuse(out, methods, _refusal(ctx, name, why))
        _header(out, header, value, mode)


def _ended(ctx: Context, out: RouteMiddleware, methods: list[str], name: str, verdict: Verdict) -> None:
    """After its ``translation.deactivate()`` ``LocaleMiddleware`` further out names ``LANGUAGE_CODE`` in the answer."""
    if not verdict.ended or not _outside(ctx, out, name).chosen:
        return
    if verdict.asked:
        _refuse(
            out, methods, _refusal(ctx, name, "It deactivates the language of some routes and not of others")
        )
    language.end(ctx, name)


def _event(out: RouteMiddleware, methods: list[str], name: str, event: Event, refusal: Refusal) -> None:
    """Leave the requests that it is about to Django, or refuse the methods where they cannot be told."""
    facts = tuple(f for f in event.facts if f.kind in (*_REQUEST, "method", "status"))
    method = next((f.key for f in facts if f.kind == "method"), None)
    concerned = [m for m in methods if method is None or m == method]
    if any(f.kind in _REQUEST for f in facts):
        pass
    elif any(f.kind == "status" for f in facts):
        _refuse(out, [m for m in concerned if m not in SAFE], refusal)
    else:
        _refuse(out, concerned, refusal)
        if method is None:
            return
    # '' stands for any key of the session: a named one says it already.
    if any(f.kind == "session" and f.key for f in facts):
        facts = tuple(f for f in facts if f != Fact("session", ""))
    if any(set(known) <= set(facts) for known in out.left):
        out.left.setdefault(next(k for k in out.left if set(k) <= set(facts)), [])
        names = out.left[next(k for k in out.left if set(k) <= set(facts))]
    else:
        wider = [k for k in out.left if set(facts) <= set(k)]
        names = list(dict.fromkeys(n for k in wider for n in out.left.pop(k)))
        out.left[facts] = names
    if name not in names:
        names.append(name)


def _header(out: RouteMiddleware, header: str, value: str, mode: str) -> None:
    """From the outside in: the outermost sets last, the innermost gives its default first."""
    if mode == "set":
        out.headers.setdefault(header, value)
    else:
        out.default_headers[header] = value


def _refuse(out: RouteMiddleware, methods: list[str], refusal: Refusal) -> None:
    for method in methods:
        out.refused.setdefault(method, refusal)


def _refusal(ctx: Context, name: str, why: str) -> Refusal:
    defined = dict(entries(ctx.snapshot))[name]
    known = ctx.snapshot.classes.get(defined)
    where = known.where if known is not None else None
    return Refusal(
        "middleware", name, f"{why}; {_ADVICE}", where.file if where else ctx.snapshot.settings.module,
        where.line if where else 0,
    )  # fmt: skip


def user_rule() -> tuple[Fact, ...]:
    """Requests that are logged in, where a view itself does not look at that."""
    return (_USER,)
