"""``verify suite``: the project's own tests, with native routes answered by both sides."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from segue.errors import EnvironmentProblem, UsageError
from segue.verify.evidence import Report, operation_from_json
from segue.verify.operations import native_operations
from segue.verify.project import JOINED, ProjectRef, child_environment, ensure_overlay

_RAN = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
OUTSIDE = "outside a test"  # as joined/suite_hook.py names it
_PYTEST = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


def suite(project: ProjectRef, command: Sequence[str], *, timeout: float = 1800.0) -> Report:
    """Run ``command`` with the test clients patched; compare every request to a native operation.

    Its first word is looked for in the project's environment; ``python`` is its interpreter. Raises :class:`UsageError` without a command.
    """
    if not command:
        raise UsageError(
            "No test command was given.", hint="For example: segue verify suite -- python manage.py test"
        )
    overlay = ensure_overlay(project)
    operations = native_operations(project)
    words = [
        str(project.python) if index == 0 and word == "python" else word for index, word in enumerate(command)
    ]
    with tempfile.TemporaryDirectory(prefix="segue-suite-") as name:
        folder = Path(name)
        spec = folder / "spec.json"
        spec.write_text(
            json.dumps(
                {"overlay": str(overlay), "output": str(project.output), "package": project.package, "operations": operations,
                 "results": str(folder)}
            ),
            encoding="utf-8",
        )  # fmt: skip
        environment = child_environment(project)
        if "DJANGO_SETTINGS_MODULE" in os.environ:
            environment["DJANGO_SETTINGS_MODULE"] = os.environ["DJANGO_SETTINGS_MODULE"]
        environment["SEGUE_SUITE_SPEC"] = str(spec)
        environment["PYTHONPATH"] = str(JOINED / "hook")
        # ``pytest`` and its like are those of the project's environment, as if it were activated.
        environment["PATH"] = os.pathsep.join(
            [str(project.python.parent), environment.get("PATH", os.defpath)]
        )
        # pytest would collect the generated project's own tests, which need the generated project's environment.
        ignored = shlex.quote(f"--ignore={project.output}")
        environment["PYTEST_ADDOPTS"] = f"{environment.get('PYTEST_ADDOPTS', '')} {ignored}".strip()
        begin = time.monotonic()
        try:
            done = subprocess.run(
                words, cwd=project.import_root if (project.import_root / "manage.py").exists() else project.root,
                env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
            )  # fmt: skip
        except OSError as error:
            raise EnvironmentProblem(f"{words[0]} cannot be run: {error.strerror}.") from error
        except subprocess.TimeoutExpired as error:
            raise EnvironmentProblem(
                f"The tests did not end within {timeout:.0f} s.",
                hint="Name some of them: segue verify suite -- python manage.py test app.tests",
            ) from error
        seconds = time.monotonic() - begin
        files = sorted(folder.glob("result-*.json"))
        merged: dict[str, dict[str, Any]] = {}
        totals: Counter[str] = Counter()
        left: Counter[str] = Counter()
        tests: dict[str, Counter[str]] = {}
        for file in files:
            raw = json.loads(file.read_text(encoding="utf-8"))
            totals.update(raw["counts"])
            left.update(raw["left"])
            for name_of_test, seen in raw["tests"].items():
                tests.setdefault(name_of_test, Counter()).update(seen)
            for key, value in raw["operations"].items():
                _merge(merged.setdefault(key, _nothing()), value)
    output = f"{done.stdout}\n{done.stderr}".strip()
    if not files:
        raise EnvironmentProblem(
            "The test command ended before Segue could hook into it.",
            detail="\n".join(output.splitlines()[-25:]),
        )
    places = {o["key"]: (o["function"], o["place"]) for o in operations}
    results = tuple(operation_from_json(k, merged[k], *places[k]) for k in places if k in merged)
    unseen = [k for k in places if k not in merged]
    compared = sum(v["cases"] for v in merged.values())
    notes = [f"{totals['requests']} requests, {totals['native']} to native operations, {compared} compared"]
    notes += [f"answered by Django alone, {count}: {why}" for why, count in left.most_common()]
    if unseen:
        notes.append(f"never asked by the tests: {', '.join(unseen)}")
    outcome = _tests(output, done.returncode)
    return Report("suite", results, seconds, (), tuple(notes), outcome, standing(tests, outcome), output)


def standing(tests: Mapping[str, Mapping[str, int]], outcome: Mapping[str, int]) -> dict[str, int]:
    """Tests by what their requests showed; ``tests`` has requests by kind per test, ``outcome`` the runner's counts.

    A test fails on both sides or on none where all answers were equal, as it sees one of two equal answers.
    """
    equal = "equal on both" if outcome.get("failed") or outcome.get("error") else "passed on both"
    out = {
        equal: 0,
        "differs": 0,
        "under patches, settings or pages of Django": 0,
        "route not native": 0,
        "no request": 0,
    }
    for name, seen in tests.items():
        if name == OUTSIDE:
            continue
        if seen.get("different"):
            out["differs"] += 1
        elif seen.get("left"):
            out["under patches, settings or pages of Django"] += 1
        else:
            out[equal if seen.get("equal") else "route not native"] += 1
    ran = sum(outcome.get(word, 0) for word in ("passed", "failed", "error"))
    out["no request"] = max(ran - sum(out.values()), 0)
    return out


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
