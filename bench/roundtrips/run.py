"""``python -m bench.roundtrips.run [--cases 1000] [--seconds 240] [--only WORDS] [--again]``: runs the round trips of ``tests/bridge``,
records each when it is done (``bench/roundtrips/recorded.json``) and writes ``docs/round-trips.md``.

Each row is a Hypothesis test that asks Django (or DRF, PyJWT, …) itself, in the same run. Rows that are recorded are not run
again, so a run that is cut, or ends by ``--seconds``, is taken up by the next one; ``--again`` begins anew.
Exit code 1 if a row has a mismatch, 3 if rows are left to run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from bench.roundtrips import record

_ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="cases of each row, at least")
    parser.add_argument("--seconds", type=float, help="begin no further row after that time")
    parser.add_argument("--only", default="", help="tests whose names match, as pytest -k")
    parser.add_argument("--again", action="store_true", help="forget what is recorded")
    given = parser.parse_args()
    if given.again:
        record.RECORD.unlink(missing_ok=True)
    subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "bench.roundtrips.plugin", "-p", "no:cacheprovider",
            "--import-mode=importlib", "tests/bridge", "-W", "default", *(("-k", given.only) if given.only else ()),
        ],
        cwd=_ROOT,
        env={
            **os.environ,
            "ROUND_TRIP_CASES": str(given.cases),
            "ROUND_TRIP_SECONDS": str(given.seconds or ""),
            "ROUND_TRIP_ONLY": given.only,
        },
        check=False,
    )  # fmt: skip
    total, wrong, left = record.page(given.cases)
    sys.stdout.write(f"{total} cases, {wrong} mismatches: {record.PAGE.relative_to(_ROOT)}\n")
    if left:
        sys.stdout.write(f"{len(left)} rows are left to run, {left[0]} the first\n")
    return 1 if wrong else 3 if left else 0


if __name__ == "__main__":
    raise SystemExit(main())
