"""Latency of reads through the gateway with and without comparing them: ``python -m bench.shadow.run [--blocks 8] [--seconds 3] [--rate 150]``.

A real Envoy between the two small services of ``tests/shadow``; FastAPI has none of the traffic. Blocks of each condition take turns in an order that is drawn anew
each time, so that what else the machine does meets all alike. Who compares is a process of its own, as ``segue shadow`` is, with its default of 5 questions a second.

Exit code 1 if a request failed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.gateway.world import World, started
from tests.shadow.world import GET, side

from segue.gateway import control, tapping
from segue.shadow.tap import NoTap, Tap
from segue.shadow.worker import Limits, Worker

CONDITIONS = {"no tap": None, "tap, nobody asks": 0, "10 %": 10, "100 %": 100}


@dataclass(frozen=True, slots=True)
class Block:
    """Milliseconds of each request, and how many failed."""

    milliseconds: list[float]
    failed: int


def look(world: World, share: int) -> None:
    """What ``segue shadow`` does, until the process is ended."""
    import threading

    ports = world.running.ports
    sides = {"django": f"http://127.0.0.1:{ports.django}", "fastapi": f"http://127.0.0.1:{ports.fastapi}"}
    worker = Worker(world.rules(0), {GET}, sides, Limits())  # type: ignore[arg-type]
    threading.Thread(target=worker.run, daemon=True).start()
    with closing(Tap()) as tap:
        while True:
            most = worker.room()
            if not most:
                time.sleep(0.2)
                continue
            try:
                for read in tap.fetch(ports, ["/api/articles/"], share, most, 1.0):
                    worker.offer(read)
            except NoTap:
                time.sleep(0.05)


def block(world: World, share: int | None, seconds: float, rate: float) -> Block:
    """Requests at ``rate`` a second, one after the other, for ``seconds``."""
    folder = control.folder(world.state)
    tapping.put(folder, on=share is not None)
    looker = None
    if share:
        looker = multiprocessing.get_context("fork").Process(target=look, args=(world, share), daemon=True)
        looker.start()
    time.sleep(0.3)
    connection = http.client.HTTPConnection("127.0.0.1", world.running.ports.gateway, timeout=60)
    took: list[float] = []
    failed, begin, number = 0, time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        number += 1
        sent = time.perf_counter()
        connection.request("GET", "/api/articles/plain/")
        answer = connection.getresponse()
        failed += answer.status != 200 or b"Same" not in answer.read()
        took.append((time.perf_counter() - sent) * 1000)
    connection.close()
    if looker is not None:
        looker.kill()
        looker.join()
    return Block(took, failed)


def measured(blocks: int, seconds: float, rate: float) -> dict[str, list[Block]]:
    """Blocks by condition."""
    out: dict[str, list[Block]] = {name: [] for name in CONDITIONS}
    dice = random.Random(1)
    with (
        tempfile.TemporaryDirectory(prefix="segue-bench-") as name,
        started(Path(name), backend=side) as world,
    ):
        block(world, None, min(seconds, 1.0), rate)  # warms everything up
        for _ in range(blocks):
            order = list(CONDITIONS)
            dice.shuffle(order)
            for condition in order:
                out[condition].append(block(world, CONDITIONS[condition], seconds, rate))
    return out


def figures(found: dict[str, list[Block]]) -> dict[str, dict[str, float]]:
    """Per condition the median over the blocks of their p50 and p99, in milliseconds."""
    out = {}
    for name, blocks in found.items():
        cuts = [statistics.quantiles(b.milliseconds, n=100) for b in blocks]
        out[name] = {
            "requests": sum(len(b.milliseconds) for b in blocks),
            "failed": sum(b.failed for b in blocks),
            "p50": round(statistics.median(c[49] for c in cuts), 2),
            "p99": round(statistics.median(c[98] for c in cuts), 2),
        }
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=150.0)
    given = parser.parse_args(arguments)
    before = os.getloadavg()[0]
    found = figures(measured(given.blocks, given.seconds, given.rate))
    load = {"before": round(before, 1), "after": round(os.getloadavg()[0], 1)}
    json.dump({"conditions": found, "load": load}, sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 1 if any(f["failed"] for f in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
