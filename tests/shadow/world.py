"""The gateway's test world with the services of :mod:`tests.shadow.sides`, and one who looks."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from tests.gateway.world import World

from segue.gateway import control, tapping
from segue.gateway.processes import Child, Group
from segue.shadow.tally import Tally
from segue.shadow.tap import NoTap, Tap
from segue.shadow.worker import Limits, Worker

GET = "GET /api/articles/{pk}/"
POST = "POST /api/articles/{pk}/"


def side(group: Group, name: str, port: int) -> Child:
    """Start one of the two services."""
    script = str(Path(__file__).with_name("sides.py"))
    child = group.start(
        name, [sys.executable, script, name, str(port)], port=port, cwd=Path.cwd(), env=os.environ
    )
    group.wait_ready(child)
    return child


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.03)


class Looking:
    """Fetches what Envoy taps, as the command does, and compares it."""

    def __init__(self, world: World, worker: Worker) -> None:
        self.world, self.worker = world, worker
        self.most_waiting = self.fetched = 0
        self.client = httpx.Client(base_url=world.url, trust_env=False)
        self._stop = threading.Event()

    @property
    def tally(self) -> Tally:
        return self.worker.tallies[GET]

    def fetch(self) -> None:
        with closing(Tap()) as tap:
            self._fetch(tap)

    def _fetch(self, tap: Tap) -> None:
        while not self._stop.is_set():
            most = self.worker.room()
            if not most:
                time.sleep(0.02)
                continue
            try:
                found = tap.fetch(self.world.running.ports, ["/api/articles/"], 100, 1, 2)
            except NoTap:
                time.sleep(0.02)  # Envoy has not seen the file yet
                continue
            for read in found:
                self.worker.offer(read)
            self.fetched += len(found)
            self.most_waiting = max(self.most_waiting, self.worker.waiting())

    def ask(self, path: str, *, until: Callable[[Tally], int], method: str = "GET") -> httpx.Response:
        """Ask the gateway for ``path`` until the figure has grown; the last answer."""
        before, end = until(self.tally), time.monotonic() + 60
        while True:
            answer = self.client.request(method, f"/api/articles/{path}/")
            for _ in range(15):
                if until(self.tally) > before:
                    return answer
                time.sleep(0.01)
            assert time.monotonic() < end, f"{path} was never counted: {self.tally}"


@contextmanager
def looking(world: World, *, limits: Limits = Limits(1000, 5), get: int = 0) -> Iterator[Looking]:
    """Look at the reads of ``world`` while FastAPI has ``get`` percent of them."""
    world.swap(get)
    ports = world.running.ports
    sides = {"django": f"http://127.0.0.1:{ports.django}", "fastapi": f"http://127.0.0.1:{ports.fastapi}"}
    worker = Worker(world.rules(get), {GET}, sides, limits)  # type: ignore[arg-type]
    one = Looking(world, worker)
    folder = control.folder(world.state)
    tapping.put(folder, on=True)
    threads = [threading.Thread(target=f, daemon=True) for f in (worker.run, one.fetch)]
    for thread in threads:
        thread.start()
    try:
        yield one
    finally:
        one._stop.set()
        one.client.get("/api/articles/last/")  # what is being fetched ends with it
        one.client.close()
        worker.stop()
        for thread in threads:
            thread.join(10)
        tapping.put(folder, on=False)


def asked(world: World, name: str) -> Counter[str]:
    """What was asked of a side so far: ``GET /api/articles/1/``, how often."""
    (log,) = (c.log for c in world.group.children if c.name == name)
    return Counter(log.read_text().splitlines())
