"""One middleware and one route → what the middleware does to its requests."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from segue.snapshot.model import Function, Route, Snapshot, Where
from segue.translate.middleware.known import SESSIONS
from segue.translate.middleware.machine import Frame, Machine, Outside, Raised, call_closure, create, invoke
from segue.translate.middleware.paths import Dead, Event, Path, TooMany, explore
from segue.translate.middleware.sources import find
from segue.translate.middleware.values import (
    GET_RESPONSE,
    NONE,
    RAISED,
    REQUEST,
    RESPONSE,
    Closure,
    Fact,
    Instance,
    Known,
    Method,
    Thing,
    Unknown,
    Value,
)

_MIXIN = "django.utils.deprecation.MiddlewareMixin.__call__"
_NODE = ast.Pass()
_ACCESSED = Fact("accessed", "")
TOO_MANY = "It has too many cases to follow."


@dataclass(frozen=True, slots=True)
class Verdict:
    """``events``: what can be seen, where; ``session`` and ``user``: whether it reads them, for ``always``,
    ``sometimes`` or ``never``; ``headers``: what every answer gets (name, value, ``set`` or ``default``); ``asked``: whether
    any of it depends on the route; ``vary``: names that it adds to ``Vary`` of every answer; ``sets``: attributes that it sets on requests, ``always`` on all of them;
    ``ended``: whether it calls ``translation.deactivate()`` after the view; ``unchecked``: whether it says of requests that
    nobody needs a CSRF token; ``late``: whether it asks who it was, after the view."""

    events: tuple[Event, ...] = ()
    session: str = "never"
    user: bool = False
    headers: tuple[tuple[str, str, str], ...] = ()
    asked: bool = False
    vary: tuple[str, ...] = ()
    sets: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    ended: bool = False
    unchecked: bool = False
    late: bool = False


def judge(
    snapshot: Snapshot,
    name: str,
    route: Route,
    set_on_responses: frozenset[str] = frozenset(),
    *,
    base: str = "",
    holds: Mapping[Fact, bool] | None = None,
    outside: Outside = Outside(),
) -> Verdict:
    """Follow the middleware ``name`` (where it is defined) through everything that a request to ``route`` may meet.

    ``holds``: facts of all requests that are looked at. ``base``: the middleware of Django that the class extends and whose own
    methods are taken for what they are.
    """
    where = _place(snapshot, name)
    if where is None:
        return Verdict((Event(name, "The snapshot has no source of this middleware.", "", 0, (), False),))

    def run(path: Path) -> None:
        path.facts.update(holds or {})
        _run(Machine(snapshot, route, path, set_on_responses, base=base, outside=outside), name, where)

    return _all(run, name, where)


def _all(run: Callable[[Path], None], name: str, where: Where) -> Verdict:
    """All paths of ``run`` together."""
    clear: list[Path] = []
    asked = False
    events: dict[Event, None] = {}
    why = ""
    try:
        for path in explore(run):
            events.update(dict.fromkeys(path.events))
            asked = asked or path.asked
            if not path.events:
                clear.append(path)
    except TooMany:
        why = TOO_MANY
    except RecursionError:
        why = "It calls itself."
    if not clear and not events:
        why = why or "Its construction fails."
    if why:
        # For a route of other paths it may do nothing, and be followed soon.
        return Verdict(
            (Event(name, why, where.file, where.line, (), False),), asked=asked and why == TOO_MANY
        )
    return replace(_summary(clear, list(events), name, where), asked=asked)


def judge_finalizer(
    snapshot: Snapshot, cls: str, function: Function, route: Route, outside: Outside = Outside()
) -> Verdict:
    """What an overridden ``finalize_response`` of the view ``cls`` does to the JSON answers of ``route``."""

    routed = snapshot.views[route.view]
    # as_view() and @action may replace attributes of the class
    names = {*routed.initkwargs, *(name for kwargs in routed.action_overrides.values() for name in kwargs)}
    given = {name: Unknown(f"self.{name}", pure=False) for name in sorted(names)}

    def run(path: Path) -> None:
        machine = Machine(snapshot, route, path, view=True, outside=outside)
        frame = Frame(machine, function, {})
        view = Instance(cls, {"request": REQUEST, "kwargs": Thing("kwargs"), "response": RESPONSE, **given})
        path.started, path.instance = True, view
        try:
            _answered(
                frame, invoke(frame, Method(function, view), [REQUEST, RESPONSE], {}, _NODE), function.name
            )
        except Raised as raised:
            _report(frame, path.raised, f"It raises {raised.name.rpartition('.')[2]}.", function.name)

    return _all(run, function.name, function.where)


def _place(snapshot: Snapshot, name: str) -> Where | None:
    if name in snapshot.classes:
        return snapshot.classes[name].where
    function = snapshot.functions.get(name)
    return function.where if function is not None else None


def _summary(clear: list[Path], events: list[Event], name: str, where: Where) -> Verdict:
    recognised = [set(e.facts) for e in events if e.facts]
    # What is left to Django anyway says nothing about the rest.
    clear = [p for p in clear if not any(facts <= set(p.holding) for facts in recognised)]
    reads = {p.session for p in clear}
    session = "never" if reads in ({False}, set()) else "always" if reads == {True} else "sometimes"
    headers = _headers(clear)
    if headers is None:
        why = "It sets headers on some answers and not on others."
        events.append(Event(name, why, where.file, where.line, (), True))
    varied = {tuple(p.vary) for p in clear}
    if len(varied) > 1:
        why = "It changes Vary of some answers and not of others."
        events.append(Event(name, why, where.file, where.line, (), True))
    vary = varied.pop() if len(varied) == 1 else ()
    ended = {p.ended for p in clear}
    if len(ended) > 1:
        why = "It deactivates the language of some requests and not of others."
        events.append(Event(name, why, where.file, where.line, (), True))
    unchecked = {p.unchecked for p in clear}
    if len(unchecked) > 1:
        why = "It lets some requests do without a CSRF token and not others."
        events.append(Event(name, why, where.file, where.line, (), False))
    sets = frozenset(name for p in clear for name in p.sets)
    always = frozenset(name for name in sets if all(name in p.sets for p in clear))
    return Verdict(
        tuple(events),
        session,
        any(p.user for p in clear),
        headers or (),
        vary=vary,
        sets=sets,
        always=always,
        ended=True in ended,
        unchecked=True in unchecked,
        late=any(p.late for p in clear),
    )


def _headers(clear: list[Path]) -> tuple[tuple[str, str, str], ...] | None:
    """The headers of every answer; None where answers differ in more than what they had before."""
    found: dict[str, set[tuple[str, str]]] = {}
    for path in clear:
        for name, value, mode in path.headers:
            found.setdefault(name, set()).add((value, mode))
    for path in clear:
        for name in found:
            if not any(n == name for n, _, _ in path.headers) and not path.facts.get(Fact("answer", name)):
                return None
    if any(len(values) != 1 for values in found.values()):
        return None
    return tuple((name, *next(iter(values))) for name, values in sorted(found.items()))


def _run(machine: Machine, name: str, where: Where) -> None:
    """One path: construction, then the request."""
    path = machine.path
    outer = Frame(machine, Function(name, where, "", "function", {}), {})
    try:
        if name in machine.snapshot.classes:
            made: Value = create(outer, name, [GET_RESPONSE], {}, _NODE)
            assert isinstance(made, Instance)
            made.attributes.setdefault("get_response", GET_RESPONSE)
        else:
            made = invoke(outer, Method(machine.snapshot.functions[name]), [GET_RESPONSE], {}, _NODE)
    except Raised as raised:
        # MiddlewareNotUsed takes it out of the stack; with all others Django does not start.
        if raised.name != "django.core.exceptions.MiddlewareNotUsed":
            raise Dead from None
        return
    path.started, path.instance = True, made
    try:
        _request(outer, made, name)
    except Raised as raised:
        _report(outer, path.raised, f"It raises {raised.name.rpartition('.')[2]}.", name)


def _request(frame: Frame, made: Value, name: str) -> None:
    if not isinstance(made, Instance):
        if not isinstance(made, Closure):
            frame.event(_NODE, "Segue does not see what this middleware is.", name)
            return
        _answered(frame, call_closure(frame, made, [REQUEST], {}, _NODE), name)
        return
    snapshot = frame.machine.snapshot
    entry = find(snapshot, made.cls, "__call__")
    if entry is None:
        frame.event(_NODE, "Segue does not see how this middleware is called.", name)
        return
    if entry.name == _MIXIN:
        _mixin(frame, made)
    else:
        answer = invoke(frame, Method(entry, made), [REQUEST], {}, _NODE)
        _answered(frame, answer, name)
    if frame.machine.base == SESSIONS:
        _varies(frame, name)
    _hooks(frame, made)


def _varies(frame: Frame, name: str) -> None:
    """A subclass of ``SessionMiddleware`` must write ``Vary: Cookie`` where the session was read, and only there."""
    path = frame.machine.path
    read = path.facts.get(_ACCESSED)
    if path.varied and read is None:
        return  # by Django's own method
    if read is None or read is not path.varied:
        frame.event(_NODE, "It does not write Vary: Cookie where Django does.", name)


def _mixin(frame: Frame, made: Instance) -> None:
    """``MiddlewareMixin.__call__``."""
    snapshot = frame.machine.snapshot
    before = find(snapshot, made.cls, "process_request")
    if before is not None:
        _none(frame, invoke(frame, Method(before, made), [REQUEST], {}, _NODE), before)
    frame.machine.path.called = True
    after = find(snapshot, made.cls, "process_response")
    if after is not None:
        answer = invoke(frame, Method(after, made), [REQUEST, RESPONSE], {}, _NODE)
        _answered(frame, answer, after.name)


def _hooks(frame: Frame, made: Instance) -> None:
    """``process_view``, ``process_template_response`` and ``process_exception``, which Django calls around the view."""
    snapshot, path = frame.machine.snapshot, frame.machine.path
    view = find(snapshot, made.cls, "process_view")
    if view is not None:
        called, path.called, path.matched = path.called, False, True
        arguments: list[Value] = [REQUEST, Thing("view"), Known(()), Thing("kwargs")]
        _none(frame, invoke(frame, Method(view, made), arguments, {}, _NODE), view)
        path.called = called
    template = find(snapshot, made.cls, "process_template_response")
    if template is not None:
        answer = invoke(frame, Method(template, made), [REQUEST, RESPONSE], {}, _NODE)
        _answered(frame, answer, template.name)
    failure = find(snapshot, made.cls, "process_exception")
    if failure is not None and path.decide():
        _none(
            frame,
            invoke(frame, Method(failure, made), [REQUEST, RAISED], {}, _NODE),
            failure,
        )


def _none(frame: Frame, answer: Value, function: Function) -> None:
    """What a hook returns in place of going on."""
    if answer == NONE:
        return
    if isinstance(answer, Unknown) and answer.pure and not frame.machine.path.decide():
        return
    _report(frame, frame.machine.path.returned, "It answers itself.", function.name)


def _answered(frame: Frame, answer: Value, name: str) -> None:
    """The answer that comes out must be the view's."""
    path = frame.machine.path
    if answer == RESPONSE and path.called:
        return
    why = (
        "It answers itself." if not path.called else "It answers with something else than the view's answer."
    )
    _report(frame, path.returned, why, name)


def _report(frame: Frame, place: tuple[str, Where] | None, why: str, name: str) -> None:
    """An event at the statement that was seen last; without one at the middleware as a whole."""
    path = frame.machine.path
    if place is None:
        frame.event(_NODE, why, name)
        return
    text, where = place
    path.events.append(Event(text[:100], why, where.file, where.line, path.holding, path.called))


__all__ = ["Verdict", "judge", "judge_finalizer"]
