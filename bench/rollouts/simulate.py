"""False and missed rollbacks: the decision function over simulated traffic whose latencies a real Envoy measured.

    python -m bench.rollouts.simulate [--runs 200] [--seed 1]

200 healthy rollouts at each rate (1, 5, 50 requests a minute; 200 a second), both sides with the same latencies and the same
share of failures; none may go back. Then 200 with two more failures in a hundred at FastAPI, and 200 with latencies half as
long again; at least 99 % must go back before 25 %. Time is simulated, so a rollout of weeks takes a moment.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.gateway.world import started

from segue.gateway import control
from segue.rollout.figures import Pair, Side, bucket
from segue.rollout.judge import Move, Policy, judge
from segue.rollout.log import Reader

BASE_FAILURES = 0.001
RECENT_SECONDS = 10.0


@dataclass(frozen=True)
class Traffic:
    """Requests a second, and what is wrong with FastAPI: more failures (share), latencies times so much."""

    rate: float
    failures: float = 0.0
    slower: float = 1.0


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


def simulate(
    policy: Policy, traffic: Traffic, latencies: Sequence[float], dice: random.Random
) -> tuple[Move, int]:
    """One rollout: how it ended (ADVANCE: all steps passed) and at which weight."""
    before = Side()
    for weight in policy.steps:
        step, seconds = Pair(), 0.0
        last: deque[tuple[float, Pair]] = deque()
        while True:
            # One look: a second of traffic, or at low rates the time until FastAPI has a request.
            pause = max(1.0, dice.expovariate(traffic.rate * weight / 100))
            seconds += pause
            new = Pair()
            _fill(new.fastapi, max(1, round(traffic.rate * weight / 100)), traffic, latencies, dice)
            _fill(new.django, round(dice.gauss(1, 0.1) * pause * traffic.rate * (100 - weight) / 100),
                  Traffic(traffic.rate), latencies, dice)  # fmt: skip
            step.add(new)
            last.append((seconds, new))
            while last[0][0] < seconds - RECENT_SECONDS:
                last.popleft()
            recent = Pair()
            for _, part in last:
                recent.add(part)
            verdict = judge(policy, step, recent, before, seconds)
            if verdict.move is Move.ROLLBACK:
                return Move.ROLLBACK, weight
            if verdict.move is Move.ADVANCE:
                break
        before = step.django if step.django.requests else before
    return Move.ADVANCE, 100


def _fill(side: Side, count: int, traffic: Traffic, latencies: Sequence[float], dice: random.Random) -> None:
    side.requests = max(count, 0)
    failing = BASE_FAILURES + traffic.failures
    side.failures = sum(dice.random() < failing for _ in range(side.requests))
    side.latencies.update(bucket(t * traffic.slower) for t in dice.choices(latencies, k=side.requests))


def main() -> None:
    """Print one line per kind of traffic; exit code 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    latencies = recorded()
    dice, policy, bad = random.Random(given.seed), Policy(), False
    say(f"{len(latencies)} latencies from Envoy, seed {given.seed}, {policy}")
    kinds = {f"healthy, {name}": (Traffic(rate), False) for name, rate in RATES.items()}
    kinds |= {f"+2 % failures, {name}": (Traffic(rate, failures=0.02), True) for name, rate in RATES.items()}
    kinds |= {f"+50 % latency, {name}": (Traffic(rate, slower=1.5), True) for name, rate in RATES.items()}
    for name, (traffic, faulty) in kinds.items():
        ends = [simulate(policy, traffic, latencies, dice) for _ in range(given.runs)]
        back = [weight for move, weight in ends if move is Move.ROLLBACK]
        early = sum(weight < 25 for weight in back)
        bad |= early < 0.99 * given.runs if faulty else bool(back)
        at = {weight: back.count(weight) for weight in policy.steps if weight in back}
        say(f"{name:34} {len(back):4} of {given.runs} went back, {early} before 25 %  {at}")
    raise SystemExit(bad)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


RATES = {"1 a minute": 1 / 60, "5 a minute": 5 / 60, "50 a minute": 50 / 60, "200 a second": 200.0}

if __name__ == "__main__":
    main()
