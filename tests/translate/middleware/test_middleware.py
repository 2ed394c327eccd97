"""Middleware of the project: proved to do nothing, left to Django where it does something, or refused."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.translate.middleware import stacks

from segue.emit import write
from segue.snapshot.model import Snapshot, Value
from segue.snapshot.run import probe
from segue.target.ir import RefusedOperation
from segue.translate.program import translate
from segue.verify import ProjectRef
from segue.verify.operations import native_operations

KINDS = ("status", "body")
HEADERS = ("x-service", "x-answer", "vary", "allow", "content-type")
REQUESTS: list[dict[str, Any]] = [
    {"headers": {}}, {"headers": {"User-Agent": "Mobile"}}, {"headers": {"X-Debug": "off"}},
    {"headers": {"X-Debug": "on"}}, {"cookies": {"debug": "1"}}, {"cookies": {"other": "1"}}, {"query": "trace=1"},
    {"query": "trace=1", "headers": {"User-Agent": "x"}}, {"query": "other=1"}, {"session": {"seen": 1}},
    {"session": {"impersonate": 1}}, {"session": {"impersonate": 1}, "login": True}, {"login": True},
    {"headers": {"Referer": "http://testserver/from/"}}, {"headers": {"Referer": ""}},
]  # fmt: skip
HASTY = ("Hasty", "HastyHook")
FAILING = ("Errors", "Opens", "Shuts", "Closes")
PATHS = ["/api/notes/", "/api/notes/77/", "/api/who/"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stacks.create(tmp_path_factory.mktemp("middleware"))


@pytest.fixture(scope="module")
def everything(root: Path) -> Snapshot:
    names = " ".join(
        [
            *stacks.ACCEPTED,
            *stacks.TRANSLATED,
            "Rolling",
            *stacks.REFUSED,
            *HASTY,
            "Gate",
            "Undressed",
            "Tells",
            "Mobile",
            "Facts",
            "Seen",
            "Exempt",
            *FAILING,
        ]
    )
    return probe(root, python=sys.executable, settings="site_.settings", environment={"MIDDLEWARE": names})


def only(snapshot: Snapshot, *names: str) -> Snapshot:
    """The project with these of its middlewares."""
    own = [f"notes.middleware.{n}" for n in names]
    kept = tuple(
        m
        for m in snapshot.settings.middleware
        if not m.startswith(("notes.", "django.middleware.common.Br", stacks.LOGIN))
    )
    every = (*kept, *own)
    values = {
        **snapshot.settings.values,
        "MIDDLEWARE": Value("list", items=tuple(Value("ref", name=n) for n in every)),
    }
    return dataclasses.replace(
        snapshot, settings=dataclasses.replace(snapshot.settings, values=values, middleware=every)
    )


def test_what_is_accepted_answers_as_django_does(root: Path, everything: Snapshot, tmp_path: Path) -> None:
    snapshot = probe(
        root,
        python=sys.executable,
        settings="site_.settings",
        environment={"MIDDLEWARE": " ".join(stacks.ACCEPTED)},
    )
    program = translate(snapshot)
    native = {(o.method, o.route_id) for o in program.native}
    assert ("GET", "/api/notes/") in native
    assert ("GET", "/api/who/") in native
    # A row of auth.Permission is what imagekit's router does something for; notes are none.
    routed = {r.sender for r in snapshot.receivers if "ModelSignalRouter" in r.function}
    assert routed == {"auth.Permission"}
    assert ("POST", "/api/notes/") in native
    # Missing answers 404s of requests with a Referer itself: that is told before a write, or refused.
    assert ("DELETE", "/api/notes/{pk}/") in native
    # Pages redirects what is not under /api/.
    assert ("GET", "/other/") not in native
    write(program, tmp_path)
    requests = [
        {"method": method, "path": path + ("?" + one["query"] if "query" in one else ""), **one}
        for method in ("GET", "OPTIONS", "DELETE")
        for path in PATHS
        for one in REQUESTS
    ]
    requests += [
        {"method": "POST", "path": "/api/notes/", "body": body}
        for body in ('{"title": ""}', "{", f'{{"title": "{"x" * 2500}"}}')
    ]
    seen: Counter[bool] = Counter()
    both = stacks.both(root, tmp_path, stacks.ACCEPTED, requests)
    for request, (legacy, modern) in zip(requests, both, strict=True):
        if modern["status"] == 501:
            assert modern["headers"]["x-segue-unserved"] in ("middleware", "options"), request
        else:
            assert {k: modern[k] for k in KINDS} == {k: legacy[k] for k in KINDS}, request
            assert legacy["mails"] == 0, request
            for name in HEADERS:
                assert _set(modern["headers"].get(name)) == _set(legacy["headers"].get(name)), (request, name)
        seen[modern["status"] == 501] += 1
    assert seen[False] > 50
    assert seen[True] > 20
    # Django refuses a body that it may not keep; all others the view reads as it would without the middleware.
    assert [modern["status"] for _, modern in both[-3:]] == [400, 400, 501]


def test_code_that_answers_or_writes_headers_is_translated(root: Path, tmp_path: Path) -> None:
    snapshot = probe(
        root,
        python=sys.executable,
        settings="site_.settings",
        environment={"MIDDLEWARE": " ".join(stacks.TRANSLATED)},
    )
    program = translate(snapshot)
    refused = {r.route_id for r in program.refused if r.reasons[0].code == "middleware"}
    assert refused == {"/other/"}  # Key redirects what is not under /api/
    write(program, tmp_path)
    text = (tmp_path / "app" / "notes" / "middleware.py").read_text()
    assert "startswith" not in text
    variants: list[dict[str, Any]] = [
        {}, {"headers": {"X-Key": "wrong"}}, {"headers": {"X-Key": "right", "X-Request-ID": "abc"}}, {"cookies": {"stop": "1"}},
        {"headers": {"Accept": "text/x"}}, {"headers": {"X-Title": "none"}}, {"headers": {"X-Title": "beta", "X-Tenant": "none"}},
        {"headers": {"X-Berlin": "1", "X-Tenant": "none"}},
    ]  # fmt: skip
    requests = [
        {"method": method, "path": path, **one}
        for method in ("GET", "HEAD", "OPTIONS", "DELETE", "PATCH")
        for path in (*PATHS, "/api/mine/")
        for one in variants
    ]
    both = stacks.both(root, tmp_path, stacks.TRANSLATED, requests)
    for request, (legacy, modern) in zip(requests, both, strict=True):
        if modern["headers"].get("x-segue-unserved") == "options":
            continue  # what OPTIONS tells of a detail route depends on rows
        assert {k: modern[k] for k in KINDS} == {k: legacy[k] for k in KINDS}, request
        for name in (*HEADERS, "x-request-id", "x-length", "x-seen", "x-good", "x-stars", "x-kept"):
            assert modern["headers"].get(name) == legacy["headers"].get(name), (request, name)
    assert {403, 404, 406, 200} <= {modern["status"] for _, modern in both}


def test_an_answer_inside_of_others_that_write_headers_is_refused(everything: Snapshot) -> None:
    """What Django's own middleware further in writes is not on such an answer."""
    snapshot = only(everything, "stopped")
    stack = snapshot.settings.middleware
    moved = (stack[-1], *stack[:-1])
    values = {
        **snapshot.settings.values,
        "MIDDLEWARE": Value("list", items=tuple(Value("ref", name=n) for n in moved)),
    }
    settings = dataclasses.replace(snapshot.settings, values=values, middleware=moved)
    codes = {r.reasons[0].code for r in translate(dataclasses.replace(snapshot, settings=settings)).refused}
    assert "middleware" in codes
    assert not [r for r in translate(snapshot).refused if r.reasons[0].code == "middleware"]


def _set(text: str | None) -> set[str]:
    return {p.strip() for p in (text or "").split(",")}


def test_only_what_a_middleware_acts_on_is_left_to_django(
    root: Path, everything: Snapshot, tmp_path: Path
) -> None:
    cases: list[tuple[dict[str, Any], bool]] = [
        ({}, False), ({"headers": {"X-Debug": "on"}}, True), ({"cookies": {"debug": "1"}}, True),
        ({"cookies": {"other": "1"}}, False), ({"session": {"a": 1}}, False), ({"session": {"impersonate": 1}}, False),
        ({"session": {"impersonate": 1}, "login": True}, True), ({"login": True}, False),
    ]  # fmt: skip
    names = ["Debugging", "Impersonate"]
    write(translate(only(everything, *names)), tmp_path)
    requests = [
        {"method": "GET", "path": "/api/who/" if case == {"login": True} else "/api/notes/", **case}
        for case, _ in cases
    ]
    for (case, left), (legacy, modern) in zip(
        cases, stacks.both(root, tmp_path, names, requests), strict=True
    ):
        assert modern["status"] == (501 if left else legacy["status"]), case


@pytest.mark.parametrize(("name", "vary"), [("Rolling", {"Accept", "Cookie"}), ("Seen", {"Accept"})])
def test_a_session_that_holds_nothing_is_not_left_to_django(
    root: Path, everything: Snapshot, tmp_path: Path, name: str, vary: set[str]
) -> None:
    write(translate(only(everything, name)), tmp_path)
    operations = native_operations(
        ProjectRef(root, tmp_path, tmp_path, Path(sys.executable), only(everything, name))
    )
    assert all(operation["sessions_left"] for operation in operations)
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": "/api/told/"}, {"method": "GET", "path": "/api/told/", "session": {"a": 1}},
    ]  # fmt: skip
    (empty, full) = stacks.both(root, tmp_path, [name], requests)
    assert empty[1]["status"] == empty[0]["status"] == 200
    assert _set(empty[1]["headers"]["vary"]) == _set(empty[0]["headers"]["vary"]) == vary
    assert full[1]["status"] == 501


def test_a_token_is_not_asked_for_where_middleware_says_so(
    root: Path, everything: Snapshot, tmp_path: Path
) -> None:
    write(translate(only(everything, "Exempt")), tmp_path)
    requests = [
        {"method": "POST", "path": path, "body": "{}", "login": True} for path in ("/api/who/", "/other/")
    ]
    both = stacks.both(root, tmp_path, ["Exempt"], requests)
    for legacy, modern in both:
        assert (modern["status"], modern["body"]) == (legacy["status"], legacy["body"])
    assert [modern["status"] for _, modern in both] == [200, 403]


def test_who_it_was_after_the_view_is_no_matter_of_the_session(
    root: Path, everything: Snapshot, tmp_path: Path
) -> None:
    """DRF puts the user of the view on the request; what ends before has the middleware read the session."""
    write(translate(only(everything, "Tells")), tmp_path)
    asked: list[dict[str, Any]] = [{}, {"login": True}, {"headers": {"Accept": "text/x"}}]
    requests = [{"method": "GET", "path": "/api/notes/", **one} for one in asked]
    *known, (refused, left) = stacks.both(root, tmp_path, ["Tells"], requests)
    for legacy, modern in known:
        assert modern["status"] == legacy["status"] == 200
        assert _set(modern["headers"]["vary"]) == _set(legacy["headers"]["vary"])
    assert (refused["status"], "Cookie" in refused["headers"]["vary"]) == (406, True)
    assert left["status"] == 501


@pytest.mark.parametrize("name", FAILING)
def test_what_fails_in_a_view_is_answered_as_by_process_exception(
    root: Path, everything: Snapshot, tmp_path: Path, name: str
) -> None:
    """By classes of the project's own, and with the text of the exception; what they do not know stays Django's 500."""
    program = translate(only(everything, name))
    write(program, tmp_path)
    paths = ["/api/fails/", "/api/fails/?once=1", "/api/notes/"]
    both = stacks.both(root, tmp_path, [name], [{"method": "GET", "path": path} for path in paths])
    assert "/api/fails/" not in {r.route_id for r in program.refused}
    for legacy, modern in both:
        assert (modern["status"], modern["body"]) == (legacy["status"], legacy["body"])
    answered = {"Errors": [500, 500], "Opens": [500, 423], "Shuts": [500, 500], "Closes": [423, 500]}[name]
    assert [legacy["status"] for legacy, _ in both] == [*answered, 200]


def test_an_answer_that_is_none_of_drf_is_not_taken_for_one(everything: Snapshot) -> None:
    """``HttpResponse`` of a view has no ``data``: what its middleware does then is only proved of other routes."""
    program = translate(only(everything, "Undressed"))
    native = {(o.method, o.route_id) for o in program.native}
    assert ("GET", "/api/notes/") in native
    assert ("GET", "/api/beside/") in native
    # By itself, a row has it, or another method of the view is asked for it.
    for route in ("/api/bare/", "/api/receipt/", "/api/beside/page/", "/api/within/", "/api/handed/"):
        assert ("GET", route) not in native
        (reason,) = [r.reasons[0] for r in program.refused if r.route_id == route]
        assert "Undressed" in reason.construct


def test_views_are_exempt_from_log_ins_since_django_says_so(everything: Snapshot) -> None:
    """DRF 3.16 marks its views where Django is 5.1 or later."""
    name = "notes.middleware.Gate"
    codes = []
    for django in ("5.1", "4.2.24"):
        versions = dataclasses.replace(everything.versions, django=django, drf="3.17.2")
        program = translate(dataclasses.replace(only(everything, "Gate"), versions=versions))
        codes.append({name in r.reasons[0].why for r in program.refused if r.route_id == "/api/notes/"})
    assert codes == [set(), {True}]


@pytest.mark.parametrize("name", sorted(stacks.REFUSED))
def test_what_cannot_be_proved_is_refused_where_it_stands(everything: Snapshot, name: str) -> None:
    snapshot = only(everything, name)
    program = translate(snapshot)
    reasons = {
        (r.method, r.route_id): r.reasons[0] for r in program.refused if r.reasons[0].code == "middleware"
    }
    reason = reasons["GET", "/api/notes/{pk}/"]
    assert stacks.REFUSED[name] in reason.construct
    assert reason.file == "notes/middleware.py"
    assert f"notes.middleware.{name}" in reason.construct + reason.why
    assert not [o for o in program.native if o.route_id == "/api/notes/{pk}/" and o.method == "GET"]
    if name == "Sifts":  # elsewhere it has one case
        assert "too many cases" in reason.why
        assert {o.method for o in program.native if o.route_id == "/other/"} == {"GET", "POST"}
    accepted = translate(snapshot, accepted_middleware=[f"notes.middleware.{name}"])
    assert [o for o in accepted.native if o.route_id == "/api/notes/{pk}/" and o.method == "GET"]


def test_a_frameworks_variable_of_the_thread_is_read_by_it(everything: Snapshot) -> None:
    name = "notes.middleware.InZone.__call__"
    function = everything.functions[name]
    # What the class is called in earlier releases of asgiref.
    active = dataclasses.replace(function.globals["_active"], value=Value("call", name="asgiref.local.Local"))
    earlier = dataclasses.replace(function, globals={**function.globals, "_active": active})
    snapshot = dataclasses.replace(everything, functions={**everything.functions, name: earlier})
    program = translate(only(snapshot, "InZone"))
    (place,) = {r.reasons[0].construct for r in program.refused if r.reasons[0].code == "middleware"}
    assert place == "_active.value"


def test_a_line_is_named(everything: Snapshot) -> None:
    (reason,) = {
        r.reasons[0]
        for r in translate(only(everything, "Varied")).refused
        if r.reasons[0].code == "middleware"
    }
    lines = stacks.MIDDLEWARE.splitlines()
    assert lines[reason.line - 1].strip() == 'response["Vary"] = request.path'


@pytest.mark.parametrize("name", HASTY)
def test_an_attribute_that_some_requests_do_not_get_is_not_read(everything: Snapshot, name: str) -> None:
    program = translate(only(everything, name))
    refused = {r.route_id: r.reasons[0].construct for r in program.refused}
    assert "tenant_name" in refused["/api/told/"]
    assert ("GET", "/api/notes/") in {(o.method, o.route_id) for o in program.native}


def test_a_cookie_that_says_who_asks_is_not_set_by_middleware(everything: Snapshot, tmp_path: Path) -> None:
    program = translate(only(everything, "Mobile"))
    assert ("GET", "/api/who/") in {(o.method, o.route_id) for o in program.native}
    write(program, tmp_path)  # requests with its header are left to Django
    assert not any('cookies["sessionid"]' in file.read_text() for file in tmp_path.rglob("*.py"))
    assert any('"x-session"' in file.read_text() for file in tmp_path.rglob("*.py"))


def test_what_accepted_middleware_gives_may_not_be_named_in_its_source(everything: Snapshot) -> None:
    program = translate(only(everything, "Facts"), accepted_middleware=["notes.middleware.Facts"])
    refused = {r.route_id: r.reasons[0].construct for r in program.refused}
    assert "fact" in refused["/api/told/"]


def test_what_is_refused_beneath_is_told_when_asked(everything: Snapshot) -> None:
    """Two middlewares that each keep everything: one is named by itself, both when asked, and neither makes a route native."""
    snapshot = only(everything, "Local", "Writes")
    known, asked = (
        {_constructs(r) for r in translate(snapshot, look_beneath=b).refused} for b in (False, True)
    )
    assert {len(each) for each in known} == {1}
    assert all(two > one and len(two) == 2 for one in known for two in asked)


def _constructs(refused: RefusedOperation) -> frozenset[str]:
    return frozenset(r.construct for r in refused.reasons if r.code == "middleware")
