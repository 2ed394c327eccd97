"""Weights changed a thousand times under constant load: ``python -m bench.gateway.swaps [--count 1000] [--rate 1200] [--seconds 220] [--routes-only] [--wrk]``.

Each change is what ``segue shift`` does (evidence, Envoy's judgement, routes, ledger), one after the other, for GET and POST in turn.
With ``--routes-only`` a change is only the routes (written, in effect), which takes so little that a thousand fit into minutes of a busy
machine. With ``--wrk`` the load is wrk's (:mod:`bench.gateway.wrk`), for rates at
which Python's own client is what limits. The oracle is Envoy's log: what each request was routed by and when it began; and the client, who sees failures.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.gateway.project import GET, POST, Project

from bench.gateway import world
from bench.gateway.figures import Found, busy, interval, milliseconds
from bench.gateway.load import Load, quantile
from bench.gateway.wrk import Wrk
from segue.commands import shift
from segue.config import Config
from segue.gateway import control

WEIGHTS = (0, 1, 5, 10, 25, 50, 75, 90, 99, 100)
OUTSIDE = 0.001
"""The 99.9 % interval, over all weights and both methods together."""

GUARD = 0.005
"""Seconds: Envoy's log has milliseconds, by another clock."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of ``key`` to ``weight``: wall clock when the command returned, seconds that it took, and those from writing the
    routes to their effect."""

    key: str
    weight: int
    at: float
    command: float
    effect: float


def changed(settings: Config, key: str, weight: int) -> Change:
    """Change a weight as the command does."""
    begin, told = time.monotonic(), io.StringIO()
    with redirect_stdout(told):
        shift.run(settings, [key], weight, force=False, as_json=True)
    return Change(key, weight, time.time(), time.monotonic() - begin, json.loads(told.getvalue())["seconds"])


def rerouted(one: Project, weights: dict[str, int], key: str) -> Change:
    """Change the routes alone."""
    begin = time.monotonic()
    rules = one.world.rules(weights[GET], weights[POST])
    version = control.write_routes(one.settings.state, rules)
    while not control.serves(one.world.running.ports, version):
        if time.monotonic() - begin > 30:
            raise TimeoutError("the routes do not take effect")
    seconds = time.monotonic() - begin
    return Change(key, weights[key], time.time(), seconds, seconds)


@dataclass(frozen=True, slots=True)
class Logged:
    """A request in Envoy's log: when it began (wall clock), its operation, the weight that routed it, the side chosen."""

    at: float
    key: str
    weight: int
    side: str


def logged(file: Path) -> Iterator[Logged]:
    """All whose side the weight decided."""
    for line in file.read_text().splitlines():
        raw = json.loads(line)
        key, _, name = str(raw.get("route", "")).rpartition("|")
        if name.startswith("weighted"):
            at = datetime.fromisoformat(raw["at"]).timestamp()
            yield Logged(at, key, int(raw["weight"] or 0), raw["side"])


def run(
    count: int, rate: float, seconds: float, seed: int = 1, *, routes_only: bool = False, by_wrk: bool = False
) -> Found:
    """``count`` changes (as many of them as ``seconds`` allow) under ``rate`` requests a second."""
    dice, until = random.Random(seed), time.monotonic() + seconds
    with _project() as (one, file):
        changes: list[Change] = []
        port = one.world.running.ports.gateway
        kind = Wrk if by_wrk else Load
        before = _spent(one)
        with kind(port, rate=rate, posts=0.3, seconds=seconds + 120) as load:
            last = dict.fromkeys((GET, POST), 0)
            for number in range(count):
                if time.monotonic() > until:
                    break
                key = (GET, POST)[number % 2]
                last[key] = dice.choice([w for w in WEIGHTS if w != last[key]])
                changes.append(
                    rerouted(one, last, key) if routes_only else changed(one.settings, key, last[key])
                )
            spent = {name: used - before[name] for name, used in _spent(one).items()}
            spent["load"] = _cpu(load.process.pid)
        time.sleep(0.2)  # Envoy writes its log every 50 ms
        options = f" --rate {rate:.0f}{' --routes-only' if routes_only else ''}{' --wrk' if by_wrk else ''}"
        return _judge(_seen(load), changes, [*logged(file)], spent, options)


@dataclass(frozen=True, slots=True)
class Seen:
    """What clients saw; ``latency`` in seconds by p50, p99, max."""

    requests: int
    failed: int
    latency: tuple[float, float, float]
    per_second: float


def _seen(load: Load | Wrk) -> Seen:
    if isinstance(load, Wrk):
        p50, p99, most = (load.latency[name] for name in ("p50", "p99", "max"))
        return Seen(load.requests, load.failed, (p50, p99, most), load.requests / load.seconds)
    times = [r.end - r.begin for r in load.requests]
    p50, p99, most = (quantile(times, q) for q in (0.5, 0.99, 1.0))
    return Seen(len(times), sum(r.failed for r in load.requests), (p50, p99, most), load.per_second())


def _spent(one: Project) -> dict[str, float]:
    """Seconds of CPU of the gateway and of the sides."""
    return {child.name: _cpu(child.process.pid) for child in one.world.group.children}


def _cpu(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _project() -> Iterator[tuple[Project, Path]]:
    with tempfile.TemporaryDirectory(prefix="segue-swaps-") as name, world.project(Path(name)) as (one, _):
        yield one, control.folder(one.settings.state) / "access.jsonl"


def _judge(
    seen: Seen, changes: Sequence[Change], lines: Sequence[Logged], spent: Mapping[str, float], options: str
) -> Found:
    out = Found(
        f"{len(changes)} changes of {'the routes' if 'only' in options else 'a weight'} under load",
        f"python -m bench.gateway.swaps --count {len(changes)}{options}",
    )
    late = _late(changes, lines)
    out.rows = [
        ("", "p50", "p99", "max"),
        *(
            (what, *(milliseconds(quantile(times, q)) for q in (0.5, 0.99, 1.0)))
            for what, times in (
                ("command to effect", [c.command for c in changes]),
                ("of it: routes written to in effect", [c.effect for c in changes]),
            )
        ),
        ("requests meanwhile", *(milliseconds(value) for value in seen.latency)),
    ]
    outside, shares = _shares(lines)
    posts = sum(line.key == POST for line in lines)
    out.criteria = [
        (f"{seen.failed} of {seen.requests} requests failed ({posts} POSTs)", not seen.failed),
        (
            f"{late} requests that began after a command had returned were routed by the weight before",
            not late,
        ),
        (f"shares within the 99.9 % interval of the weight: {shares}", not outside),
        (f"{len(changes)} changes took effect", len(lines) > len(changes)),
    ]
    each = ", ".join(f"{name} {used / seen.requests * 1e6:.0f}" for name, used in sorted(spent.items()))
    out.notes = [
        f"{seen.per_second:.0f} requests a second; microseconds of CPU a request: {each}; {busy()}, others at work."
    ]
    return out


def _late(changes: Sequence[Change], lines: Sequence[Logged]) -> int:
    """Requests that a change had not reached although the command had returned."""
    late = 0
    for key in {c.key for c in changes}:
        mine = [c for c in changes if c.key == key]
        ends = [*(c.at - c.command for c in mine[1:]), float("inf")]
        spans = zip(mine, ends, strict=True)
        change, end = next(spans)
        for line in sorted((x for x in lines if x.key == key), key=lambda x: x.at):
            while line.at > end:
                change, end = next(spans)
            if change.at + GUARD < line.at < end - GUARD and line.weight != change.weight:
                late += 1
    return late


def _shares(lines: Sequence[Logged]) -> tuple[int, str]:
    seen = Counter((x.key, x.weight) for x in lines)
    hits = Counter((x.key, x.weight) for x in lines if x.side == "fastapi")
    outside, texts = 0, []
    for (key, weight), count in sorted(seen.items()):
        low, high = interval(count, weight / 100, OUTSIDE / len(seen))
        found = hits[key, weight]
        outside += not low <= found <= high
        texts.append(f"{key.split()[0]} {weight} %: {found}/{count}")
    return outside, ", ".join(texts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a criterion is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=1200.0)
    parser.add_argument("--seconds", type=float, default=220.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--routes-only", action="store_true")
    parser.add_argument("--wrk", action="store_true")
    given = parser.parse_args(arguments)
    return run(
        min(given.count, 10_000),
        given.rate,
        given.seconds,
        given.seed,
        routes_only=given.routes_only,
        by_wrk=given.wrk,
    ).end()


if __name__ == "__main__":
    sys.exit(main())
