"""A pool that runs dry, a server that grants fewer connections, statements that run too long: on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import make_url, text
from starlette.responses import Response
from tests.services import Postgres, free_port

from segue_bridge.db.database import Database
from segue_bridge.db.errors import OperationalError
from segue_bridge.db.pool import PoolBusy, TooManyConnections, check_capacity
from segue_bridge.http import handlers
from segue_bridge.http.call import Call
from segue_bridge.http.resource import Resource
from segue_bridge.http.router import Router

SLEEP = text("SELECT pg_sleep(0.6)")
OPEN = text(
    "SELECT count(*) FILTER (WHERE state = 'idle in transaction'), count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> str:
    postgres.create("pool")
    return postgres.url("pool")


@pytest.mark.parametrize("middleware", [False, True])
def test_write_that_gets_no_connection_has_done_nothing_and_says_so(url: str, middleware: bool) -> None:
    """The gateway may then ask Django, whatever the method; behind middleware that may have done something it may not."""
    done: list[str] = []

    async def layer(call: Call, rest: Callable[[Call], Awaitable[Response]]) -> Response:
        done.append("middleware")
        return await rest(call)

    async def run() -> tuple[Any, Any]:
        database = Database(url, pool_size=1, pool_wait=0.2)
        routes = Router()

        @routes.post(
            Resource("/write", name="Write", methods=("POST",), middleware=(layer,) if middleware else ()),
            action="create",
        )
        async def write(call: Call) -> list[int]:
            done.append("mail")  # before it needs the database
            await call.db.all(text("SELECT 1"))
            return []

        app = FastAPI()
        app.state.database = database
        app.include_router(routes)
        handlers.install(app, headers={}, append_slash=False)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
            held = await database.checkout()
            dry = await client.post("/write")
            await database.give_back(held, broken=False)
            wet = await client.post("/write")
        await database.close()
        return dry, wet

    dry, wet = asyncio.run(run())
    assert (dry.status_code, dry.headers["retry-after"]) == (503, "1")
    assert dry.headers.get("x-segue-unserved") == (None if middleware else "pool")
    assert wet.status_code == 200
    assert done == (["middleware"] * 2 if middleware else []) + ["mail"]


def test_who_waits_too_long_is_turned_away_and_the_others_are_served(url: str) -> None:
    async def run() -> tuple[list[int], list[str], int, int]:
        database = Database(url, pool_size=2, pool_wait=0.2)
        routes = Router()

        @routes.get(Resource("/slow", name="Slow", methods=("GET",)), action="list")
        async def slow(call: Call) -> list[int]:
            await call.db.all(SLEEP)
            return []

        app = FastAPI()
        app.state.database = database
        app.include_router(routes)
        handlers.install(app, headers={}, append_slash=False)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
            answers = await asyncio.gather(*(client.get("/slow") for _ in range(5)))
            again = await client.get("/slow")
        waiting = database.use.waiting
        await database.close()
        headers = [a.headers.get("retry-after", "") for a in answers if a.status_code == 503]
        return sorted(a.status_code for a in answers), headers, again.status_code, waiting

    statuses, headers, again, waiting = asyncio.run(run())
    assert statuses == [200, 200, 503, 503, 503]
    assert headers == ["1", "1", "1"]
    assert (again, waiting) == (200, 0)


def test_no_connection_stays_behind_whatever_happens_to_a_request(url: str) -> None:
    async def run() -> tuple[int, int]:
        database = Database(url, pool_size=4, pool_wait=None)

        async def work(number: int) -> None:
            async with database.session() as db, db.atomic():
                await db.all(text("SELECT 1"))
                if number % 3 == 0:
                    raise RuntimeError("the view failed")
                await db.all(text("SELECT pg_sleep(0.01)"))

        loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(work(n)) for n in range(1250)]
        gone = [number for number in range(1250) if number % 5]
        for number in gone:  # the client goes away: before its turn, in BEGIN, SELECT, COMMIT, ROLLBACK
            loop.call_later(number * 7919 % 1250 * 0.0004, tasks[number].cancel)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert len(gone) == 1000
        assert sum(isinstance(ended[number], asyncio.CancelledError) for number in gone) > 500
        for number in range(0, 1250, 5):
            assert isinstance(ended[number], RuntimeError) if number % 3 == 0 else ended[number] is None
        async with database.session() as db:
            row = await db.first(OPEN)
        assert row is not None
        # All four can be had again at once.
        sessions = [database.session() for _ in range(4)]
        async with asyncio.timeout(5):
            await asyncio.gather(*(s.all(text("SELECT 1")) for s in sessions))
        for session in sessions:
            await session.close()
        await database.close()
        return row[0], row[1]

    in_transaction, connections = asyncio.run(run())
    assert in_transaction == 0
    assert connections <= 4


def test_clients_that_go_away_leave_no_connection_behind(url: str) -> None:
    async def run() -> tuple[int, int, int, int]:
        database = Database(url, pool_size=3, pool_wait=5)
        routes = Router()

        @routes.get(Resource("/slow", name="Slow", methods=("GET",)), action="list")
        async def slow(call: Call) -> list[int]:
            async with call.db.atomic():
                await call.db.all(text("SELECT pg_sleep(0.2)"))
            return []

        app = FastAPI()
        app.state.database = database
        app.include_router(routes)
        handlers.install(app, headers={}, append_slash=False)
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for _ in range(12):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await writer.drain()
            writer.transport.abort()
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            status = (await client.get("/slow")).status_code
        until = asyncio.get_running_loop().time() + 10
        while database.use.taken and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        taken = database.use.taken
        async with database.session() as db:
            row = await db.first(OPEN)
        assert row is not None
        server.should_exit = True
        await serving
        await database.close()
        return status, taken, row[0], row[1]

    status, taken, in_transaction, connections = asyncio.run(run())
    assert (status, taken, in_transaction) == (200, 0, 0)
    assert connections <= 3


def test_waiting_has_no_end_without_a_limit_and_is_not_an_error_of_the_database(url: str) -> None:
    async def run(wait: float | None) -> bool:
        database = Database(url, pool_size=1, pool_wait=wait)
        first, second = database.session(), database.session()
        await first.all(text("SELECT 1"))
        waiter = asyncio.create_task(second.all(text("SELECT 1")))
        await asyncio.sleep(0.15)
        await first.close()
        try:
            await waiter
        except PoolBusy:
            return False
        finally:
            await second.close()
            await database.close()
        return True

    assert asyncio.run(run(None))
    assert not asyncio.run(run(0.05))


def test_a_long_statement_ends_by_the_timeout(url: str) -> None:
    async def run(limit: float | None) -> None:
        database = Database(url, pool_size=1, statement_timeout=limit)
        try:
            async with database.session() as db:
                await db.all(SLEEP)
        finally:
            await database.close()

    asyncio.run(run(None))
    with pytest.raises(OperationalError, match="statement timeout"):
        asyncio.run(run(0.1))


@pytest.mark.parametrize(
    "limit", ["server", "ALTER DATABASE {0} CONNECTION LIMIT 7", "ALTER ROLE {1} CONNECTION LIMIT 7"]
)
def test_the_server_says_how_many_connections_it_grants(
    postgres: Postgres, postgres_database: Callable[[str], str], limit: str
) -> None:
    name = "granted"
    postgres_database(name)

    async def run() -> None:
        admin = Database(postgres.url(name), pool_size=1)
        try:
            async with admin.session() as db:
                await db.execute(text("DROP ROLE IF EXISTS worker"))
                await db.execute(text("CREATE ROLE worker LOGIN PASSWORD 'worker'"))
                if limit != "server":
                    await db.execute(text(limit.format(name, "worker")))
                most = await db.scalar(text("SHOW max_connections"))
        finally:
            await admin.close()
        url = make_url(postgres.url(name)).set(username="worker", password="worker")
        granted = 7 if limit != "server" else None
        for size, workers in ((1, 7), (7, 1), (4, 2), (int(most), 2)):
            database = Database(url, pool_size=size)
            try:
                if size * workers > (granted or int(most)):
                    with pytest.raises(TooManyConnections, match="POOL_SIZE"):
                        await check_capacity(database, workers)
                else:
                    found = await check_capacity(database, workers)
                    assert found is not None
                    # As many can be had, and with a limit not one more.
                    assert found == granted or int(most) - 10 < found < int(most)
            finally:
                await database.close()

    asyncio.run(run())


def test_a_server_that_is_not_there_does_not_keep_the_service_from_starting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> int | None:
        database = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
        try:
            return await check_capacity(database, 1)
        finally:
            await database.close()

    assert asyncio.run(run()) is None
    assert "was not checked" in caplog.text
