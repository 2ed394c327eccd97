"""The benches of the gateway one after the other, and the page of what they found: ``python -m bench.gateway.run --all``.

``python -m bench.gateway.run swaps kills`` runs these; ``--page`` only writes ``docs/gateway-figures.md`` anew from ``bench/gateway/results``,
where the output of the last run of each is kept. Exit code 1 if a criterion is broken.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from segue.files import write_atomic

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
PAGE = HERE.parents[1] / "docs" / "gateway-figures.md"
LONGEST = 3600
"""Seconds that one may take."""

BENCHES = {
    "swaps": ("gateway.swaps", "--wrk", "--rate", "3000", "--seconds", "1700"),
    "routes": ("gateway.swaps", "--wrk", "--rate", "3000", "--routes-only"),
    "kills": ("gateway.kills",),
    "faults": ("gateway.faults",),
    "pool": ("gateway.pool",),
    "sticky": ("gateway.sticky",),
    "cost": ("gateway.cost",),
    "rollouts": ("rollouts.simulate",),
}
_HEAD = """# What the gateway held under load

Written by `python -m bench.gateway.run`, not by hand. Each command prints its table again, and ends with 1 if a criterion is broken. Times are those of the machine
that is named below each table.

"""


def run(names: Sequence[str]) -> int:
    """Run these; 1 if one of them found a criterion broken."""
    code = 0
    for name in names:
        module, *options = BENCHES[name]
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{module}", *options],
            stdout=subprocess.PIPE, text=True, check=False, timeout=LONGEST,
        )  # fmt: skip
        sys.stdout.write(done.stdout)
        code |= done.returncode != 0
        if done.stdout.startswith("## "):
            write_atomic(RESULTS / f"{name}.md", done.stdout)
    page()
    return int(code)


def page() -> None:
    """Put the page together from the last results."""
    found = [RESULTS / f"{name}.md" for name in BENCHES]
    parts = [file.read_text(encoding="utf-8").strip() for file in found if file.is_file()]
    write_atomic(PAGE, _HEAD + "\n\n".join(parts) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--page", action="store_true")
    given = parser.parse_args(arguments)
    if given.page:
        page()
        return 0
    return run([*BENCHES] if given.all else given.names)


if __name__ == "__main__":
    sys.exit(main())
