"""The child process of ``verify explore``: reads a spec, writes one JSON document with what it found."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """``python main.py SPEC OUT``."""
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    # The project's own packages win over the overlay.
    sys.path[:] = [*spec["path"], *(p for p in sys.path if p not in spec["path"]), spec["overlay"]]
    from .boot import Legacy

    legacy = Legacy(spec)
    try:
        report = explore(spec, legacy)
    finally:
        legacy.fence.closed = False
        legacy.close()
    out = Path(sys.argv[2])
    temporary = out.with_suffix(".part")
    temporary.write_text(json.dumps(report, default=str), encoding="utf-8")
    temporary.replace(out)


def explore(spec: dict[str, Any], legacy: Any) -> dict[str, Any]:
    """Send every case to both sides on the same state; report per operation.

    With ``spec["against"] == "django"`` Django is compared with itself (A/A).
    """
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    from .cases import Generator
    from .hashing import remember_hashes
    from .outcome import Outcome
    from .pair import Pair
    from .personas import users
    from .seeding import fill
    from .sides import DjangoSide, FastApiSide
    from .spread import fill_pages, spread
    from .world import World

    setup_test_environment()
    remember_hashes()
    if spec["seed_command"]:
        words = [w for w in spec["seed_command"] if Path(w).name not in ("manage.py", "python", "python3")]
        with open(os.devnull, "w") as nowhere:
            call_command(*words, stdout=nowhere)
    people = users()  # before the rows: most of them belong to somebody
    made = fill(spec["models"]) + spread(spec["models"]) + fill_pages(spec["operations"])
    django = DjangoSide(legacy.connection, legacy.errors)
    other: Any = django
    if spec.get("against") != "django":
        other = FastApiSide(spec, legacy.connection, legacy.errors)
    world = World(legacy.connection, legacy.media)
    world.open()
    legacy.fence.closed = True
    pair = Pair(other, django, world)
    operations = {o["key"]: Outcome(o) for o in spec["operations"]}
    generator = Generator(spec["operations"], people, spec["seed"])
    streams = generator.streams()
    begin = time.monotonic()
    total = 0

    def left() -> bool:
        return bool(total < spec["cases"] and time.monotonic() - begin < spec["seconds"])

    while streams and left():
        for entry in list(streams):
            operation, stream = entry
            case = next(stream, None)
            if case is None:
                streams.remove(entry)
                continue
            total += 1
            result = pair.run(case)
            generator.learn(case, result["django"]["status"])
            outcome = operations[operation["key"]]
            outcome.add(case, result, pair)
            if spec.get("until_difference") and (outcome.different or outcome.excess):
                streams.clear()
            if not streams or not left():
                break
    seconds = time.monotonic() - begin
    legacy.fence.closed = False
    world.close()
    return {
        "cases": total,
        "seconds": seconds,
        "personas": [p.name for p in people],
        "seeded": made,
        "exhausted": not streams,
        "noise": sorted(f"{key}: {path}" for key, path in pair.noise),
        "notes": [
            *legacy.copy.notes,
            *(f"table {t} is large: only its last rows are compared" for t in sorted(world.tables.large)),
            *(
                f"a request wanted to reach {name}: refused on both sides"
                for name in sorted(legacy.fence.refused)
            ),
        ],
        "operations": {k: o.report() for k, o in operations.items()},
    }
