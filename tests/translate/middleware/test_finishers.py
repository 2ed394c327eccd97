"""ConditionalGetMiddleware and GZipMiddleware, at both ends of the stack: the same answers as Django's, byte for byte."""

from __future__ import annotations

import ast
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.translate.middleware import stacks

from segue.emit import write
from segue.snapshot.model import Snapshot, Value
from segue.snapshot.run import probe
from segue.target.ir import Program
from segue.translate.program import translate

CONDITIONAL = "django.middleware.http.ConditionalGetMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
HEADERS = (
    "content-type", "etag", "vary", "allow", "content-encoding", "content-language", "x-frame-options", "x-content-type-options",
    "referrer-policy", "cross-origin-opener-policy", "location", "access-control-allow-origin", "access-control-expose-headers",
)  # fmt: skip
CORS = "corsheaders.middleware.CorsMiddleware"
STACKS = {
    "outside": [GZIP, CONDITIONAL, *stacks.STACK], "inside": [*stacks.STACK, GZIP, CONDITIONAL],
    "outside of CORS": [GZIP, CONDITIONAL, CORS, *stacks.STACK], "inside of CORS": [CORS, *stacks.STACK, GZIP, CONDITIONAL],
}  # fmt: skip
SECURITY, SESSIONS, COMMON, USERS = stacks.STACK
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
ORDERS = {
    "as Django's template": [*stacks.STACK, FRAMES], "common outside of security": [COMMON, SECURITY, SESSIONS, FRAMES, USERS],
    "frames outside of common": [FRAMES, SECURITY, SESSIONS, COMMON, USERS], "all outside": [SECURITY, FRAMES, SESSIONS, COMMON, USERS],
    "frames between": [COMMON, FRAMES, SECURITY, SESSIONS, USERS], "no security": [COMMON, FRAMES, SESSIONS, USERS],
}  # fmt: skip
SAVED = (
    "dataclasses.replace(SESSIONS, settings=dataclasses.replace(SESSIONS.settings, save_every_request=True))"
)
LEGACY = """\
import gzip
from django.test import override_settings
for number in range(6):
    Note.objects.get_or_create(title=f"a longer title {number}")
out = []
for one in json.load(sys.stdin):
    more = one.get("settings", {})
    with override_settings(MIDDLEWARE=one["stack"], CORS_ALLOW_ALL_ORIGINS=True, CORS_EXPOSE_HEADERS=["X-One"], **more):
        client = Client(raise_request_exception=False)
        if one["login"]:
            client.force_login(user)
        answer = client.generic(one["method"], one["path"], headers=one["headers"])
    body = answer.content
    if answer.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    key = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
    out.append({"status": answer.status_code, "headers": {k.lower(): v for k, v in answer.items()}, "body": body.decode(), "key": key, "cookie": "sessionid" in answer.cookies})
json.dump(out, sys.stdout)
"""
MODERN = """\
import dataclasses, json, sys
from contextlib import ExitStack
from starlette.testclient import TestClient
from app.access import SESSIONS
from app.main import create_app
from segue_bridge.http.cors import Cors, CorsSettings
from segue_bridge.http.finishers import ConditionalGet, Gzip
from segue_bridge.http.settings import INSIDE
given = json.load(sys.stdin)
out = []
with ExitStack() as stack:
    clients = {}
    for name, options in given["options"].items():
        app = create_app()
        app.state.http = dataclasses.replace(app.state.http, **{option: eval(text) for option, text in options.items()})
        if "CORS" in name:
            app.add_middleware(Cors, settings=CorsSettings(allow_all_origins=True, expose_headers=("X-One",)))
        clients[name] = stack.enter_context(TestClient(app, follow_redirects=False))
    for one in given["requests"]:
        client = clients[one["place"]]
        client.cookies.clear()
        if one["key"]:
            client.cookies.set("sessionid", one["key"])
        answer = client.request(one["method"], one["path"], headers={"host": "testserver", **one["headers"]})
        out.append({"status": answer.status_code, "headers": dict(answer.headers), "body": answer.text})
json.dump(out, sys.stdout)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stacks.create(tmp_path_factory.mktemp("finishers"))


@pytest.fixture(scope="module")
def snapshot(root: Path) -> Snapshot:
    names = f"Stamp RequestId {GZIP} {CONDITIONAL}"
    return probe(root, python=sys.executable, settings="site_.settings", environment={"MIDDLEWARE": names})


def _with(snapshot: Snapshot, stack: list[str]) -> Snapshot:
    value = Value("list", items=tuple(Value("ref", name=name) for name in stack))
    values = {**snapshot.settings.values, "MIDDLEWARE": value}
    return dataclasses.replace(
        snapshot, settings=dataclasses.replace(snapshot.settings, values=values, middleware=tuple(stack))
    )


def _asked(tag: str) -> list[dict[str, Any]]:
    """Requests with every condition, once ``tag`` is known to be that of the list of notes."""
    given = [
        {}, {"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'}, {"If-None-Match": "*"}, {"If-None-Match": "none"},
        {"If-Match": tag}, {"If-Match": '"x"'}, {"If-Match": "*"}, {"If-Match": f"W/{tag}"}, {"If-None-Match": f"{tag}W"},
        {"If-Modified-Since": "Sun, 06 Nov 2044 08:49:37 GMT"}, {"If-Unmodified-Since": "Sunday, 06-Nov-94 08:49:37 GMT"},
        {"If-Unmodified-Since": "never"}, {"If-None-Match": '"x"', "If-Modified-Since": "Sun Nov  6 08:49:37 1994"},
    ]  # fmt: skip
    encodings = [
        {"Accept-Encoding": "identity"},
        {"Accept-Encoding": "br, gzip"},
        {"Accept-Encoding": "xgzip"},
    ]
    places = ("/api/notes/", "/api/who/", "/api/notes/9999/", "/nothing/", "/api/notes")
    return [
        {"method": method, "path": path, "headers": {**one, **encoding}, "login": "who" in path}
        for method, paths, some in (
            ("GET", places[:1], given), ("GET", places[1:], given[1:7]), ("HEAD", places, given[:2]), ("OPTIONS", places, given[3:4]),
        )
        for path in paths
        for one in some
        for encoding in (encodings if path == places[0] else encodings[1:2])
    ]  # fmt: skip


def _django(root: Path, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    setup = stacks.LEGACY.partition("out = []")[0]
    found: list[dict[str, Any]] = json.loads(
        stacks.run(root, ["-c", setup + LEGACY], [], json.dumps(requests))
    )
    return found


def _fastapi(
    root: Path, app: Path, options: dict[str, dict[str, str]], requests: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    text = json.dumps({"requests": requests, "options": options})
    url = f"sqlite+aiosqlite:///{root / 'db.sqlite3'}"
    found: list[dict[str, Any]] = json.loads(
        stacks.run(app, ["-c", MODERN], [], text, DATABASE_URL=url, SECRET_KEY="x")
    )
    return found


def _options(program: Program, *names: str) -> dict[str, str]:
    """What ``create_app`` gives to ``handlers.install``, as code."""
    declared = program.modules["app/main.py"].decls
    calls = [n for n in ast.walk(ast.parse(declared["create_app"].code)) if isinstance(n, ast.Call)]
    (install,) = [n for n in calls if ast.unparse(n.func) == "handlers.install"]
    given = {n.arg: ast.unparse(n.value) for n in install.keywords if n.arg in names}
    if given.get("headers") == "HEADERS":
        given["headers"] = declared["HEADERS"].code.removeprefix("HEADERS = ")
    return given


def test_answers_of_the_middleware_itself_have_the_headers_of_what_stands_outside(
    root: Path, snapshot: Snapshot, tmp_path: Path
) -> None:
    programs = {order: translate(_with(snapshot, stack)) for order, stack in ORDERS.items()}
    options = {order: _options(program, "headers", "inside") for order, program in programs.items()}
    assert "inside" not in options["as Django's template"]
    places, requests = {}, []
    for order, stack in ORDERS.items():
        # What is not written is the bridge's own; each order but for these is served by one application.
        given = {"inside": "INSIDE", **options[order], "hosts": "('testserver',)"}
        for secure in (False, True) if SECURITY in stack else (False,):
            place = f"{order}, https {secure}"
            places[place] = {**given, "ssl_redirect": repr(secure)}
            places[f"{place}, saved"] = {**places[place], "sessions": SAVED}
            settings = {"ALLOWED_HOSTS": ["testserver"], "SECURE_SSL_REDIRECT": secure}
            requests += [
                {"method": "GET", "path": path, "headers": headers, "login": saved, "stack": stack}
                | {"settings": {**settings, "SESSION_SAVE_EVERY_REQUEST": saved}, "place": f"{place}, saved" if saved else place}
                for path in ("/api/notes/", "/nothing/", "/api/notes")
                for headers in ({}, {"host": "other.test"})
                for saved in (False, True)
            ]  # fmt: skip
    write(programs["as Django's template"], tmp_path)
    legacy = _django(root, requests)
    asked = [{**request, "key": old["key"]} for request, old in zip(requests, legacy, strict=True)]
    cookies = set()
    for request, old, new in zip(requests, legacy, _fastapi(root, tmp_path, places, asked), strict=True):
        assert new["status"] == old["status"], request
        if old["status"] in (301, 400) and request["login"]:
            assert ("set-cookie" in new["headers"]) == old["cookie"], request
            cookies.add((old["status"], old["cookie"]))
        assert {n: new["headers"].get(n) for n in HEADERS} == {n: old["headers"].get(n) for n in HEADERS}, request  # fmt: skip
    seen = {(old["status"], len(old["headers"])) for old in legacy}
    assert {status for status, _ in seen} == {200, 301, 400, 404}
    assert all(len({n for status, n in seen if status == known}) > 2 for known in (301, 400))
    assert cookies == {(301, True), (301, False), (400, True), (400, False)}


def test_conditions_and_compression_are_those_of_django(
    root: Path, snapshot: Snapshot, tmp_path: Path
) -> None:
    options = {}
    for place, stack in STACKS.items():
        program = translate(_with(snapshot, stack))
        assert ("GET", "/api/notes/") in {(o.method, o.route_id) for o in program.native}
        options[place] = _options(program, "finishers")
        if place == "inside":
            write(program, tmp_path)  # they differ in nothing else but CORS
    plain = {
        "method": "GET",
        "path": "/api/notes/",
        "headers": {},
        "login": False,
        "stack": STACKS["inside"],
    }
    tag = _django(root, [plain])[0]["headers"]["etag"]
    requests = [{**one, "place": p, "stack": stack} for p, stack in STACKS.items() for one in _asked(tag)]
    for one in requests:
        if "CORS" in one["place"]:
            one["headers"] = {**one["headers"], "Origin": "https://a.test"}
    legacy = _django(root, requests)
    asked = [{**one, "key": answer["key"]} for one, answer in zip(requests, legacy, strict=True)]
    modern = _fastapi(root, tmp_path, options, asked)
    statuses = set()
    for request, old, new in zip(requests, legacy, modern, strict=True):
        if new["headers"].get("x-segue-unserved") == "options":
            continue
        body = "" if request["method"] == "HEAD" else old["body"]
        assert (new["status"], new["body"]) == (old["status"], body), request
        for name in HEADERS:
            assert _comparable(name, new) == _comparable(name, old), (request, name)
        statuses.add((request["place"], new["status"], new["headers"].get("content-encoding")))
    for place in STACKS:
        assert {(place, 200, None), (place, 200, "gzip"), (place, 304, None), (place, 412, None), (place, 404, None)} <= statuses  # fmt: skip


def _comparable(name: str, answer: dict[str, Any]) -> object:
    value = answer["headers"].get(name)
    return sorted(part.strip().lower() for part in value.split(",")) if name == "vary" and value else value


@pytest.mark.parametrize(
    ("own", "django", "why"),
    [("Stamp", CONDITIONAL, "inside of middleware that writes headers"), ("RequestId", GZIP, "RequestId")],
)
def test_what_stands_outside_must_not_see_their_work(
    snapshot: Snapshot, own: str, django: str, why: str
) -> None:
    program = translate(_with(snapshot, [*stacks.STACK, f"notes.middleware.{own}", django]))
    assert not program.native
    assert all(why in r.reasons[0].why for r in program.refused)
