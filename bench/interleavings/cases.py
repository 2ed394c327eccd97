"""Interleavings of concurrent requests on real projects, on both sides.

    python -m bench.interleavings.cases CASE [CASE ...] [--projects FOLDER] [--work FOLDER] [--count 200] [--seconds 300] [--seed 1]

The cases are those of ``bench/conformance/cases.toml`` that run on PostgreSQL. Each is prepared as ``bench.conformance.run --postgresql`` does,
migrated, generated, and asked by ``segue verify interleave``. Writes ``bench/interleavings/cases.json``: per case the counts, the operations
that ran, and whatever differed. Ends with 1 where both sides differ.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.services import running_postgres

from bench.conformance.run import cases, prepare, segue
from segue.files import write_atomic
from segue.snapshot.detect import import_path

OUT = Path(__file__).resolve().with_name("cases.json")


def migrate(folder: Path) -> None:
    """Build the case's tables. Raises ``RuntimeError`` with Django's words."""
    project = tomllib.loads((folder / "segue.toml").read_text(encoding="utf-8"))["project"]
    done = subprocess.run(
        [project["python"], "-P", "-m", "django", "migrate", "--noinput", "-v", "0"],
        cwd=project["root"],
        env={
            **os.environ,
            **project["environment"],
            # not the root itself where that is a package: a module of it may be named as one of Python's own
            "PYTHONPATH": os.pathsep.join(
                [str(import_path(Path(project["root"]))), project["environment"].get("PYTHONPATH", "")]
            ),
            "DJANGO_SETTINGS_MODULE": project["settings"],
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])


def told(report: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a run."""
    results = report["results"]
    return {
        **{name: report[name] for name in ("schedules", "alike", "different", "kinds", "seconds", "notes")},
        "groups": len(results),
        "operations": sorted({r["key"] for one in results for r in one["requests"]}),
        "differences": [
            {
                "requests": [f"{r['method']} {r['path']} ({r['persona']})" for r in one["requests"]],
                "points": one["points"],
                "only_django": one["only_django"],
                "only_fastapi": one["only_fastapi"],
            }
            for one in results
            if one["different"]
        ],
    }


def main() -> int:
    """Run and record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="+")
    parser.add_argument("--projects", type=Path)
    parser.add_argument("--work", type=Path, default=Path(".cache/conformance"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    record = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    bad = False
    for name in given.cases:
        with running_postgres() as server:
            server.create("interleave")
            entry = server.django("interleave")
            folder = prepare(name, cases()[name], given.work.resolve(), given.projects, entry)
            if folder is None:
                sys.stderr.write(f"{name}: not run, its sources are missing\n")
                bad = True
                continue
            migrate(folder)
            made = segue(folder, "generate", "--json")
            options = (
                "--count",
                str(given.count),
                "--seconds",
                str(given.seconds),
                "--seed",
                str(given.seed),
            )
            report = segue(folder, "verify", "interleave", "--json", *options, timeout=4 * given.seconds)
        conditions = {"seed": given.seed, "processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
        native = made["native"]
        record[name] = {
            "native": len(native) if isinstance(native, list) else native,
            **told(report),
            **conditions,
        }
        bad |= bool(report["different"])
        sys.stderr.write(
            f"{name}: {report['different']} differences in {report['schedules']} schedules, {report['alike']} alike\n"
        )
        write_atomic(OUT, json.dumps(dict(sorted(record.items())), indent=1, ensure_ascii=False) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
