"""FastAPI killed, stopped, slow, failing, refusing, under load: ``python -m bench.gateway.faults [--rate 300] [--only killed]``.

Each twice: at a fixed 100 %, where no read may fail and FastAPI must get its share back when it is well again; and at 50 % of a rollout
(``segue rollout`` in a process of its own), which must be back at 0 % within 5 s of the first request that went wrong. A pool that is
dry needs a real service: :mod:`bench.gateway.pool`.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

from tests.gateway.project import GET, POST, Project
from tests.gateway.world import World

from bench.gateway import world
from bench.gateway.figures import Found, busy
from bench.gateway.load import Load, Request, quantile
from segue.commands import rollout, shift
from segue.config import Config

HELD = 8.0
BACK = 30.0
"""Seconds that a fault lasts, and that FastAPI's return may take."""

ROW, TRIALS = 5, 4
"""``gateway.leave_after``, and how often FastAPI gets a POST again to see in the time that both courses take (after 2, 4 … seconds)."""

WITHIN = 5.0
"""Seconds from the first request that went wrong to the last one that the rollout gave to FastAPI."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``begin`` makes FastAPI ill, ``end`` well again. ``answers``: it answers 500 itself, and no POST may be asked of Django then."""

    name: str
    begin: Callable[[World, Path], None]
    end: Callable[[World, Path], None]
    answers: bool = False


def _signal(number: int) -> Callable[[World, Path], None]:
    return lambda one, _: one.signal_fastapi(number)


def _mode(text: str) -> Callable[[World, Path], None]:
    def change(one: World, folder: Path) -> None:
        (folder / "fastapi.mode").write_text(text)
        one.signal_fastapi(signal.SIGHUP)

    return change


FAULTS = (
    Fault("killed", lambda one, _: one.kill_fastapi(), lambda one, _: one.start_fastapi()),
    Fault("stopped (SIGSTOP)", _signal(signal.SIGSTOP), _signal(signal.SIGCONT)),
    Fault("slow (10 s)", _mode("slow 10"), _mode("ok")),
    Fault("500", _mode("error"), _mode("ok"), answers=True),
    Fault("refusing connections", _signal(signal.SIGUSR1), _signal(signal.SIGUSR2)),
)


@dataclass(frozen=True, slots=True)
class Course:
    """What clients saw of one fault."""

    requests: list[Request]
    begin: float
    end: float

    def failed(self, method: str) -> list[Request]:
        """Those that failed."""
        return [r for r in self.requests if r.method == method and r.failed]

    def under_way(self) -> int:
        """POSTs that FastAPI may have had when the fault began (a moment more: the fault takes some time to be there)."""
        return sum(
            r.method == "POST" and r.begin < self.begin + 0.1 and r.end > self.begin for r in self.requests
        )

    def back(self) -> float:
        """Seconds from the end of the fault to FastAPI's first answer to a request that began after it."""
        return (
            min((r.end for r in self.requests if r.begin > self.end and r.answered == "f"), default=1e9)
            - self.end
        )

    def taken_back(self) -> tuple[float, float]:
        """Seconds from the beginning of the fault to the first request that went wrong, and from there to the last one that was
        FastAPI's."""
        wrong = [
            r.end
            for r in self.requests
            if r.chosen == "f" and r.end > self.begin and (r.failed or r.answered != "f")
        ]
        wrong += [r.end for r in self.requests if r.status == 0]
        first = min(wrong, default=1e9)
        last = max((r.begin for r in self.requests if r.chosen == "f"), default=0.0)
        return first - self.begin, max(0.0, last - first)


def fixed(one: Project, folder: Path, fault: Fault, rate: float) -> Course:
    """The fault comes and goes at 100 %."""
    with redirect_stdout(io.StringIO()):
        shift.run(one.settings, [GET, POST], 100, force=False, as_json=True)
    with Load(one.world.running.ports.gateway, rate=rate, posts=0.3, connections=3000) as load:
        time.sleep(2)
        fault.begin(one.world, folder)
        begin = time.monotonic()
        time.sleep(HELD)
        fault.end(one.world, folder)
        end = time.monotonic()
        _wait_served(one.world)
        time.sleep(1)
    return Course(load.requests, begin, end)


def _wait_served(one: World) -> None:
    import httpx

    until = time.monotonic() + BACK
    while time.monotonic() < until:
        answer = httpx.get(f"{one.url}/api/articles/1/", trust_env=False, verify=False, timeout=30)
        if answer.text == "fastapi":
            return
        time.sleep(0.1)


def by_rollout(one: Project, folder: Path, fault: Fault, rate: float) -> Course:
    """The fault comes at 50 % of a rollout and stays until that is back."""
    settings = replace(one.settings, rollout_steps=(50, 100), rollout_minimum=10**9)
    with Load(one.world.running.ports.gateway, rate=rate, posts=0.3, connections=3000) as load:
        child = _controller(settings)
        try:
            _until(lambda: {one.entry(k).weight for k in (GET, POST)} == {50}, 30)
            time.sleep(4)
            fault.begin(one.world, folder)
            begin = time.monotonic()
            _until(lambda: {one.entry(k).weight for k in (GET, POST)} == {0}, 40)
            time.sleep(1)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        fault.end(one.world, folder)
        end = time.monotonic()
    return Course(load.requests, begin, end)


def _controller(settings: Config) -> int:
    child = os.fork()
    if not child:
        try:
            with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
                rollout.run(settings, ["*"])
        finally:
            os._exit(0)
    return child


def _until(true: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)


def run(rate: float, only: str = "") -> Found:
    """Every fault (whose name begins with ``only``), both ways, each in a world of its own."""
    out = Found("FastAPI ill", f"python -m bench.gateway.faults --rate {rate:.0f}")
    out.rows = [
        ("FastAPI is", "requests", "GETs failed", "POSTs failed (under way)", "POSTs carried out twice", "GETs p99 while ill", "back after",
         "first wrong after", "at 0 % within"),
    ]  # fmt: skip
    for fault in (f for f in FAULTS if f.name.startswith(only)):
        courses, twice = [], 0
        for way in (fixed, by_rollout):
            with (
                tempfile.TemporaryDirectory(prefix="segue-faults-") as name,
                world.project(Path(name)) as (one, sides),
            ):
                courses.append(way(one, sides.folder, fault, rate))
                twice += sum(n > 1 for n in Counter(sides.posts()).values())
        _judge(out, fault, courses[0], courses[1], twice)
    out.notes = [f"{rate:.0f} requests a second, 30 % of them POSTs; {busy()}, others at work."]
    return out


def _judge(out: Found, fault: Fault, at_100: Course, rolled: Course, twice: int) -> None:
    reads = len(at_100.failed("GET")) + len(rolled.failed("GET"))
    writes = [len(c.failed("POST")) for c in (at_100, rolled)]
    most = at_100.under_way() + rolled.under_way()
    ill = [
        r.end - r.begin for r in at_100.requests if r.method == "GET" and at_100.begin < r.begin < at_100.end
    ]
    first, within = rolled.taken_back()
    count = len(at_100.requests) + len(rolled.requests)
    out.rows.append(
        (fault.name, count, reads, f"{writes[0]} + {writes[1]} ({most})", twice, f"{quantile(ill, 0.99):.2f} s",
         f"{at_100.back():.1f} s", f"{first:.1f} s", f"{within:.1f} s")
    )  # fmt: skip
    out.criteria += [
        (f"{fault.name}: no GET failed", reads == 0 and bool(ill)),
        (f"{fault.name}: no POST was carried out twice", not twice),
        (f"{fault.name}: FastAPI has its share back by itself within {BACK:.0f} s", at_100.back() < BACK),
        (f"{fault.name}: at 0 % within {WITHIN:.0f} s of the first request that went wrong", first < 60 and within <= WITHIN),
    ]  # fmt: skip
    if fault.answers:
        text = f"{fault.name}: of POSTs only some fail that were under way, {ROW} in a row, and one each time that FastAPI is tried again"
        out.criteria.append((text, sum(writes) <= most + 2 * ROW + TRIALS))
    else:
        out.criteria.append(
            (f"{fault.name}: of POSTs only some fail that were under way", sum(writes) <= most)
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a criterion is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--only", default="")
    given = parser.parse_args(arguments)
    return run(given.rate, given.only).end()


if __name__ == "__main__":
    sys.exit(main())
