"""What a request has kept in the database, which decides whether Django may still do the whole request instead."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Integer, delete, text
from sqlalchemy.orm import Mapped, mapped_column

from segue_bridge import acted
from segue_bridge.db.base import Base, ModelInfo
from segue_bridge.db.database import Database
from segue_bridge.db.errors import IntegrityError
from segue_bridge.db.session import Session
from segue_bridge.errors import TooLate, Unserved
from segue_bridge.leaving import left_to_django


class Kept(Base):
    __tablename__ = "kept_row"
    __segue__ = ModelInfo("kept.Row")
    id: Mapped[int] = mapped_column(Integer, primary_key=True)


async def _insert(db: Session, *keys: int, fail: bool = False) -> None:
    async with db.atomic():
        for key in keys:
            await db.insert(Kept(id=key))
        if fail:
            raise RuntimeError("boom")


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
    async with database.session() as db:
        acted.begin()
        assert isinstance(left_to_django(db, "x"), Unserved)
        acted.acted("mail")
        assert isinstance(left_to_django(db, "x"), TooLate)
    await database.close()


def test_what_failed_or_was_rolled_back_may_be_done_again(tmp_path: Path) -> None:
    asyncio.run(_work(tmp_path / "kept.sqlite3"))
