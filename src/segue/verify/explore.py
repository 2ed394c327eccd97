"""``verify explore``: derived requests, both sides, one transaction."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from segue.errors import EnvironmentProblem
from segue.verify.evidence import Report, operation_from_json
from segue.verify.operations import all_operations, native_operations
from segue.verify.project import JOINED, ProjectRef, child_environment, ensure_overlay

STARTING = 300  # seconds a project may take to load, migrate and be filled


def explore(
    project: ProjectRef,
    *,
    only: Collection[str] = (),
    cases: int = 5000,
    seconds: float = 300.0,
    seed: int = 1,
    against: Literal["fastapi", "django"] = "fastapi",
    until_difference: bool = False,
) -> Report:
    """Compare native operations (those in ``only``, or all) for at most ``cases`` or ``seconds``.

    ``until_difference`` stops at the first difference or query too many.

    ``against="django"`` compares Django with itself, on every DRF operation: what is reported then is noise.
    Raises :class:`EnvironmentProblem` when the child cannot run, with the end of its error output.
    """
    overlay = ensure_overlay(project)
    find = native_operations if against == "fastapi" else all_operations
    operations = find(project, only)
    spec = {
        "settings": project.snapshot.settings.module,
        "path": [str(project.import_root), str(project.root)],
        "overlay": str(overlay),
        "output": str(project.output),
        "package": project.package,
        "operations": operations,
        "models": [m.label for m in project.snapshot.models.values() if m.own and not m.abstract],
        "seed_command": list(project.seed_command),
        "cases": cases,
        "seconds": seconds,
        "seed": seed,
        "against": against,
        "until_difference": until_difference,
    }
    raw = _run(project, spec, seconds + STARTING)
    places = {o["key"]: (o["function"], o["place"]) for o in operations}
    results = tuple(operation_from_json(k, v, *places[k]) for k, v in raw["operations"].items())
    return Report("explore", results, float(raw["seconds"]), tuple(raw["noise"]), tuple(_notes(raw, results)))


def _run(project: ProjectRef, spec: dict[str, Any], timeout: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="segue-explore-") as folder:
        given, out = Path(folder) / "spec.json", Path(folder) / "report.json"
        given.write_text(json.dumps(spec), encoding="utf-8")
        try:
            done = subprocess.run(
                [str(project.python), str(JOINED), str(given), str(out)],
                cwd=project.import_root,
                env=child_environment(project),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EnvironmentProblem(
                f"Both sides did not answer within {timeout:.0f} s.",
                hint="Give fewer routes with --route, or less time with --seconds.",
            ) from error
        if not out.is_file():
            lines = done.stderr.strip().splitlines()
            raise EnvironmentProblem(
                "Both sides could not be run in one process.",
                hint="Check that `manage.py check` passes, that the database answers, and that the generated "
                "code imports; the lines above are the child's own.",
                detail="\n".join(lines[-25:]),
            )
        raw: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return raw


def _notes(raw: dict[str, Any], results: tuple[Any, ...]) -> list[str]:
    """What a reader should know about how far the run came."""
    notes = [f"personas: {', '.join(raw['personas'])}", *raw["notes"]]
    if raw["seeded"]:
        notes.append(
            f"{raw['seeded']} rows were made from the models: for empty tables, orders and full pages"
        )
    if not raw["exhausted"]:
        notes.append("the budget ended before all derived cases were sent")
    unseen = [r.key for r in results if r.cases and not any(s.startswith("2") for s in r.statuses)]
    if unseen:
        notes.append(f"never answered with 2xx: {', '.join(unseen)}")
    silent = [r.key for r in results if not r.cases]
    if silent:
        notes.append(f"not compared at all: {', '.join(silent)}")
    left = sum(r.unserved for r in results)
    if left:
        notes.append(f"{left} requests were left to Django by FastAPI (501)")
    reordered = sum(r.reordered for r in results)
    if reordered:
        notes.append(f"{reordered} bodies are equal but have their keys in another order")
    return notes
