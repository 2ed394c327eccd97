"""Every operation's cases on both sides, a fair share each, for as long as the budget lasts."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import Any

from .branches import never_entered
from .laboratory import Laboratory
from .outcome import Outcome

STEP = 10_000  # cases between two looks at the memory


def explore(spec: dict[str, Any], laboratory: Laboratory) -> dict[str, Any]:
    """Send the cases; report per operation.

    With ``spec["against"] == "django"`` Django is compared with itself (A/A). ``memory`` of the report lists
    [cases, seconds, MiB resident] at every :data:`STEP` cases.
    """
    return Exploration(spec, laboratory).run()


class Exploration:
    """One run: its budget, and what was seen so far."""

    def __init__(self, spec: dict[str, Any], laboratory: Laboratory) -> None:
        self.spec, self.laboratory = spec, laboratory
        self.outcomes = {o["key"]: Outcome(o) for o in laboratory.operations}
        self.total = 0
        self.begin = time.monotonic()
        self.memory: list[list[float]] = []
        self.done = False
        self._taking = laboratory.branches.take if laboratory.branches is not None else int

    def left(self) -> bool:
        """Whether the budget allows another case."""
        return bool(
            not self.done
            and self.total < self.spec["cases"]
            and time.monotonic() - self.begin < self.spec["seconds"]
        )

    def run(self) -> dict[str, Any]:
        """All streams in turn, one case of each at a time."""
        self._taking()
        streams = [(o, iter(plan.cases())) for o, plan in self.laboratory.plans]
        while streams and self.left():
            for entry in list(streams):
                case = next(entry[1], None)
                if case is None:
                    streams.remove(entry)
                    continue
                self.compare(case)
                if not self.left():
                    break
        return self._report(exhausted=not streams)

    def compare(self, case: dict[str, Any]) -> None:
        """Ask both sides, and note what was seen."""
        self.total += 1
        outcome = self.outcomes[case["key"]]
        result = self.laboratory.pair.run(case)
        fresh = outcome.reach(self._taking())
        self.laboratory.generator.learn(case, result["django"]["status"], fresh=fresh)
        outcome.add(case, result, self.laboratory.pair)
        if self.spec.get("until_difference") and (outcome.different or outcome.excess):
            self.done = True
        if self.total % STEP == 0:
            self.memory.append([self.total, round(time.monotonic() - self.begin, 1), resident()])

    def _report(self, *, exhausted: bool) -> dict[str, Any]:
        """``operations``: per key :meth:`Outcome.report`, and ``coverage`` (:meth:`Branches.report`) where the
        generated code was measured."""
        laboratory = self.laboratory
        operations = {key: outcome.report() for key, outcome in self.outcomes.items()}
        if laboratory.branches is not None:
            for key, outcome in self.outcomes.items():
                operations[key]["coverage"] = laboratory.branches.report(
                    outcome.operation["function"], outcome.reached
                )
        return {
            "cases": self.total,
            "seconds": time.monotonic() - self.begin,
            "memory": self.memory,
            "personas": [p.name for p in laboratory.people],
            "seeded": laboratory.made,
            "exhausted": exhausted,
            "noise": sorted(f"{key}: {path}" for key, path in laboratory.pair.noise),
            "notes": laboratory.notes(),
            "never_entered": never_entered([{"key": k, **o} for k, o in operations.items()]),
            "operations": operations,
        }


def resident() -> float:
    """Resident memory in MiB: what it is now (Linux), else the most it ever was (``getrusage``)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(used / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
    return round(pages * resource.getpagesize() / (1024 * 1024), 1)
