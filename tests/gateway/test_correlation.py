"""One request has one name everywhere: client, Envoy, either side, PostgreSQL, a Celery worker, the log lines of all."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.brokers import Broker
from tests.gateway.world import World, started
from tests.services import Postgres

from segue.gateway.processes import Child, Group

ROOT = Path(__file__).resolve().parents[2]
TRACES = {"django": "1" * 32, "fastapi": "f" * 32}
PARENT = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, valkey: Broker) -> Iterator[World]:
    database = postgres.create("correlated")
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("ALTER DATABASE correlated SET log_statement = 'all'")

    def backend(group: Group, name: str, port: int) -> Child:
        child = group.start(
            name, [sys.executable, "-u", "-m", "tests.gateway.correlated", name, str(port)], port=port, cwd=ROOT,
            env={**os.environ, "DATABASE": database, "BROKER": valkey.url},
        )  # fmt: skip
        if name == "django":
            backend(group, "worker", 0)
        if name != "worker":
            group.wait_ready(child)
        return child

    with started(tmp_path_factory.mktemp("correlated"), backend=backend) as new:
        yield new


def lines(path: Path, name: str) -> list[dict[str, Any]]:
    """The JSON lines of ``path`` that name the request."""
    found = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    return [line for line in found if line.get("request_id") == name]


def waited(path: Path, name: str) -> dict[str, Any]:
    """The one line of ``path`` about the request, when it is there."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if found := lines(path, name):
            (line,) = found
            return line
        time.sleep(0.02)
    raise AssertionError(f"{path.name} does not name {name}:\n{path.read_text()}")


def get(world: World, side: str, name: str, flags: str) -> httpx.Response:
    headers = {
        "x-segue-side": side,
        "x-request-id": name,
        "traceparent": f"00-{TRACES[side]}-{PARENT}-{flags}",
    }
    return httpx.get(f"{world.url}/api/articles/1/", headers=headers, trust_env=False, timeout=20)


@pytest.mark.parametrize("side", ["django", "fastapi"])
def test_every_place_names_the_request_of_the_client(world: World, postgres: Postgres, side: str) -> None:
    name, trace = f"r-{side}", TRACES[side]
    answer = get(world, side, name, "01")
    assert (answer.status_code, answer.text) == (200, side)
    assert answer.headers["x-request-id"] == name

    entry = waited(world.state / "gateway" / "access.jsonl", name)
    assert entry["traceparent"] == f"00-{trace}-{PARENT}-01"
    logs = world.state / "logs"
    own, task = waited(logs / f"{side}.log", name), waited(logs / "worker.log", name)
    assert (own["side"], task["side"]) == (side, "worker")
    assert own["trace_id"] == task["trace_id"] == trace
    assert list(own) == list(task)  # one shape, whoever wrote it
    assert len({own["span_id"], task["span_id"], PARENT}) == 3

    statements = re.findall(
        rf"LOG:  .*SELECT.*/\*request_id='{name}',traceparent='(.*)'\*/", postgres.log.read_text()
    )
    assert statements == [f"00-{trace}-{line['span_id']}-01" for line in (own, task)]


@pytest.mark.parametrize("side", ["django", "fastapi"])
def test_statements_of_traces_that_nobody_records_are_bare(
    world: World, postgres: Postgres, side: str
) -> None:
    before = postgres.log.stat().st_size
    name = f"quiet-{side}"
    assert get(world, side, name, "00").headers["x-request-id"] == name
    waited(world.state / "logs" / "worker.log", name)
    with postgres.log.open() as log:
        log.seek(before)
        told = log.read()
    asked = re.findall(r"SELECT (\$1|'django'|'worker')", told)
    assert asked == ["'django'" if side == "django" else "$1", "'worker'"], told
    assert "/*" not in told
