"""``verify explore``: derived requests, both sides, one transaction."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from segue.errors import EnvironmentProblem
from segue.verify.evidence import Report, operation_from_json
from segue.verify.legacy_spec import legacy_spec
from segue.verify.openapi import checked
from segue.verify.operations import all_operations, native_operations
from segue.verify.project import JOINED, ProjectRef, child_environment, ensure_overlay
from segue.verify.scratch import scratch

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
    processes: int = 0,
) -> Report:
    """Compare native operations (those in ``only``, or all) for at most ``cases`` or ``seconds``.

    ``until_difference`` stops at the first difference or query too many. ``processes`` share the operations, each
    with a copy of the database; 0 takes two where that pays and the machine has them.

    ``against="django"`` compares Django with itself, on every DRF operation: what is reported then is noise.
    Raises :class:`EnvironmentProblem` when the child cannot run, with the end of its error output.
    """
    report, _ = explored(
        project, only=only, cases=cases, seconds=seconds, seed=seed, against=against, until_difference=until_difference,
        processes=processes,
    )  # fmt: skip
    return report


def explored(
    project: ProjectRef,
    *,
    only: Collection[str] = (),
    cases: int,
    seconds: float,
    seed: int,
    against: Literal["fastapi", "django"] = "fastapi",
    until_difference: bool = False,
    processes: int = 0,
    legacy_openapi: bool = False,
) -> tuple[Report, dict[str, Any]]:
    """:func:`explore`, with the document of the child process: ``answers`` by operation and ``openapi`` (see
    ``joined/openapi.py``), with drf-spectacular's where ``legacy_openapi`` asks for it."""
    find = native_operations if against == "fastapi" else all_operations
    known = find(project)
    operations = [o for o in known if not only or o["key"] in only]
    count = processes or _worthwhile(cases, seconds, len(operations))
    spec = joined_spec(project, known, seed=seed) | {
        "seconds": seconds,
        "against": against,
        "branches": against == "fastapi",
        "openapi": against == "fastapi" and not until_difference,
        "legacy_openapi": legacy_openapi,
        "until_difference": until_difference,
    }
    shares = _shares(operations, count)
    specs = [
        spec
        | {
            "wanted": [o["key"] for o in share],
            "cases": max(1, round(cases * len(share) / max(1, len(operations)))),
        }
        for share in shares
    ]
    with ThreadPoolExecutor(max(1, len(specs))) as pool:
        found = list(pool.map(lambda s: run_joined(project, s, seconds + STARTING), specs))
    raw = _together(found)
    results = tuple(
        operation_from_json(o["key"], raw["operations"][o["key"]], o["function"], o["place"])
        for o in operations
    )
    if raw.get("openapi"):
        results = tuple(checked(results, raw["openapi"], raw["answers"]))
    memory = tuple(tuple(tuple(mark) for mark in marks) for marks in raw["memory"])
    notes = tuple(_notes(raw, results))
    report = Report("explore", results, float(raw["seconds"]), tuple(raw["noise"]), notes, memory=memory)
    return report, raw


def joined_spec(project: ProjectRef, operations: list[dict[str, Any]], *, seed: int) -> dict[str, Any]:
    """What a child process needs to know to build both sides; ``operations`` are all there are."""
    return {
        **legacy_spec(project),
        "overlay": str(ensure_overlay(project)),
        "output": str(project.output),
        "package": project.package,
        "operations": operations,
        "models": project.own_models,
        "seed_command": list(project.seed_command),
        "noise": list(project.noise),
        "seed": seed,
    }


def _worthwhile(cases: int, seconds: float, operations: int) -> int:
    """Processes: starting one costs what some hundred cases cost."""
    many = cases >= 2500 and seconds >= 30 and operations >= 6
    return 2 if many and (os.cpu_count() or 1) > 1 else 1


def _shares(operations: list[dict[str, Any]], count: int) -> list[list[dict[str, Any]]]:
    """``operations`` in ``count`` parts of about the same size. Those on one kind of thing stay together, for the
    sequences: the parts end where the static beginning of the path changes."""
    if count == 1:
        return [operations]
    out: list[list[dict[str, Any]]] = [[]]
    begin = None
    for operation in sorted(operations, key=lambda o: str(o["path"])):
        stem = operation["path"].split("{")[0]
        if begin is None or not stem.startswith(begin):
            begin = stem
            if len(out) < count and len(out[-1]) >= len(operations) / count:
                out.append([])
        out[-1].append(operation)
    return out


def _together(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The documents of several processes as one."""
    first = found[0]
    unused = set(first["unused_noise"]).intersection(*(raw["unused_noise"] for raw in found))
    lists = {name: list(dict.fromkeys(v for raw in found for v in raw[name])) for name in ("noise", "notes")}
    return {
        **first,
        **lists,
        "noise": sorted(lists["noise"]),
        "unused_noise": sorted(unused),
        "cases": sum(raw["cases"] for raw in found),
        "seconds": max(raw["seconds"] for raw in found),
        "memory": [raw["memory"] for raw in found],
        "exhausted": all(raw["exhausted"] for raw in found),
        "never_entered": [key for raw in found for key in raw["never_entered"]],
        "operations": {key: v for raw in found for key, v in raw["operations"].items()},
        "answers": {key: v for raw in found for key, v in raw["answers"].items()},
    }


def run_joined(project: ProjectRef, spec: dict[str, Any], timeout: float) -> dict[str, Any]:
    """The document that a child process with both sides writes for ``spec``.

    Raises :class:`EnvironmentProblem` when there is none after ``timeout`` seconds, or at all.
    """
    with scratch() as folder:
        given, out = folder / "spec.json", folder / "report.json"
        given.write_text(json.dumps({**spec, "parent": os.getpid()}), encoding="utf-8")
        try:
            done = subprocess.run(
                [str(project.python), str(JOINED), str(given), str(out)],
                cwd=project.import_root,
                env=child_environment(project) | {"TMPDIR": str(folder / "tmp")},
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
    unseen = [r.key for r in results if r.cases and r.succeeded == 0]
    if unseen:
        notes.append(f"never answered with 2xx: {', '.join(unseen)}")
    if raw["never_entered"]:
        notes.append(f"never reached in the generated code, so not proven: {', '.join(raw['never_entered'])}")
    silent = [r.key for r in results if not r.cases]
    if silent:
        notes.append(f"not compared at all: {', '.join(silent)}")
    notes += [
        f"the noise rule {line!r} of segue.toml hid nothing in this run" for line in raw["unused_noise"]
    ]
    left = sum(r.unserved for r in results)
    if left:
        notes.append(f"{left} requests were left to Django by FastAPI (501)")
    reordered = sum(r.reordered for r in results)
    if reordered:
        notes.append(f"{reordered} bodies are equal but have their keys in another order")
    return notes
