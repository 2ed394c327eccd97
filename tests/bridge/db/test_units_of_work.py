"""Blocks, savepoints, errors, rollback marks and hooks after commit: any program of them ends as Django's does."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import IsolationLevel
from sqlalchemy import BigInteger, Integer, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column
from tests.bridge.auth.child import Child
from tests.services import Postgres

from segue_bridge.db.base import Base, ModelInfo
from segue_bridge.db.database import Database
from segue_bridge.db.session import Session

KEYS = st.integers(1, 4)
PLAIN = st.one_of(
    st.tuples(st.sampled_from(["write", "write, caught", "delete"]), KEYS),
    st.tuples(st.just("hook"), st.integers(1, 9), st.booleans(), st.booleans()),
    st.tuples(st.just("set_rollback"), st.booleans()),
    st.sampled_from([("read",), ("raise",)]),
)
# savepoint, durable, whether the error that leaves it is caught, its steps
STEPS = st.recursive(
    st.lists(PLAIN, max_size=4),
    lambda inner: st.lists(
        PLAIN
        | st.tuples(st.just("atomic"), st.booleans(), st.sampled_from([False, False, False, True]), st.booleans(), inner),
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip
Told = list[Any]


class Row(Base):
    __tablename__ = "units_row"
    __segue__ = ModelInfo("units.Row")
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


class Boom(Exception):
    pass


class Sides:
    """Django in a child process and the bridge here, each with its own table of the same name."""

    def __init__(self, entry: dict[str, Any], own: dict[str, Any], url: str, isolation: str = "") -> None:
        script = Path(__file__).with_name("units_child.py")
        self.child = Child(script, entry)
        subprocess.run([sys.executable, script, json.dumps(own)], stdin=subprocess.DEVNULL, check=True)
        self.runner = asyncio.Runner()
        self.database = Database(url, pool_size=2, isolation=isolation)

    def there(self, steps: Any) -> Any:
        return self.child.ask(steps)

    def here(self, steps: Any) -> Any:
        return self.runner.run(self._here(steps))

    async def _here(self, steps: Any) -> list[Any]:
        told: Told = []
        async with self.database.session() as db:
            await db.execute(delete(Row))
            try:
                await run(db, steps, told)
            except Exception as error:  # noqa: BLE001
                told.append(["ended by", type(error).__name__])
        async with self.database.session() as db:
            return [told, await keys(db)]

    def close(self) -> None:
        self.child.close()
        self.runner.run(self.database.close())
        self.runner.close()


async def keys(db: Session) -> list[int]:
    return [row.id for row in await db.all(select(Row.id).order_by(Row.id))]


async def run(db: Session, steps: Any, told: Told) -> None:
    for what, *arguments in steps:
        if what == "atomic":
            savepoint, durable, caught, body = arguments
            try:
                async with db.atomic(savepoint=savepoint, durable=durable):
                    await run(db, body, told)
            except Exception as error:
                told.append(["left by", type(error).__name__])
                if not caught:
                    raise
            else:
                told.append(["left", db.in_atomic])
        elif what == "hook":
            number, fails, robust = arguments
            await db.on_commit(lambda n=number, f=fails: hook(told, n, f), robust=robust)
        elif what == "write":
            await db.insert(Row(id=arguments[0]))
        elif what == "write, caught":
            try:
                await db.insert(Row(id=arguments[0]))
            except Exception as error:  # noqa: BLE001
                told.append(["not written", type(error).__name__])
        elif what == "delete":
            told.append(["deleted", (await db.delete_matching(select(Row).where(Row.id == arguments[0])))[0]])
        elif what == "read":
            told.append(["rows", await keys(db)])
        elif what == "level":
            told.append(await db.scalar(text("SHOW transaction_isolation")))
        elif what == "set_rollback":
            db.set_rollback(arguments[0])
        else:
            raise Boom


def hook(told: Told, number: int, fails: bool) -> None:
    told.append(["hook", number])
    if fails:
        raise Boom


@pytest.fixture(scope="module")
def sides(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Sides]]:
    made: dict[str, Sides] = {}
    folder = tmp_path_factory.mktemp("units")

    def get(vendor: str) -> Sides:
        if vendor not in made and vendor == "postgresql":
            postgres.create("units_there")
            url = postgres.create("units_here")
            made[vendor] = Sides(postgres.django("units_there"), postgres.django("units_here"), url)
        elif vendor not in made:
            files = [
                {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / name)}
                for name in ("there", "here")
            ]
            made[vendor] = Sides(*files, f"sqlite:///{folder / 'here'}")
        return made[vendor]

    logging.disable()
    yield get
    logging.disable(logging.NOTSET)
    for pair in made.values():
        pair.close()


@pytest.mark.round_trip("units of work", "generated", "both")
@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
@example(steps=[("atomic", True, False, True, [("write", 1), ("write, caught", 1), ("read",)]), ("read",)])
@example(
    steps=[
        ("atomic", True, False, True, [("hook", 1, True, False), ("hook", 2, False, False), ("write", 1)]),
        ("read",),
    ]
)
@example(steps=[("atomic", True, False, True, [("atomic", False, False, True, [("raise",)]), ("read",)])])
@example(steps=[("atomic", True, False, True, [("atomic", True, False, True, [("hook", 1, False, False), ("raise",)]), ("hook", 2, False, True)])])  # fmt: skip
@example(steps=[("atomic", True, False, True, [("atomic", False, False, True, [("write", 1), ("hook", 1, False, False), ("set_rollback", True)]), ("set_rollback", False), ("read",)])])  # fmt: skip
def test_any_program_ends_as_djangos_does(sides: Callable[[str], Sides], vendor: str, steps: Any) -> None:
    both = sides(vendor)
    assert both.here(steps) == both.there(steps)


@pytest.mark.parametrize("level", [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE])
def test_transactions_begin_with_djangos_level_and_single_statements_keep_the_servers(
    postgres: Postgres, level: IsolationLevel
) -> None:
    postgres.create("levels_there")
    url = postgres.create("levels_here")
    entry = {**postgres.django("levels_there"), "OPTIONS": {"isolation_level": level.value}}
    both = Sides(entry, postgres.django("levels_here"), url, level.name.replace("_", " "))
    inner = ("atomic", True, False, False, [("level",), ("atomic", True, False, False, [("level",)])])
    steps = [("level",), ("write", 1), inner, ("level",), ("read",)]
    try:
        assert both.here(steps) == both.there(steps)
    finally:
        both.close()


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no isolation level"):
        Database("postgresql://localhost/x", isolation="CHAOS")
