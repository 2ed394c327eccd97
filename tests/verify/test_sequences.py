"""Sequences on one evolving state, and differences as pytest cases that ask both sides again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from bench.faults.seed import Fault
from tests.verify.conftest import Shop

from segue import verify
from segue.verify.evidence import Difference, Report
from segue.verify.written import run_file, write_cases

AUTHORS = [
    *(f"{method} /api/authors/" for method in ("GET", "POST")),
    *(f"{method} /api/authors/{{pk}}/" for method in ("GET", "PUT", "PATCH", "DELETE")),
]


def _differences(report: Report) -> list[tuple[str, Difference]]:
    return [(o.key, d) for o in report.operations for d in o.differences]


@pytest.fixture(scope="module")
def lost_delete(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> verify.ProjectRef:
    """Generated code that deletes every author but those that a sequence has just written."""
    path = "app/catalog/routes.py"
    text = (shop.project.output / path).read_text(encoding="utf-8")
    assert text.count("    await call.db.delete(author)\n") == 1
    broken = text.replace(
        "    await call.db.delete(author)\n",
        '    if not author.last_name.startswith("last_name 8"):\n        await call.db.delete(author)\n',
    )
    fault = Fault("lost write", path, "author_destroy", broken, frozenset(AUTHORS))
    return shop.with_output(fault.seed(shop.project.output, tmp_path_factory.mktemp("lost") / "out"))


@pytest.fixture(scope="module")
def lost(lost_delete: verify.ProjectRef) -> Report:
    """What explore finds of that."""
    return verify.explore(lost_delete, only=AUTHORS, cases=300)


def test_a_lost_write_that_only_a_sequence_shows_is_found_and_shrunk(lost: Report) -> None:
    found = _differences(lost)
    assert found
    for key, difference in found:
        methods = [step["method"] for step in difference.sequence]
        assert methods[-1] in ("DELETE", "GET", "PUT", "PATCH"), key
        assert "DELETE" in methods
        # One request less shows it no more, or as another kind of difference: two POSTs leave one row more than the other
        # side, a POST alone leaves a row where the other side has none.
        assert len(methods) <= 3
    assert all(o.steps for o in lost.operations)


def test_a_sequence_is_written_as_a_case_that_fails_on_the_faulty_code_only(
    lost: Report, lost_delete: verify.ProjectRef, shop: Shop, tmp_path: Path
) -> None:
    # What a step alone is told of (its answer) has another name among all steps; rows are those of the whole sequence.
    difference = next(d for _, d in _differences(lost) if d.kind.startswith("effects"))
    faulty = verify.ask(lost_delete, difference.case, difference.rows)
    assert [path for path, _, _ in faulty.differences] == [path for path, _, _ in difference.paths]
    assert verify.ask(shop.project, difference.case, difference.rows).differences == []


def test_a_difference_becomes_a_pytest_file(shop: Shop, tmp_path: Path) -> None:
    path = "app/catalog/presenters.py"
    text = (shop.project.output / path).read_text(encoding="utf-8")
    output = tmp_path / "fastapi"
    broken = text.replace('"website": author.website', '"website": author.website and "x"')
    assert broken != text
    key = "GET /api/authors/{pk}/"
    Fault("wrong value", path, "present_author", broken, frozenset({key})).seed(shop.project.output, output)
    project = shop.with_output(output)
    report = verify.explore(project, only=[key], cases=40)
    state = _prepared(shop, tmp_path, output)
    report = write_cases(report, state / "evidence" / "cases", tmp_path)
    file = Path(next(d.file for _, d in _differences(report) if d.kind == "body.website"))
    assert file.name == "test_get_api_authors_pk_1.py"
    assert "Token " not in file.read_text(encoding="utf-8"), "no credentials are written down"
    name, failure = run_file(file)[0]
    assert name == "test_get_api_authors_pk"
    assert failure.startswith("body.website: Django ")
    faulty = _pytest(file)
    assert (faulty.returncode, "body.website" in faulty.stdout) == (1, True), faulty.stdout
    (output / path).write_text(text, encoding="utf-8")
    assert _pytest(file).returncode == 0


def _pytest(file: Path) -> subprocess.CompletedProcess[str]:
    """Plain pytest on a written case, as its header says, from anywhere."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
        cwd=file.parents[3], capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


def _prepared(shop: Shop, folder: Path, output: Path) -> Path:
    """``segue.toml`` and ``.segue`` in ``folder``, as ``init`` and ``assess`` leave them; the latter's place."""
    import json

    from segue.snapshot.dump import dump

    state = folder / ".segue"
    state.mkdir()
    (state / "snapshot.json").write_text(dump(shop.project.snapshot), encoding="utf-8")
    (folder / "segue.toml").write_text(
        f"[project]\nroot = {json.dumps(str(shop.project.root))}\npython = {json.dumps(str(shop.project.python))}\n"
        f"[project.environment]\nDATABASE_URL = {json.dumps(shop.database)}\n[output]\nfolder = {json.dumps(str(output))}\n",
        encoding="utf-8",
    )
    return state
