"""Points and schedules."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import random
from itertools import permutations

import pytest
from rich.console import Console
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from segue.verify.http import turns
from segue.verify.interleave import InterleaveReport, Result, as_json, render
from segue.verify.interleave.outcome import Masks
from segue.verify.interleave.points import Labels, common, kind_of
from segue.verify.interleave.running import Ran
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


def result(*points: tuple[str, ...], noisy: bool = False) -> Result:
    return Result((), points, 4, True, 4, (0, 0), {"serial": 4}, noisy=noisy)


def test_requests_that_could_not_run_at_the_same_time_are_no_comparison() -> None:
    apart, together = result(("begin",), ("begin",)), result(("begin",), ("begin", "commit"))
    report = InterleaveReport((apart, together, result(("begin", "commit"), noisy=True)), 1.0)
    assert (report.schedules, as_json(report)["alike"], dict(report.kinds)) == (4, 4, {"serial": 4})
    assert [line.rpartition(" ")[2] for line in as_json(report)["notes"]] == ["1", "1"]
    said = io.StringIO()
    render(InterleaveReport((apart,), 1.0), Console(file=said, width=200))
    assert "No requests ran at the same time" in said.getvalue()


def test_statements_stop_at_every_way_that_asyncpg_sends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connected:
        async def fetch(self, query: str, *values: object) -> str:
            return query

        execute = fetch

        def get_server_pid(self) -> int:
            return 7

    class Prepared:
        _connection = Connected()

        def get_query(self) -> str:
            return "UPDATE prepared"

        async def fetch(self, *values: object) -> str:
            return "done"

    class Line:
        async def say(self, document: object) -> None:
            said.append(document)

    said: list[object] = []
    monkeypatch.setattr("asyncpg.Connection", Connected)
    monkeypatch.setattr("asyncpg.prepared_stmt.PreparedStatement", Prepared)
    turns.stop_before_statements()

    async def run() -> list[str]:
        turns.TURN.set(Line())  # type: ignore[arg-type]
        return [
            await Connected().fetch("SELECT 1", 2),
            await Connected().execute("COMMIT"),
            await Prepared().fetch(3),
        ]

    assert asyncio.run(run()) == ["SELECT 1", "COMMIT", "done"]
    assert said == [{"sql": sql, "pid": 7} for sql in ("SELECT 1", "COMMIT", "UPDATE prepared")]


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


def test_lists_in_answers_are_compared_without_their_order() -> None:
    masks = Masks([], dt.datetime.now(dt.UTC))

    def outcome(*tags: int, rows: str = "1") -> str:
        answer = {"status": 200, "headers": {}, "cookies": {}, "body": {"tags": [{"id": n} for n in tags]}}
        effects = {"book": {"inserted": [], "updated": [[rows, {}]], "deleted": []}}
        return masks.outcome(Ran((answer,), effects, ((),), (), 0))

    assert outcome(1, 2) == outcome(2, 1)
    assert outcome(1, 2) != outcome(1, 3)
    assert outcome(1, 2) != outcome(1, 2, rows="2")
