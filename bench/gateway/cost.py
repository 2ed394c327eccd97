"""What the gateway costs beside nginx that shares out the same: ``python -m bench.gateway.cost [--rounds 3] [--seconds 2]``.

The same two sides directly, behind nginx (``split_clients``, 50 %) and behind Segue's Envoy (50 %), in turns, one worker each; wrk asks. nginx and
wrk are Debian's packages, unpacked and not installed. Besides the clock the CPU time of the proxy is measured, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from tests.debian import unpacked

from bench.gateway import world
from bench.gateway.figures import Found, busy
from segue.gateway import control
from segue.gateway.processes import Child, Group, free_port
from segue.gateway.table import Rule

CONNECTIONS = (1, 16)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


OTHERS = 300
"""URLs with two operations each that Django tries before the one that is asked for."""


def _others() -> list[Rule]:
    out = []
    for number in range(OTHERS):
        pattern = f"/api/thing{number}/(?P<pk>[^/.]+)/"
        out += [
            Rule(f"GET {number}", pattern, ("GET", "HEAD"), 50, True, True, patience=5),
            Rule(f"PUT {number}", pattern, ("PUT",), 50, True, True, leave_after=5),
            Rule(f"* {number}", pattern, (), 0, False, True),
        ]
    return out


@dataclass(frozen=True, slots=True)
class Figure:
    """One run of wrk: latencies in milliseconds, requests a second, CPU of the proxy in microseconds a request, answers that were no 2xx."""

    p50: float
    p99: float
    rate: float
    cpu: float
    bad: int


def _program(package: str, path: str) -> tuple[str, dict[str, str]]:
    folder = unpacked(package)
    libraries = ":".join(str(p) for p in folder.glob("usr/lib/*-linux-gnu"))
    return str(folder / path), {**os.environ, "LD_LIBRARY_PATH": libraries}


def _nginx(group: Group, folder: Path, django: int, fastapi: int) -> Child:
    program, environment = _program("nginx", "usr/sbin/nginx")
    port = free_port()
    temporary = "\n".join(
        f"  {kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"""
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
{temporary}
  log_format json escape=json '{{"at":"$time_iso8601","status":"$status","upstream":"$upstream_addr","us":"$request_time"}}';
  access_log {folder}/access.jsonl json;
  split_clients "$request_id" $side {{ 50% fastapi; * django; }}
  upstream django {{ server 127.0.0.1:{django}; keepalive 64; }}
  upstream fastapi {{ server 127.0.0.1:{fastapi}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://$side; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
""")
    child = group.start(
        "nginx", [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"],
        port=port, cwd=folder, env=environment,
    )  # fmt: skip
    group.wait_ready(child)
    return child


def _cpu(child: Child | None) -> float:
    if child is None:
        return 0.0
    process = psutil.Process(child.process.pid)
    return sum(sum(p.cpu_times()[:2]) for p in (process, *process.children(recursive=True)))


def _asked(port: int, connections: int, seconds: int, proxy: Child | None) -> Figure:
    program, environment = _program("wrk", "usr/bin/wrk")
    before = _cpu(proxy)
    told = subprocess.run(
        [program, "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/api/articles/1/"],
        capture_output=True, text=True, check=True, env=environment, timeout=60 + seconds,
    ).stdout  # fmt: skip
    count = int(re.findall(r"(\d+) requests in", told)[0])
    times = {
        share: float(number) * _UNITS[unit]
        for share, number, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", told)
    }
    bad = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", told))
    bad += sum(int(n) for line in re.findall(r"Socket errors: (.*)", told) for n in re.findall(r"\d+", line))
    return Figure(
        times["50"], times["99"], count / seconds, (_cpu(proxy) - before) / max(count, 1) * 1e6, bad
    )


def run(rounds: int, seconds: int) -> Found:
    """Medians of ``rounds`` runs."""
    found: dict[tuple[int, str], list[Figure]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="segue-cost-") as name, world.bare(Path(name)) as one:
        os.chmod(name, 0o755)  # nginx has a worker of another user where its master is root
        one.swap(50, 50)
        (Path(name) / "nginx").mkdir()
        ports = one.running.ports
        nginx = _nginx(one.group, Path(name) / "nginx", ports.django, ports.fastapi)
        envoy = next(c for c in one.group.children if c.name == "envoy")
        targets = (
            ("direct", ports.django, None),
            ("nginx", nginx.port, nginx),
            ("Segue's Envoy", ports.gateway, envoy),
        )
        for _ in range(rounds):
            one.swap(50, 50)
            for connections in CONNECTIONS:
                for what, port, proxy in targets:
                    found[connections, what].append(_asked(port, connections, seconds, proxy))
            control.swap(one.state, [*_others(), *one.rules(50, 50)], one.running, timeout=60)
            for connections in CONNECTIONS:
                figure = _asked(ports.gateway, connections, seconds, envoy)
                found[connections, f"the same behind {OTHERS} other URLs"].append(figure)
    out = Found(
        "What the gateway costs", f"python -m bench.gateway.cost --rounds {rounds} --seconds {seconds}"
    )
    out.rows = [
        (
            "connections",
            "way",
            "p50",
            "p99",
            "added p50",
            "added p99",
            "requests a second",
            "CPU of the proxy a request",
        )
    ]
    for (connections, what), figures in sorted(found.items(), key=lambda one: one[0][0]):
        p50, p99, rate, cpu = (
            statistics.median(getattr(f, field) for f in figures) for field in ("p50", "p99", "rate", "cpu")
        )
        direct = found[connections, "direct"]
        added = [
            p50 - statistics.median(f.p50 for f in direct),
            p99 - statistics.median(f.p99 for f in direct),
        ]
        added_texts = ["", ""] if what == "direct" else [f"{a:.2f} ms" for a in added]
        out.rows.append(
            (connections, what, f"{p50:.2f} ms", f"{p99:.2f} ms", *added_texts, f"{rate:.0f}", f"{cpu:.0f} µs" if cpu else "")
        )  # fmt: skip
    bad = sum(f.bad for figures in found.values() for f in figures)
    out.criteria = [(f"{bad} answers were no 2xx", not bad)]
    out.notes = [f"Medians of {rounds} rounds in turns; {busy()}, others at work."]
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if an answer was none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    given = parser.parse_args(arguments)
    return run(min(given.rounds, 20), min(given.seconds, 20)).end()


if __name__ == "__main__":
    sys.exit(main())
