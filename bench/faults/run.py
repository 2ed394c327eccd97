"""Seeds faults into translated projects and tells which ones ``verify explore`` does not find.

``python -m bench.faults.run [--projects FOLDER] [--most 16] [--seconds 25] [CASE ...]``: the example (``bookshop``) and
cases of ``bench/conformance/cases.toml`` that ``bench.conformance.run`` has prepared. Writes ``bench/faults/faults.md`` and
``recorded.json``. Every fault is one run of its own, two at a time; a run ends at the first difference.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.faults.seed import Fault, faults
from segue import verify
from segue.emit import write
from segue.errors import SegueError
from segue.snapshot.run import probe
from segue.translate.program import translate
from segue.verify import ProjectRef

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE, RECORDED, EXPLAINED = HERE / "faults.md", HERE / "recorded.json", HERE / "explained.toml"


def bookshop(folder: Path) -> ProjectRef:
    """The example, translated into ``folder``."""
    left_out = shutil.ignore_patterns("*.sqlite3", "__pycache__", ".segue", "fastapi", "segue.toml")
    root = Path(shutil.copytree(ROOT / "examples" / "bookshop", folder / "bookshop", ignore=left_out))
    environment = {"DATABASE_URL": f"sqlite://{folder / 'shop.sqlite3'}"}
    snapshot = probe(root, python=sys.executable, settings="bookshop.settings", environment=environment)
    output = folder / "fastapi"
    write(translate(snapshot), output)
    return ProjectRef(
        root,
        output,
        folder / ".segue",
        Path(sys.executable),
        snapshot,
        environment=environment,
        seed_command=("seed",),
    )


def public(name: str, folder: Path) -> ProjectRef:
    """A case as ``bench.conformance.run`` left it."""
    prepared = ROOT / ".cache" / "conformance" / name
    document = tomllib.loads((prepared / "segue.toml").read_text(encoding="utf-8"))["project"]
    environment = {k: str(v) for k, v in document.get("environment", {}).items()}
    root, python = Path(document["root"]), Path(document["python"])
    snapshot = probe(root, python=str(python), settings=document.get("settings"), environment=environment)
    output = folder / "fastapi"
    write(translate(snapshot), output)
    return ProjectRef(root, output, folder / ".segue", python, snapshot, environment=environment)


def run(project: ProjectRef, found: list[Fault], folder: Path, seconds: float) -> Iterator[dict[str, Any]]:
    """The verdict on every fault: ``found``, ``survived``, or ``broken`` (the changed code does not even load)."""

    def one(numbered: tuple[int, Fault]) -> dict[str, Any]:
        number, fault = numbered
        target = fault.seed(project.output, folder / f"faulty-{number}")
        begin = time.monotonic()
        try:
            report = verify.explore(
                replace(project, output=target),
                only=fault.keys,
                cases=1500,
                seconds=seconds,
                until_difference=True,
            )
            noticed = report.different or any(o.excess_queries for o in report.operations)
            verdict, cases = ("found" if noticed else "survived"), report.cases
        except SegueError:
            verdict, cases = "broken", 0
        shutil.rmtree(target)
        return {
            "digest": _digest(fault), "kind": fault.kind, "place": fault.place, "operations": sorted(fault.keys), "verdict": verdict, "cases": cases,
            "seconds": round(time.monotonic() - begin, 1),
        }  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(one, enumerate(found))


def page(recorded: dict[str, list[dict[str, Any]]]) -> str:
    """The table by kind, and the survivors with their explanation."""
    explained: dict[str, str] = (
        tomllib.loads(EXPLAINED.read_text(encoding="utf-8")) if EXPLAINED.is_file() else {}
    )
    every = [(case, r) for case, results in recorded.items() for r in results if r["verdict"] != "broken"]
    total, found = len(every), sum(r["verdict"] == "found" for _, r in every)
    lines = [
        "# Seeded faults", "",
        "Written by `python -m bench.faults.run`; do not edit. One fault at a time is put into the generated code (its syntax tree is "
        "changed in one place), and `segue verify explore` asks both sides until they differ. Faults that keep the code from "
        "loading are not counted. Explore was widened on these same faults, so this is no rate for faults it has not seen; each fault is asked "
        "about alone, for at most six operations. An explanation is for a kind and a function, not for a line, and was read, not proven; those "
        "that rest on the order of SQLite's rows were not tried on PostgreSQL.", "",
        f"**{found} of {total} found ({found / total:.1%})**: " + ", ".join(
            f"{case} {sum(r['verdict'] == 'found' for c, r in every if c == case)} of {sum(c == case for c, _ in every)}"
            for case in recorded
        ) + ".", "", "| kind | faults | found | cases until found, median |", "|---|---:|---:|---:|",
    ]  # fmt: skip
    for kind in sorted({r["kind"] for _, r in every}):
        these = [r for _, r in every if r["kind"] == kind]
        cases = sorted(r["cases"] for r in these if r["verdict"] == "found")
        median = f"{cases[len(cases) // 2]}" if cases else "–"
        lines.append(f"| {kind} | {len(these)} | {len(cases)} | {median} |")
    lines += ["", "## Not found", "", "| project | fault | where | why |", "|---|---|---|---|"]
    for case, r in every:
        if r["verdict"] == "survived":
            lines.append(f"| {case} | {r['kind']} | `{r['place']}` | {explained.get(_key(r), '')} |")
    return "\n".join(lines) + "\n"


def _digest(fault: Fault) -> str:
    """Which fault it is: the changed module."""
    return hashlib.sha256(f"{fault.kind} {fault.path}\n{fault.text}".encode()).hexdigest()[:16]


def _key(result: dict[str, Any]) -> str:
    """Kind and place without the line, which moves."""
    return f"{result['kind']} {result['place'].rpartition(':')[0]}"


def main() -> None:
    """Run the cases, record, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=["bookshop"])
    parser.add_argument("--most", type=int, default=16, help="of each kind and project")
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument(
        "--survivors", action="store_true", help="only those that were not found the last time"
    )
    given = parser.parse_args()
    recorded: dict[str, list[dict[str, Any]]] = json.loads(RECORDED.read_text()) if RECORDED.is_file() else {}
    for case in given.cases:
        with tempfile.TemporaryDirectory(prefix="segue-faults-") as name:
            folder = Path(name)
            project = bookshop(folder) if case == "bookshop" else public(case, folder)
            wanted = faults(project.output, most=given.most)
            results = []
            if given.survivors:
                # By digest: several faults may share kind, place and operations.
                digests = {_digest(f) for f in wanted}
                results = [
                    r
                    for r in recorded.get(case, ())
                    if r["verdict"] == "found" and r.get("digest") in digests
                ]
                done = {r["digest"] for r in results}
                wanted = [f for f in wanted if _digest(f) not in done]
            for result in run(project, wanted, folder, given.seconds):
                results.append(result)
                if result["verdict"] != "found":
                    sys.stdout.write(f"{result['verdict']}: {case}: {result['kind']} at {result['place']}\n")
                    sys.stdout.flush()
        recorded[case] = sorted(results, key=lambda r: (r["kind"], r["place"]))
        RECORDED.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(recorded), encoding="utf-8")


if __name__ == "__main__":
    main()
