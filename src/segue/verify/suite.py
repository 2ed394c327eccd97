"""``verify suite``: the project's own tests, with native routes answered by both sides."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segue.errors import EnvironmentProblem, UsageError
from segue.verify.evidence import Report, operation_from_json
from segue.verify.operations import native_operations
from segue.verify.project import JOINED, ProjectRef, child_environment, ensure_overlay

_RAN = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
_PYTEST = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


def suite(project: ProjectRef, command: Sequence[str], *, timeout: float = 1800.0) -> Report:
    """Run ``command`` with the test clients patched; compare every request to a native operation.

    ``python`` as first word is the project's interpreter. Raises :class:`UsageError` without a command.
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
        try:
            done = subprocess.run(
                words, cwd=project.import_root if (project.import_root / "manage.py").exists() else project.root,
                env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
            )  # fmt: skip
        except OSError as error:
            raise EnvironmentProblem(f"{words[0]} cannot be run: {error.strerror}.") from error
        files = sorted(folder.glob("result-*.json"))
        merged: dict[str, dict[str, Any]] = {}
        totals: Counter[str] = Counter()
        left: Counter[str] = Counter()
        for file in files:
            raw = json.loads(file.read_text(encoding="utf-8"))
            totals.update(raw["counts"])
            left.update(raw["left"])
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
    return Report("suite", results, 0.0, (), tuple(notes), _tests(output, done.returncode), output)


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
