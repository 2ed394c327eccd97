"""Seeds faults into translated projects and tells which ones ``verify explore`` does not find.

``python -m bench.faults.run [--work FOLDER] [--fresh 9] [--known 3] [--seed N] [CASE ...]``: the example (``bookshop``) and
cases of ``bench/conformance/cases.toml`` that ``bench.conformance.run`` has prepared in ``--work``. Each fault is asked about with
the cases that its operations get in 120 s of a whole run, in a fork of a process that has both sides' libraries loaded; two such
processes work side by side. It can be stopped at any time: what is known is in ``recorded.json`` and not asked again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from bench.faults.page import EXPLAINED, PAGE, RECORDED, page
from bench.faults.seed import Fault, faults
from segue.emit import write
from segue.snapshot.run import probe
from segue.translate.program import translate
from segue.verify import ProjectRef
from segue.verify.explore import joined_spec
from segue.verify.operations import native_operations
from segue.verify.project import JOINED, child_environment

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUDGET = 120  # seconds that a whole run may take
MEASURED = 30  # processor seconds that are measured of it
PROCESSES = 2
SEED = 20261130  # of the sample
_PATIENCE = 300  # seconds for one fault, on however busy a machine


def bookshop(folder: Path) -> ProjectRef:
    """The example, translated into ``folder``."""
    left_out = shutil.ignore_patterns("*.sqlite3", "__pycache__", ".segue", "fastapi", "segue.toml")
    root = Path(shutil.copytree(ROOT / "examples" / "bookshop", folder / "bookshop", ignore=left_out))
    environment = {"DATABASE_URL": f"sqlite://{folder / 'shop.sqlite3'}"}
    snapshot = probe(root, python=sys.executable, settings="bookshop.settings", environment=environment)
    output = folder / "fastapi"
    write(translate(snapshot), output)
    return ProjectRef(
        root, output, folder / ".segue", Path(sys.executable), snapshot, environment=environment, seed_command=("seed",)
    )  # fmt: skip


def public(prepared: Path, folder: Path) -> ProjectRef:
    """A case as ``bench.conformance.run`` left it in ``prepared``."""
    document = tomllib.loads((prepared / "segue.toml").read_text(encoding="utf-8"))["project"]
    environment = {k: str(v) for k, v in document.get("environment", {}).items()}
    root, python = Path(document["root"]), Path(document["python"])
    snapshot = probe(root, python=str(python), settings=document.get("settings"), environment=environment)
    output = folder / "fastapi"
    write(translate(snapshot, accepted_middleware=tuple(document.get("accepted_middleware", ()))), output)
    return ProjectRef(root, output, folder / ".segue", python, snapshot, environment=environment)


class Asked:
    """The processes that ask about the faults of one project, each on its own copy of the generated code."""

    def __init__(self, project: ProjectRef, folder: Path) -> None:
        self.project, self.folder = project, folder
        operations = native_operations(project)
        self.operations = len(operations)
        self.spec = joined_spec(project, operations, seed=1) | {
            "seconds": 1e9, "against": "fastapi", "branches": False, "openapi": False, "patience": _PATIENCE,
        }  # fmt: skip

    def measure(self) -> dict[str, Any]:
        """Cases of each operation in :data:`MEASURED` processor seconds of one process."""
        self._start(0, [], {"measure": MEASURED, "cases": 10**9, "branches": True}).wait()
        return self._lines(0)[0]

    def ask(self, wanted: list[Fault], each: int, tell: Any) -> None:
        """``tell(line)`` as soon as something is known of a fault; ``each``: cases of an operation."""
        running = [self._start(n, wanted[n::PROCESSES], {"each": each}) for n in range(PROCESSES)]
        seen = [0] * PROCESSES
        while True:
            over = all(process.poll() is not None for process in running)
            for number in range(PROCESSES):
                lines = self._lines(number)
                for line in lines[seen[number] :]:
                    tell(line)
                seen[number] = len(lines)
            if over:
                return
            time.sleep(1)

    def _start(self, number: int, wanted: list[Fault], more: dict[str, Any]) -> subprocess.Popen[bytes]:
        folder = self.folder / f"process-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        output = Path(shutil.copytree(self.project.output, folder / "fastapi"))
        given = [{"digest": f.digest, "path": f.path, "text": f.text, "keys": sorted(f.keys)} for f in wanted]
        for name, data in (("spec", {**self.spec, **more, "output": str(output)}), ("faults", given)):
            (folder / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
        with (folder / "log").open("wb") as log:
            return subprocess.Popen(
                [str(self.project.python), str(HERE / "forking.py"), str(JOINED), str(folder / "spec.json"),
                 str(folder / "faults.json"), str(folder / "out")],
                cwd=self.project.import_root, env=child_environment(self.project), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )  # fmt: skip

    def _lines(self, number: int) -> list[dict[str, Any]]:
        file = self.folder / f"process-{number}" / "out"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def main() -> None:
    """Run the cases, record, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=["bookshop"])
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "conformance")
    parser.add_argument("--fresh", type=int, default=9, help="of each fresh kind and project")
    parser.add_argument("--known", type=int, default=2, help="of each known kind and project")
    parser.add_argument("--seed", type=int, default=SEED, help="of the sample")
    parser.add_argument("--again", action="store_true", help="ask again about those that were not found")
    given = parser.parse_args()
    recorded: dict[str, Any] = json.loads(RECORDED.read_text()) if RECORDED.is_file() else {}
    for case in given.cases:
        folder = given.work / "faults" / case
        shutil.rmtree(folder / "bookshop", ignore_errors=True)
        shutil.rmtree(folder / "fastapi", ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        project = bookshop(folder) if case == "bookshop" else public(given.work / case, folder)
        left_out: Counter[str] = Counter()
        wanted = faults(project.output, most=given.fresh, fresh=True, seed=given.seed, left_out=left_out)
        wanted += faults(project.output, most=given.known, seed=given.seed, left_out=left_out)
        by_digest = {f.digest: f for f in wanted}
        asked = Asked(project, folder)
        entry = recorded.setdefault(case, {})
        entry["left_out"], entry["seed"] = dict(left_out), given.seed
        if not entry.get("each"):
            measured = asked.measure()
            if measured["noticed"]:  # every fault there would count as found
                raise SystemExit(f"{case} differs without any fault: {', '.join(measured['noticed'])}")
            per_second = measured["cases"] / measured["seconds"]
            entry["per_second"] = round(per_second)
            entry["each"] = max(1, round(per_second * BUDGET * PROCESSES / asked.operations))
        results = entry.setdefault("results", {})
        for digest in [d for d in results if d not in by_digest]:
            del results[digest]  # of other code than today's
        todo = [
            f for d, f in by_digest.items()
            if d not in results or (given.again and results[d]["verdict"] not in ("found", "broken"))
        ]  # fmt: skip

        def tell(
            line: dict[str, Any], results: Any = results, faults: Any = by_digest, case: str = case
        ) -> None:
            fault = faults[line.pop("digest")]
            results[fault.digest] = {
                "kind": fault.kind, "place": fault.place, "operations": sorted(fault.keys), "fresh": ":" in fault.kind, **line
            }  # fmt: skip
            if line["verdict"] != "found":
                sys.stdout.write(
                    f"{line['verdict']}: {case}: {fault.kind} at {fault.place} {line.get('why', '')}\n"
                )
                sys.stdout.flush()
            RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")

        asked.ask(todo, entry["each"], tell)
        PAGE.write_text(
            page(recorded, tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
