"""Attributes that code of a view puts on the request, for what reads them later in the same operation.

DRF's ``Request`` is a plain object: what authentication, permissions or the view put on it stays for the rest of the request.
What the view's own method puts there is a local of the path operation, and whatever reads it takes it as a parameter. All else
is kept in the service's ``RequestState`` (:mod:`segue.translate.rules.request_state`), an object for each request.

The steps of a request are translated in DRF's order (authentication, permissions, the view), and code in the order in which it
runs. So :func:`on_request` has every attribute that may be there by now. What it has not is not there: reading it later in a
round of a loop is the exception, so that nothing new may be put there in loops. Which are there for certain is told by
:func:`certain`. A translation is kept apart from those for requests with other attributes (:func:`shape`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.translate.context import Context
from segue.translate.functions.shape import shape_of
from segue.translate.kinds import Instance, Kind, Unknown

if TYPE_CHECKING:
    from segue.translate.interp.frame import Frame
    from segue.translate.specialise.endpoint import Endpoint

_MEMO = ("kernel", "put on the request")
_AFTER = ("kernel", "put by permissions")
_AUTHENTICATED = ("kernel", "put by authentication")
_ASKING = ("kernel", "authenticating")
_ENDPOINT = ("kernel", "asked of")
_ASKS_URL = ("kernel", "asks for the URL")
_FRAMES = ("kernel", "frames")
_GIVEN = ("middleware", "here")
_PERHAPS = ("middleware", "perhaps here")
_LEFT_OUT = ("middleware", "left out here")
_LEAVABLE = ("kernel", "leavable")
SURE = "#request.sure."
"""Prefix of the keys in :attr:`Frame.env` that tell which attributes are there on each way to this place."""
SCOPES = ("django-scopes", "active")
REQUEST_AUTH = ("kernel", "request.auth")
"""Memo: what ``request.auth`` is in the route in hand, where that is known."""


@dataclass(slots=True)
class Flow:
    """What a request has at one place: ``kinds`` of all that may be there, ``stored`` the fields of ``RequestState`` that keep them,
    ``sure`` those that are there whatever happened before the code in hand. ``log``: what was put, as it was put."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    sure: frozenset[str] = frozenset()
    log: list[str] = field(default_factory=list)

    def copy(self) -> Flow:
        """Another of the same content."""
        return Flow(dict(self.kinds), dict(self.stored), self.sure, list(self.log))

    def take(self, other: Flow) -> None:
        """Be as ``other``."""
        mine = other.copy()
        self.kinds, self.stored, self.sure, self.log = mine.kinds, mine.stored, mine.sure, mine.log


@contextmanager
def own_request(ctx: Context, action: str | None = None) -> Iterator[None]:
    """What is translated inside belongs to one operation: its request has what the permissions of ``action`` put there."""
    before = ctx.memo.get(_MEMO)
    ctx.memo[_MEMO] = _after_permissions(ctx, action)
    try:
        yield
    finally:
        ctx.memo[_MEMO] = before


def _after_permissions(ctx: Context, action: str | None) -> Flow:
    ends = ctx.memo.get(_AFTER)
    if not isinstance(ends, dict) or not ends:
        return Flow()
    if action in ends:
        found: Flow = ends[action].copy()
        return found
    return _of_either(list(ends.values()))


def _of_either(flows: list[Flow]) -> Flow:
    from segue.translate.interp.join import join

    out = flows[0].copy()
    for other in flows[1:]:
        for name, kind in other.kinds.items():
            out.kinds[name] = join(out.kinds[name], kind) if name in out.kinds else kind
            if out.stored.setdefault(name, other.stored.get(name, "")) != other.stored.get(name, ""):
                out.kinds[name] = Unknown("It is kept as one thing or another.")
        out.sure &= other.sure
    return out


@contextmanager
def new_route(ctx: Context) -> Iterator[None]:
    """The route in hand is another: nobody has been asked who they are."""
    ctx.memo[_MEMO], ctx.memo[_AFTER] = Flow(), {}
    try:
        yield
    finally:
        ctx.memo[_MEMO], ctx.memo[_AFTER] = None, {}


@contextmanager
def permissions(endpoint: Endpoint) -> Iterator[None]:
    """What is translated inside are the permissions of an operation, which follow authentication."""
    ctx, action = endpoint.ctx, endpoint.action
    before = flow(ctx)
    if before is None:
        yield
        return
    ctx.memo[_MEMO] = inside = before.copy()
    try:
        with asked(endpoint):
            yield
    finally:
        ctx.memo[_MEMO] = before
    before.log += inside.log[len(before.log) :]
    ends = ctx.memo.setdefault(_AFTER, {})
    assert isinstance(ends, dict)
    ends[action] = inside if action not in ends else _of_either([ends[action], inside])


def goes_on(ctx: Context, action: str | None) -> None:
    """What has been put by now is there for the handlers of ``action``, or for all where that is None."""
    found, ends = flow(ctx), ctx.memo.get(_AFTER)
    if found is None or not isinstance(ends, dict):
        return
    for key in list(ends) if action is None else [action]:
        ends[key] = _of_either([ends[key], found]) if key in ends else found.copy()


def replaces_user(ctx: Context) -> bool:
    """Whether the steps so far put another ``request.user`` there."""
    found = flow(ctx)
    return found is not None and "user" in found.log


@contextmanager
def after_authentication(ctx: Context, key: Hashable) -> Iterator[None]:
    """What is translated inside is authentication by ``key``, which is translated once for all routes."""
    found = flow(ctx)
    if found is None:
        yield
        return
    ends = ctx.memo.setdefault(_AUTHENTICATED, {})
    assert isinstance(ends, dict)
    if key in ends:
        found.take(ends[key])
        yield
        return
    ctx.memo[_ASKING] = True
    try:
        yield
    finally:
        ctx.memo[_ASKING] = False
    ends[key] = found.copy()


def authenticating(ctx: Context) -> bool:
    """Whether authentication is being translated: nobody is known yet."""
    return bool(ctx.memo.get(_ASKING))


@contextmanager
def asked(endpoint: Endpoint) -> Iterator[None]:
    """What is translated inside are steps of a request to this operation."""
    memo = endpoint.ctx.memo
    before = memo.get(_ENDPOINT)
    memo[_ENDPOINT] = endpoint
    try:
        yield
    finally:
        memo[_ENDPOINT] = before


def asked_of(ctx: Context) -> Endpoint | None:
    """The operation whose request runs through the code in hand; None where that is not one."""
    return ctx.memo.get(_ENDPOINT)  # type: ignore[return-value]


def _url(ctx: Context) -> Hashable:
    """The arguments of the URL, where functions of the project ask the request for them (``request.parser_context``)."""
    endpoint = asked_of(ctx)
    if endpoint is None:
        return None
    asking = ctx.memo.get(_ASKS_URL)
    if asking is None:
        asking = any("parser_context" in f.source for f in ctx.snapshot.functions.values())
        ctx.memo[_ASKS_URL] = asking
    if not asking:
        return None
    return tuple((name, shape_of(kind)) for name, kind in sorted(endpoint.url_arguments.items()))


@contextmanager
def perhaps(ctx: Context) -> Iterator[None]:
    """What is translated inside is run or not."""
    known, frame = flow(ctx), _frame(ctx)
    sure = known.sure if known is not None else frozenset()
    env = {key for key in frame.env if key.startswith(SURE)} if frame is not None else set()
    try:
        yield
    finally:
        if known is not None:
            known.sure = sure
        if frame is not None:
            for key in [k for k in frame.env if k.startswith(SURE) and k not in env]:
                del frame.env[key]


def flow(ctx: Context) -> Flow | None:
    """What the request in hand has; None outside of the steps of a request."""
    found = ctx.memo.get(_MEMO)
    return found if isinstance(found, Flow) else None


def on_request(ctx: Context) -> dict[str, Kind]:
    """The attributes that have been put on the request in hand so far, in any branch."""
    found = flow(ctx)
    return found.kinds if found is not None else {}


def is_open(ctx: Context) -> bool:
    """Whether the steps of a request are being translated, and not what is asked before them or aside."""
    return flow(ctx) is not None


def certain(ctx: Context) -> frozenset[str]:
    """The attributes that are there on each way to the place in hand."""
    found, frame = flow(ctx), _frame(ctx)
    base = found.sure if found is not None else frozenset[str]()
    if frame is None:
        return base
    return base | {key.removeprefix(SURE) for key in frame.env if key.startswith(SURE)}


@contextmanager
def translating(ctx: Context, frame: Frame) -> Iterator[None]:
    """``frame`` is the one whose code runs now; it begins with what its caller is certain of."""
    from segue.translate.interp.value import Val
    from segue.translate.kinds import Const

    frames = ctx.memo.setdefault(_FRAMES, [])
    assert isinstance(frames, list)
    for name in certain(ctx):
        frame.env[SURE + name] = Val(Const(True))
    frames.append(frame)
    try:
        yield
    finally:
        frames.pop()


@dataclass(frozen=True, slots=True)
class Puts:
    """What a function puts on the request: ``kinds`` of the attributes as they are then and their fields, ``sure`` those that are there at all its ends."""

    kinds: tuple[tuple[str, Kind, str], ...] = ()
    sure: frozenset[str] = frozenset()


def mark(ctx: Context) -> int:
    """How many things have been put by now, for :func:`puts_since`."""
    found = flow(ctx)
    return len(found.log) if found is not None else 0


def puts_since(ctx: Context, mark: int, frame: Frame | None) -> Puts:
    """What was put since the log had ``mark`` entries, by the function of ``frame``."""
    found = flow(ctx)
    if found is None:
        return Puts()
    names = sorted(set(found.log[mark:]))
    return Puts(
        tuple((n, found.kinds[n], found.stored.get(n, "")) for n in names),
        sure_at_ends(frame) if frame is not None else frozenset(),
    )


def sure_at_ends(frame: Frame) -> frozenset[str]:
    """What the request has wherever the function ends."""
    ends = [{key.removeprefix(SURE) for key in end if key.startswith(SURE)} for end in frame.ends]
    return frozenset(set.intersection(*ends)) if ends else frozenset()


def called(ctx: Context, puts: Puts) -> None:
    """A function that puts things on the request is called here."""
    found, frame = flow(ctx), _frame(ctx)
    if found is None or not (puts.kinds or puts.sure):
        return
    for name, kind, kept in puts.kinds:
        found.kinds[name] = kind
        found.stored[name] = kept
        found.log.append(name)
        if frame is not None:
            frame.forget_attribute(name, kept)
    if frame is None:
        found.sure |= puts.sure
    elif not frame.no_hoist:
        from segue.translate.interp.value import Val
        from segue.translate.kinds import Const

        frame.env.update({SURE + name: Val(Const(True)) for name in puts.sure})


def _frame(ctx: Context) -> Frame | None:
    frames = ctx.memo.get(_FRAMES)
    return frames[-1] if isinstance(frames, list) and frames else None


def loops(ctx: Context) -> bool:
    """Whether code in hand is run more than once: by a loop around it, or around the call that leads to it."""
    frames = ctx.memo.get(_FRAMES)
    return isinstance(frames, list) and any(frame.loops for frame in frames)


def shape(ctx: Context) -> Hashable:
    """What translations are to be told apart by: this, what middleware gives to requests of the route in hand, and who asks."""
    given, auth = given_by_middleware(ctx), ctx.memo.get(REQUEST_AUTH)
    found = flow(ctx)
    stored = found.stored if found is not None else {}
    carried = tuple(
        (name, shape_of(kind), stored.get(name)) for name, kind in sorted(on_request(ctx).items())
    )
    return (
        carried,
        tuple(sorted(certain(ctx))),
        _url(ctx),
        given,
        shape_of(auth) if isinstance(auth, Instance) else None,
        scopes_here(ctx),
        bool(ctx.memo.get(_LEAVABLE)),
    )


def given_by_middleware(ctx: Context) -> Hashable:
    """What translated middleware gives to requests of the route in hand, to some of them, and what it leaves out."""
    return ctx.memo.get(_GIVEN), ctx.memo.get(_PERHAPS), ctx.memo.get(_LEFT_OUT)


def scopes_here(ctx: Context) -> Hashable:
    """The scopes of django-scopes (:mod:`segue.translate.rules.scopes`) that what is translated runs in."""
    found = ctx.memo.get(SCOPES)
    return tuple(sorted(found.items())) if isinstance(found, dict) else str(found)


def parameter(name: str) -> str:
    """What the attribute is called in generated code."""
    return f"request_{name}"


__all__ = [
    "Flow",
    "Puts",
    "certain",
    "flow",
    "is_open",
    "on_request",
    "own_request",
    "parameter",
    "perhaps",
    "shape",
]
