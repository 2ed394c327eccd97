"""Reads and writes from many clients at once, counted."""

from __future__ import annotations

import threading
from collections import Counter

import httpx


class Load:
    """``failed`` are answers with 5xx or none, by method; ``served`` counts those of each side."""

    def __init__(
        self, url: str, *, readers: int = 4, writers: int = 0, path: str = "/api/articles/1/"
    ) -> None:
        self.failed: dict[str, list[object]] = {"GET": [], "POST": []}
        self.served: Counter[str] = Counter()
        self._url, self._path, self._stop = url, path, threading.Event()
        methods = ["GET"] * readers + ["POST"] * writers
        self._threads = [threading.Thread(target=self._work, args=(m,), daemon=True) for m in methods]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _work(self, method: str) -> None:
        with httpx.Client(base_url=self._url, trust_env=False, timeout=60) as client:
            while not self._stop.wait(0.004):  # busy enough, and the machine has other things to do
                try:
                    answer = client.request(method, self._path)
                except httpx.HTTPError as error:
                    self.failed[method].append(error)
                    continue
                self.served[answer.text] += 1
                if answer.status_code >= 500:
                    self.failed[method].append(answer.status_code)
