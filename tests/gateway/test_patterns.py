"""Which operation a path is of: what Django's resolver says, a real Envoy and one process by the rules of the same patterns."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from tests.gateway.project import GET, unserved
from tests.gateway.test_envoy import wait_until
from tests.gateway.world import started

from segue.commands import shift
from segue.commands.common import read_snapshot
from segue.errors import UsageError
from segue.gateway import control, encoded, in_process, patterns, table, tree
from segue.gateway.envoy import Edge, Ports
from segue.gateway.export import nginx
from segue.gateway.table import Rule
from segue.ledger import Entry, State
from segue.rollout.log import Reader
from segue.snapshot import dump
from segue.snapshot.model import Operation, Route, Where
from segue_bridge.legacy.in_process.table import parse

# Names of views say what is asked about.
_DJANGO = """\
import json, re, sys
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, USE_I18N=False)
import django
django.setup()
from django.http import HttpResponse
from urllib.parse import unquote
from django.urls import Resolver404, converters, include, path, re_path, register_converter, resolve
from segue.probe.urls import walk
class Hex:
    regex = "[0-9a-f]+"
    def to_python(self, value): return value
    def to_url(self, value): return value
register_converter(Hex, "hex")
def named(name):
    def view(request, *args, **kwargs): return HttpResponse()
    view.label = name
    return view
urlpatterns = [
    path("thing/<int:pk>/", named("number")),
    path("thing/new/", named("word before the slug")),
    path("thing/<slug:name>/", named("slug")),
    path("thing/late/", named("never")),
    path("color/<hex:code>/", named("own converter")),
    path("color/<str:name>/", named("any word")),
    path("files/<path:rest>", named("whatever follows")),
    path("files/list/", named("behind a path")),
    re_path(r"^open/(?P<word>[a-z]+)/", named("without an end")),
    path("open/abc/more/", named("behind one without an end")),
    re_path(r"^maybe/?$", named("slash or none")),
    path("maybe/", named("behind slash or none")),
    re_path(r"^price/(?P<sum>[0-9]+\\$)$", named("escaped dollar")),
    re_path(r"^cost/[0-9]+\\$", named("ends with an escaped dollar")),
    re_path(r"(?P<any>tail)$", named("found anywhere")),
    path("in/<uuid:id>/", include([path("", named("included root")), path("part/", named("included part"))])),
    path("in/", include([re_path(r"^(?P<year>[0-9]{4})/$", named("year")), path("<str:year>/", named("no year"))])),
    re_path(r"^ends/\\Z", named("own end")),
    re_path(r"^(?i:CASE)/$", named("case")),
    re_path(r"^some/(?:a|b)/$", named("alternatives")),
    re_path(r"^look/(?!out)[a-z]+/$", named("look-ahead")),
    path("look/out/", named("behind a look-ahead")),
    re_path(r"^look-up/(?!out)[a-z]+/$", named("look-ahead with a dash")),
    path("look-up/out/", named("behind a look-ahead with a dash")),
    re_path(r"^twice/(?P<a>[a-z])(?P=a)/$", named("back-reference")),
    path("twice/aa/", named("behind a back-reference")),
    re_path(r"^people/(?P<name>\\w+)/$", named("word of letters")),
    path("people/<str:name>/", named("any person")),
    re_path(r"^mail/(?P<name>[^/@]+)/$", named("no at")),
    path("mail/<str:name>/", named("at")),
    path("lines/<path:rest>", named("one line")),
    re_path(r"^lines/[\\s\\S]+$", named("more lines")),
    re_path(r"^long/.{1,3}/$", named("short")),
    path("long/<str:name>/", named("long")),
    path("menu/café/", named("accent")),
    path("menu/<str:name>/", named("none")),
    re_path(r"^end/(?P<name>[^/]+)[0-9]/$", named("ends with a digit")),
    path("end/<str:name>/", named("ends otherwise")),
    path("near/", named("before bare alternatives")),
    re_path(r"^left/$|^right/$", named("bare alternatives")),
    path("last/", named("behind bare alternatives")),
]
class Collector:
    def warn(self, text): raise SystemExit(text)
routes = [(p.callback.label, p.path, p.regex, p.suffix_regex) for p in walk(Collector())]
def found(path):
    try:
        return resolve(unquote(path)).func.label
    except Resolver404:
        return ""
print(json.dumps([routes, [found(path) for path in json.loads(sys.argv[1])]]))
"""
PATHS = (
    *(f"/thing/{x}/" for x in ("1", "-1", "new", "late", "a-b_c", "a.b", "")), "/thing/1", "/thing/new", "/color/0af/", "/color/xyz/", "/color/a/b/",
    "/files/", "/files/a", "/files/a/b/c/", "/files/list/", "/open/abc/", "/open/abc/more/", "/open/abc/even/more", "/open/1/", "/open/abc",
    "/maybe", "/maybe/", "/maybe//", "/price/5$", "/price/5", "/cost/5$", "/cost/5$more", "/tail", "/a/b/tail", "/a/tail/b",
    "/in/12345678-1234-1234-1234-123456789abc/", "/in/12345678-1234-1234-1234-123456789abc/part/", "/in/12345678/part/", "/in/2024/", "/in/20245/",
    "/ends/", "/ends/x", "/case/", "/CASE/", "/some/a/", "/some/c/", "/left/", "/right/", "/left/x", "/look/at/", "/look/out/", "/look/in/", "/look-up/at/", "/look-up/out/",
    "/twice/aa/", "/twice/ab/", "/near/", "/last/", "/last", "/", "//last/", "/nothing/",
)  # fmt: skip
ENCODED = (
    "/people/jos%C3%A9/", "/people/%D9%A1/", "/people/a%20b/", "/people/jose/", "/mail/a%40b/", "/mail/a@b/", "/mail/a%20b/", "/lines/a%0Ab", "/lines/a%20b/c",
    "/long/%C3%A9/", "/long/%C3%A9%C3%A9%C3%A9%C3%A9/", "/long/ab/", "/menu/caf%C3%A9/", "/menu/th%C3%A9/", "/menu/tea/", "/end/%C3%A9/",
    "/end/%C3%A99/", "/end/a9/", "/color/a%20b/", "/color/%C3%A9/", "/thing/%C3%A9/", "/files/a%C3%A9/b", "/price/5%24", "/cost/5%24more",
)  # fmt: skip
"""Sent so; Django matches what they are decoded."""
UNTOLD = {"bare alternatives", "look-ahead", "look-ahead with a dash", "back-reference"}
"""What RE2 cannot match as Django does, and what Django tries after one of these: Django's own."""
COVERED = {f"behind {'a ' if name != 'bare alternatives' else ''}{name}" for name in UNTOLD}
NEVER = {"never", "behind a path", "behind one without an end", "behind slash or none"}


@pytest.fixture(scope="module")
def asked() -> tuple[list[Route], list[str]]:
    """The routes as the probe finds them, and what Django resolves each of :data:`PATHS` to."""
    done = subprocess.run(
        [sys.executable, "-c", _DJANGO, json.dumps([*PATHS, *ENCODED])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    routes, found = json.loads(done.stdout)
    return [_route(order, *one) for order, one in enumerate(routes)], found


def _route(order: int, label: str, path: str, regex: str, suffix: str) -> Route:
    where = Where("views.py", 1)
    operation = Operation("GET", "get", "views.get", where)
    return Route(label, path, regex, order, "v", "drf", (), (operation,), suffix_regex=suffix)


def test_path_is_of_the_operation_that_django_resolves_it_to(
    tmp_path: Path, asked: tuple[list[Route], list[str]]
) -> None:
    routes, right = asked
    snapshot = replace(read_snapshot(unserved(tmp_path / "project")), routes=tuple(routes))
    entries = {
        f"GET {r.id}": Entry("GET", r.id, State.SHIFTED, 100, "app.routes.read", (), {}) for r in routes
    }
    rules = table.build(snapshot, entries)
    one_process = parse(in_process.table(rules, Edge())[1])
    with started(tmp_path / "world") as world:
        control.swap(world.state, rules, world.running, timeout=60)
        log = Reader(control.folder(world.state) / "access.jsonl", everything=True)
        lines: list[str] = []
        with httpx.Client(base_url=world.url, trust_env=False) as client:
            sides = [client.get(path).text for path in (*PATHS, *ENCODED)]
            wait_until(lambda: lines.extend(line.key for line in log.read()) or len(lines) >= len(sides))
    held = [r for r in rules if "(?i:" not in r.regex]
    lines_of_nginx = re.findall(
        r'^    "~(.*)" (r[0-9]+|none);',
        nginx.configuration(held, world.running.ports, Edge()),
        re.MULTILINE,
    )
    maps = [(re.compile(text.replace("\\\\", "\\")), name) for text, name in lines_of_nginx]
    for path, label in zip(ENCODED, right[len(PATHS) :], strict=True):
        name = next((name for one, name in maps if one.search(f"GET {path}")), "none")
        rule = None if name == "none" else held[int(name[1:])]
        assert rule is None or not rule.weight or rule.key == f"GET {label}", path
    fast = 0
    for path, side, key, label in zip(
        ENCODED, *(one[len(PATHS) :] for one in (sides, lines, right)), strict=True
    ):
        assert side == "django" or key == f"GET {label}", (path, key, label)
        fast += side == "fastapi"
    assert fast >= 10  # what can be told is not left to Django
    for path, side, key, label in zip(PATHS, sides, lines, right, strict=False):
        inside = one_process.choose(_scope(path)).side
        if not label or label in UNTOLD | COVERED:
            assert (side, inside) == ("django", "django"), path
        else:
            assert (side, inside, key) == ("fastapi", "fastapi", f"GET {label}"), path
    assert {r.id for r in routes} - set(right) == NEVER | {"behind a back-reference"}
    assert {r.id for r in routes if not table.covered(snapshot, [r.id])} == {r.id for r in routes} - COVERED


def test_operation_whose_paths_cannot_be_told_takes_no_traffic(tmp_path: Path) -> None:
    """Its own pattern, and one before it that may match its paths: traffic that was moved would stay with Django."""
    settings = unserved(tmp_path)
    snapshot = read_snapshot(settings)
    (route,) = snapshot.routes
    before = replace(route, id="other", regex=r"^/api/(?!articles/[0-9]+/$).+/\Z", order=-1)
    for routes, told in (
        ((replace(route, regex=r"^/(?P<a>api)/(?P=a)/\Z"),), "cannot match the URL pattern of"),
        ((route, before), "Django tries other before"),
    ):
        dump.save(replace(snapshot, routes=routes), settings.snapshot_file)
        with pytest.raises(UsageError, match=told):
            shift.run(settings, [GET], 50, force=True, as_json=True)
        shift.run(settings, [GET], 0, force=True, as_json=True)
    dump.save(
        replace(snapshot, routes=(route, replace(before, regex="^/other/(?!x).*"))), settings.snapshot_file
    )
    shift.run(settings, [GET], 50, force=True, as_json=True)


def test_what_re2_has_not_is_found() -> None:
    held = (
        r"^/a/[0-9]{2,4}/\Z", r"^/a/[(?!)]/$", r"^/a/\++/$", r"^/a/\\1/$", r"^/a/(?i:b)/$", r"^/a/[^b]/$", r"^/a/\^b/$", r"^/a/(b|c)$", r"^/a/[|]b$",
        r"^/a/(?P<x>b)?$", r"^/a/[\]^{,]+$", r"^/a/b{3}$", r"^/a/b{0,999}$", r"^/a/\$",
        r"^/a/(?P<x>[-\w]{1,255})/(?P<y>[^/]{1,255})\Z", "^/a/" + 3 * "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/" + r"\Z",
    )  # fmt: skip
    not_held = (
        r"^/a/[*+{,}]++\Z", r"^/a/b*+/$", r"^/a/(?>b)/$", r"^/a/(?<=a/)b/$", r"^/a/(b)\1/$", r"^/a/b{,3}/$", r"^/a/(?a:b)/$", r"^/a/^b/$",
        r"^/a/b\Zc", r"^/a/(?P<x>b)(?(x)c|d)$", r"^/a/(?#b)c$", r"^/a/b|c$", r"^/a/(?s-i:b)$(?!x)", r"^/a/b{2000}$",
        r"^/a/b{0,2000}$",
    )  # fmt: skip
    assert [p for p in (*held, *not_held) if patterns.supported(p)] == [*held]
    rules = [Rule(f"GET {p}", patterns.whole(p), ("GET",), 100, True, False) for p in held]
    control.check(rules, Ports(1, 2, 3, 4))  # Envoy's own word
    for pattern, path in (
        (r"^/a/\++/$", "/a/++/"), (r"^/a/b*+/$", "/a//"), (r"^/a/b?/$", "/a//"), (r"^/a/b{,3}/$", "/a//"), (r"^/a/b|c$", "/c"),
        (r"^/(?!b)[a-z]/$", "/a/"), (r"^/a\.b(?>c)$", "/a.bc"), (r"^/a/\d(?=/)/$", "/a/1/"),
    ):  # fmt: skip
        assert re.search(pattern.replace("b|c", "b|/c"), path)
        assert re.fullmatch(patterns.beginning(pattern), path), pattern


def test_group_of_a_path_has_every_pattern_that_matches_it_in_order(
    asked: tuple[list[Route], list[str]],
) -> None:
    """Of the URLs above, and of many that begin alike, have alternatives or begin with anything."""
    dice = random.Random(4)
    parts = (
        "/a",
        "/b",
        "/ab",
        "/[^/]+",
        "/([0-9]+)",
        "/(?:x|y)",
        "/a/?",
        r"/c\.d",
        "/a*",
        "/(?i:A)",
        "/q",
        r"/q\?r",
        r"\.json",
        "/",
    )
    every = [[patterns.whole(r.regex) for r in asked[0] if patterns.supported(r.regex)]]
    for _ in range(150):
        made = ["".join(dice.choices(parts, k=dice.randint(1, 4))) for _ in range(dice.randint(1, 12))]
        every.append([f"(?:{r}|{r[:-1]}x)" if len(r) > 3 and r[-1] == "a" else r for r in made])
    paths = [*PATHS, *("".join(dice.choices(("/a", "/b", "/ab", "/7", "/x", "/c.d", "/aa", "/A", "/q", ".json", "/"), k=dice.randint(1, 4))) for _ in range(400))]  # fmt: skip
    shared = found = 0
    for regexes in every:
        groups = tree.groups(regexes)
        compiled = [re.compile(regex) for regex in regexes]
        shared += len(groups) > 1
        for path in paths:
            right = [number for number, one in enumerate(compiled) if one.fullmatch(path)]
            asks = path + dice.choice(("", "?", "?r=/a/b"))  # Envoy has the query behind the path
            numbers = groups[max((key for key in groups if asks.startswith(key)), key=len)]
            assert [n for n in numbers if n in right] == right, (path, regexes, groups)
            found += bool(right)
    assert (shared > 100, found > 2500) == (True, True)


def test_encoded_path_is_of_the_pattern_that_takes_the_decoded_one_or_of_none() -> None:
    """Any patterns one after the other: what Django would match first, or Django's to tell; by the groups in which Envoy looks."""
    dice = random.Random(1)
    parts = (
        "/a", "/b", "/", "[^/]+", "[^/.]+", r"(\w+)", r"(\d+)", "[^/@]+", ".+", "[a-z]+", "[0-9a-f]{2,4}", "@", "é", ":", "-", ".{1,3}",
        "(?:a|b)", "(?:[^/]+|é)", "/?", "é?", "[^/]+?", r"[\w.@+-]+", r"\S+", "[^/]{2,}", "(?i:A)", "[^x-z]+", r"[\s\S]*", "(?:[^/]+)?", "9",
    )  # fmt: skip
    signs = (
        "a",
        "b",
        "/",
        "/",
        "%C3%A9",
        "@",
        "%40",
        "%25",
        ".",
        "1",
        "9",
        "-",
        "%20",
        "%D9%A3",
        "x",
        ":",
        "%3A",
        "A",
        "%zz",
    )
    every = [[r"/[^x-z]+/?(\d+)", "/[^/]+é?[^/]+?", "/.+"]]
    every += [["/" + "".join(dice.choices(parts, k=dice.randint(1, 4))).lstrip("/") for _ in range(dice.randint(1, 4))] for _ in range(400)]  # fmt: skip
    served = 0
    for regexes in every:
        rules = [Rule(r, r, ("GET",), 100, True, False) for r in regexes if patterns.supported(rf"{r}\Z")]
        ordered = list(encoded.in_order(rules))
        groups = tree.groups([regex for regex, _ in ordered])
        for _ in range(30):
            path = "/" + "".join(dice.choices(signs, k=dice.randint(1, 6)))
            right = next((r for r in rules if re.fullmatch(r.regex, unquote(path))), None)
            numbers = groups[max((key for key in groups if path.startswith(key)), key=len)]
            found = next((ordered[n][1] for n in numbers if re.fullmatch(ordered[n][0], path)), None)
            assert found in (None, right), (path, regexes)
            served += found is not None
    assert served > 1500


def test_groups_stay_few_where_much_begins_with_anything() -> None:
    regexes = [f"/[^/]+/{n}/" for n in range(50)] + [f"/api/{n}/[^/]+/" for n in range(100)]
    assert sum(map(len, tree.groups(regexes).values())) <= tree.MOST * len(regexes)
    own = [f"/api/thing{n}/(?P<pk>[^/.]+)/" for n in range(100)]
    assert max(map(len, tree.groups(own).values())) <= 11  # thing1 is how thing10 to thing19 begin


def _scope(path: str) -> dict[str, Any]:
    return {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [], "client": ("127.0.0.1", 1),
    }  # fmt: skip
