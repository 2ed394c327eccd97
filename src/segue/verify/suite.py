"""``verify suite``: the project's own tests, with native routes answered by both sides, or by FastAPI."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from segue.errors import EnvironmentProblem, UsageError
from segue.verify import guarded
from segue.verify.evidence import Report, operation_from_json
from segue.verify.openapi import checked
from segue.verify.project import JOINED, ProjectRef, child_environment, ensure_overlay
from segue.verify.suite_spec import spec_of
from segue.verify.suite_verdicts import Seen, judge, standing

Answer = Literal["both", "fastapi"]
OUTSIDE = "outside a test"  # as joined/suite/tests.py names it
PREFIX = "segue-suite-"
DATABASES = "databases"  # as joined/suite/databases.py names it
_RAN = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
_PYTEST = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


@dataclass(slots=True)
class Run:
    """One run of the test command."""

    output: str
    code: int
    totals: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    tests: dict[str, Seen] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    openapi: dict[str, Any] = field(default_factory=dict)


def suite(
    project: ProjectRef, command: Sequence[str], *, answer: Answer = "both", timeout: float = 1800.0
) -> Report:
    """Run ``command`` with the test clients patched; compare every request to a native operation.

    Its first word is looked for in the project's environment; ``python`` is its interpreter. With ``answer="fastapi"`` the
    command runs a second time, in which the tests see FastAPI's answers, and what FastAPI did stays. Raises :class:`UsageError` without a command.
    """
    if not command:
        raise UsageError(
            "No test command was given.", hint="For example: segue verify suite -- python manage.py test"
        )
    spec = {"overlay": str(ensure_overlay(project)), **spec_of(project)}
    operations = spec["operations"]
    begin = time.monotonic()
    first = _run(project, command, {**spec, "answer": "both", "record_types": answer == "fastapi"}, timeout)
    second: Run | None = None
    if answer == "fastapi":
        types = {name: seen.types for name, seen in first.tests.items() if seen.types}
        second = _run(project, command, {**spec, "answer": "fastapi", "types": types}, timeout)
    seconds = time.monotonic() - begin
    places = {o["key"]: (o["function"], o["place"]) for o in operations}
    results = tuple(
        operation_from_json(k, first.operations[k], *places[k]) for k in places if k in first.operations
    )
    if first.openapi:
        results = tuple(checked(results, first.openapi, first.answers))
    tests = tuple(
        judge(name, seen, second.tests.get(name, Seen()) if second is not None else None)
        for name, seen in sorted(first.tests.items())
        if name != OUTSIDE
    )
    return Report(
        "suite", results, seconds, (), tuple(_notes(first, second, list(places))), _tests(first.output, first.code),
        standing(tests), (second or first).output, tests,
    )  # fmt: skip


def _run(project: ProjectRef, command: Sequence[str], spec: dict[str, Any], timeout: float) -> Run:
    words = [
        str(project.python) if index == 0 and word == "python" else word for index, word in enumerate(command)
    ]
    left = sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / "pid").write_text(str(os.getpid()), encoding="ascii")
    try:
        run = _run_in(folder, project, words, {**spec, "left_databases": sorted(left)}, timeout)
    except KeyboardInterrupt:
        raise  # what is in the folder tells the next run which test databases may be left
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return run


def _run_in(
    folder: Path, project: ProjectRef, words: Sequence[str], spec: dict[str, Any], timeout: float
) -> Run:
    file = folder / "spec.json"
    file.write_text(json.dumps({**spec, "results": str(folder)}), encoding="utf-8")
    try:
        done = guarded.run(
            words, cwd=project.import_root if (project.import_root / "manage.py").exists() else project.root,
            env=_environment(project, file), timeout=timeout,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise EnvironmentProblem(
            f"The tests did not end within {timeout:.0f} s.",
            hint="Name some of them: segue verify suite -- python manage.py test app.tests",
        ) from error
    output = f"{done.stdout}\n{done.stderr}".strip()
    files = sorted(folder.glob("result-*.json"))
    if not files:
        raise EnvironmentProblem(
            "The test command ended before Segue could hook into it.",
            detail="\n".join(output.splitlines()[-25:]),
        )
    run = Run(output, done.code)
    for found in files:
        raw = json.loads(found.read_text(encoding="utf-8"))
        if raw["unloadable"]:
            raise EnvironmentProblem(
                "The generated application cannot be imported beside the project.",
                hint="`segue verify explore` says more; `segue generate` writes it again.",
                detail=raw["unloadable"],
            )
        _add(run, raw)
    return run


def sweep() -> set[str]:
    """Remove what a run that was killed has left in the folder for temporary files.

    Returns the test databases that it had begun to make (``joined/suite/databases.py``).
    """
    left: set[str] = set()
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            os.kill(int((folder / "pid").read_text(encoding="ascii")), 0)
        except ProcessLookupError:
            noted = folder / DATABASES
            left |= set(noted.read_text(encoding="utf-8").splitlines()) if noted.is_file() else set()
            shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError):
            continue  # another user's, or just being made
    return left


def _environment(project: ProjectRef, spec: Path) -> dict[str, str]:
    """The project's, with the hook in it."""
    environment = child_environment(project)
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        environment["DJANGO_SETTINGS_MODULE"] = os.environ["DJANGO_SETTINGS_MODULE"]
    environment["SEGUE_SUITE_SPEC"] = str(spec)
    own = project.environment.get("PYTHONPATH", "")
    environment["PYTHONPATH"] = os.pathsep.join(p for p in (str(JOINED / "hook"), own) if p)
    # ``pytest`` and its like are those of the project's environment, as if it were activated.
    environment["PATH"] = os.pathsep.join([str(project.python.parent), environment.get("PATH", os.defpath)])
    # pytest would collect the generated project's own tests, which need the generated project's environment.
    ignored = shlex.quote(f"--ignore={project.output}")
    words = [environment.get("PYTEST_ADDOPTS", ""), "-p segue_suite_plugin", ignored]
    environment["PYTEST_ADDOPTS"] = " ".join(words).strip()
    return environment


def _add(run: Run, raw: dict[str, Any]) -> None:
    run.totals.update(raw["counts"])
    run.left.update(raw["left"])
    for name, seen in raw["tests"].items():
        run.tests.setdefault(name, Seen()).add(seen)
    run.openapi = run.openapi or raw["openapi"]
    for key, answers in raw["answers"].items():
        run.answers.setdefault(key, []).extend(answers)
    for key, value in raw["operations"].items():
        _merge(run.operations.setdefault(key, _nothing()), value)


def _notes(first: Run, second: Run | None, keys: Sequence[str]) -> list[str]:
    unseen = [k for k in keys if k not in first.operations]
    compared = sum(v["cases"] for v in first.operations.values())
    notes = [
        f"{first.totals['requests']} requests, {first.totals['native']} to native operations, {compared} compared"
    ]
    if second is not None:
        answered = sum(v["cases"] for v in second.operations.values())
        failed = sum(1 for seen in second.tests.values() if seen.outcome == "failed")
        notes.append(
            f"answered by FastAPI for the tests in a second run: {answered} requests, {failed} tests failed"
        )
    for why, count in (second or first).left.most_common():
        notes.append(f"answered by Django alone, {count}: {why}")
    mirrored: Counter[str] = Counter()
    internals: Counter[str] = Counter()
    for seen in first.tests.values():
        mirrored.update(seen.mirrored)
        internals.update(seen.internals)
    notes += [
        f"carried over to generated code, {count} requests: {name}" for name, count in mirrored.most_common()
    ]
    notes += [f"asked of Django itself, {count}: {name}" for name, count in internals.most_common()]
    outside = first.tests.get(OUTSIDE)
    if outside is not None and outside.requests["different"]:
        notes.append(f"differs outside of a test, {outside.requests['different']}: {outside.differences[0]}")
    if unseen:
        notes.append(f"never asked by the tests: {', '.join(unseen)}")
    return notes


def _nothing() -> dict[str, Any]:
    return {
        "cases": 0,
        "different": 0,
        "unserved": 0,
        "statuses": Counter(),
        "left": Counter(),
        "differences": [],
        "excess_queries": 0,
        "worst_queries": [0, 0],
        "queries": [0, 0],
    }


def _merge(into: dict[str, Any], value: dict[str, Any]) -> None:
    for name in ("cases", "different", "unserved", "excess_queries"):
        into[name] += value[name]
    into["queries"] = [a + b for a, b in zip(into["queries"], value["queries"], strict=True)]
    into["worst_queries"] = max(
        into["worst_queries"], value["worst_queries"], key=lambda pair: pair[1] - pair[0]
    )
    for name in ("statuses", "left"):
        into[name].update(value[name])
    into["differences"] = [*into["differences"], *value["differences"]][:12]


def _tests(output: str, code: int) -> dict[str, int]:
    """Counts of the runner's closing lines."""
    found = {
        word.rstrip("s") if word.startswith("error") else word: int(n)
        for n, word in _PYTEST.findall(output.splitlines()[-1] if output else "")
    }
    if not found:
        ran = _RAN.search(output)
        total = int(ran[1]) if ran else 0
        bad = {w: int(n) for w, n in re.findall(r"(failures|errors|skipped)=(\d+)", output)}
        failed, errors = bad.get("failures", 0), bad.get("errors", 0)
        found = {
            "passed": total - failed - errors - bad.get("skipped", 0),
            "failed": failed,
            "error": errors,
            "skipped": bad.get("skipped", 0),
        }
    found["exit"] = code
    return found
