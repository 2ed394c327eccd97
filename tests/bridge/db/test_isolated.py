"""Tests of a service in a transaction that is undone, on both databases: what Django's ``TestCase`` leaves and raises."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from segue_bridge.db.database import Database
from segue_bridge.db.errors import IntegrityError
from segue_bridge.db.isolated import isolated

COUNT = text("SELECT count(*) FROM thing")
MAKE = (
    "CREATE TABLE thing (id integer PRIMARY KEY, name varchar(9) UNIQUE, "
    "part_of integer REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED)"
)


def put(number: int, name: str, part_of: str = "NULL") -> object:
    return text(f"INSERT INTO thing (id, name, part_of) VALUES ({number}, '{name}', {part_of})")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'db.sqlite3'}"
    found: str = request.getfixturevalue("postgres").create("isolated")
    return found


def test_nothing_stays_and_all_that_happens_inside_is_as_in_production(url: str) -> None:
    async def run() -> None:
        database, beside = Database(url, pool_size=1), Database(url, pool_size=1)
        async with database.session() as db:
            await db.execute(text(MAKE))
            await db.execute(put(1, "one"))
        database.content_types["app", "kept"] = {"id": 1}
        told: list[str] = []

        async def request(number: int) -> None:
            async with database.session() as db:
                async with db.atomic():
                    await db.execute(put(number, f"n{number}"))
                    await db.on_commit(lambda: told.append(f"committed {number}"))
                    with pytest.raises(IntegrityError):
                        async with db.atomic():
                            await db.execute(put(number + 100, "one"))
                assert not db.in_atomic
                with pytest.raises(IntegrityError):  # outside of any block, too, what follows goes on
                    await db.execute(put(number + 200, "one"))
                assert await db.scalar(COUNT) == 2

        for number in (2, 3):  # the second begins as the first did
            async with isolated(database):
                await request(number)
                assert told[-1] == f"committed {number}"
                async with database.session() as one, database.session() as other:
                    counts = await asyncio.gather(*(db.scalar(COUNT) for db in (one, other, one)))
                assert counts == [2, 2, 2]
                async with beside.session() as db:
                    assert await db.scalar(COUNT) == 1
                database.content_types["app", "new"] = {"id": 9}
                with pytest.raises(RuntimeError, match="isolated already"):
                    async with isolated(database):
                        pass
        assert database.content_types == {("app", "kept"): {"id": 1}}

        with pytest.raises(IntegrityError):  # no commit has told
            async with isolated(database), database.session() as db:
                await db.execute(put(5, "five", "77"))

        async def failing() -> None:
            async with isolated(database), database.session() as db:
                await db.execute(put(6, "six"))
                raise KeyError("a test that fails")

        with pytest.raises(KeyError):
            await failing()
        assert not database.joined
        async with isolated(database):
            stale = database.session()
            assert await stale.scalar(COUNT) == 1
        with pytest.raises(RuntimeError, match="has ended"):  # it would write for good
            await stale.execute(put(8, "eight"))
        await stale.close()
        assert len(database._idle) == 1
        async with database.session() as db:
            assert await db.scalar(COUNT) == 1
            with pytest.raises(IntegrityError):  # this one commits
                async with db.atomic():
                    await db.execute(put(7, "seven", "77"))
        await beside.close()
        await database.close()

    asyncio.run(run())
