"""The exported HTTPRoutes: within the limits of the CRD, and matched by the specification's precedence they send no request to FastAPI
that the table gives to Django. Whichever of two regular expressions wins: the specification leaves that open."""

from __future__ import annotations

import random
import re
from typing import Any
from zlib import crc32

import pytest

from segue.errors import UsageError
from segue.gateway import in_process
from segue.gateway.envoy import Edge
from segue.gateway.export.kubernetes import Services, routes
from segue.gateway.overlap import may_overlap, ways
from segue.gateway.table import Rule
from segue_bridge.legacy.in_process.table import parse

Json = dict[str, Any]
PIECES = (
    "new", r"(?P<pk>[^/.]+)", r"(?P<pk>\d+)", r"(?P<slug>[-a-zA-Z0-9_]+)", r"a\-b", r"(?P<rest>.+)", r"(?P<n>[0-9a-f]{2})", "1",
)  # fmt: skip
WORDS = ("new", "1", "ab", "a-b", "x.json", "", "12/new", "new.json")


def pattern(draw: random.Random) -> str:
    path = "/" + "/".join(draw.choice(PIECES) for _ in range(draw.randint(1, 3))) + "/"
    path = path.replace("(?P<pk>", f"(?P<pk{draw.randint(0, 99)}>", 1)
    if draw.random() < 0.3:
        return rf"(?:{re.sub(r'<[a-z]+[0-9]*>', lambda m: m[0], path)}|{path[:-1].replace('?P<', '?P<f')}\.(?P<format>[a-z0-9]+)/?)"
    return path


def table(draw: random.Random) -> list[Rule]:
    rules: list[Rule] = []
    for number in range(draw.randint(2, 6)):
        regex = pattern(draw)
        try:
            re.compile(regex)
        except re.error:  # a group's name twice
            continue
        if any(r.regex == regex for r in rules):
            continue
        weights = [draw.choice((0, 100)) for _ in range(2)]
        html = draw.random() < 0.3
        rules.append(Rule(f"GET /{number}", regex, ("GET", "HEAD"), weights[0], True, html))
        rules.append(Rule(f"POST /{number}", regex, ("POST",), weights[1], True, html))
        rules.append(Rule(f"* /{number}", regex, (), min(weights) if draw.random() < 0.5 else 0, True, html))
    return rules


def request(draw: random.Random) -> Json:
    path = "/" + "/".join(draw.choice(WORDS) for _ in range(draw.randint(1, 3))) + draw.choice(("/", ""))
    return {
        "method": draw.choice(("GET", "HEAD", "POST", "PUT")), "path": path, "client": ("203.0.113.1", 1),
        "query_string": draw.choice((b"", b"", b"format=api")),
        "headers": draw.choice(([], [(b"accept", b"text/html, */*")])),
    }  # fmt: skip


def served(items: list[Json], asked: Json, draw: random.Random) -> list[Json]:
    """backendRefs of the match that wins by httproute_types.go; of several regular expressions any may."""
    found, salt = [], draw.random()
    for item in items:
        for rule in item["spec"]["rules"]:
            for match in rule["matches"]:
                rank = _rank(match, asked)
                if rank is not None:
                    # An implementation orders regular expressions as it likes; prefixes and exact paths only by the specification.
                    kind, length, *rest = rank
                    key = (
                        kind,
                        crc32(f"{match['path']['value']} {salt}".encode()) if kind == 1 else length,
                        *rest,
                    )
                    found.append((key, rule["backendRefs"]))
    return max(found, key=lambda f: f[0])[1]


def _rank(match: Json, asked: Json) -> tuple[int, ...] | None:
    kind, value = match["path"]["type"], match["path"]["value"]
    hit = {
        "Exact": lambda: value == asked["path"],
        "PathPrefix": lambda: value == "/",
        # Some implementations want the whole path, some look for the expression in it.
        "RegularExpression": lambda: re.search(value, asked["path"]),
    }[kind]()
    if not hit or match.get("method", asked["method"]) != asked["method"]:
        return None
    for header in match.get("headers", ()):
        sent = dict(asked["headers"]).get(header["name"].encode(), b"").decode()
        if not re.fullmatch(header["value"], sent):
            return None
    if "queryParams" in match and asked["query_string"] != b"format=api":
        return None
    order = ("PathPrefix", "RegularExpression", "Exact").index(kind)
    return order, len(value), "method" in match, len(match.get("headers", ())), "queryParams" in match


def test_no_request_gets_to_fastapi_that_djangos_order_gives_to_django() -> None:
    draw = random.Random(8)
    refused = asked = moved = 0
    for _ in range(200):
        rules = table(draw)
        try:
            items = routes(rules)["items"]
        except UsageError:
            refused += 1
            continue
        told = [note for i in items for note in [i["metadata"].get("annotations")] if note]
        wanted = parse(in_process.table(rules, Edge())[1])
        for _ in range(12):
            one = request(draw)
            side = served(items, one, draw)[0]["name"]
            right = wanted.choose(one).side
            asked, moved = asked + 1, moved + (right == "fastapi")
            assert side == right or (side == "django" and told), f"{one} {side} {right} " + "\n".join(
                map(str, rules)
            )
    assert min(asked / 750, moved / 20, 160 / refused) > 1, (asked, moved, refused)


@pytest.mark.parametrize("first", ["exact", "pattern"])
def test_exact_path_wins_only_where_django_comes_to_it_first(first: str) -> None:
    """The API looks at exact paths first: before a pattern it has its own methods alone, behind it nothing."""
    exact = [
        Rule("GET /a/new/", "/a/new/", ("GET", "HEAD"), 100, True, False),
        Rule("* /a/new/", "/a/new/", (), 0, False, False),
    ]
    other = [
        Rule("POST /a/{pk}/", "/a/(?P<pk>[^/]+)/", ("POST",), 100, True, False),
        Rule("* /a/{pk}/", "/a/(?P<pk>[^/]+)/", (), 0, False, False),
    ]
    items = routes([*exact, *other] if first == "exact" else [*other, *exact])["items"]

    def side(method: str, path: str) -> str:
        asked = {"method": method, "path": path, "query_string": b"", "headers": []}
        return str(served(items, asked, random.Random(1))[0]["name"])

    own = ("fastapi", "django") if first == "exact" else ("django", "fastapi")
    assert (side("GET", "/a/new/"), side("POST", "/a/new/")) == own
    assert (side("GET", "/a/1/"), side("POST", "/a/1/"), side("GET", "/b/")) == (
        "django",
        "fastapi",
        "django",
    )


def test_patterns_that_share_a_path_are_found() -> None:
    """Judged by Python's own matching of words made of the patterns' parts."""
    draw = random.Random(3)
    shared = apart = 0
    for _ in range(900):
        one, other = pattern(draw), pattern(draw)
        try:
            both = re.compile(one), re.compile(other)
        except re.error:
            continue
        says = any(may_overlap(a, b) for a in ways(one) for b in ways(other))
        path = "/" + "/".join(draw.choice(WORDS) for _ in range(draw.randint(1, 3))) + "/"
        if both[0].fullmatch(path) and both[1].fullmatch(path):
            shared += 1
            assert says, (one, other, path)
        apart += not says
    assert min(shared / 8, apart / 150) > 1, (shared, apart)


def test_alternatives_of_a_pattern_are_each_looked_at() -> None:
    one, other = "/b/(?:.*)|/api/y", "/api/(.*)"
    assert re.fullmatch(one, "/api/y")
    assert re.fullmatch(other, "/api/y")
    assert any(may_overlap(a, b) for a in ways(one) for b in ways(other))


def test_limits_of_the_crd_are_kept_and_weights_are_shares() -> None:
    """config/crd/standard/gateway.networking.k8s.io_httproutes.yaml: rules ≤ 16, matches ≤ 64, all matches of a route ≤ 128."""
    weights = [0, 1, 7, 30, 50, 99, 100]
    rules = []
    for n in range(70):
        regex = f"/api/v1/thing{n}/(?P<pk>[^/.]+)/"
        rules += [
            Rule(f"GET /{n}", regex, ("GET", "HEAD"), weights[n % 7], True, n % 5 == 0),
            Rule(f"PURGE /{n}", regex, ("PURGE",), 100, True, False),
            Rule(f"* /{n}", regex, (), 0, False, False),
        ]
    found = routes(rules, Services("edge", "old", "new", 80))
    names = [item["metadata"]["name"] for item in found["items"]]
    assert names == [f"segue-{n}" for n in range(len(names))]
    assert len(names) > 1
    shares: set[tuple[int, ...]] = set()
    for item in found["items"]:
        assert item["apiVersion"] == "gateway.networking.k8s.io/v1"
        assert item["spec"]["parentRefs"] == [{"name": "edge"}]
        parts = item["spec"]["rules"]
        assert 1 <= len(parts) <= 16
        assert sum(len(rule["matches"]) for rule in parts) <= 128
        for rule in parts:
            assert 1 <= len(rule["matches"]) <= 64
            refs = {b["name"]: b["weight"] for b in rule["backendRefs"]}
            assert {b["port"] for b in rule["backendRefs"]} == {80}
            shares.add((refs.get("new", 0), refs.get("old", 0)))
            for match in rule["matches"]:
                assert set(match) <= {"path", "method", "headers", "queryParams"}
                assert len(match["path"]["value"]) <= 1024
                assert match.get("method") in (None, "GET", "HEAD")
    assert shares == {(w, 100 - w) for w in weights}


def test_order_that_cannot_be_kept_and_long_patterns_are_refused() -> None:
    def two(first: int, second: int) -> list[Rule]:
        return [
            Rule("GET /a/{slug}/", "/a/(?P<slug>[-a-z]+)/", ("GET",), first, True, False),
            Rule("* /a/{slug}/", "/a/(?P<slug>[-a-z]+)/", (), 0, False, False),
            Rule("GET /a/{pk}/", "/a/(?P<pk>[^/]+)/", ("GET",), second, True, False),
            Rule("* /a/{pk}/", "/a/(?P<pk>[^/]+)/", (), 0, False, False),
        ]

    with pytest.raises(UsageError, match=r"order of /a/\{slug\}/ before /a/\{pk\}/"):
        routes(two(0, 10))
    assert "annotations" not in routes(two(10, 10))["items"][0]["metadata"]
    notes = routes(two(20, 10))["items"][0]["metadata"]["annotations"]["segue/notes"]
    assert notes == "/a/{slug}/ may get less than its share where /a/{pk}/ matches, too."
    with pytest.raises(UsageError, match="longer than the 1024 characters"):
        routes([Rule("GET /x", "/" + "x" * 1024, ("GET",), 1, True, False)])
    for path in ("/a b/", "/a//b/", "/a/../b", "/é/", "/%41/"):
        regex = re.escape(path)
        with pytest.raises(UsageError, match="none that an HTTPRoute can have"):
            routes([Rule("GET /x", regex, ("GET",), 1, True, False)])
        assert routes([Rule("GET /x", regex, ("GET",), 0, True, False)])["items"]
    with pytest.raises(UsageError, match="look-around"):
        routes([Rule("GET /x", "/(?!a)[a-z]+/", ("GET",), 1, True, False)])


def test_alternatives_without_a_group_are_each_looked_at() -> None:
    other = ways("/b/(?P<pk>[^/]+)/")[0]
    assert any(may_overlap(way, other) for way in ways("/a/.+|/b/.+"))


def test_a_class_may_begin_with_its_own_end() -> None:
    one, other = "/a[]|]b/", "/a[^](]b/"
    assert all(re.fullmatch(regex, "/a|b/") for regex in (one, other))
    assert [len(ways(regex)) for regex in (one, other)] == [1, 1]
    assert may_overlap(*ways(one), *ways(other))


def test_patterns_with_flags_may_match_anything() -> None:
    (one,), (other,) = ways("(?i)/a/NEW/[0-9]+/"), ways("/a/new/(?P<pk>[^/]+)/")
    assert may_overlap(one, other)
    assert not may_overlap(*ways("/a/NEW/[0-9]+/"), other)
