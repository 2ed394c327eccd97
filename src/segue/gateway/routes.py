"""The ordered rules as Envoy's routes (RDS, v3 API), as plain dicts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from segue.gateway import encoded, leaving, tree
from segue.gateway.table import Rule

SIDE_HEADER = "x-segue-side"
INTERNAL = "x-envoy-internal"  # set by Envoy itself: the request comes from a network of Edge.internal
ITSELF, STANDIN = "fastapi-itself", "fastapi-standin"  # of what the cluster ``fastapi`` is made
UNSERVED = "x-segue-unserved"  # with this header FastAPI says that it did nothing and Django should answer
ACTIVE_PATH = "/.segue/active"  # only with the header below; without it a path like any other
ACTIVE_HEADER = "x-segue-version"
UNTRACED = {"traceparent": f"00-{'5e' * 16}-{'5e' * 8}-00"}
"""What such a question brings so that no collector is told of it."""
TYPE = "type.googleapis.com/envoy"
Json = dict[str, Any]

_SAFE = "GET|HEAD|OPTIONS"
HIDDEN = "%(?:0[Aa]|2[DEFdef]|3[0-9]|4[1-9A-Fa-f]|5[0-9AFaf]|6[1-9A-Fa-f]|7[0-9AEae])"
"""What no client need encode: the slash, and letters, digits, ``-._~`` (RFC 3986 2.3), and a line's end, which ``.`` does not take. Both sides match the decoded path, the gateway the one
that was sent: ``/1%2Fclose/`` would be the route of ``/1/`` here and another one there, and ``/%6Eew/`` not that of ``/new/``."""


def route_configuration(rules: Sequence[Rule], active: Sequence[Json] = ()) -> Json:
    """The RDS resource: one virtual host, whose routes stand by how a path begins (:mod:`segue.gateway.tree`): in each group in order, Django last;
    and first for paths that are not what they seem, and for WebSockets, of which no operation is one. ``active`` are the routes of :data:`ACTIVE_PATH`."""
    upgrade = {"name": "upgrade", "string_match": {"exact": "websocket", "ignore_case": True}}
    sockets = _django({"prefix": "/", "headers": [upgrade]})
    sockets["route"]["idle_timeout"] = "0s"  # Django's own to say
    first: list[Json] = [_django({"safe_regex": {"regex": f".*{HIDDEN}.*"}}), sockets]
    last = _django({"prefix": "/"})
    own = [
        (regex, _of_rule(rule) if rule else [_django({"safe_regex": {"regex": regex}})], rule)
        for regex, rule in encoded.in_order(rules)
    ]
    lists: dict[str, list[Json]] = {}
    for begins, numbers in tree.groups([regex for regex, _, _ in own]).items():
        theirs = [route for number in numbers for route in own[number][1]]
        # Where FastAPI has nothing, all are Django's.
        lists[begins] = (
            [*first, *theirs, last]
            if any(rule.possible for n in numbers if (rule := own[n][2]))
            else [sockets, last]
        )
    # Its own paths are those of any other beginning.
    lists[ACTIVE_PATH] = [*active, *lists[""]]
    path = {"@type": f"{TYPE}.type.matcher.v3.HttpRequestHeaderMatchInput", "header_name": ":path"}
    return {
        "@type": f"{TYPE}.config.route.v3.RouteConfiguration",
        "name": "segue",
        "request_headers_to_remove": [SIDE_HEADER, INTERNAL, leaving.HEADER, "x-envoy-external-address"],
        "virtual_hosts": [
            {
                "name": "all",
                "domains": ["*"],
                "matcher": {
                    "matcher_tree": {
                        "input": {"name": "path", "typed_config": path},
                        "prefix_match_map": {
                            "map": {begins: _found(routes) for begins, routes in lists.items() if begins}
                        },
                    },
                    "on_no_match": _found(lists[""]),
                },
            }
        ],
    }


def _found(routes: Sequence[Json]) -> Json:
    listed = {"@type": f"{TYPE}.config.route.v3.RouteList", "routes": [*routes]}
    return {"action": {"name": "routes", "typed_config": listed}}


def _of_rule(rule: Rule) -> list[Json]:
    """The routes of one rule, in order."""
    match, routes = _match(rule), list[Json]()
    if rule.possible:
        if rule.html_to_legacy:
            accepts = {**match, "headers": [*match["headers"], _header("accept", "text/html")]}
            asks = {**match, "query_parameters": [{"name": "format", "string_match": {"exact": "api"}}]}
            routes += [_route(accepts, 0, rule, "html"), _route(asks, 0, rule, "api")]
        for asked in (SIDE_HEADER, *([f"cookie:{rule.cookie}"] if rule.cookie else [])):
            for side, weight in (("django", 0), ("fastapi", 100)):
                word = _exact(asked, side) if asked == SIDE_HEADER else _having(f"{asked}={side}")
                forced = {**match, "headers": [*match["headers"], word, _exact(INTERNAL, "true")]}
                routes += _by_method(forced, weight, rule, f"forced-{side}")
    for what, share in rule.shares if rule.weight else []:
        apart = {**match, "headers": [*match["headers"], _having(what)]}
        routes += _by_method(apart, share, rule, "apart")
    for wanted in [_having(word) for word in rule.only] if rule.weight else []:
        theirs = {**match, "headers": [*match["headers"], wanted]}
        routes += _by_method(theirs, rule.weight, rule, "weighted")
    if rule.only and rule.weight:
        return [*routes, _route(match, 0, rule, "outside")]
    return [*routes, *_by_method(match, rule.weight, rule, "weighted")]


def discovery(rules: Sequence[Rule], first: Sequence[Json] = ()) -> tuple[str, str]:
    """``(version, text)`` of the RDS file, a route in a line; the version is a digest of the routes. ``first`` are routes before those by which
    the gateway says which version it has."""
    resource = json.dumps(route_configuration(rules, [_ACTIVE]), separators=(",", ":"))
    version = hashlib.sha256(resource.encode()).hexdigest()[:16]
    active = ",".join(json.dumps(one, separators=(",", ":")) for one in (*first, *_active(version)))
    # Not indented: that alone would take Python longer than all the rest of a change.
    whole = resource.replace(json.dumps(_ACTIVE, separators=(",", ":")), active, 1)
    lines = whole.replace(',{"name":"', ',\n{"name":"')
    return version, f'{{"version_info":"{version}","resources":[{lines}]}}\n'


_ACTIVE: Json = {"name": "segue|active"}
"""Stands for the routes that have the version, in what the version is a digest of."""


def _active(version: str) -> list[Json]:
    """Whoever asks :data:`ACTIVE_PATH` for this version gets 204: the thread that serves requests has these routes.

    Envoy's admin page tells a version as soon as its main thread has accepted it, which is before.
    """
    asked = {"path": ACTIVE_PATH, "headers": [_exact(ACTIVE_HEADER, version)]}
    other = {"path": ACTIVE_PATH, "headers": [{"name": ACTIVE_HEADER, "present_match": True}]}
    return [
        {"name": "segue|active", "match": match, "direct_response": {"status": status}}
        for match, status in ((asked, 204), (other, 409))
    ]


def _django(match: Json) -> Json:
    """What no rule is asked about."""
    return {
        "name": "django",
        "match": match,
        "decorator": {"operation": "django", "propagate": False},
        "route": {"cluster": "django", "timeout": "0s"},
        "response_headers_to_add": [_side("django")],
    }


def _match(rule: Rule) -> Json:
    headers: list[Json] = []
    if rule.methods:
        headers.append(_one_of(":method", rule.methods))
    return {"safe_regex": {"regex": rule.regex}, "headers": headers}


def _by_method(match: Json, weight: int, rule: Rule, name: str) -> list[Json]:
    """Safe methods may be tried again on Django after an error; others only if never sent."""
    if rule.methods:
        safe = "GET" in rule.methods
        out = [_route(match, weight, rule, name, safe=safe)]
        if weight and rule.leave_after and not safe and name in ("weighted", "apart"):
            out[0]["typed_per_filter_config"] = leaving.on_route(rule.key, rule.leave_after, standin=False)
            out.insert(0, _standin(match, weight, rule, name))
        return out
    if weight == 0:
        return [_route(match, weight, rule, name)]
    safely = {
        **match,
        "headers": [*match["headers"], {"name": ":method", "string_match": {"safe_regex": {"regex": _SAFE}}}],
    }
    return [_route(safely, weight, rule, f"{name}-safe", safe=True), _route(match, weight, rule, name)]


def _having(word: str) -> Json:
    """Requests with what a word of ``only`` names."""
    kind, _, rest = word.partition(":")
    name, equals, value = rest.partition("=")
    if kind == "header":
        return _exact(name, value) if equals else {"name": name, "present_match": True}
    found = f"{re.escape(name)}={re.escape(value) if equals else '[^;]*'}"
    return {"name": "cookie", "string_match": {"safe_regex": {"regex": rf"(?:.*;)?\s*{found}\s*(?:;.*)?"}}}


def _standin(match: Json, weight: int, rule: Rule, name: str) -> Json:
    """FastAPI's share is Django's, for a while (:mod:`segue.gateway.leaving`). Logged as FastAPI's that Django answered, as what it fails is."""
    asked = {**match, "headers": [*match["headers"], _exact(leaving.HEADER, "1")]}
    out = _route(asked, weight, rule, f"{name}-standin")
    action = out["route"]
    del action["retry_policy"]
    for one in (action, *action.get("weighted_clusters", {"clusters": []})["clusters"]):
        for field in ("cluster", "name"):
            if one.get(field) == "fastapi":
                one[field] = STANDIN
    out["typed_per_filter_config"] = leaving.on_route(rule.key, rule.leave_after, standin=True)
    return out


def _route(match: Json, weight: int, rule: Rule, name: str, *, safe: bool = False) -> Json:
    action: Json = {"timeout": "0s"}
    if (
        weight
    ):  # nobody stands in for Django, and many routes are Django's: Envoy reads all of them at each change
        action["retry_policy"] = _retry_safe() if safe else _retry_unsent()
    if weight and safe and rule.patience:
        # A read that FastAPI has not begun to answer by then is asked of Django as well; the first answer counts. No attempt is
        # cut off for being slow, so what takes long on both sides is still answered.
        action["retry_policy"]["per_try_timeout"] = f"{rule.patience}s"
        action["hedge_policy"] = {"hedge_on_per_try_timeout": True}
    out: Json = {
        "name": f"{rule.key}|{name}",
        "match": match,
        "route": action,
        "metadata": {"filter_metadata": {"segue": {"weight": weight}}},
        "decorator": {"operation": rule.key, "propagate": False},  # a span's name
    }
    if weight in (0, 100):
        side = "fastapi" if weight else "django"
        action["cluster"] = side
        out["response_headers_to_add"] = [_side(side)]
    else:
        # Requests with the same identity have the same hash, and FastAPI has the lowest hundredths: a client that is at
        # FastAPI stays there while the weight rises. Without an identity Envoy draws a random number.
        if rule.sticky:
            action["hash_policy"] = [_identity(word) for word in rule.sticky]
        action["weighted_clusters"] = {
            **({"use_hash_policy": True} if rule.sticky else {}),
            "clusters": [
                {"name": side, "weight": share, "response_headers_to_add": [_side(side)]}
                for side, share in (("fastapi", weight), ("django", 100 - weight))
            ],
        }
    return out


def _identity(word: str) -> Json:
    kind, _, name = word.partition(":")
    if kind == "cookie":
        return {"cookie": {"name": name}, "terminal": True}
    if kind == "header":
        return {"header": {"header_name": name}, "terminal": True}
    return {"connection_properties": {"source_ip": True}, "terminal": True}


def _retry_safe() -> Json:
    return {
        "retry_on": "5xx,reset,connect-failure,refused-stream",
        # Django's answer is the last one: with a second one FastAPI would be asked again for what has failed on both sides.
        "num_retries": 1,
        "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.020s"},
        "retry_priority": _previous_priorities(),
    }


def _retry_unsent() -> Json:
    """Only what FastAPI did not begin: it was never reached, or says that it did nothing."""
    return {
        **_retry_safe(),
        "retry_on": "connect-failure,refused-stream,reset-before-request,retriable-headers",
        "retriable_headers": [{"name": UNSERVED, "present_match": True}],
    }


def _previous_priorities() -> Json:
    return {
        "name": "envoy.retry_priorities.previous_priorities",
        "typed_config": {
            "@type": f"{TYPE}.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
            "update_frequency": 1,
        },
    }


def _side(side: str) -> Json:
    return {
        "header": {"key": "x-segue-route", "value": side},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _exact(name: str, value: str) -> Json:
    return {"name": name, "string_match": {"exact": value}}


def _header(name: str, part: str) -> Json:
    return {"name": name, "string_match": {"contains": part, "ignore_case": True}}


def _one_of(name: str, values: Sequence[str]) -> Json:
    return {"name": name, "string_match": {"safe_regex": {"regex": "|".join(values)}}}
