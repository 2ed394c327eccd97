"""CPU time per request of a server process and its children."""

from __future__ import annotations

import http.client
import statistics
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Target:
    """A server to measure: its name, port and the process (with children) that pays."""

    name: str
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Figure:
    """Median over rounds, in microseconds of CPU per request; ``low`` and ``high`` are the extremes."""

    median: float
    low: float
    high: float


def measure(
    targets: Sequence[Target],
    path: str,
    headers: Mapping[str, str],
    *,
    requests: int = 200,
    rounds: int = 5,
    connections: int = 4,
) -> dict[str, Figure]:
    """Send ``requests`` GETs to each target in turn, ``rounds`` times; the first round warms up.

    The order of targets is reversed every round so that drift of the machine hits all alike.
    Raises ``RuntimeError`` if any answer is not 200 or two targets' answers differ in status.
    """
    samples: dict[str, list[float]] = {t.name: [] for t in targets}
    for number in range(rounds + 1):
        for target in targets if number % 2 else reversed(targets):
            before = _cpu_seconds(target.pid)
            _load(target, path, headers, requests, connections)
            spent = _cpu_seconds(target.pid) - before
            if number:
                samples[target.name].append(spent / requests * 1e6)
    return {name: Figure(statistics.median(s), min(s), max(s)) for name, s in samples.items()}


def _cpu_seconds(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        times = one.cpu_times()
        total += times.user + times.system
    return total


def _load(target: Target, path: str, headers: Mapping[str, str], requests: int, connections: int) -> None:
    failed: list[str] = []

    def work(share: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", target.port, timeout=30)
        try:
            for _ in range(share):
                client.request("GET", path, headers=dict(headers))
                answer = client.getresponse()
                body = answer.read()
                if answer.status != 200:
                    failed.append(f"{target.name} answered {answer.status} to {path}: {body[:200]!r}")
                    return
        except OSError as error:
            failed.append(f"{target.name}: {error}")
        finally:
            client.close()

    threads = [threading.Thread(target=work, args=(requests // connections,)) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(failed[0])
