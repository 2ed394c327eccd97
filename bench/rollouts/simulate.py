"""False and missed rollbacks: ``segue rollout``'s controller over simulated traffic whose latencies a real Envoy measured.

    python -m bench.rollouts.simulate [--runs 200] [--seed 1] [--only healthy]

The controller is the real one (:class:`segue.rollout.controller.Controller` with its plan and its judge); its clock, its traffic and its
hands are simulated, so a rollout of weeks takes a moment. ``runs`` healthy rollouts at each rate (1, 5, 50 requests a minute; 200 a second), both
sides with the same latencies and the same share of failures: none may go back. Then as many with two more failures in a hundred at FastAPI, and
with latencies half as long again: at least 99 % must go back before 25 %. Last, a quarter as many each, what neither says: a database that is away from both sides for 20
seconds of every step before 100 % (at 100 % nobody can tell whose fault it is), which must take back none; and faults that begin late, which must be back at 0 % before the rollout has ended.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.gateway.world import started

from bench.gateway.figures import Found, busy
from segue.gateway import control
from segue.rollout.controller import Controller, Moved, Standing
from segue.rollout.figures import Pair, Side, bucket
from segue.rollout.judge import Policy
from segue.rollout.log import Line, Reader
from segue.rollout.plan import Plan, Progress

BASE_FAILURES = 0.001
LOOK = 0.5
KEY = "GET /api/articles/"
AWAY = 20.0
"""Seconds in which both sides fail whatever they are asked."""

RATES = {"1 a minute": 1 / 60, "5 a minute": 5 / 60, "50 a minute": 50 / 60, "200 a second": 200.0}


@dataclass(frozen=True)
class Traffic:
    """Requests a second, and what is wrong with FastAPI from the weight ``late`` on: more failures (share), latencies times so much.
    ``away``: both sides fail for :data:`AWAY` seconds of each step before 100 %."""

    rate: float
    failures: float = 0.0
    slower: float = 1.0
    late: int = 0
    away: bool = False


@dataclass(frozen=True, slots=True)
class Batch(Line):
    """What the log says of many requests at once."""

    pair: Pair = field(default_factory=Pair)

    def count(self, pair: Pair) -> None:
        """Add all of them."""
        pair.add(self.pair)


def recorded(requests: int = 4000) -> list[float]:
    """Latencies in microseconds as Envoy logged them, from four connections at once."""
    with tempfile.TemporaryDirectory() as name, started(Path(name)) as world:
        world.swap(50)
        reader = Reader(control.folder(world.state) / "access.jsonl")

        def load() -> None:
            with httpx.Client(base_url=world.url, trust_env=False) as client:
                for _ in range(requests // 4):
                    client.get("/api/articles/1/")

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.group.stop()
        return [line.microseconds for line in reader.read() if line.microseconds]


class Course:
    """One rollout."""

    def __init__(
        self, policy: Policy, traffic: Traffic, latencies: Sequence[float], dice: random.Random
    ) -> None:
        self.policy, self.traffic, self.dice = policy, traffic, dice
        self.usual = [bucket(t) for t in latencies]
        self.longer = [bucket(t * traffic.slower) for t in latencies]
        self.now, self.weight, self.since, self.highest = 0.0, 0, 0.0, 0

    def run(self) -> tuple[str, int]:
        """How it ended (``done``, ``rolled back``), and the highest weight that it had."""
        plan = Plan(self.policy.steps, {KEY: Progress(0, 0)})
        controller = Controller(
            self.policy, plan, self._move, lambda key, weight: Standing(), lambda kept: None, lambda key, said: None,
            lambda: self.now,
        )  # fmt: skip
        controller.begin()
        while plan.active:
            controller.tick([*self._look()])
        return plan.operations[KEY].ended.partition(":")[0], self.highest

    def _move(self, key: str, expected: int, weight: int, why: str) -> Moved:
        self.weight, self.since, self.highest = weight, self.now, max(self.highest, weight)
        return Moved()

    def _look(self) -> Iterator[Line]:
        """Half a second of traffic, or at low rates the time until FastAPI has a request; what the controller sees between two of them can
        only be less than what it sees then."""
        mine = self.traffic.rate * self.weight / 100
        if mine * LOOK >= 1:
            pause, count = LOOK, self._poisson(mine * LOOK)
        else:
            pause, count = max(LOOK, self.dice.expovariate(mine)), 1
        self.now += pause
        others = self._poisson(pause * (self.traffic.rate - mine))
        ill = self.weight >= self.traffic.late
        failing = BASE_FAILURES + (self.traffic.failures if ill else 0.0)
        pair = Pair(
            self._side(others, BASE_FAILURES, self.usual),
            self._side(count, failing, self.longer if ill else self.usual),
        )
        yield Batch(KEY, self.weight, "", 0, False, 0, pair=pair)

    def _side(self, count: int, failing: float, latencies: Sequence[int]) -> Side:
        if self.traffic.away and self.weight < 100 and 10 <= self.now - self.since < 10 + AWAY:
            failing = 1.0
        failed = self._binomial(count, failing)
        return Side(count, failed, 0, 0, Counter(self.dice.choices(latencies, k=count - failed)))

    def _poisson(self, mean: float) -> int:
        if mean > 200:
            return max(0, round(self.dice.gauss(mean, mean**0.5)))
        count, left = 0, mean
        while (left := left - self.dice.expovariate(1.0)) > 0:
            count += 1
        return count

    def _binomial(self, count: int, share: float) -> int:
        if share >= 1:
            return count
        return min(count, self._poisson(count * share))


def kinds() -> list[tuple[str, Traffic, int]]:
    """Name, traffic, and the weight below which 99 % must be back (0: none may go back)."""
    slow, fast = RATES["50 a minute"], RATES["200 a second"]
    out = [(f"healthy, {name}", Traffic(rate), 0) for name, rate in RATES.items()]
    out += [(f"2 % more failures, {name}", Traffic(rate, failures=0.02), 25) for name, rate in RATES.items()]
    out += [(f"latencies half as long again, {name}", Traffic(rate, slower=1.5), 25) for name, rate in RATES.items()]  # fmt: skip
    out += [
        (f"both sides fail for {AWAY:.0f} s of each step before 100 %, {name}", Traffic(rate, away=True), 0)
        for name, rate in (("50 a minute", slow), ("200 a second", fast))
    ]
    for name, rate in (("50 a minute", slow), ("200 a second", fast)):
        out += [
            (f"2 % more failures from 100 % on, {name}", Traffic(rate, failures=0.02, late=100), 101),
            (f"twice the latencies from 100 % on, {name}", Traffic(rate, slower=2.0, late=100), 101),
        ]
    return out


def run(runs: int, seed: int, only: str = "") -> Found:
    """Every kind of traffic whose name begins with ``only``."""
    latencies, dice, policy = recorded(), random.Random(seed), Policy()
    out = Found(
        "False and missed rollbacks",
        f"python -m bench.rollouts.simulate --runs {runs} --seed {seed}",
        [("traffic", "rollouts", "went back", "highest weight of those")],
    )
    for name, traffic, below in kinds():
        if not name.startswith(only):
            continue
        count = max(1, runs // 4) if traffic.late or traffic.away else runs
        ends = [Course(policy, traffic, latencies, dice).run() for _ in range(count)]
        back = Counter(weight for how, weight in ends if how == "rolled back")
        told = ", ".join(f"{weight} %: {back[weight]}" for weight in sorted(back))
        out.rows.append((name, count, back.total(), told))
        early = sum(count for weight, count in back.items() if weight < below)
        if below:
            where = f"before {below} %" if below <= 100 else "before the end"
            out.criteria.append((f"{name}: {early} of {count} went back {where}", early >= 0.99 * count))
        else:
            out.criteria.append((f"{name}: {back.total()} of {count} went back", not back))
        sys.stderr.write(f"{name}: {back.total()} of {count} went back: {told}\n")
    out.notes = [
        f"The controller's own code by a simulated clock; {len(latencies)} latencies as Envoy logged them; {BASE_FAILURES:.1%} of requests fail on "
        f"both sides; {policy}. {busy()}, others at work."
    ]
    return out


def main() -> int:
    """Print the table; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    return run(min(given.runs, 10_000), given.seed, given.only).end()


if __name__ == "__main__":
    sys.exit(main())
