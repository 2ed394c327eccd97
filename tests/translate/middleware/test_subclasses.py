"""Subclasses of Django's own middleware: what they override only concerns cookies, or they are refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.translate.middleware import stacks

from segue.emit import write
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe
from segue.translate.program import translate

SESSIONS = {"SITE_SESSIONS": "notes.middleware.OwnSessions"}
STACK = ["Domains", "Device", "Impersonate", "OwnCsrf"]
TOKEN = "a" * 32


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stacks.create(tmp_path_factory.mktemp("subclasses"))


def of(root: Path, names: list[str], **environment: str) -> Snapshot:
    return probe(
        root,
        python=sys.executable,
        settings="site_.settings",
        environment={"MIDDLEWARE": " ".join(names), **environment},
    )


def test_cookies_of_their_own_are_left_to_django(root: Path, tmp_path: Path) -> None:
    program = translate(of(root, STACK, **SESSIONS))
    native = {(o.method, o.route_id) for o in program.native}
    # The last asks the session, which no request has that comes here.
    assert {("GET", "/api/notes/"), ("DELETE", "/api/notes/{pk}/"), ("GET", "/api/who/")} <= native
    write(program, tmp_path)
    cases: list[tuple[dict[str, Any], bool]] = [
        ({}, False), ({"headers": {"Host": "testserver:8000"}}, False), ({"cookies": {"other": "1"}}, False),
        ({"cookies": {"sessionid": "x"}}, True), ({"cookies": {"sessionid": "y" * 32}}, True), ({"login": True}, True),
        ({"session": {"impersonate": 1}, "login": True}, True), ({"cookies": {"csrftoken": "no token"}}, True),
        ({"cookies": {"csrftoken": TOKEN}}, False), ({"cookies": {"csrftoken": TOKEN}, "headers": {"X-Key": "1"}}, False),
    ]  # fmt: skip
    requests = [
        {"method": method, "path": path, **case}
        for method, path in (
            ("GET", "/api/notes/"),
            ("POST", "/api/notes/"),
            ("DELETE", "/api/notes/77/"),
            ("GET", "/api/who/"),
        )
        for case, _ in cases
    ]
    wanted = [left for _ in range(4) for _, left in cases]
    both = stacks.both(root, tmp_path, STACK, requests, **SESSIONS)
    for request, left, (legacy, modern) in zip(requests, wanted, both, strict=True):
        if left:
            assert modern["status"] == 501, request
            continue
        assert (modern["status"], modern["body"]) == (legacy["status"], legacy["body"]), request
        assert "set-cookie" not in legacy["headers"], request
        for name in ("vary", "allow", "content-type", "set-cookie"):
            assert _set(modern["headers"].get(name)) == _set(legacy["headers"].get(name)), (request, name)
    assert any("Cookie" in legacy["headers"]["vary"] for legacy, _ in both)
    # A malformed token is given up for a new one by Django: that is why it is asked.
    (malformed,) = [
        b
        for r, b in zip(requests, both, strict=True)
        if r["path"] == "/api/notes/"
        and r["method"] == "GET"
        and r.get("cookies") == {"csrftoken": "no token"}
    ]
    assert "csrftoken" in malformed[0]["cookies"]


@pytest.mark.parametrize("name", ["QuietSessions", "EarlySessions", "SomeSessions", "LeavingSessions"])
def test_sessions_that_tell_not_every_reader_are_not_shared(root: Path, tmp_path: Path, name: str) -> None:
    """Django's ``Vary`` depends on a header then, which what is generated does not ask."""
    settings = {"SITE_SESSIONS": f"notes.middleware.{name}"}
    program = translate(of(root, STACK, **settings))
    write(program, tmp_path)
    quiet = {"X-Quiet": "1", "X-Key": "1"}
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": "/api/who/", "headers": given} for given in ({}, quiet)
    ]
    both = stacks.both(root, tmp_path, STACK, requests, **settings)
    told = ["Cookie" in legacy["headers"].get("vary", "") for legacy, _ in both]
    assert told == [True, False]
    assert not any(modern["status"] == 200 for _, modern in both)


def test_the_rest_may_stand_in_an_else(root: Path, tmp_path: Path) -> None:
    settings = {"SITE_SESSIONS": "notes.middleware.ElseSessions"}
    write(translate(of(root, STACK, **settings)), tmp_path)
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": path} for path in ("/api/who/", "/api/notes/")
    ]
    for legacy, modern in stacks.both(root, tmp_path, STACK, requests, **settings):
        assert (modern["status"], modern["body"]) == (legacy["status"], legacy["body"])
        assert "Cookie" in legacy["headers"]["vary"]
        assert _set(modern["headers"]["vary"]) == _set(legacy["headers"]["vary"])


def test_who_it_was_is_whom_the_view_has_asked(root: Path, tmp_path: Path) -> None:
    """After the view ``request.user`` is whom DRF has authenticated, a session or not; what ends before is Django's."""
    write(translate(of(root, ["Names"], **SESSIONS)), tmp_path)
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": "/api/notes/", "headers": headers}
        for headers in ({}, {"Authorization": "Basic eDp5"}, {"Accept": "text/x"})
    ]
    both = stacks.both(root, tmp_path, ["Names"], requests, **SESSIONS)
    for legacy, modern in both[:2]:
        assert (modern["status"], modern["body"]) == (legacy["status"], legacy["body"])
        assert modern["headers"]["x-who"] == legacy["headers"]["x-who"] == ""
        assert _set(modern["headers"]["vary"]) == _set(legacy["headers"]["vary"])
    assert [modern["status"] for _, modern in both] == [200, 401, 501]
    assert ("GET", "/api/notes/") in {
        (o.method, o.route_id) for o in translate(of(root, ["Tells"], **SESSIONS)).native
    }


CHOOSES = ["Marked", "Chooses"]


def test_what_a_middleware_finds_and_chooses_is_there_for_the_view(root: Path, tmp_path: Path) -> None:
    program = translate(of(root, CHOOSES, **SESSIONS))
    native = {(o.method, o.route_id) for o in program.native}
    assert {
        ("GET", "/api/seen/"),
        ("GET", "/api/seen/{pk}/"),
        ("GET", "/api/notes/"),
        ("DELETE", "/api/notes/{pk}/"),
    } <= native
    write(program, tmp_path)
    text = (tmp_path / "app" / "notes" / "middleware.py").read_text()
    assert "elsewhere" not in text
    queries = ("", "?lang=de", "?lang=xx", "?lang=de-at", "?lang=fr", "?lang=de-ch", "?lang=")
    headers = (
        {},
        {"Accept-Language": "de"},
        {"Accept-Language": "fr, de;q=0.5"},
        {"Accept-Language": "*, de"},
        {"Accept-Language": "d_e"},
    )
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": f"/api/seen/{query}", "headers": one}
        for query in queries
        for one in headers
    ]
    requests += [
        {"method": "GET", "path": "/api/seen/", "cookies": {"chosen": code}}
        for code in ("de", "fr", "zz", "de-at")
    ]
    requests += [
        {"method": method, "path": path}
        for method in ("GET", "HEAD", "OPTIONS")
        for path in (
            "/api/notes/",
            "/api/notes/1/",
            "/api/seen/2/",
            "/api/seen/3/",
            "/api/seen/4/",
            "/api/seen/99/",
            "/api/notes/x/",
        )
    ]
    seen = 0
    for request, (legacy, modern) in zip(
        requests, stacks.both(root, tmp_path, CHOOSES, requests, **SESSIONS), strict=True
    ):
        if modern["headers"].get("x-segue-unserved") == "options":
            continue  # texts of its fields are in many languages
        if modern["status"] == 501:
            # A page of Django's; a title that names no zone, so that Django keeps that of the request before.
            assert legacy["status"] == 404 or request["path"].endswith(("/1/", "/2/")), request
            continue
        seen += 1
        assert (modern["status"], modern["body"]) == (legacy["status"], legacy["body"]), request
        for name in ("vary", "x-note", "x-open", "allow", "content-type", "content-language"):
            assert _set(modern["headers"].get(name)) == _set(legacy["headers"].get(name)), (request, name)
    assert seen > 45


def test_a_language_of_any_name_is_asked_of_django(root: Path, tmp_path: Path) -> None:
    write(translate(of(root, ["Language"])), tmp_path)
    codes = {
        "": False,
        "?lang=de": False,
        "?lang=de-at": True,
        "?lang=DE": True,
        "?lang=zz": True,
        "?lang=../locale/de": True,
    }
    requests: list[dict[str, Any]] = [{"method": "GET", "path": f"/api/told/{code}"} for code in codes]
    for left, (legacy, modern) in zip(
        codes.values(), stacks.both(root, tmp_path, ["Language"], requests), strict=True
    ):
        assert modern["status"] == (501 if left else 200)
        assert left or modern["body"] == legacy["body"]


def _set(text: str | None) -> set[str]:
    return {p.strip() for p in (text or "").split(",")}


@pytest.mark.parametrize("name", ["ForgetfulSessions", "HeaderSessions", "CopiedSessions"])
def test_sessions_that_do_more_are_refused(root: Path, name: str) -> None:
    program = translate(of(root, [], SITE_SESSIONS=f"notes.middleware.{name}"))
    reasons = {r.route_id: r.reasons[0] for r in program.refused}
    assert f"notes.middleware.{name}" in reasons["/api/notes/"].construct + reasons["/api/notes/"].why


@pytest.mark.parametrize("name", ["LooseCsrf", "ClosedCsrf", "RejectingCsrf", "EagerCsrf"])
def test_tokens_that_are_asked_of_all_are_refused(root: Path, name: str) -> None:
    program = translate(of(root, [name]))
    refused = {(r.method, r.route_id) for r in program.refused if r.reasons[0].code == "middleware"}
    assert ("POST", "/api/notes/") in refused
