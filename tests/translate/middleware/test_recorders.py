"""Middleware that writes rows, asks who it was, and answers where a view has failed: each held against Django, row by row."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.translate.middleware import recorders

from segue.emit import write
from segue.snapshot.model import Snapshot, Value
from segue.snapshot.run import probe
from segue.translate.program import translate

TOKEN = {"Authorization": "Token t0ken"}
HEADERS = ("vary", "allow", "content-type", "www-authenticate", "x-time", "x-marked", "cache-control")
# One around the other: what each writes is in the rows.
TOGETHER = [
    "AccessLogs", "SafeLogs", "GuardedLogs", "FinallyLogs", "MixinLogs", "EarlyLogs", "LateSeen", "SavesUser", "SkipsPaths", "ErrorsByPath", "ByZero", "Marked",
]  # fmt: skip
REFUSED = {
    "KeyUses": "does", "RateLimit": "does", "Envelope": "content", "LateFinally": "does",
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorders.create(tmp_path_factory.mktemp("recorders"))


@pytest.fixture(scope="module")
def everything(root: Path) -> Snapshot:
    names = " ".join(recorders.NAMES)
    return probe(root, python=sys.executable, settings="site_.settings", environment={"MIDDLEWARE": names})


def only(snapshot: Snapshot, *names: str, outmost: bool = False) -> Snapshot:
    """The project with these of its middlewares, inside or outside of Django's own."""
    kept = [m for m in snapshot.settings.middleware if not m.startswith("notes.")]
    own = [f"notes.middleware.{n}" for n in names]
    every = (*own, *kept) if outmost else (*kept, *own)
    listed = Value("list", items=tuple(Value("ref", name=n) for n in every))
    settings = dataclasses.replace(
        snapshot.settings, values={**snapshot.settings.values, "MIDDLEWARE": listed}, middleware=every
    )
    return dataclasses.replace(snapshot, settings=settings)


def compare(legacy: dict[str, Any], modern: dict[str, Any], request: dict[str, Any]) -> None:
    """The same answer, and the same rows behind it."""
    for key in ("status", "body", "rows"):
        assert modern[key] == legacy[key], (request, key)
    for name in HEADERS:
        assert modern["headers"].get(name) == legacy["headers"].get(name), (request, name)


def test_rows_are_written_around_the_view_as_in_django(
    root: Path, everything: Snapshot, tmp_path: Path
) -> None:
    program = translate(only(everything, *TOGETHER))
    assert not program.refused
    write(program, tmp_path)
    cookie = recorders.session(root)
    requests: list[dict[str, Any]] = [
        {"method": method, "path": path, "headers": headers}
        for headers in ({}, TOKEN, {"Authorization": "Token wrong"})
        for method, path in (
            ("GET", "/api/notes/"), ("GET", "/api/notes/77/"), ("HEAD", "/api/notes/"), ("PUT", "/api/who/"), ("GET", "/api/breaks/"), ("GET", "/api/breaks/?by=x"),
            ("GET", "/api/perhaps/?a=%C3%A4&a=1"), ("PUT", "/api/perhaps/"), ("PATCH", "/api/perhaps/"), ("DELETE", "/api/perhaps/"),
        )
    ]  # fmt: skip
    requests += [{"method": "GET", "path": path, "cookies": cookie} for path in ("/api/notes/", "/api/who/")]
    requests += [
        {"method": "GET", "path": "/api/notes/", "headers": {"X-Forwarded-For": "10.0.0.9, 1.1.1.1"}}
    ]
    requests += [{"method": "POST", "path": "/api/notes/", "headers": TOKEN, "body": b} for b in ('{"title": "new"}', '{"title": ""}')]  # fmt: skip
    # Nobody has been asked who they are, or another renderer is wanted: Django's, with nothing written before.
    requests += [{"method": "GET", "path": "/api/notes/?format=x"}, {"method": "GET", "path": "/api/notes/", "headers": {"Accept": "text/html"}}]  # fmt: skip
    requests += [{"method": "GET", "path": "/api/notes/"}]
    seen: Counter[int] = Counter()
    for request, (legacy, modern) in zip(
        requests, recorders.both(root, tmp_path, TOGETHER, requests), strict=True
    ):
        seen[modern["status"]] += 1
        if modern["status"] == 501:
            assert modern["rows"]["notes_accesslog"] == [], request
            assert legacy["rows"]["notes_accesslog"], request
        else:
            compare(legacy, modern, request)
    assert seen == {200: 14, 201: 1, 400: 1, 401: 9, 404: 2, 405: 3, 422: 2, 500: 4, 501: 2}


def test_who_is_logged_in_by_a_session_is_left_to_django(
    root: Path, everything: Snapshot, tmp_path: Path
) -> None:
    names = ["ErrorJson", "EarlyMixinLogs", "LoginWall"]
    write(translate(only(everything, *names)), tmp_path)
    cookie = recorders.session(root)
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": "/api/notes/", "headers": TOKEN}, {"method": "GET", "path": "/api/who/"},
        {"method": "GET", "path": "/api/who/", "cookies": {"sessionid": "x" * 32}}, {"method": "GET", "path": "/api/notes/", "cookies": cookie},
    ]  # fmt: skip
    *others, (legacy, modern) = recorders.both(root, tmp_path, names, requests)
    for request, (one, other) in zip(requests, others, strict=False):
        assert one["status"] == 401
        compare(one, other, request)
    assert (legacy["status"], modern["status"], modern["rows"]["notes_accesslog"]) == (200, 501, [])


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_not_be_taken_back_is_refused(everything: Snapshot, name: str) -> None:
    refused = {r.reasons[0].code: r.reasons[0] for r in translate(only(everything, name)).refused}
    assert REFUSED[name] in refused["middleware"].why


def test_who_asks_for_headers_of_djangos_own_stands_inside_of_it(everything: Snapshot) -> None:
    """They are written when all that is translated has run. Who only looks at the status may stand further out."""
    assert not translate(only(everything, "Frames")).refused
    (why,) = {r.reasons[0].code for r in translate(only(everything, "Frames", outmost=True)).refused}
    assert why == "middleware"
    # A header of CORS is nobody's where django-cors-headers is not there.
    assert not translate(only(everything, "OpenedUnlessDone", outmost=True)).refused
    outmost = translate(only(everything, "SkipsPaths", outmost=True))
    assert not outmost.refused
    assert "around=('common', 'security')" in outmost.modules["app/notes/routes.py"].decls["WHO_URL"].code
