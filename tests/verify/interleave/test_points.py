"""Points and schedules."""

from __future__ import annotations

import random
from itertools import permutations

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from segue.verify.interleave.points import Labels, common, kind_of
from segue.verify.interleave.words import schedules, serial


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "notes_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    hits: Mapped[int]


def compiled(statement: object) -> str:
    """As PostgreSQL gets it."""
    return str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[attr-defined]


def test_statements_of_sqlalchemy_by_what_they_do() -> None:
    one = select(Item.id).where(Item.id == 1)
    assert kind_of(compiled(one)) == ("read", "notes_item")
    assert kind_of(compiled(one.with_for_update())) == ("lock", "notes_item")
    assert kind_of(compiled(one.with_for_update(key_share=True))) == ("lock", "notes_item")
    assert kind_of(compiled(update(Item).values(hits=1))) == ("write", "notes_item")
    moved = update(Item).values(hits=1).returning(Item.id).cte("moved")
    assert kind_of(compiled(select(moved))) == ("write", "notes_item")
    for sql in ("BEGIN", "SAVEPOINT segue_1", "RELEASE SAVEPOINT segue_1", "ROLLBACK", ""):
        assert kind_of(sql) == ("other", "")
    assert kind_of("COMMIT") == ("commit", "")


def test_a_read_behind_a_write_is_a_point_and_savepoints_are_none() -> None:
    labels = Labels()
    read, write = 'SELECT 1 FROM "a"', 'UPDATE "a" SET "x" = 1'
    came = [
        labels.next(sql) for sql in ("BEGIN", read, read, write, "SAVEPOINT s", read, read, write, "COMMIT")
    ]
    assert came == [None, None, None, "write a", None, "after a", None, "write a", "commit"]


def test_points_that_both_have() -> None:
    assert common(["begin", "lock a", "write a", "commit"], ["begin", "write a", "commit"]) == [
        "begin", "write a", "commit",
    ]  # fmt: skip
    assert common(["begin", "write a", "write b"], ["begin", "write b", "write a"])[0] == "begin"


def test_all_schedules_are_run_where_there_are_few() -> None:
    words, whole = schedules((2, 3), 20, random.Random(1))
    assert whole
    assert sorted(words) == sorted({"".join(p) for p in permutations("AABBB")})
    assert words[:2] == serial((2, 3)) == ["AABBB", "BBBAA"]
    assert serial((1, 2, 1)) == ["ABBC", "ACBB", "BBAC", "BBCA", "CABB", "CBBA"]
    some, whole = schedules((5, 5), 20, random.Random(1))
    assert (len(set(some)), whole) == (20, False)
    assert some[:2] == ["AAAAABBBBB", "BBBBBAAAAA"]
    assert {w.count("A") for w in some} == {5}
