"""Views: overridden ``finalize_response`` and the names of query parameters."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.translate.middleware import stacks

from segue.emit import write
from segue.snapshot.run import probe
from segue.target.ir import Program
from segue.translate.program import translate


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stacks.create(tmp_path_factory.mktemp("finalize"))


@pytest.fixture(scope="module")
def program(root: Path) -> Program:
    return translate(
        probe(root, python=sys.executable, settings="site_.settings", environment={"MIDDLEWARE": ""})
    )


def test_what_changes_json_answers_is_refused_at_its_line(program: Program) -> None:
    (refused,) = [r for r in program.refused if r.route_id == "/api/enveloped/"]
    (reason,) = refused.reasons
    assert reason.code == "override-finalize-response"
    assert reason.construct == "response.data"
    assert stacks.VIEWS.splitlines()[reason.line - 1].strip() == 'response.data = {"data": response.data}'


def test_the_rest_answers_as_django_does(root: Path, program: Program, tmp_path: Path) -> None:
    native = {o.route_id for o in program.native}
    assert {"/api/sheet/", "/api/marked/", "/api/download/"} <= native
    write(program, tmp_path)
    cases: list[tuple[str, dict[str, str], bool]] = [
        ("/api/sheet/", {}, False), ("/api/sheet/", {"Accept": "application/vnd.sheet"}, True),
        ("/api/sheet/?format=sheet", {}, True), ("/api/sheet/?format=json", {}, False),
        ("/api/sheet/?format=x", {}, False), ("/api/marked/", {}, False), ("/api/marked/?format=x", {}, False),
        ("/api/download/", {}, False), ("/api/download/?download=1", {}, True),
        ("/api/download/?download=1&format=x", {}, False), ("/api/download/?other=1", {}, False),
    ]  # fmt: skip
    requests: list[dict[str, Any]] = [{"method": "GET", "path": p, "headers": h} for p, h, _ in cases]
    for (path, headers, left), (legacy, modern) in zip(
        cases, stacks.both(root, tmp_path, [], requests), strict=True
    ):
        if left:
            assert modern["status"] == 501, (path, headers)
            continue
        assert (modern["status"], modern["body"]) == (legacy["status"], legacy["body"]), (path, headers)
        for name in ("x-service", "content-disposition", "content-type", "vary"):
            assert modern["headers"].get(name) == legacy["headers"].get(name), (path, headers, name)


def test_the_projects_names_of_query_parameters_are_kept(
    root: Path, program: Program, tmp_path: Path
) -> None:
    write(program, tmp_path)
    queries = ("", "q=a", "q=be", "search=be", "sort=title", "sort=-title", "ordering=title", "q=et&sort=-id")
    requests: list[dict[str, Any]] = [{"method": "GET", "path": f"/api/notes/?{q}"} for q in queries]
    answers = stacks.both(root, tmp_path, [], requests)
    for query, (legacy, modern) in zip(queries, answers, strict=True):
        assert (modern["status"], modern["body"]) == (200, legacy["body"]), query
    assert len({legacy["body"] for legacy, _ in answers}) > 3
