"""Ledger and snapshot → the ordered routing table, before any proxy's syntax.

Django matches URL patterns in order and only then looks at the method. The table keeps that
order, so that a path which two patterns match goes where Django would send it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from segue.errors import UsageError
from segue.gateway import patterns
from segue.ledger.model import Entry
from segue.snapshot.model import Route, Snapshot, Value

BROWSABLE = "rest_framework.renderers.BrowsableAPIRenderer"


@dataclass(frozen=True, slots=True)
class Rule:
    """Requests to one pattern with one of ``methods`` (empty: any other method).

    ``weight`` is FastAPI's share in percent; ``possible`` tells whether FastAPI can answer at all
    (so that an override header may ask for it). ``key`` names the ledger entry for logs.
    ``html_to_legacy``: requests that accept ``text/html`` go to Django, whose browsable API answers them.
    ``sticky`` is what tells clients apart during a shift: ``cookie:NAME``, ``header:NAME``, ``address``; the first that a
    request has decides its side. A request that has none of them is shared out at random.
    ``patience``: seconds after which a read that FastAPI has not begun to answer is asked of Django as well; 0: never.
    ``leave_after``: 5xx of FastAPI's in a row after which a write goes to Django for a while; 0: never.
    ``only``: requests that the weight is of, as ``header:NAME``, ``header:NAME=VALUE``, ``cookie:NAME``, ``cookie:NAME=VALUE``; one of them is
    enough, and who has none stays with Django. Empty: all.
    ``shares``: requests of which FastAPI has another percentage while it has a weight at all, named likewise; the first that fits counts,
    before ``only``. ``cookie``: the name of a cookie that asks for a side as the override header does; '': none.
    """

    key: str
    regex: str
    methods: tuple[str, ...]
    weight: int
    possible: bool
    html_to_legacy: bool
    sticky: tuple[str, ...] = ()
    patience: int = 0
    leave_after: int = 0
    only: tuple[str, ...] = ()
    shares: tuple[tuple[str, int], ...] = ()
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How all operations are shared out: the fields of :class:`Rule` by these names, as ``[gateway]`` of segue.toml has them."""

    sticky: tuple[str, ...] = ()
    patience: int = 0
    leave_after: int = 0
    only: tuple[str, ...] = ()
    shares: tuple[tuple[str, int], ...] = ()
    cookie: str = ""


def build(snapshot: Snapshot, entries: Mapping[str, Entry], sharing: Sharing = Sharing()) -> list[Rule]:
    """The rules in Django's matching order. Routes after the last native one are left out: the
    proxy's default is Django."""
    apart = tuple(_identity(snapshot, word) for word in sharing.sticky)
    same = (
        apart,
        sharing.patience,
        sharing.leave_after,
        sharing.only,
        sharing.shares,
        sharing.cookie,
    )
    rules: list[Rule] = []
    last = 0
    for route in sorted(snapshot.routes, key=lambda r: r.order):
        mine = [e for e in (entries.get(f"{o.method} {route.id}") for o in route.operations) if e]
        if not _supported(route):
            # Whatever may be its path is Django's, so that no later route gets what Django gives to this one.
            regex = _joined([patterns.beginning(p) for p in _patterns(route)])
            rules.append(Rule(f"* {route.id}", regex, (), 0, False, False, *same))
            continue
        regex = _joined([patterns.whole(p) for p in _patterns(route)])
        native = [e for e in mine if e.native]
        html = bool(native) and _browsable(snapshot, route)
        for entry in native:
            methods = ("GET", "HEAD") if entry.method == "GET" else (entry.method,)
            rules.append(Rule(entry.key, regex, methods, entry.weight, True, html, *same))
        whole = bool(native) and len(native) == len(route.operations)
        # OPTIONS and methods nobody allows: FastAPI's answer is as good once it serves all of the route.
        rest = min((e.weight for e in native), default=0) if whole else 0
        rules.append(Rule(f"* {route.id}", regex, (), rest, whole, html, *same))
        if native:
            last = len(rules)
    return rules[:last]


def require_all(rules: Sequence[Rule], where: str) -> None:
    """Raises :class:`UsageError` if requests are told apart by what ``where`` cannot look at."""
    for rule in rules[:1]:
        for key, words, what in (
            ("only", rule.only, "all requests would be shared out"),
            ("shares", [word for word, _ in rule.shares], "all requests would be shared out alike"),
            ("override_cookie", [rule.cookie] if rule.cookie else [], "it would choose no side"),
        ):
            if words:
                raise UsageError(
                    f"gateway.{key} ({', '.join(words)}) is not kept in {where}: {what}.",
                    hint=f"Take gateway.{key} out of segue.toml, or serve by Envoy.",
                )


def _identity(snapshot: Snapshot, word: str) -> str:
    if word == "session":
        return f"cookie:{_text(snapshot.settings.values.get('SESSION_COOKIE_NAME')) or 'sessionid'}"
    return "header:authorization" if word == "authorization" else word


def _text(value: Value | None) -> str:
    return value.data if value is not None and isinstance(value.data, str) else ""


def _patterns(route: Route) -> list[str]:
    return [p for p in (route.regex, route.suffix_regex) if p]


def _joined(patterns: list[str]) -> str:
    return patterns[0] if len(patterns) == 1 else "(?:" + "|".join(patterns) + ")"


def unsupported(snapshot: Snapshot, routes: Iterable[str]) -> list[str]:
    """Those of the route ids whose patterns the gateway cannot match; they must stay on Django."""
    wanted = set(routes)
    return [r.id for r in snapshot.routes if r.id in wanted and not _supported(r)]


def covered(snapshot: Snapshot, routes: Iterable[str]) -> list[tuple[str, str]]:
    """Those of the route ids that Django may never come to, each with the route before it whose paths the gateway cannot tell: they are
    all Django's, and so whatever may be one of them."""
    wanted = set(routes)
    before: list[Route] = []
    found: list[tuple[str, str]] = []
    for route in sorted(snapshot.routes, key=lambda r: r.order):
        if not _supported(route):
            before.append(route)
        elif route.id in wanted:
            found += [(route.id, other.id) for other in before if _may_meet(route, other)]
    return found


def _may_meet(one: Route, other: Route) -> bool:
    mine, theirs = ([patterns.text(patterns.beginning(p, "")) for p in _patterns(r)] for r in (one, other))
    return any(a.startswith(b) or b.startswith(a) for a in mine for b in theirs)


def _supported(route: Route) -> bool:
    return all(patterns.supported(p) for p in _patterns(route))


def _browsable(snapshot: Snapshot, route: Route) -> bool:
    view = snapshot.views.get(route.view)
    renderers = view.policies.get("renderer_classes") if view else None
    return renderers is not None and any(v.name == BROWSABLE for v in renderers.items)
