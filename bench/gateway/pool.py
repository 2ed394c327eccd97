"""FastAPI's database pool dry, with the example's generated service on a PostgreSQL: ``python -m bench.gateway.pool [--rate 40]``.

Ten POSTs of coupons, forced to FastAPI, wait for a lock on their table and hold its ten connections. Meanwhile clients read books and
write comments at 100 %. Django has connections of its own. No read may fail, and no write.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import psycopg
from tests.services import Postgres, running_postgres

from bench import read_endpoints
from bench.gateway.figures import Found, busy
from bench.gateway.load import Load, Request, quantile
from segue.commands import serve, shift

SIZE = 10
"""Connections of the generated settings."""

READ = "/api/books/"
WRITE = f"/api/books/{read_endpoints.BOOK}/comments/"
BACK = 30.0


def run(rate: float, held: float) -> Found:
    """The pool is dry for ``held`` seconds."""
    with running_postgres() as server, tempfile.TemporaryDirectory(prefix="segue-pool-") as name:
        with redirect_stdout(StringIO()):
            settings, environment = read_endpoints.prepare(Path(name) / "bookshop", server.create("shop"))
            shift.run(settings, ["*"], 100, force=True, as_json=True)
        with serve.started(settings, port=0, environment=environment) as service:
            return _judge(*_course(service, server, rate, held), rate)


def _course(
    service: serve.Service, server: Postgres, rate: float, held: float
) -> tuple[list[Request], int, float, float, float]:
    load = Load(
        service.running.ports.gateway, rate=rate, posts=0.3, connections=400, paths=((READ,), (WRITE,)), numbered=False,
        headers=("Accept: application/json", "Content-Type: application/json", f"Authorization: {read_endpoints.READER['authorization']}"),
        body='{"text": "So it is."}',
    )  # fmt: skip
    with load:
        time.sleep(5)
        with psycopg.connect(server.url("shop")) as other:
            other.execute("LOCK TABLE orders_coupon IN EXCLUSIVE MODE")
            blockers = [threading.Thread(target=_write_coupon, args=(service.url, n)) for n in range(SIZE)]
            for blocker in blockers:
                blocker.start()
            _until(lambda: _waiting(server) >= SIZE, 20)
            waiting = _waiting(server)
            begin = time.monotonic()
            time.sleep(held)
            end = time.monotonic()
        for blocker in blockers:
            blocker.join()
        _until(lambda: _side(service.url) == "fastapi", BACK)
        back = time.monotonic() - end
        time.sleep(2)
    return load.requests, waiting, begin, end, back


def _write_coupon(url: str, number: int) -> None:
    body = {"code": f"POOL{number}", "percent": 5, "valid_from": "2024-01-02"}
    headers = {**read_endpoints.STAFF, "x-segue-side": "fastapi"}
    httpx.post(f"{url}/api/coupons/", json=body, headers=headers, trust_env=False, verify=False, timeout=120)


def _waiting(server: Postgres) -> int:
    with psycopg.connect(server.dsn) as asked:
        found: Any = asked.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        return int(found[0])


def _side(url: str) -> str:
    """Who answers a read now: uvicorn is told not to name itself, gunicorn does."""
    answer = httpx.get(
        f"{url}{READ}", headers={"accept": "application/json"}, trust_env=False, verify=False, timeout=30
    )
    return "django" if "gunicorn" in answer.headers.get("server", "") else "fastapi"


def _until(true: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.1)


def _judge(
    requests: list[Request], waiting: int, begin: float, end: float, back: float, rate: float
) -> Found:
    out = Found("FastAPI's pool dry", f"python -m bench.gateway.pool --rate {rate:.0f}")
    out.rows = [("", "requests", "failed", "p50", "p99", "max")]
    failed = {}
    for method in ("GET", "POST"):
        for when, chosen in (
            ("before", [r for r in requests if r.end < begin]),
            ("while dry", [r for r in requests if r.end >= begin and r.begin <= end]),
            ("after", [r for r in requests if r.begin > end]),
        ):
            mine = [r for r in chosen if r.method == method]
            bad = [r for r in mine if r.failed]
            failed[method] = failed.get(method, 0) + len(bad)
            times = [f"{quantile([r.end - r.begin for r in mine], q):.2f} s" for q in (0.5, 0.99, 1.0)]
            out.rows.append((f"{method} {when}", len(mine), len(bad), *times))
    odd = sorted({r.status for r in requests if r.status not in (200, 201)})
    out.criteria = [
        (f"the pool was dry: {waiting} of its {SIZE} connections waited", waiting >= SIZE),
        (f"no GET failed ({failed['GET']})", failed["GET"] == 0),
        (f"no POST failed ({failed['POST']})", failed["POST"] == 0),
        (f"no other status than 200 and 201 {odd or ''}".rstrip(), not odd),
        (f"FastAPI answers again by itself {back:.1f} s after the pool is free", back < BACK),
    ]
    out.notes = [f"{rate:.0f} requests a second, dry for {end - begin:.0f} s; {busy()}, others at work."]
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a criterion is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=40.0)
    parser.add_argument("--seconds", type=float, default=25.0)
    given = parser.parse_args(arguments)
    return run(given.rate, min(given.seconds, 120.0)).end()


if __name__ == "__main__":
    sys.exit(main())
