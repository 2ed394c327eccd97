"""How fast explore compares on the example, and whether its memory stays flat.

``python -m bench.explore_speed [--cases 100000] [--seconds 1500] [--processes 2]``: SQLite, joined mode, the bookshop.
Prints, at every 10,000 cases of each process, cases per second (by the clock, and by processor time, which does not
count what other programs of the machine take) and its resident memory; then the whole run.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from bench.faults.run import bookshop
from segue import verify


def main() -> int:
    """Run, print; exit code 1 when both sides differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=1500.0)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="segue-speed-") as folder:
        project = bookshop(Path(folder))
        verify.explore(
            project, cases=1, seconds=10, processes=1
        )  # installs the overlay, fills the bytecode cache
        before, begin = _used(), time.monotonic()
        report = verify.explore(project, cases=given.cases, seconds=given.seconds, processes=given.processes)
        wall, used = time.monotonic() - begin, _used() - before
    for number, marks in enumerate(report.memory):
        for cases, seconds, cpu, mib in marks:
            line = f"process {number}: {cases:7.0f} cases, {cases / seconds:5.0f}/s, {cases / cpu:5.0f} per CPU second, {mib:6.1f} MiB"
            sys.stdout.write(f"{line}\n")
    steps = sum(o.steps for o in report.operations)
    sys.stdout.write(
        json.dumps(
            {
                "cases": report.cases,
                "of them steps of sequences": steps,
                "different": report.different,
                "cases per second": round(report.cases / report.seconds),
                "with starting": round(report.cases / wall),
                "cases per CPU second, starting included": round(report.cases / used),
            }
        )
        + "\n"
    )
    for operation in report.operations:
        for found in operation.differences:
            sys.stdout.write(
                f"{operation.key}: {found.what} ({found.persona}) {found.path}?{found.query} {found.paths}\n"
            )
    return 1 if report.different else 0


def _used() -> float:
    """Processor seconds of the children so far."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
