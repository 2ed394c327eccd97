"""The controller killed at random moments under load: ``python -m bench.gateway.kills [--count 100] [--rate 400]``.

A rollout of a GET and a POST goes on from 0 to 100 %, over and over; its process gets SIGKILL at a moment drawn at random, and a
successor resumes it. Time between moves is left out, so that most kills hit one. After each kill ledger and plan are read; clients
see all failures; in the end the gateway must do what the ledger says.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from tests.gateway.project import Project

from bench.gateway import world
from bench.gateway.figures import Found, busy, milliseconds
from bench.gateway.load import Load, quantile
from segue import ledger
from segue.commands import rollout, shift
from segue.commands.common import read_ledger, read_snapshot
from segue.config import Config
from segue.errors import SegueError
from segue.gateway import control, routes
from segue.ledger import Event
from segue.ledger.model import HISTORY
from segue.rollout import plan as plans

STEPS = "steps = [10, 30, 60, 100]\ninterval = 1\nminimum = 20\nslower = 1000"
LONGEST = 4.0
"""Seconds until the latest kill, where a rollout that is left alone takes longer."""


@dataclass(slots=True)
class Seen:
    """What was found after the kills."""

    kills: int = 0
    whole: int = 0
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    during: Counter[str] = field(default_factory=Counter)


def run(count: int, rate: float, seed: int = 1) -> Found:
    """``count`` kills under ``rate`` requests a second."""
    dice, seen = random.Random(seed), Seen()
    with (
        tempfile.TemporaryDirectory(prefix="segue-kills-") as name,
        world.project(Path(name), STEPS) as (one, sides),
    ):
        # Fewer requests than segue.toml may ask for.
        settings = replace(one.settings, rollout_interval=0, rollout_minimum=5)
        temporary = Path(name) / "tmp"
        temporary.mkdir()
        with Load(one.world.running.ports.gateway, rate=rate, posts=0.3) as load:
            begin = time.monotonic()
            _controller(lambda: _goes_on(settings), temporary, 60.0)
            alone = time.monotonic() - begin
            while seen.kills < count:
                _once(settings, dice.uniform(0, min(alone, LONGEST)), temporary, seen)
            left = _left(settings.state, temporary)
            for file in settings.state.rglob(".*.segue-tmp"):
                os.utime(file, (0, 0))  # as if it had been left long ago
            _controller(lambda: _goes_on(settings), temporary, 60.0)
        carried_out = Counter(sides.posts())
        after = _left(settings.state, temporary)
        return _judge(load, seen, one, carried_out, left, after, (rate, alone))


def _once(settings: Config, seconds: float, temporary: Path, seen: Seen) -> None:
    """A controller that is killed after ``seconds`` unless it has ended before."""
    before = read_ledger(settings)
    killed = _controller(lambda: _goes_on(settings), temporary, seconds)
    seen.kills += killed
    seen.whole += not killed
    try:
        after, plan = read_ledger(settings), plans.load(settings.state)
    except SegueError as error:
        seen.damaged.append(error.message)
        return
    if after.entries.keys() != before.entries.keys():
        seen.lost.append("operations")
    for key, entry in before.entries.items():
        if not _goes_on_from(entry.history, after.entries[key].history):
            seen.lost.append(f"history of {key}")
    moving = plan is not None and any(p.next != p.weight for p in plan.operations.values())
    if killed:
        seen.during["in a move" if moving else "between moves"] += 1


def _goes_on_from(before: Sequence[Event], after: Sequence[Event]) -> bool:
    """Whether nothing is missing: a ledger keeps the last events, so the oldest may have gone for new ones."""
    may_go = len(before) if len(after) == HISTORY else 1
    return any(after[: len(before) - gone] == before[gone:] for gone in range(may_go))


def _goes_on(settings: Config) -> None:
    """A controller's life: what was left is resumed, else a new rollout begins at 0."""
    plan = plans.load(settings.state)
    if plan is not None and plan.active:
        rollout.resume(settings)
        return
    shift.rollback(settings, [], everything=True, as_json=True)
    rollout.run(settings, ["*"])


def _controller(life: Callable[[], None], temporary: Path, seconds: float) -> bool:
    """Run ``life`` in a process of its own, whose temporary files go to ``temporary``; whether it had to be killed."""
    child = os.fork()
    if not child:
        try:
            tempfile.tempdir = str(temporary)
            rollout._LOOK = 0.05
            with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
                life()
        finally:
            os._exit(0)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _left(state: Path, temporary: Path) -> list[str]:
    """Temporary files that somebody has left behind."""
    return [
        *(str(f.relative_to(state)) for f in state.rglob(".*.segue-tmp")),
        *(f.name for f in temporary.iterdir()),
    ]


def _judge(
    load: Load,
    seen: Seen,
    one: Project,
    carried_out: Counter[str],
    left: list[str],
    after: list[str],
    measured: tuple[float, float],
) -> Found:
    rate, alone = measured
    out = Found(
        f"The controller killed at {seen.kills} random moments",
        f"python -m bench.gateway.kills --count {seen.kills} --rate {rate:.0f}",
    )
    failed = [r for r in load.requests if r.failed]
    ends = sorted(r.end for r in load.requests)
    gap = max((b - a for a, b in pairwise(ends)), default=0.0)
    twice = sum(n > 1 for n in carried_out.values())
    book = ledger.read(one.settings.ledger_file)
    rules = control.rules(one.settings, read_snapshot(one.settings), book.entries)
    moves = sum(e.what.startswith("weight") for entry in book.entries.values() for e in entry.history)
    follows = control.serves(one.world.running.ports, routes.discovery(rules)[0])
    latencies = [r.end - r.begin for r in load.requests]
    out.rows = [
        ("", ""),
        ("a rollout that is left alone", milliseconds(alone)),
        ("kills in a move", seen.during["in a move"]),
        ("kills between moves", seen.during["between moves"]),
        ("moves that reached the ledger", moves),
        ("controllers that ended before", seen.whole),
        ("requests", len(load.requests)),
        (
            "latency p50, p99",
            f"{milliseconds(quantile(latencies, 0.5))}, {milliseconds(quantile(latencies, 0.99))}",
        ),
        ("longest time without an answer", milliseconds(gap)),
        ("temporary files left before the last resume, after it", f"{len(left)}, {len(after)}"),
    ]
    out.criteria = [
        (f"{len(failed)} of {len(load.requests)} requests failed", not failed),
        (f"the ledger was damaged {len(seen.damaged)} times, lost something {len(seen.lost)} times", not (seen.damaged or seen.lost)),
        (f"{twice} of {len(carried_out)} POSTs were carried out twice", not twice),
        ("the controllers moved traffic, and some were killed in a move", moves > 4 and seen.during["in a move"] > 0),
        ("in the end the gateway does what the ledger says", follows),
        (f"{len(after)} temporary files are left", not after),
    ]  # fmt: skip
    out.notes = [f"{load.per_second():.0f} requests a second; {busy()}, others at work.", *after[:5]]
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a criterion is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rate", type=float, default=400.0)
    given = parser.parse_args(arguments)
    return run(min(given.count, 1000), given.rate).end()


if __name__ == "__main__":
    sys.exit(main())
