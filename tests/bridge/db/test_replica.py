"""Reads from one database, writes to another: which of both a statement goes to, as with a router of Django's that says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, MetaData, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship
from tests.bridge.auth.child import Child

from segue_bridge.db import reads, relations
from segue_bridge.db.base import Base, ModelInfo
from segue_bridge.db.database import Database
from segue_bridge.db.session import Session
from segue_bridge.db.types import BigInt, Varchar

TITLES = st.sampled_from(["d1", "d2", "r2", "r4", "new"])
PKS = st.integers(1, 5)
TAGS = st.lists(st.integers(1, 3), max_size=2, unique=True)
PLAIN = st.one_of(
    st.just(("list",)),
    st.tuples(
        st.sampled_from(["get", "get, primary", "count", "delete", "delete many", "delete shelf", "save shelf", "lock", "tags", "clear tags", "refresh"]),
        PKS,
    ),
    st.tuples(st.sampled_from(["create", "save", "save, named", "update many"]), PKS, TITLES),
    st.tuples(st.just("get or create"), TITLES),
    st.tuples(st.just("update or create"), TITLES, TITLES),
    st.tuples(st.just("set tags"), PKS, TAGS),
)  # fmt: skip
STEPS = st.lists(
    PLAIN | st.tuples(st.just("atomic"), st.lists(PLAIN, max_size=4), st.booleans()), min_size=1, max_size=8
)


class Apart(Base):
    __abstract__ = True
    metadata = MetaData()


class ReplicaShelf(Apart):
    __tablename__ = "replica_shelf"
    __segue__ = ModelInfo("replica.Shelf")
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)


class ReplicaTag(Apart):
    __tablename__ = "replica_tag"
    __segue__ = ModelInfo("replica.Tag")
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)


class ReplicaThrough(Apart):
    __tablename__ = "replica_book_tags"
    __segue__ = ModelInfo("replica.Book_tags")
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    book_id: Mapped[int] = mapped_column(
        ForeignKey("replica_book.id"), info={"on_delete": "CASCADE", "related": True}
    )
    tag_id: Mapped[int] = mapped_column(ForeignKey("replica_tag.id"), info={"on_delete": "CASCADE"})


class ReplicaBook(Apart):
    __tablename__ = "replica_book"
    __segue__ = ModelInfo("replica.Book")
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    title: Mapped[str] = mapped_column(Varchar(20), unique=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("replica_shelf.id"), info={"on_delete": "CASCADE"})
    tags: Mapped[list[ReplicaTag]] = relationship(secondary=ReplicaThrough.__table__)


class Undone(Exception):
    pass


class Django:
    def __init__(self, folder: Path, name: str) -> None:
        self.files = {alias: folder / f"{name}-{alias}" for alias in ("default", "replica")}
        fast = {"init_command": "PRAGMA synchronous=OFF"}
        given = {
            a: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(f), "OPTIONS": fast}
            for a, f in self.files.items()
        }
        self._child = Child(Path(__file__).with_name("replica_child.py"), given)

    def __call__(self, *command: Any) -> Any:
        return self._child.ask(command)

    def close(self) -> None:
        self._child.close()


class Sides:
    """Django's files and the bridge's; another Django fills the latter and tells what they hold."""

    def __init__(self, folder: Path) -> None:
        self.there, self.ours = Django(folder, "there"), Django(folder, "here")
        self.ours("reset")
        urls = {alias: f"sqlite:///{file}" for alias, file in self.ours.files.items()}
        self.runner = asyncio.Runner()
        self.runner.run(self._open(urls))

    async def _open(self, urls: dict[str, str]) -> None:
        self.database = Database(urls["default"], pool_size=1, replica=Database(urls["replica"], pool_size=1))

    def here(self, steps: Any) -> list[Any]:
        return self.runner.run(self._run(steps))

    async def _run(self, steps: Any) -> list[Any]:
        told: list[Any] = []
        async with self.database.session() as db:
            await run(db, steps, told)
        return told

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        self.there.close()
        self.ours.close()


async def run(db: Session, steps: Any, told: list[Any]) -> None:
    for step in steps:
        try:
            told.append(await one(db, told, *step))
        except Undone:
            raise
        except Exception as error:  # noqa: BLE001
            name = type(error).__name__
            told.append({"ObjectDoesNotExist": "DoesNotExist"}.get(name, name))


async def book_of(db: Session, pk: int) -> ReplicaBook:
    return reads.only(await db.entities(select(ReplicaBook).where(ReplicaBook.id == pk).limit(21)), "Book")


async def one(db: Session, told: list[Any], what: str, *arguments: Any) -> Any:
    if what == "list":
        return [row.title for row in await db.all(select(ReplicaBook.title).order_by(ReplicaBook.id))]
    if what == "get":
        return (await book_of(db, arguments[0])).title
    if what == "get, primary":
        with db.primary():
            return (await book_of(db, arguments[0])).title
    if what == "count":
        found = await reads.exists(db, select(ReplicaBook.id).where(ReplicaBook.id == arguments[0]))
        return [await reads.count(db, select(ReplicaBook.id)), found]
    if what == "create":
        made = ReplicaBook(id=arguments[0], title=arguments[1], shelf_id=2)
        await db.insert(made)
        return made.id
    if what in ("save", "save, named"):
        book = await book_of(db, arguments[0])
        book.title = arguments[1]
        await db.update(book, *(["title"] if what == "save, named" else []))
        return None
    if what == "delete":
        return (await db.delete(await book_of(db, arguments[0])))[0]
    if what == "delete many":
        return (await db.delete_matching(select(ReplicaBook).where(ReplicaBook.id >= arguments[0])))[0]
    if what == "delete shelf":
        found = await db.entities(select(ReplicaShelf).where(ReplicaShelf.id == arguments[0]))
        return (await db.delete(reads.only(found, "Shelf")))[0]
    if what == "save shelf":
        shelves = await db.entities(select(ReplicaShelf).where(ReplicaShelf.id == arguments[0]))
        await db.update(reads.only(shelves, "Shelf"))
        return None
    if what == "update many":
        return await db.execute(
            update(ReplicaBook).where(ReplicaBook.id == arguments[0]).values(title=arguments[1])
        )
    if what == "get or create":
        book, made = await db.get_or_create(ReplicaBook, {"title": arguments[0]}, {"shelf_id": 2})
        return [book.id, made]
    if what == "update or create":
        book, made = await db.update_or_create(
            ReplicaBook, {"title": arguments[0]}, {"title": arguments[1], "shelf_id": 2}
        )
        return [book.id, made]
    if what == "lock":
        async with db.atomic():
            found = await db.entities(
                select(ReplicaBook).where(ReplicaBook.id == arguments[0]).with_for_update()
            )
            return reads.only(found, "Book").title
    if what == "set tags":
        book = await book_of(db, arguments[0])
        await relations.set_(db, book, "tags", arguments[1])
        return None
    if what == "clear tags":
        await relations.clear(db, await book_of(db, arguments[0]), "tags")
        return None
    if what == "tags":
        book = await book_of(db, arguments[0])
        mine = (
            select(ReplicaThrough.tag_id)
            .where(ReplicaThrough.book_id == book.id)
            .order_by(ReplicaThrough.tag_id)
        )
        return [row[0] for row in await db.all(mine)]
    if what == "refresh":
        with db.primary():
            book = await book_of(db, arguments[0])
        await db.refresh(book)
        return book.title
    steps, fails = arguments
    with suppress(Undone):
        async with db.atomic():
            await run(db, steps, told)
            if fails:
                raise Undone
    return "left"


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    made = Sides(tmp_path_factory.mktemp("replica"))
    yield made
    made.close()


@pytest.mark.round_trip("reads and writes with a replica", "generated", "both")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@example(
    steps=[
        ("get", 1),
        ("get", 2),
        ("get", 4),
        ("get, primary", 1),
        ("lock", 4),
        ("refresh", 3),
        ("refresh", 1),
    ]
)
@example(
    steps=[
        (
            "atomic",
            [("save", 2, "new"), ("get", 2), ("get, primary", 2), ("create", 2, "x"), ("list",)],
            False,
        )
    ]
)
@example(steps=[("delete", 4), ("delete shelf", 2), ("delete shelf", 1), ("delete many", 1), ("count", 2)])
@example(steps=[("save shelf", 3), ("save shelf", 2), ("save shelf", 1), ("list",)])
@example(
    steps=[("get or create", "r4"), ("get or create", "d1"), ("update or create", "r2", "new"), ("list",)]
)
@example(steps=[("set tags", 2, [2]), ("set tags", 3, []), ("tags", 3), ("clear tags", 2)])
def test_each_statement_goes_where_djangos_goes(sides: Sides, steps: Any) -> None:
    sides.there("reset")
    sides.ours("reset")
    assert sides.here(steps) == sides.there("run", steps)
    assert sides.ours("dump") == sides.there("dump")


def test_a_replica_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="replica of sqlite is no postgresql"):
        Database("sqlite:///x", replica=Database("postgresql://nobody@127.0.0.1/none"))
