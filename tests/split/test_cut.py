"""Cut over, back, and kills in between, against both servers."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.split.test_check import PAST, compared
from tests.split.world import World, run

from segue.commands import split_cut
from segue.commands.split_open import Given
from segue.config import Config
from segue.errors import EnvironmentProblem
from segue.split import cut, fence
from segue.split import state as states
from segue.split.reconcile import Reconciler
from segue.split.sides import session
from segue.split.state import Split, State


@pytest.fixture
def settings(followed: Split, tmp_path: Path) -> Config:
    """A project whose split is followed."""
    found = Config(folder=tmp_path, root=tmp_path, output=tmp_path / "fastapi")
    states.save(
        found.state,
        State("following", followed.tables, followed.source.url, followed.target.url, name=followed.name),
    )
    return found


def move(settings: Config, *, back: bool = False) -> int:
    return split_cut.run(settings, Given(), back=back, within=20, compare=True, force=True, as_json=False)


def phase(settings: Config) -> str:
    found = states.load(settings.state)
    assert found is not None
    return found.phase


def open_sides(split: Split) -> list[str]:
    found = []
    for side in (split.source, split.target):
        with session(side) as connection:
            if not fence.closed_of(connection) & set(split.tables):
                found.append(side.name)
    return found


class Writer(threading.Thread):
    """Inserts into one side without end, by the ids of its sequence; a session that is open through everything. Knows what was committed."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.committed: list[int] = []
        self.refused: set[str] = set()
        self.ending = threading.Event()
        self._url = url

    def run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self.ending.is_set():
                try:
                    row = connection.execute("INSERT INTO book (title) VALUES ('w') RETURNING id").fetchone()
                    assert row is not None
                    self.committed.append(row[0])
                except psycopg.Error as error:
                    self.refused.add(str(error.sqlstate))
                time.sleep(0.02)


@contextmanager
def writing(split: Split) -> Iterator[tuple[Writer, Writer]]:
    """A writer on each side."""
    writers = Writer(split.source.url), Writer(split.target.url)
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        for writer in writers:
            writer.ending.set()
            writer.join()


def everywhere(split: Split, writers: tuple[Writer, Writer]) -> None:
    """Every committed row is on both sides, no other one is, and none was given an id twice."""
    ids = writers[0].committed + writers[1].committed
    assert len(ids) == len(set(ids))
    assert compared(split)[0] == []
    for side in (split.source, split.target):
        assert sorted(ids) == [
            row[0] for row in run(side.url, "SELECT id FROM book WHERE title = 'w' ORDER BY id")
        ]
    run(split.source.url, "DELETE FROM book WHERE title = 'w'")


def test_over_and_back_lose_and_double_nothing(followed: Split, settings: Config) -> None:
    with writing(followed) as writers:
        time.sleep(0.2)
        assert (move(settings), phase(settings), open_sides(followed)) == (0, "over", ["target"])
        time.sleep(0.2)
        there = len(writers[1].committed)
        assert there
        assert (move(settings, back=True), phase(settings), open_sides(followed)) == (
            0,
            "following",
            ["source"],
        )
        time.sleep(0.2)
    assert writers[0].refused == writers[1].refused == {"25006"}
    everywhere(followed, writers)


def test_rows_that_differ_stop_the_cut(followed: Split, settings: Config) -> None:
    run(followed.target.url, PAST + "UPDATE book SET price = 1 WHERE id = 21")
    assert (move(settings), phase(settings), open_sides(followed)) == (1, "following", ["source"])
    run(followed.target.url, PAST + "UPDATE book SET price = 21 / 7.0 WHERE id = 21")
    assert compared(followed)[0] == []


def test_a_target_that_is_behind_stops_the_cut(followed: Split) -> None:
    subscription = followed.there.name
    run(followed.target.url, f"ALTER SUBSCRIPTION {subscription} DISABLE")
    run(followed.source.url, "UPDATE book SET price = 3 WHERE id = 40")
    try:
        with pytest.raises(
            cut.Undone, match="source is written as before: the target did not get everything"
        ):
            cut.cut(followed.there, within=0.7, compare=False, say=lambda _: None)
        assert open_sides(followed) == ["source"]
        run(followed.source.url, "UPDATE book SET price = 40 / 7.0 WHERE id = 40")
    finally:
        run(followed.target.url, f"ALTER SUBSCRIPTION {subscription} ENABLE")


def test_a_transaction_that_does_not_end_stops_the_cut_and_delays_nobody_for_long(followed: Split) -> None:
    waits: list[float] = []
    ending = threading.Event()

    def write() -> None:
        with psycopg.connect(followed.source.url, autocommit=True) as other:
            while not ending.is_set():
                begun = time.monotonic()
                other.execute("UPDATE book SET stars = 2 WHERE id = 31")
                waits.append(time.monotonic() - begun)

    writer = threading.Thread(target=write)
    with psycopg.connect(followed.source.url) as unended:
        unended.execute("UPDATE book SET stars = 1 WHERE id = 30")
        writer.start()
        try:
            with pytest.raises(
                EnvironmentProblem, match=r"does not end: process \d+ \(postgres, idle in transaction\)"
            ):
                cut.cut(followed.there, within=1.2, compare=False, say=lambda _: None)
        finally:
            ending.set()
            writer.join()
            unended.rollback()
    assert 0.3 < max(waits) < 3.0  # each attempt is shorter than deadlock_timeout; the machine may be busy
    assert open_sides(followed) == ["source"]


def killed(then: Callable[[], Any], place: Any, name: str, *, after: bool) -> None:
    """Run ``then`` in a child that kills itself before or after ``place.name`` does its work."""
    pid = os.fork()
    if not pid:
        original = getattr(place, name)

        def suicide(*arguments: Any, **options: Any) -> None:
            if after:
                original(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(place, name, suicide)
        try:
            then()
        finally:
            os._exit(7)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL


def test_a_kill_at_any_point_loses_nothing_and_never_opens_both(followed: Split, settings: Config) -> None:
    kills = [
        (fence, "hold", True, "following", ["source"]), (Reconciler, "run", True, "following", ["source"]),
        (fence, "close", True, "following", ["source"]), (cut, "_open", False, "over", ["target"]),
        (cut, "_open", True, "following", ["source"]),
    ]  # fmt: skip
    with writing(followed) as writers:
        for place, name, after, left, written in kills:
            back = phase(settings) == "over"
            killed(partial(move, settings, back=back), place, name, after=after)
            assert phase(settings) == ("cutting back" if back else "cutting over")
            assert len(open_sides(followed)) < 2
            assert split_cut.resume(settings, Given(), as_json=False) == 0
            assert (phase(settings), open_sides(followed)) == (left, written)
    everywhere(followed, writers)


def test_killed_workers_and_a_crashed_target_lose_nothing(world: World, followed: Split) -> None:
    def sender() -> None:
        run(followed.source.url, "SELECT pg_terminate_backend(pid) FROM pg_stat_replication")

    def worker() -> None:
        run(
            followed.target.url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'logical replication apply worker'",
        )

    def server() -> None:
        world.servers[1].stop(signal.SIGQUIT)  # no checkpoint, no farewell
        world.servers[1].start()

    with writing(followed) as writers:
        for kill in (sender, worker, server, worker, sender):
            time.sleep(0.2)
            kill()
    assert len(writers[0].committed) > 20
    everywhere(followed, writers)
