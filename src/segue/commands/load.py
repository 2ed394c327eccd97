"""A bounded stream of reads through the gateway, for showing that nothing fails while it changes."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence


class Load:
    """Sends GETs for ``paths`` in turn over a few connections until stopped (or ``limit`` requests).

    ``served`` counts answers per side as the gateway names it, ``failed`` keeps what a client
    would call a failure: no answer, or a 5xx.
    """

    def __init__(
        self,
        port: int,
        paths: Sequence[str],
        headers: Mapping[str, str],
        *,
        connections: int = 3,
        limit: int = 50_000,
    ) -> None:
        self.served: Counter[str] = Counter()
        self.failed: list[str] = []
        self.total = 0
        self._port, self._paths, self._headers, self._limit = port, list(paths), dict(headers), limit
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(i,), daemon=True) for i in range(connections)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=20)

    def wait_for(self, more: int, *, timeout: float = 15.0) -> None:
        """Wait until ``more`` further requests have been answered (or failed)."""
        goal, until = self.total + more, time.monotonic() + timeout
        while self.total < goal and time.monotonic() < until:
            time.sleep(0.02)

    def _work(self, number: int) -> None:
        client: http.client.HTTPConnection | None = None
        position = number
        while not self._stop.is_set() and self.total < self._limit:
            path = self._paths[position % len(self._paths)]
            position += 1
            try:
                client = client or http.client.HTTPConnection("127.0.0.1", self._port, timeout=15)
                client.request("GET", path, headers=self._headers)
                answer = client.getresponse()
                answer.read()
                side = answer.getheader("x-segue-route") or "?"
                problem = f"{answer.status} for {path}" if answer.status >= 500 else ""
            except (OSError, http.client.HTTPException) as error:
                client, side, problem = None, "", f"{type(error).__name__} for {path}"
            with self._lock:
                self.total += 1
                if side:
                    self.served[side] += 1
                if problem:
                    self.failed.append(problem)
