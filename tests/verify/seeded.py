"""Seeds every fault there is into the translated bookshop and tells which ones explore did not find.

``python -m tests.verify.seeded [SHARE]``: SHARE of the faults (1 of every N), 1 by default. Takes seconds per fault.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.verify.conftest import build
from tests.verify.faults import faults

from segue import verify


def main() -> None:
    """Print a table by kind and the survivors."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="segue-seeded-") as name:
        folder = Path(name)
        shop = build(folder, f"sqlite://{folder / 'shop.sqlite3'}")
        for number, fault in enumerate(faults(shop.project.output)[::step]):
            faulty = shop.with_output(fault.seed(shop.project.output, folder / f"faulty-{number}"))
            report = verify.explore(faulty, only=fault.keys, cases=400 * len(fault.keys), seconds=30)
            total[fault.kind] += 1
            noticed = report.different or any(o.excess_queries for o in report.operations)
            found[fault.kind] += bool(noticed)
            if not noticed:
                print(
                    f"survived: {fault.kind} at {fault.place} ({', '.join(sorted(fault.keys))})", flush=True
                )
    for kind, count in total.items():
        print(f"{kind}: {found[kind]} of {count}")
    print(f"all: {sum(found.values())} of {sum(total.values())}")


if __name__ == "__main__":
    main()
