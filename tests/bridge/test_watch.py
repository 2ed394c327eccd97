"""The watch over the event loop, on a real server: stalls are told with their cause, health is not."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from segue_bridge.db.database import Database
from segue_bridge.http import handlers
from segue_bridge.http.call import Call
from segue_bridge.http.resource import Resource
from segue_bridge.http.router import Router
from segue_bridge.watch.blocking import no_blocking_calls
from segue_bridge.watch.metrics import ServiceMetrics, add_metrics
from segue_bridge.watch.stalls import Stall, StallWatch

AFTER = 0.3


def _compute(seconds: float = 0.7) -> int:
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        count += 1
    return count


@asynccontextmanager
async def service(path: Path) -> AsyncIterator[tuple[FastAPI, AsyncClient]]:
    database = Database(f"sqlite:///{path}", pool_size=1, pool_wait=0.4)
    routes = Router()

    @routes.get(
        Resource("/ours/{pk}/", name="Ours", methods=("GET",), parameters={"pk": "[0-9]+"}), action="list"
    )
    async def ours(call: Call) -> list[int]:
        return [_compute()]

    @routes.get(Resource("/slow/", name="Slow", methods=("GET",)), action="list")
    async def slow(call: Call) -> list[int]:
        await call.db.all(text("SELECT 1"))
        await asyncio.sleep(1)
        return []

    app = FastAPI()
    app.state.database = database
    app.include_router(routes)
    handlers.install(app, headers={}, append_slash=False)

    @app.get("/theirs/{name}")
    async def theirs(name: str) -> int:
        time.sleep(0.7)  # noqa: ASYNC251 - the fault
        return 1

    @app.get("/threads")
    def threads() -> int:
        return _compute(1.2) and 1

    async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
        yield app, client
    await database.close()


def test_a_stall_is_told_with_route_function_stack_and_time(tmp_path: Path) -> None:
    async def run() -> list[Stall]:
        found: list[Stall] = []
        async with (
            service(tmp_path / "db") as (_, client),
            StallWatch(after=AFTER, every=0.05, report=found.append) as watch,
        ):
            for path in ("/ours/3/", "/theirs/x"):
                assert (await client.get(path)).status_code == 200
                await asyncio.sleep(0.2)
            assert watch.stalls == 2
            assert 0.5 < watch.worst < 5
        return found

    ours, theirs = asyncio.run(run())
    assert (ours.route, theirs.route) == ("GET /ours/{pk}/", "GET /theirs/{name}")
    assert ours.function == f"{__name__}._compute"
    assert theirs.function == f"{__name__}.service.<locals>.theirs"
    assert "time.sleep(0.7)" in theirs.stack
    assert "in ours" in ours.stack
    for stall in (ours, theirs):
        assert 0.5 < stall.seconds < 5


def test_what_runs_in_threads_and_what_waits_is_no_stall(tmp_path: Path) -> None:
    async def run() -> list[Stall]:
        found: list[Stall] = []
        async with (
            service(tmp_path / "db") as (_, client),
            StallWatch(after=0.8, every=0.05, report=found.append),
        ):
            answers = await asyncio.gather(client.get("/slow/"), client.get("/threads"))
            assert [a.status_code for a in answers] == [200, 200]
        return found

    assert asyncio.run(run()) == []


def test_a_stall_is_logged_and_a_report_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def run(watch: StallWatch) -> int:
        async with watch:
            for _ in range(2):
                await asyncio.sleep(0.15)
                _compute()
                await asyncio.sleep(0.15)
        return watch.stalls

    def broken(stall: Stall) -> None:
        raise RuntimeError("no")

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(run(StallWatch(after=AFTER, every=0.05, report=broken))) == 2
        assert caplog.text.count("The report of a stall failed.") == 2
        caplog.clear()
        assert asyncio.run(run(StallWatch(after=AFTER, every=0.05))) == 2
    assert caplog.text.count(f"s in {__name__}._compute (no request)") == 2
    assert {r.__dict__["function"] for r in caplog.records} == {f"{__name__}._compute"}


def test_blocking_calls_are_errors_in_the_loop_and_not_in_threads(tmp_path: Path) -> None:
    from blockbuster import BlockingError

    def block() -> None:
        time.sleep(0.001)
        sqlite3.connect(tmp_path / "x").execute("SELECT 1").fetchone()

    async def in_loop() -> None:
        block()

    async def in_thread() -> None:
        await asyncio.to_thread(block)

    with no_blocking_calls():
        with pytest.raises(BlockingError):
            asyncio.run(in_loop())
        asyncio.run(in_thread())
    asyncio.run(in_loop())


def test_metrics_tell_what_the_pool_and_the_loop_do(tmp_path: Path) -> None:
    async def run() -> tuple[dict[str, float], dict[str, float]]:
        async with (
            service(tmp_path / "db") as (app, client),
            StallWatch(after=AFTER, every=0.05, report=lambda stall: None) as watch,
        ):
            add_metrics(app, watch=watch)
            slow = [asyncio.create_task(client.get("/slow/")) for _ in range(3)]
            await asyncio.sleep(0.2)
            busy = await client.get("/metrics")
            assert sorted([(await task).status_code for task in slow]) == [200, 503, 503]
            await client.get("/ours/1/")
            await asyncio.sleep(0.2)
            quiet = await client.get("/metrics")
            return _values(busy.text), _values(quiet.text)

    before = set(REGISTRY._collector_to_names)
    try:
        busy, quiet = asyncio.run(run())
    finally:
        for collector in set(REGISTRY._collector_to_names) - before:
            assert isinstance(collector, ServiceMetrics)
            REGISTRY.unregister(collector)
    assert busy["segue_pool_connections in_use"] == 1
    assert busy["segue_pool_connections free"] == 0
    assert (busy["segue_pool_waiting"], busy["segue_requests_in_flight"]) == (2, 3)
    assert quiet["segue_pool_connections in_use"] == 0
    assert (quiet["segue_pool_waiting"], quiet["segue_requests_in_flight"]) == (0, 0)
    assert (quiet["segue_pool_waits_total"], quiet["segue_pool_refused_total"]) == (2, 2)
    assert 0.7 < quiet["segue_pool_wait_seconds_total"] < 3
    assert quiet["segue_loop_stalls_total"] >= 1
    assert quiet["segue_loop_lag_worst_seconds"] > 0.3


def _values(page: str) -> dict[str, float]:
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith("segue_")
    }
