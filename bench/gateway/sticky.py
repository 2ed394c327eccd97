"""Clients during a shift from 1 to 100 % under load: ``python -m bench.gateway.sticky [--users 1000] [--rate 300]``.

Each request is one of so many sessions'. The weight rises a step at a time while they go on asking; nobody may change his side more than
once, and only from Django to FastAPI. What a session's requests that overlap with a change get is judged by when they began.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from bench.gateway import world
from bench.gateway.figures import Found, busy
from bench.gateway.load import Load

STEPS = (1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100)
STICKY = ("cookie:sessionid", "header:authorization")


def run(users: int, rate: float) -> Found:
    """Every step lasts until each user has asked three times on average."""
    with tempfile.TemporaryDirectory(prefix="segue-sticky-") as name, world.bare(Path(name)) as one:
        one.swap(0, 0, sticky=STICKY)
        with Load(one.running.ports.gateway, rate=rate, posts=0.3, users=users) as load:
            for weight in STEPS:
                one.swap(weight, weight, sticky=STICKY)
                whole = time.monotonic()
                time.sleep(3 * users / rate)
    sides: dict[int, list[str]] = defaultdict(list)
    for request in sorted(load.requests):
        sides[request.user].append(request.chosen)
    runs = {user: [side for side, _ in groupby(chosen)] for user, chosen in sides.items()}
    flips = {user: len(found) - 1 for user, found in runs.items()}
    back = sum("fd" in "".join(found) for found in runs.values())
    failed = sum(r.failed for r in load.requests)
    late = {request.user for request in load.requests if request.begin > whole}
    out = Found(
        f"{len(runs)} sessions while the weight rises from 1 to 100 %",
        f"python -m bench.gateway.sticky --users {users} --rate {rate:.0f}",
    )
    out.rows = [
        ("changes of side", "sessions"),
        *((n, list(flips.values()).count(n)) for n in range(max(flips.values()) + 1)),
    ]
    out.criteria = [
        ("no session changed its side more than once", max(flips.values()) <= 1),
        (f"{back} sessions went back to Django", not back),
        (
            f"all {len(late)} that asked after the last step ended at FastAPI",
            bool(late) and all(runs[user][-1] == "f" for user in late),
        ),
        (f"{failed} of {len(load.requests)} requests failed", not failed),
    ]
    out.notes = [
        f"{load.per_second():.0f} requests a second in {len(STEPS)} steps; {busy()}, others at work."
    ]
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a criterion is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=300.0)
    given = parser.parse_args(arguments)
    return run(min(given.users, 60_000), given.rate).end()


if __name__ == "__main__":
    sys.exit(main())
