"""Whether an overridden hook is ever translated as if it were not: ``python -m bench.overrides.run [--cases N] [PART ...]``.

Writes Django projects in which every view has one hook overridden with an effect that shows, translates them, and asks
both sides. Prints what came out native and every difference; ends with 1 where there is one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.projects.site import Site

from bench.overrides import hooks, policies, relations
from bench.overrides.project import Overrides

PARTS: dict[str, tuple[Callable[[Overrides], None], ...]] = {
    "views": (hooks.views,),
    "serializers": (hooks.serializers, hooks.fields),
    "models": (hooks.models,),
    "policies": (policies.policies,),
    "relations": (relations.relations,),
}


def main() -> int:
    """Run the parts; 1 where both sides differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--cases", type=int, default=35, help="of each native operation")
    given = parser.parse_args()
    failed = 0
    for part in given.parts:
        to = Overrides()
        for write in PARTS[part]:
            write(to)
        with tempfile.TemporaryDirectory() as folder:
            site = Site.make(Path(folder), to.files())
            snapshot = site.snapshot()
            program, report = site.explore(
                snapshot, Path(folder) / "out", cases=given.cases * len(to.labels) * 2, seconds=300
            )
        known = {n.route_id for n in program.native}
        codes = Counter(r.reasons[0].code for r in program.refused)
        sys.stdout.write(
            f"{part}: {len(to.labels)} views; {len(program.native)} operations native, {len(program.refused)} refused;"
            f" {sum(o.cases for o in report.operations)} cases, {report.different} different\n"
        )
        sys.stdout.write(f"  refused: {', '.join(f'{c} {n}' for c, n in codes.most_common())}\n")
        for path in sorted(known, key=lambda p: int(p.split("/")[1][1:])):
            sys.stdout.write(f"  native {path}: {to.labels[path].splitlines()[0]}\n")
        for operation in report.operations:
            for difference in operation.differences:
                path = operation.key.partition(" ")[2]
                sys.stdout.write(f"  DIFFERENT {operation.key} ({to.labels[path]}): {difference.kind}\n")
        failed |= bool(report.different)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
