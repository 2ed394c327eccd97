"""Requests by wrk (Debian's package), which takes a tenth of the CPU that :mod:`bench.gateway.client` takes and tells less: no record of each.

Its connections each wait ``delay`` milliseconds between two requests, so that the rate stays below what the machine can do at most.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.debian import unpacked

CONNECTIONS = 64

_SCRIPT = """
local n = 0
function delay() return %(delay)d end
function request()
  n = n + 1
  local path = "/api/articles/1/?n=" .. n
  if math.random() < %(posts)f then
    return wrk.format("POST", path, {["Content-Type"] = "application/json"}, "{}")
  end
  return wrk.format("GET", path)
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %%d, "microseconds": %%d, "failed": %%d, "p50": %%d, "p99": %%d, "max": %%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
"""


class Wrk:
    """About ``rate`` requests a second to loopback ``port`` while the context is open, ``posts`` of them (share) POSTs. Afterwards ``requests`` and ``failed`` are
    counts (an answer with 4xx or 5xx fails), ``latency`` seconds by ``p50``, ``p99`` and ``max``, ``seconds`` how long it was. Raises ``RuntimeError``
    if wrk failed."""

    def __init__(self, port: int, *, rate: float, posts: float, seconds: float = 300.0) -> None:
        self.requests = self.failed = 0
        self.latency: dict[str, float] = {}
        self.seconds = 0.0
        self._folder = tempfile.TemporaryDirectory(prefix="segue-wrk-")
        script = Path(self._folder.name) / "load.lua"
        script.write_text(_SCRIPT % {"delay": round(CONNECTIONS / rate * 1000), "posts": posts})
        program, self._environment = shutil.which("wrk") or "", dict(os.environ)
        if not program:
            folder = unpacked("wrk")
            program = str(folder / "usr" / "bin" / "wrk")
            self._environment["LD_LIBRARY_PATH"] = ":".join(
                map(str, (folder / "usr" / "lib").glob("*-linux-*"))
            )
        self._command = [
            *(program, "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds:.0f}s", "--timeout", "60s"),
            *("-s", str(script), f"http://127.0.0.1:{port}"),
        ]

    def __enter__(self) -> Wrk:
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, text=True, env=self._environment
        )
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self.process.send_signal(signal.SIGINT)
            told, _ = self.process.communicate(timeout=90)
        finally:
            self.process.kill()
            self.process.wait()
            self._folder.cleanup()
        if self.process.returncode:
            raise RuntimeError(f"wrk ended with {self.process.returncode}")
        found: dict[str, Any] = json.loads(told.strip().splitlines()[-1])
        self.requests, self.failed = found["requests"], found["failed"]
        self.seconds = found["microseconds"] / 1e6
        self.latency = {name: found[name] / 1e6 for name in ("p50", "p99", "max")}
