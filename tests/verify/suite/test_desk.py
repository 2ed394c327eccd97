"""``verify suite`` on a small project whose tests patch, override and look inside. The oracle is its own runner on plain Django."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from segue import verify
from segue.emit import write
from segue.errors import EnvironmentProblem
from segue.snapshot.run import probe
from segue.translate.program import translate
from segue.verify import ProjectRef, Report

DESK = Path(__file__).parent / "desk"
COMMAND = ["python", "manage.py", "test"]
INTERNALS = {
    "Settings.test_read_by_the_code": "override_settings(TICKETS_OPEN_AT_MOST)",
    "Settings.test_patched_object": "TICKETS_OPEN_AT_MOST",
    "Settings.test_worked_out_at_translation": "override_settings(ROOT_URLCONF)",
    "Patched.test_inside_of_drf": "get_serializer_class has no function of its own",
    "Internals.test_number_of_queries": "assertNumQueries",
    "Internals.test_factory": "APIRequestFactory",
    "Internals.test_factory_for_a_permission": "APIRequestFactory",
}
OTHERS = {"Plain.test_not_native": "route not native", "Plain.test_nothing": "no request"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> ProjectRef:
    """The project, translated."""
    folder = tmp_path_factory.mktemp("desk")
    root = folder / "desk"
    shutil.copytree(DESK, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "tests" / "tickets.py").rename(root / "tests" / "test_tickets.py")
    snapshot = probe(root, python=sys.executable, settings="desk.settings")
    write(translate(snapshot), folder / "fastapi")
    return ProjectRef(root, folder / "fastapi", folder / ".segue", Path(sys.executable), snapshot)


@pytest.fixture(scope="module")
def on_django(desk: ProjectRef) -> dict[str, str]:
    """Test → ``ok``, as Django's runner says without Segue."""
    done = subprocess.run(
        [sys.executable, *COMMAND[1:], "-v", "2"], cwd=desk.root, capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, timeout=120,
    )  # fmt: skip
    found = dict(
        re.findall(r"^\w+ \(tests\.test_tickets\.([\w.]+)\)(?:\n.*?)?? \.\.\. (\w+)", done.stderr, re.M)
    )
    assert len(found) == 30, done.stderr
    return found


def _verdicts(report: Report) -> dict[str, tuple[str, str]]:
    return {t.name.removeprefix("tests.test_tickets."): (t.verdict, t.reason) for t in report.results}


@pytest.mark.parametrize("answer", ["both", "fastapi"])
def test_every_test_has_its_verdict(desk: ProjectRef, on_django: dict[str, str], answer: str) -> None:
    """Those that pass on FastAPI's answers patch functions, methods, properties and clocks."""
    report = verify.suite(desk, COMMAND, answer="fastapi" if answer == "fastapi" else "both")
    assert set(on_django.values()) == {"ok"}
    assert report.tests == {"passed": 30, "failed": 0, "error": 0, "skipped": 0, "exit": 0}, report.output
    assert report.different == 0
    verdicts = _verdicts(report)
    assert set(verdicts) == set(on_django)
    for name, (verdict, reason) in verdicts.items():
        if name in INTERNALS:
            assert (verdict, INTERNALS[name] in reason) == ("asserts Django internals", True), (name, reason)
        else:
            assert verdict == OTHERS.get(name, "passed on both"), (name, verdict, reason)
    assert report.standing["passed on both"] == 21
    carried = [note for note in report.notes if note.startswith("carried over")]
    for name in (
        "tickets.views.score",
        "tickets.views.is_full",
        "tickets.models.Ticket.weight",
        "tickets.views.timezone",
    ):
        assert any(f"mock.patch({name})" in note for note in carried), carried


FAULTS = [
    ("services", "* factor", "* factor + 1", "Patched.test_method"),
    ("routes", "await is_full(call.db)", "not await is_full(call.db)", "Patched.test_asynchronous_twin"),
    ("routes", '{"score": score(ticket, 3)}', '{"score": (score(ticket, 3), score(ticket, 3))[0]}', "Patched.test_function"),
    ("presenters", "ticket.title", "ticket.title.lower()", "Plain.test_list"),
]  # fmt: skip


def test_faults_in_generated_code_are_found(desk: ProjectRef, tmp_path: Path) -> None:
    """Also where the test patches what the faulty code calls, and where only the calls of the mock differ."""
    output = tmp_path / "fastapi"
    shutil.copytree(desk.output, output, ignore=shutil.ignore_patterns("__pycache__"))
    for file, right, wrong, _ in FAULTS:
        module = output / "app" / "tickets" / f"{file}.py"
        text = module.read_text(encoding="utf-8")
        assert right in text
        module.write_text(text.replace(right, wrong), encoding="utf-8")
    tests = [f"tests.test_tickets.{test}" for *_, test in FAULTS]
    for answer in ("both", "fastapi"):
        report = verify.suite(
            replace(desk, output=output),
            [*COMMAND, *tests],
            answer="fastapi" if answer == "fastapi" else "both",
        )
        assert report.tests["passed"] == 4, report.output
        assert {t.name: (t.verdict, t.bad) for t in report.results} == dict.fromkeys(tests, ("differs", True))
    paths = [p for o in report.operations for d in o.differences for p, _, _ in d.paths]
    assert any("calls of mock.patch(tickets.views.score)" in path for path in paths), paths


def test_settings_that_generated_code_reads_follow_the_test(desk: ProjectRef, tmp_path: Path) -> None:
    """An owner has made the written-down value a field of ``Settings`` and said so in the manifest."""
    output = tmp_path / "fastapi"
    shutil.copytree(desk.output, output, ignore=shutil.ignore_patterns("__pycache__"))
    edits = {
        "app/settings.py": (
            "    database_url: str",
            "    TICKETS_OPEN_AT_MOST: int = 3\n    database_url: str",
        ),
        "app/tickets/routes.py": ('{"limit": 3}', '{"limit": settings.TICKETS_OPEN_AT_MOST}'),
        "app/tickets/services.py": (">= 3", ">= settings.TICKETS_OPEN_AT_MOST"),
        "segue-manifest.json": ('"settings": []', '"settings": ["TICKETS_OPEN_AT_MOST"]'),
    }
    for name, (old, new) in edits.items():
        text = (output / name).read_text(encoding="utf-8")
        assert old in text, name
        text = text.replace(old, new, 1)
        if "settings.T" in new:
            text = text.replace("\nfrom app.", "\nfrom app.settings import settings\nfrom app.", 1)
        (output / name).write_text(text, encoding="utf-8")
    tests = [
        f"tests.test_tickets.Settings.{n}"
        for n in ("test_read_by_the_code", "test_back_again", "test_patched_object")
    ]
    report = verify.suite(replace(desk, output=output), [*COMMAND, *tests], answer="fastapi")
    assert report.tests["passed"] == 3, report.output
    assert {t.name: t.verdict for t in report.results} == dict.fromkeys(tests, "passed on both"), report.notes


def test_an_application_that_cannot_be_imported_is_told(desk: ProjectRef, tmp_path: Path) -> None:
    output = tmp_path / "fastapi"
    shutil.copytree(desk.output, output, ignore=shutil.ignore_patterns("__pycache__"))
    (output / "app" / "tickets" / "routes.py").write_text("raise ValueError('half done')\n", encoding="utf-8")
    with pytest.raises(EnvironmentProblem, match="cannot be imported") as caught:
        verify.suite(replace(desk, output=output), [*COMMAND, "tests.test_tickets.Plain.test_list"])
    assert "half done" in caught.value.detail
