"""The rules as HTTPRoutes of the Kubernetes Gateway API (v1).

Limits and precedence are those of ``apis/v1/httproute_types.go`` and ``config/crd/standard`` of github.com/kubernetes-sigs/gateway-api: an HTTPRoute
has at most 16 rules of 64 matches, 128 in all; an exact path wins over all others, then a method, then the number of headers, then of query
parameters. Which of two regular expressions wins is left to the implementation: an order that matters is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from segue.errors import UsageError
from segue.gateway import patterns
from segue.gateway.overlap import Path, may_overlap, ways
from segue.gateway.table import Rule, require_all

RULES, MATCHES, TOGETHER, LONGEST = 16, 64, 128, 1024
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_EXACT = re.compile(r"/[-A-Za-z0-9/._~!$&'()*+,;=:@]*")
_ODD = re.compile(r"//|/\.\.?(?:/|$)")
"""What the CRD's rules allow in an exact path, and what not in it."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Services:
    """Names of the objects in the cluster: the Gateway that the routes belong to, and both sides' Services with their port."""

    gateway: str = "gateway"
    django: str = "django"
    fastapi: str = "fastapi"
    port: int = 8000


@dataclass(slots=True)
class _Pattern:
    """The rules of one URL pattern, in order."""

    regex: str
    rules: list[Rule]
    paths: list[Path] = field(init=False)

    def __post_init__(self) -> None:
        self.paths = ways(self.regex)

    @property
    def moves(self) -> bool:
        return any(rule.weight for rule in self.rules)

    def shares(self, method: str) -> tuple[int, int]:
        """FastAPI's share of ``method`` ('' is any that no rule names), and of it by browsers."""
        rule = next(r for r in self.rules if method in r.methods or not r.methods)
        return rule.weight, 0 if rule.html_to_legacy else rule.weight


def routes(rules: Sequence[Rule], services: Services = Services()) -> Json:
    """A ``List`` of HTTPRoutes, ``segue-0`` and on; what none of them matches goes to Django.

    Raises :class:`UsageError` where an implementation could send to FastAPI what Django's order gives to another route, and for
    patterns that are too long.
    """
    require_all(rules, "HTTPRoutes")
    patterns = [_Pattern(regex, list(own)) for regex, own in groupby(rules, lambda r: r.regex)]
    notes = _judge(patterns)
    matches = list(_matches(patterns))
    everything = {"path": {"type": "PathPrefix", "value": "/"}}
    entries: list[Json] = []
    for weight in sorted({w for w, _ in matches} | {0}, reverse=True):
        own = [match for w, match in matches if w == weight] + ([] if weight else [everything])
        for start in range(0, len(own), MATCHES):
            part = own[start : start + MATCHES]
            entries.append({"matches": part, "backendRefs": _backends(weight, services)})
    items: list[list[Json]] = []
    open_rules: list[Json] = []
    count = 0
    for entry in entries:
        size = len(entry["matches"])
        if open_rules and (len(open_rules) == RULES or count + size > TOGETHER):
            items.append(open_rules)
            open_rules, count = [], 0
        open_rules.append(entry)
        count += size
    items.append(open_rules)
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [_route(number, one, services, notes) for number, one in enumerate(items)],
    }


def _route(number: int, rules: list[Json], services: Services, notes: list[str]) -> Json:
    said = {"annotations": {"segue/notes": "\n".join(notes)}} if notes and not number else {}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": f"segue-{number}", "labels": {"app.kubernetes.io/managed-by": "segue"}, **said},
        "spec": {"parentRefs": [{"name": services.gateway}], "rules": rules},
    }


def _backends(weight: int, services: Services) -> list[Json]:
    shares = ((services.fastapi, weight), (services.django, 100 - weight))
    return [{"name": name, "port": services.port, "weight": share} for name, share in shares if share]


def _matches(patterns: Sequence[_Pattern]) -> Iterator[tuple[int, Json]]:
    """Each match with FastAPI's share of it. Django's are left out where nothing else would match them."""
    for place, pattern in enumerate(patterns):
        for path in pattern.paths:
            if path.literal is not None and any(
                may_overlap(path, other) for before in patterns[:place] for other in before.paths
            ):
                continue  # never reached: an earlier pattern matches it, and an exact path would win over that one
            # An exact path is looked at first: where it leaves a method to Django, a pattern behind it must not get it.
            covered = path.literal is not None and any(
                may_overlap(path, other)
                for after in patterns[place + 1 :]
                if after.moves
                for other in after.paths
            )
            for rule in pattern.rules:
                if rule.weight or covered:
                    yield from _of(rule, path)


def _of(rule: Rule, path: Path) -> Iterator[tuple[int, Json]]:
    place: Json = {"path": _value(rule, path)}
    for method in rule.methods or ("",):
        if method and method not in METHODS:
            continue  # no match can name it: it stays on Django
        match = {**place, **({"method": method} if method else {})}
        if rule.weight and rule.html_to_legacy:
            html = {"type": "RegularExpression", "name": "accept", "value": "(?i).*text/html.*"}
            yield 0, {**match, "headers": [html]}
            yield 0, {**match, "queryParams": [{"name": "format", "value": "api"}]}
        yield rule.weight, match


def _value(rule: Rule, path: Path) -> Json:
    if path.literal is not None:
        if not _EXACT.fullmatch(path.literal) or _ODD.search(path.literal):
            raise UsageError(
                f"The path {path.literal} of {rule.key} is none that an HTTPRoute can have.",
                hint="Leave it on Django, or use Envoy (`--to envoy`).",
            )
        value = {"type": "Exact", "value": path.literal}
    else:
        if not patterns.supported(path.regex):
            raise UsageError(
                f"An HTTPRoute cannot hold the URL pattern of {rule.key} (look-around or back-reference).",
                hint="Leave it on Django.",
            )
        # With anchors: some implementations look for the expression anywhere in the path.
        inner = re.sub(r"\(\?P<\w+>", "(?:", path.regex)
        value = {"type": "RegularExpression", "value": f"^(?:{inner})$"}
    if len(value["value"]) > LONGEST:
        raise UsageError(
            f"The URL pattern of {rule.key} is longer than the {LONGEST} characters of an HTTPRoute's path.",
            hint="Leave it on Django, or use Envoy (`--to envoy`).",
        )
    return value


def _judge(patterns: Sequence[_Pattern]) -> list[str]:
    """Pairs of regular expressions whose order matters: those that would give FastAPI more than its share are refused, the others
    are told."""
    notes = []
    for place, later in enumerate(patterns):
        if not later.moves and not any(p.moves for p in patterns[:place]):
            continue
        for earlier in patterns[:place]:
            if not (later.moves or earlier.moves) or not _both_regex_overlap(earlier, later):
                continue
            methods = {m for p in (earlier, later) for r in p.rules for m in r.methods} | {""}
            worse = [m for m in sorted(methods) if _less(earlier.shares(m), later.shares(m))]
            if worse:
                raise UsageError(
                    f"HTTPRoutes cannot keep Django's order of {earlier.rules[-1].key[2:]} before {later.rules[-1].key[2:]}, "
                    "which match the same paths.",
                    hint=f"Give both the same share of {worse[0] or 'other methods'}, or use Envoy (`--to envoy`).",
                )
            if any(_less(later.shares(m), earlier.shares(m)) for m in methods):
                notes.append(
                    f"{earlier.rules[-1].key[2:]} may get less than its share where {later.rules[-1].key[2:]} matches, too."
                )
    return notes


def _less(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return any(a < b for a, b in zip(one, other, strict=True))


def _both_regex_overlap(one: _Pattern, other: _Pattern) -> bool:
    return any(
        may_overlap(a, b) for a in one.paths for b in other.paths if a.literal is None and b.literal is None
    )
