"""Processor time of ``segue ui`` for each of its pages: ``python -m bench.ui_pages FOLDER``, a project with a ledger.

Asks each page 27 times, nine measurements of three; prints medians. Processor time, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

import httpx
import psutil

from segue import ledger
from segue.commands.common import open_project


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    entries = ledger.read(open_project(folder).ledger_file).entries
    key = next(e.key for e in entries.values() if e.native)
    process = subprocess.Popen(
        [sys.executable, "-m", "segue", "ui", "-C", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        sys.stdout.write(f"{len(entries)} operations\n")
        with httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
            for path in (
                "/",
                "/map",
                "/live",
                f"/operation?{httpx.QueryParams({'key': key})}",
                "/blockers",
                "/history",
            ):
                size = len(client.get(path).raise_for_status().content)
                spent = []
                for _ in range(9):
                    before = _seconds(process.pid)
                    for _ in range(3):
                        client.get(path)
                    spent.append((_seconds(process.pid) - before) / 3)
                sys.stdout.write(
                    f"{path:<40} {statistics.median(spent) * 1000:6.0f} ms {size / 1000:8.0f} KB\n"
                )
        resident = psutil.Process(process.pid).memory_info().rss
        sys.stdout.write(f"{resident / 2**20:.0f} MiB resident\n")
    finally:
        process.terminate()
        process.communicate(timeout=30)
    return 0


def _seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    raise SystemExit(main())
