"""What a request has kept in the database, which decides whether Django may still do the whole request instead."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, delete, text
from sqlalchemy.orm import Mapped, mapped_column

from segue_bridge import acted
from segue_bridge.db.base import Base, ModelInfo
from segue_bridge.db.database import Database
from segue_bridge.db.errors import IntegrityError, OperationalError
from segue_bridge.db.session import Session
from segue_bridge.errors import TooLate, Unserved
from segue_bridge.leaving import keep_conflicts, leave_conflicts, left_to_django, save_once


class Kept(Base):
    __tablename__ = "kept_row"
    __segue__ = ModelInfo("kept.Row")
    id: Mapped[int] = mapped_column(Integer, primary_key=True)


class _Lost:
    """A connection that carries out what it gets, COMMIT aside, and is closed before it answers."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def rows(self, statement: Any, params: Any) -> Any:
        found = await self.real.rows(statement, params)
        if not self.blocks:
            raise OperationalError("connection was closed in the middle of operation")
        return found

    async def command(self, sql: str) -> None:
        self.blocks += sql == "BEGIN"
        if sql in ("COMMIT", "ROLLBACK"):
            raise OperationalError("connection was closed in the middle of operation")
        await self.real.command(sql)

    blocks = 0
    run = rows

    def alive(self) -> bool:
        return False


async def _insert(db: Session, *keys: int, fail: bool = False) -> None:
    async with db.atomic():
        for key in keys:
            await db.insert(Kept(id=key))
        if fail:
            raise RuntimeError("boom")


async def _fails_after_commit(db: Session, key: int) -> None:
    async def hook() -> None:
        with pytest.raises(IntegrityError):
            await _insert(db, key)
        raise KeyError("a callback of on_commit")

    async with db.atomic():
        await db.insert(Kept(id=key))
        await db.on_commit(hook)


async def _work(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    async with database.session() as db:
        await db.execute(text("CREATE TABLE kept_row (id INTEGER PRIMARY KEY)"))
    async with database.session() as db:
        with pytest.raises(RuntimeError, match="boom"):
            await _insert(db, 1, fail=True)
        assert (db.changes, db.kept) == (1, 0)
        assert isinstance(left_to_django(db, "x"), Unserved)
        await db.insert(Kept(id=1))
        assert db.kept == 1
        assert isinstance(left_to_django(db, "x"), TooLate)
    async with database.session() as db:
        with pytest.raises(IntegrityError):
            await db.insert(Kept(id=1))
        assert (db.changes, db.kept) == (1, 0)
        async with db.atomic():
            await db.execute(delete(Kept))
            with pytest.raises(IntegrityError):
                await _insert(db, 2, 2)
        assert db.kept == 1
    # A save() of the project's tries again where the row is there: Django does, as long as nothing was written before.
    async with database.session() as db:
        await db.insert(Kept(id=6))
    async with database.session() as db:
        leave_conflicts(db, "x")
        with pytest.raises(Unserved):
            await db.insert(Kept(id=6))
        await save_once(db, Kept(id=7))
        with pytest.raises(Unserved):
            await db.insert(Kept(id=6))
        await db.insert(Kept(id=8))
        with pytest.raises(TooLate):
            await db.insert(Kept(id=6))
        await save_once(db, Kept(id=9))
        assert isinstance(left_to_django(db, "x"), TooLate)
        keep_conflicts(db)
        with pytest.raises(IntegrityError):
            await db.insert(Kept(id=6))
        await db.execute(delete(Kept).where(Kept.id > 5))
    async with database.session() as db:
        with pytest.raises(KeyError):
            await _fails_after_commit(db, 3)
        assert db.kept == 1
        assert isinstance(left_to_django(db, "x"), TooLate)
    # The connection is lost in a write outside of any block, and before a COMMIT has an answer.
    for block in (False, True):
        async with database.session() as db:
            lost: Any = _Lost(await db._connection())
            db._executor = lost
            with pytest.raises(OperationalError):
                await (_insert(db, 4) if block else db.insert(Kept(id=5)))
            assert db.kept == 1
            assert isinstance(left_to_django(db, "x"), TooLate)
            db._executor = lost.real
            if block:
                await db._command("COMMIT")
    async with database.session() as db:
        acted.begin()
        assert isinstance(left_to_django(db, "x"), Unserved)
        acted.acted("mail")
        assert isinstance(left_to_django(db, "x"), TooLate)
    await database.close()


def test_what_failed_or_was_rolled_back_may_be_done_again(tmp_path: Path) -> None:
    asyncio.run(_work(tmp_path / "kept.sqlite3"))
