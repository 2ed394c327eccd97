"""A split without subscriptions: rows are PostgreSQL's own comparison, whatever ends the process that reads the slots."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.split.world import World, run

from segue.errors import EnvironmentProblem
from segue.split import cut, follow, link, needs, polling, repair
from segue.split.follow import Meter
from segue.split.polling import Poller
from segue.split.reconcile import Reconciler
from segue.split.sides import Connection, Unreachable, one, session
from segue.split.state import Split
from segue.split.tables import read

EVERY = (
    "SELECT md5(string_agg(t::text, '|' ORDER BY t.id)) FROM book AS t",
    'SELECT md5(string_agg(t::text, \'|\' ORDER BY t."Row", t."of")) FROM "Shelf" AS t',
    "SELECT md5(string_agg(t::text, '|' ORDER BY t.id)) FROM book_tags AS t",
)
# A value that is stored out of line, and updates that do not touch it.
WRITES = (
    "UPDATE book SET cover = (SELECT string_agg(decode(md5(n::text), 'hex'), '') FROM generate_series(1, 9000) AS n) WHERE id = 5",
    "UPDATE book SET title = 'kept', data = '{\"a\": [1, null]}', weight = 'Infinity', took = '-3 days 04:00' WHERE id = 5",
    "UPDATE book SET id = 100000, price = NULL, tags = ARRAY['ä', '\"\\'] WHERE id = 1000",
    'UPDATE "Shelf" SET "of" = "of" || \'!\' WHERE "Row" = 3',
    "INSERT INTO book (title, made) VALUES ('new', '1883-11-18 12:00:00.000001+00'), (E'tab\\tand\\nline', now())",
    "DELETE FROM book_tags WHERE id <= 10",
    "BEGIN; INSERT INTO book (id, title) VALUES (7777, 'undone'); ROLLBACK",
    "BEGIN; INSERT INTO book (id, title) VALUES (8888, 'twice'); UPDATE book SET title = 'once' WHERE id = 8888; DELETE FROM book WHERE id = 1001; COMMIT",
    "INSERT INTO review (text) VALUES ('of a table that stays')",
    'TRUNCATE "Shelf"',
    "INSERT INTO \"Shelf\" VALUES (1, 'again', NULL)",
)


def polled(split: Split) -> Split:
    return Split(split.source, split.target, split.tables, split.name, polled=True)


@pytest.fixture(scope="module")
def shop(world: World) -> Split:
    """Copied; each test carries over what it has written."""
    split = polled(world.fresh("polled"))
    follow.begin(split, lambda _: None)
    follow.way_back(split)
    assert follow.look(split.there, Meter()).ready
    return split


def same(split: Split) -> bool:
    return all(run(split.source.url, query) == run(split.target.url, query) for query in EVERY)


def caught_up(split: Split) -> None:
    """Both directions, a transaction of the split's own among what was written."""
    for way in (split.there, split.back):
        with session(way.publisher) as looking:
            assert link.wait_for(looking, way, link.position(looking), until=time.monotonic() + 60)


def test_rows_are_copied_and_every_kind_of_change_follows(shop: Split) -> None:
    assert same(shop)
    for statement in WRITES:
        run(shop.source.url, statement)
    assert not same(shop)
    caught_up(shop)
    assert same(shop)
    assert run(shop.target.url, "SELECT length(cover), title FROM book WHERE id = 5") == [(144_000, "kept")]
    assert run(shop.target.url, "SELECT count(*) FROM book WHERE id IN (1000, 1001, 7777)") == [(0,)]
    assert run(shop.target.url, "SELECT 1 FROM pg_subscription WHERE subname = %s", shop.there.name) == []


class Ended(Exception):
    """The process is gone."""


def ending(monkeypatch: pytest.MonkeyPatch, name: str, *, after: bool) -> None:
    """Let the process end before or after a step of its own."""
    step: Callable[..., Any] = getattr(Poller, name)

    def ended(self: Poller, *arguments: Any) -> Any:
        if after:
            step(self, *arguments)
        raise Ended

    monkeypatch.setattr(Poller, name, ended)


@pytest.mark.parametrize(
    ("step", "after", "there"),
    [
        ("_read", True, 0),
        ("_apply", False, 0),
        ("_apply", True, 0),
        ("_advance", False, 1),
        ("_advance", True, 1),
    ],
)
def test_wherever_it_ends_nothing_is_lost_or_doubled(
    shop: Split, monkeypatch: pytest.MonkeyPatch, step: str, after: bool, there: int
) -> None:
    caught_up(shop)
    text = f"{step} {after}"
    run(shop.source.url, "INSERT INTO book (title) VALUES (%s)", text)
    run(shop.source.url, "UPDATE book SET stars = 0 WHERE title = %s", text)
    run(shop.source.url, "UPDATE book SET stars = stars + 1 WHERE title = %s", text)
    with monkeypatch.context() as patched:
        ending(patched, step, after=after)
        with pytest.raises(Ended), Poller(shop.there) as poller:
            poller.once()
    assert run(shop.target.url, "SELECT count(*) FROM book WHERE title = %s", text) == [(there,)]
    run(shop.source.url, "DELETE FROM book_tags WHERE id = (SELECT max(id) FROM book_tags)")
    caught_up(shop)
    assert run(shop.target.url, "SELECT stars FROM book WHERE title = %s", text) == [(1,)]
    assert same(shop)


def test_a_slot_that_was_moved_by_another_is_no_reason_to_do_anything_twice(shop: Split) -> None:
    run(shop.source.url, "INSERT INTO book (title) VALUES ('one of two')")
    with Poller(shop.there) as one, Poller(shop.there) as other:
        assert [one.once() > 0, other.once(), one.once()] == [True, 0, 0]
    assert same(shop)


def ended_at(split: Split, side: str) -> None:
    """A poller whose session with a server is ended by that."""
    with Poller(split.there) as poller:
        own = poller._publisher if side == "source" else poller._subscriber
        run(getattr(split, side).url, "SELECT pg_terminate_backend(%s, 60000)", own.info.backend_pid)
        poller.once()


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_session_that_is_ended_is_told_and_nothing_is_lost(shop: Split, side: str) -> None:
    run(shop.source.url, "INSERT INTO book (title) VALUES (%s)", f"ended at the {side}")
    with pytest.raises(Unreachable, match=f"The {side} .* went away"):
        ended_at(shop, side)
    caught_up(shop)
    assert same(shop)


PAST = (
    "SET session_replication_role = replica; "
    f"SELECT pg_logical_emit_message(true, '{polling.MARK}', ''); SET search_path TO public; "
)


@pytest.mark.parametrize("changed", ["target", "source"])
def test_a_repair_stays_on_its_side(shop: Split, changed: str) -> None:
    """What it writes is not carried over: the row that it brings back is on the other side."""
    caught_up(shop)
    run(shop.target.url, PAST + "DELETE FROM book WHERE id = 11; UPDATE book SET stars = 4 WHERE id = 12")
    written: list[str] = []
    plan = repair.Plan(changed, "source", written.append)
    Reconciler(shop.there, plan.add, lambda _: plan.flush()).run()
    text = repair.head(changed, polled=True) + "".join(written) + repair.tail(polled=True)
    run(getattr(shop, changed).url, text)
    assert same(shop)
    stars = run(shop.source.url, "UPDATE book SET stars = stars + 1 WHERE id = 12 RETURNING stars")
    caught_up(shop)
    assert same(shop)
    assert run(shop.source.url, "SELECT stars FROM book WHERE id = 12") == stars
    run(
        shop.source.url,
        "UPDATE book SET stars = 0 WHERE id = 12; INSERT INTO book (id, title) VALUES (11, 'again') ON CONFLICT DO NOTHING",
    )
    caught_up(shop)


def test_what_was_written_is_on_disk_before_the_slot_forgets_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the database's own settings say: a server that goes down would lose what no slot holds any more."""
    split = polled(world.fresh("lazy"))
    name = one_of(split.target.url, "SELECT current_database()")
    run(split.target.url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    seen: list[str] = []
    as_replica = polling._as_replica

    def noted(connection: Connection) -> None:
        seen.append(one(connection, "SHOW synchronous_commit"))
        as_replica(connection)

    monkeypatch.setattr(polling, "_as_replica", noted)
    follow.begin(split, lambda _: None)
    run(split.source.url, "DELETE FROM book_tags WHERE id = 300")
    with Poller(split.there) as poller:
        assert poller.once() == 1
    follow.stop(split, lambda _: None)
    assert one_of(split.target.url, "SHOW synchronous_commit") == "off"
    assert seen == ["on", "on"]


def one_of(url: str, query: str) -> Any:
    return run(url, query)[0][0]


def test_writes_go_over_and_back_and_none_goes_round(shop: Split) -> None:
    caught_up(shop)
    run(shop.source.url, "UPDATE book SET stars = 2 WHERE id = 9")
    done = cut.cut(shop.there, within=30, compare=True, say=lambda _: None)
    assert sum(c.differences for c in done.compared) == 0
    with pytest.raises(Exception, match="are closed here"):
        run(shop.source.url, "UPDATE book SET stars = 3 WHERE id = 9")
    run(shop.target.url, "UPDATE book SET stars = stars + 1 WHERE id = 9")
    run(shop.target.url, "INSERT INTO book (title) VALUES ('born at the target')")
    caught_up(shop)
    assert run(shop.source.url, "SELECT stars FROM book WHERE id = 9") == [(3,)]
    cut.cut(shop.back, within=30, compare=True, say=lambda _: None)
    run(shop.source.url, "UPDATE book SET stars = stars + 1 WHERE id = 9")
    caught_up(shop)
    assert same(shop)
    assert run(shop.target.url, "SELECT stars FROM book WHERE id = 9") == [(4,)]
    with Poller(shop.there) as there, Poller(shop.back) as back:
        assert [there.once(), back.once()] == [0, 0]


def test_a_copy_that_is_ended_begins_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    split = polled(world.fresh("halfway"))

    def ended(*_: Any) -> None:
        raise Ended

    with monkeypatch.context() as patched:
        patched.setattr(polling, "_begin_at", ended)
        with pytest.raises(Ended):
            follow.begin(split, lambda _: None)
    assert run(split.target.url, "SELECT count(*) FROM book") == [(0,)]
    run(split.source.url, "DELETE FROM book_tags WHERE id = 300")
    follow.begin(split, lambda _: None)
    follow.way_back(split)
    assert same(split)
    follow.stop(split, lambda _: None)
    for side in (split.source, split.target):
        left = "SELECT slot_name FROM pg_replication_slots WHERE database = current_database() UNION SELECT pubname FROM pg_publication"
        assert run(side.url, left) == []
        assert run(side.url, "SELECT name FROM segue_split.progress") == []


def test_a_lost_slot_is_told(world: World) -> None:
    split = polled(world.fresh("lost"))
    follow.begin(split, lambda _: None)
    run(split.source.url, "SELECT pg_drop_replication_slot(%s)", split.there.name)
    with pytest.raises(EnvironmentProblem, match="is gone, and changes with it"):
        follow.begin(split, lambda _: None)
    follow.stop(split, lambda _: None)


def test_what_a_role_lacks_and_an_identity_that_is_not_the_key_are_told(world: World) -> None:
    split = polled(world.fresh("lesser"))
    run(split.source.url, "DROP ROLE IF EXISTS lesser; CREATE ROLE lesser LOGIN")
    with session(split.source) as source, session(split.target) as target:
        tables = read(source, split.tables)
        assert needs.missing(source, target, (split.source, split.target), tables, polled=True) == []
        source.execute("CREATE UNIQUE INDEX other ON public.book_tags (book_id, tag_id)")
        source.execute("ALTER TABLE public.book_tags REPLICA IDENTITY USING INDEX other")
        told = needs.missing(
            source, target, (split.source, split.target), read(source, split.tables), polled=True
        )
        assert [text.split(":")[0] for text in told] == [
            "book_tags has the identity of another index than its primary key"
        ]
        source.execute("SET ROLE lesser")
        told = needs.missing(source, target, (split.source, split.target), tables, polled=True)
    assert [text.partition(": ")[2].partition(":")[0] for text in told] == [
        "lesser may not replicate",
        "lesser may not write past triggers",
        "lesser may not make publications and schemas",
    ]
