"""``verify explore --mode http``: derived requests over the wire."""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from segue.verify.evidence import Report, operation_from_json
from segue.verify.http.child import Child
from segue.verify.http.client import NotSendable
from segue.verify.http.laboratory import laboratory
from segue.verify.http.pair import HttpPair
from segue.verify.http.sides import Modern
from segue.verify.joined.outcome import Outcome
from segue.verify.joined.shrinking import Shrinker
from segue.verify.operations import native_operations
from segue.verify.project import ProjectRef

# Methods that HTTP does not have, or servers and proxies answer themselves.
_SERVERS_OWN = {"FOO": "method FOO", "TRACE": "method TRACE"}


def explore_http(
    project: ProjectRef,
    modern: Modern,
    *,
    only: Collection[str] = (),
    cases: int = 5000,
    seconds: float = 300.0,
    seed: int = 1,
) -> Report:
    """Compare native operations (those in ``only``, or all) as clients see them, for at most ``cases`` or ``seconds``.

    Both sides run as servers that Segue starts, FastAPI with its production driver. Raises
    :class:`segue.errors.EnvironmentProblem` when one of them does not start or stops.
    """
    known = native_operations(project)
    operations = [o for o in known if not only or o["key"] in only]
    with laboratory(project, modern, known, [o["key"] for o in operations], seed=seed) as lab:
        return Run(lab.dealer, lab.pair, operations, cases, seconds, sendable).report(lab.told, lab.large)


class NotSent(Exception):
    """Why a case is left out."""


def sendable(case: dict[str, Any]) -> dict[str, Any]:
    """``case``; raises :class:`NotSent` for what says nothing over HTTP."""
    if case["busy"]:
        raise NotSent("limits used up")
    if case["method"] in _SERVERS_OWN:
        raise NotSent(_SERVERS_OWN[case["method"]])
    return case


class Run:
    """Cases of ``dealer`` through ``pair``, a fair share to each operation. ``prepared`` makes of a case what is sent,
    or raises :class:`NotSent`."""

    def __init__(
        self,
        dealer: Child,
        pair: HttpPair,
        operations: list[dict[str, Any]],
        cases: int,
        seconds: float,
        prepared: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        self.dealer, self.pair, self.operations, self.cases = dealer, pair, operations, cases
        self.prepared = prepared
        self.begin = time.monotonic()
        self.end = self.begin + seconds
        self.outcomes = {o["key"]: Outcome(o) for o in operations}
        self.total = 0
        self.skipped: Counter[str] = Counter()
        self.exhausted = False

    def report(self, told: dict[str, Any], large: Collection[str] = ()) -> Report:
        """Send the cases; ``told`` is what the dealer said of itself, ``large`` tables are not compared whole."""
        turns = [o["key"] for o in self.operations]
        learnt: dict[str, Any] | None = None
        while turns and self._left():
            for key in list(turns):
                case = self.dealer.ask({"next": key, "learn": learnt})["case"]
                learnt = None
                if case is None:
                    turns.remove(key)
                    continue
                case["body"] = base64.b64decode(case["body"])
                learnt = self._compare(case)
                if not self._left():
                    break
        self.exhausted = not turns
        results = tuple(
            operation_from_json(o["key"], self.outcomes[o["key"]].report(), o["function"], o["place"])
            for o in self.operations
        )
        noise = tuple(sorted(map(str, self.pair.noise.rules.values())))
        return Report("http", results, time.monotonic() - self.begin, noise, tuple(self._notes(told, large)))

    def _left(self) -> bool:
        return self.total < self.cases and time.monotonic() < self.end

    def _compare(self, case: dict[str, Any]) -> dict[str, Any] | None:
        """Django's answer; None for what was not sent."""
        try:
            case = self.prepared(case)
        except NotSent as error:
            self.skipped[str(error)] += 1
            return None
        self.total += 1
        try:
            result = self.pair.run(case)
        except NotSendable:
            self.skipped["what no client can send"] += 1
            return None
        outcome = self.outcomes[case["key"]]
        kind = outcome.add(case, result)
        if kind:
            smaller, shown = Shrinker(self.pair.run, []).shrink(case, result)
            outcome.keep(kind, smaller, shown, {})
        django: dict[str, Any] = result["django"]
        return {name: django[name] for name in ("status", "headers", "body")}

    def _notes(self, told: dict[str, Any], large: Collection[str]) -> list[str]:
        notes = [f"personas: {', '.join(told['personas'])}", *told["notes"]]
        notes.append("over HTTP: queries and log records are not compared")
        if told["made"]:
            notes.append(
                f"{told['made']} rows were made from the models: for empty tables, orders and full pages"
            )
        notes += self.pair.noise.wishes
        if not self.exhausted:
            notes.append("the budget ended before all derived cases were sent")
        if self.skipped:
            said = ", ".join(f"{what} ({n})" for what, n in sorted(self.skipped.items()))
            notes.append(f"not sent over HTTP: {said}")
        for table in sorted(large):
            notes.append(f"table {table} is large: only its last rows are compared")
        refused = self.pair.django.refused
        if refused:
            notes.append(f"Django wanted to reach {', '.join(sorted(refused))}: refused")
        return notes
