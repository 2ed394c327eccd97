"""A constant rate of requests from a process of its own, and what became of each."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

RECORD = struct.Struct("<ddIHBcc")
LIMIT = 600_000
"""Requests that one load makes at most."""


class Request(NamedTuple):
    """``begin`` and ``end`` on the monotonic clock in seconds; ``status`` 0: no answer; ``chosen`` the side that the gateway chose,
    ``answered`` the one whose name stood in the body: ``f``, ``d`` or ``?``."""

    begin: float
    end: float
    user: int
    status: int
    method: str
    chosen: str
    answered: str

    @property
    def failed(self) -> bool:
        """What a client would call a failure."""
        return self.status == 0 or self.status >= 500


class Load:
    """Requests to loopback ``port`` at ``rate`` a second, by at most ``connections`` at once, while the context is open; ``posts`` of
    them (share) are POSTs.

    ``users``: each request is of one of so many, who has a session cookie; 0: none has. ``numbered``: every request has its number
    in the query, so that servers can tell them apart. After the end ``requests`` are all of them in order of their ends. Raises
    ``RuntimeError`` if the client failed.
    """

    def __init__(
        self,
        port: int,
        *,
        rate: float,
        posts: float = 0.0,
        users: int = 0,
        connections: int = 64,
        paths: Sequence[Sequence[str]] = (("/api/articles/1/",), ("/api/articles/1/",)),
        headers: Sequence[str] = (),
        body: str = "{}",
        numbered: bool = True,
        seconds: float = 300.0,
        seed: int = 1,
    ) -> None:
        self.requests: list[Request] = []
        handle, name = tempfile.mkstemp(prefix="segue-load-")
        os.close(handle)
        self._file = Path(name)
        self._given = {
            "port": port, "rate": rate, "posts": posts, "users": users, "paths": paths, "body": body, "limit": LIMIT,
            "connections": connections,
            "headers": "".join(f"{h}\r\n" for h in headers), "numbered": numbered, "seconds": seconds, "seed": seed,
            "file": name,
        }  # fmt: skip

    def __enter__(self) -> Load:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.gateway.client", json.dumps(self._given)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        if not self.process.stdout.readline():
            raise RuntimeError("the load generator did not start")
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            if self.process.poll() is None:
                assert self.process.stdin is not None
                self.process.stdin.close()
                self.process.wait(60)
            if self.process.returncode:
                raise RuntimeError("the load generator failed")
            methods = ("GET", "POST")
            self.requests = [
                Request(begin, end, user, status, methods[method], chosen.decode(), answered.decode())
                for begin, end, user, status, method, chosen, answered in RECORD.iter_unpack(
                    self._file.read_bytes()
                )
            ]
        finally:
            self.process.kill()
            self.process.wait()
            self._file.unlink(missing_ok=True)

    def per_second(self) -> float:
        """Requests a second over the whole time."""
        if len(self.requests) < 2:
            return 0.0
        begins = [r.begin for r in self.requests]
        return len(begins) / (max(begins) - min(begins))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie; 0 without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
