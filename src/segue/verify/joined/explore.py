"""Every operation's cases on both sides, a fair share each, for as long as the budget lasts."""

from __future__ import annotations

import gc
import resource
import sys
import time
import zlib
from pathlib import Path
from typing import Any

from . import openapi
from .branches import never_entered
from .driving import drive
from .laboratory import Laboratory
from .mixtures import mixtures
from .outcome import Outcome, asked
from .rerun import written
from .rows import Rows, needed
from .sequences import groups_of
from .shrinking import Shrinker, first_step, kind_in, kind_of

_MIXED, _SEQUENCED = 24, 12  # rounds between two blocks of mixtures, of sequences
_EXAMPLES, _MOST_BLOCKS = 10, 300
STEP = 10_000  # cases between two looks at the memory


def explore(spec: dict[str, Any], laboratory: Laboratory) -> dict[str, Any]:
    """Send the cases; report per operation.

    With ``spec["against"] == "django"`` Django is compared with itself (A/A). ``memory`` of the report lists
    [cases, seconds, processor seconds, MiB resident] at every :data:`STEP` cases.
    """
    return Exploration(spec, laboratory).run()


class Turns:
    """The turns of one operation: ``blocks`` of mixtures were drawn since its list ended."""

    def __init__(self, operation: dict[str, Any], plan: Any) -> None:
        self.operation, self.plan = operation, plan
        self.blocks = 0
        self._cases = iter(plan.cases())

    def listed(self) -> dict[str, Any] | None:
        """The next case of the list, None at its end."""
        return next(self._cases, None)


_ONCE = "seen once: asked again, both sides answered alike"


class Exploration:
    """One run: its budget, and what was seen so far."""

    def __init__(self, spec: dict[str, Any], laboratory: Laboratory) -> None:
        self.spec, self.laboratory = spec, laboratory
        self.outcomes = {o["key"]: Outcome(o) for o in laboratory.operations}
        self.total = 0
        self.begin, self._cpu = time.monotonic(), time.process_time()
        self.memory: list[list[float]] = []
        self.done = False
        self._sequences = spec.get("sequences", True)
        self._taking = laboratory.branches.take if laboratory.branches is not None else int

    def left(self) -> bool:
        """Whether the budget allows another case."""
        return bool(
            not self.done
            and self.total < self.spec["cases"]
            and time.monotonic() - self.begin < self.spec["seconds"]
        )

    def run(self) -> dict[str, Any]:
        """Rounds in which every operation has a turn: a case of its list, now and then a few that Hypothesis
        draws; and every group of operations a few sequences."""
        self._taking()
        gc.collect()
        gc.freeze()  # what both sides have loaded stays; looking through it again and again costs a tenth
        turns = [Turns(o, plan) for o, plan in self.laboratory.plans]
        groups = [g for g in groups_of(self.laboratory.plans) if self._sequences]
        number = 0
        while turns and self.left():
            number += 1
            for turn in list(turns):
                case = turn.listed()
                if case is not None:
                    self.compare(case)
                if case is None or number % _MIXED == 0:
                    self._drive(turn.plan.op["key"], mixtures(turn.plan), number, _EXAMPLES)
                    turn.blocks += case is None
                if turn.blocks > _MOST_BLOCKS:
                    turns.remove(turn)
                if not self.left():
                    break
            if number % _SEQUENCED == 0:
                for group in groups:
                    self._drive(group.key, group.sequences(), number, _EXAMPLES)
        return self._report(exhausted=not turns)

    def compare(self, case: dict[str, Any]) -> str:
        """Ask both sides, note what was seen; the kind of difference, if it is a new one (then it is kept)."""
        found = self._ask(case)
        if found is None:
            return ""
        self._keep(case, *found)
        return found[0]

    def _ask(self, case: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """Compare one case, count it; its kind of difference and result where that is new."""
        if not self.left():
            return None
        before = self.total
        self.total += len(case.get("steps", "x"))
        result = self._run(case)
        kind = self._noted(case, result)
        if self.total // STEP > before // STEP:
            cpu = time.process_time() - self._cpu
            self.memory.append(
                [self.total, round(time.monotonic() - self.begin, 1), round(cpu, 1), resident()]
            )
        return (kind, result) if kind else None

    def _noted(self, case: dict[str, Any], result: dict[str, Any]) -> str:
        reached = self._taking()
        if "steps" in case:
            return self._noted_steps(case, result, reached)
        outcome = self.outcomes[case["key"]]
        fresh = outcome.reach(reached)
        self.laboratory.generator.learn(case, result["django"], fresh=fresh)
        kind = outcome.add(case, result)
        if self.spec.get("until_difference") and (outcome.different or outcome.excess):
            self.done = True
        return kind

    def _noted_steps(self, case: dict[str, Any], result: dict[str, Any], reached: int) -> str:
        """Each step is a case of its operation; a difference belongs to the first step that shows it."""
        if result["unserved"]:
            return ""
        number, part = first_step(case, result)
        for index, step in enumerate(case["steps"]):
            outcome = self.outcomes[step["key"]]
            outcome.reach(reached)
            outcome.steps += 1
            outcome.cases += 1
            outcome.answered(step["method"], result["django"]["body"][index]["status"])
        if not part["differences"]:
            return ""
        outcome = self.outcomes[case["steps"][number]["key"]]
        outcome.different += 1
        self.done = self.done or bool(self.spec.get("until_difference"))
        return kind_in(case, result) if outcome.new(kind_of(part)) else ""

    def _run(self, case: dict[str, Any]) -> dict[str, Any]:
        result = self.laboratory.pair.run(case)
        if "steps" in case and self.laboratory.pair.modern.unserved:
            result |= {"unserved": True, "differences": []}
        return result

    def _drive(self, key: str, strategy: Any, number: int, examples: int) -> None:
        """Let Hypothesis draw cases and shrink the first difference that is new."""
        if not self.left():
            return
        seen: list[tuple[dict[str, Any], str, dict[str, Any]]] = []

        def ask(case: dict[str, Any]) -> str:
            found = self._ask(case)
            if found is not None:
                seen.append((case, *found))
            return found[0] if found is not None else ""

        smallest = drive(
            strategy,
            seed=zlib.crc32(f"{self.spec['seed']} {key} {number}".encode()),
            examples=examples,
            ask=ask,
            again=lambda case: kind_in(case, self._run(case)),
        )
        if smallest is not None:
            result = self._run(smallest)
            kind = kind_in(smallest, result)
            if kind:
                self._keep(smallest, kind, result)
                return
        if seen:  # it was counted, and it does not show itself again
            case, kind, result = seen[0]
            self._report_as({**case, "what": f"{case['what']}; {_ONCE}"}, kind, result, {})

    def _keep(self, case: dict[str, Any], kind: str, result: dict[str, Any]) -> None:
        """Shrink a new difference and report it: with ``case`` and ``rows``, by which it can be asked again,
        ``sequence`` (the steps, where there are several) and ``shrunk`` (requests that were spent on it)."""
        more: dict[str, Any] = {}
        if not self.spec.get("until_difference"):
            people = [] if "steps" in case else self.laboratory.generator.people_of(case["key"])
            shrinker = Shrinker(self._run, people)
            case, result = shrinker.shrink(case, result)
            more = {"case": written(case), "rows": self._rows(case), "shrunk": shrinker.requests}
        self._taking()  # what shrinking reaches is not compared
        self._report_as(case, kind, result, more)

    def _report_as(
        self, case: dict[str, Any], kind: str, result: dict[str, Any], more: dict[str, Any]
    ) -> None:
        if "steps" not in case:
            self.outcomes[case["key"]].keep(kind, case, result, more)
            return
        at, part = first_step(case, result)
        step, more["sequence"] = case["steps"][at], [asked(s) for s in case["steps"]]
        self.outcomes[step["key"]].keep(kind_of(part), {**step, "what": case["what"]}, part, more)

    def _rows(self, case: dict[str, Any]) -> Rows:
        pair = self.laboratory.pair
        wanted = kind_in(case, self._run(case))
        statements = [*pair.legacy.statements, *pair.modern.statements]
        return needed(
            self.laboratory.world,
            statements,
            lambda: bool(wanted) and kind_in(case, self._run(case)) == wanted,
        )

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
            "noise": sorted(map(str, laboratory.pair.noise.rules.values())),
            "unused_noise": laboratory.pair.noise.unused,
            "notes": laboratory.notes(),
            "answers": {key: outcome.answers.kept for key, outcome in self.outcomes.items()},
            "openapi": openapi.documents(laboratory.other, self.spec) if self.spec.get("openapi") else {},
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
