"""``python -m bench.roundtrips.run [--cases 1000]``: runs the round trips of ``tests/bridge`` and writes ``docs/round-trips.md``.

Each row is a Hypothesis test that asks Django (or DRF, PyJWT, …) itself, in the same run. Exit code 1 if a row has a mismatch
or fewer cases than asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_PAGE = _ROOT / "docs" / "round-trips.md"
_HEAD = """\
# Round trips

What Django and `segue_bridge` must read of each other, as random cases: made by one side, judged by the other or by both. Written by
`python -m bench.roundtrips.run`; the expected values come from {versions} in the same run.

| what | made by | judged by | cases | mismatches | test |
|---|---|---|---:|---:|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="cases of each row, at least")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.json"
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "-q", "-p", "bench.roundtrips.plugin", "-p", "no:cacheprovider",
                "--import-mode=importlib", "tests/bridge", "-W", "default",
            ],
            cwd=_ROOT,
            env={**os.environ, "ROUND_TRIP_CASES": str(given.cases), "ROUND_TRIP_OUT": str(out)},
            check=False,
        )  # fmt: skip
        if not out.is_file():
            return done.returncode or 1
        rows: list[dict[str, Any]] = json.loads(out.read_text())
    rows.sort(key=lambda row: (row["test"], row["what"]))
    names = (
        ("Django", "django"),
        ("DRF", "djangorestframework"),
        ("simplejwt", "djangorestframework-simplejwt"),
    )
    versions = ", ".join(f"{name} {version(package)}" for name, package in names)
    text = _HEAD.format(versions=versions)
    for row in rows:
        place = row["test"].removeprefix("tests/bridge/").replace("::", " `") + "`"
        text += f"| {row['what']} | {row['made']} | {row['judged']} | {row['cases']} | {row['mismatches']} | {place} |\n"
    total = sum(row["cases"] for row in rows)
    wrong = sum(row["mismatches"] for row in rows)
    text += f"\n{len(rows)} rows, {total} cases, {wrong} mismatches.\n"
    _PAGE.write_text(text)
    few = [row["what"] for row in rows if row["cases"] < given.cases]
    sys.stdout.write(f"{total} cases, {wrong} mismatches: {_PAGE.relative_to(_ROOT)}\n")
    if few:
        sys.stdout.write(f"fewer cases than asked for: {', '.join(few)}\n")
    return int(bool(wrong or few or done.returncode))


if __name__ == "__main__":
    raise SystemExit(main())
