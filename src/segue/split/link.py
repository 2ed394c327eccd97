"""One direction of replication: a publication and a slot on the one side, a subscription on the other.

The subscription has ``origin = none``: it is sent only what was written on the publishing side itself, so that both directions may run
at the same time without a change going round. The slot is made by itself and before the subscription: whatever ends between the two, it only
holds changes back, and the next run finds it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psycopg import sql

from segue.errors import EnvironmentProblem
from segue.split import polling
from segue.split.sides import Connection, Side, one, rows
from segue.split.tables import Name


@dataclass(frozen=True, slots=True)
class Link:
    """``name`` is that of the publication, the slot and the subscription. ``polled``: there is no subscription, Segue reads the slot."""

    name: str
    publisher: Side
    subscriber: Side
    tables: tuple[Name, ...]
    polled: bool = False


@dataclass(frozen=True, slots=True)
class TableState:
    """How far the initial copy of a table is. ``state``: ``waiting``, ``copying``, ``catching up``, ``ready``; ``copied`` rows so far while it copies."""

    table: Name
    state: str
    copied: int = 0


_STATES = {"i": "waiting", "d": "copying", "f": "catching up", "s": "catching up", "r": "ready"}


def publish(connection: Connection, link: Link) -> None:
    """Make the publication and the slot on the publishing side, as far as they are not there."""
    tables = sql.SQL(", ").join(name.identifier for name in link.tables)
    have = rows(
        connection,
        "SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = %s",
        link.name,
    )
    name = sql.Identifier(link.name)
    if not published(connection, link.name):
        connection.execute(sql.SQL("CREATE PUBLICATION {} FOR TABLE {}").format(name, tables))
    elif {Name(*row) for row in have} != set(link.tables):
        connection.execute(sql.SQL("ALTER PUBLICATION {} SET TABLE {}").format(name, tables))
    if not link.polled and _slot(connection, link.name) is None:
        one(connection, "SELECT pg_catalog.pg_create_logical_replication_slot(%s, 'pgoutput')", link.name)


def published(connection: Connection, name: str) -> bool:
    """Whether the publication is there."""
    return one(connection, "SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = %s", name) is not None


def subscribe(connection: Connection, link: Link, *, copy: bool) -> None:
    """Make the subscription on the subscribing side, as far as it is not there; ``copy`` lets PostgreSQL copy the rows first."""
    if link.polled:
        polling.attach(link, copy=copy)
        return
    if subscribed(connection, link.name):
        connection.execute(sql.SQL("ALTER SUBSCRIPTION {} ENABLE").format(sql.Identifier(link.name)))
        return
    connection.execute(
        sql.SQL(
            "CREATE SUBSCRIPTION {name} CONNECTION {where} PUBLICATION {name} "
            "WITH (create_slot = false, slot_name = {slot}, origin = none, copy_data = {copy})"
        ).format(
            name=sql.Identifier(link.name),
            slot=sql.Literal(link.name),
            where=sql.Literal(link.publisher.for_server),
            copy=sql.SQL("true" if copy else "false"),
        )
    )


def subscribed(connection: Connection, name: str) -> bool:
    """Whether the subscription is there."""
    return one(connection, _OF_THIS_DATABASE.format("1"), name) is not None


def attached(connection: Connection, link: Link) -> bool:
    """Whether the subscribing side follows, by a subscription or as Segue has written down there."""
    return polling.attached(connection, link.name) if link.polled else subscribed(connection, link.name)


_OF_THIS_DATABASE = (
    "SELECT {} FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid "
    "WHERE s.subname = %s AND d.datname = pg_catalog.current_database()"
)


def require_whole(publisher: Connection, subscriber: Connection, link: Link) -> None:
    """Raises :class:`EnvironmentProblem` when the subscription goes on but its slot is gone or was given up: changes are lost then."""
    status = _slot(publisher, link.name)
    if attached(subscriber, link) and (status is None or status == "lost"):
        raise EnvironmentProblem(
            f"The replication slot {link.name} of the {link.publisher.name} is gone, and changes with it.",
            hint="Begin anew: `segue split stop`, drop the tables of the copy, `segue split copy`.",
        )


def _slot(connection: Connection, name: str) -> str | None:
    found: str | None = one(
        connection,
        "SELECT coalesce(wal_status, '') FROM pg_catalog.pg_replication_slots "
        "WHERE slot_name = %s AND database = pg_catalog.current_database()",
        name,
    )
    return found


def table_states(connection: Connection, link: Link) -> list[TableState]:
    """How far the initial copy is, per table, on the subscribing side."""
    if link.polled:
        there = polling.attached(connection, link.name)
        return [TableState(name, "ready" if there else "copying") for name in link.tables]
    found = {
        Name(schema, table): (state, copied)
        for schema, table, state, copied in rows(
            connection,
            "SELECT n.nspname, c.relname, r.srsubstate, coalesce(p.tuples_processed, 0) FROM pg_catalog.pg_subscription s "
            "JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid JOIN pg_catalog.pg_class c ON c.oid = r.srrelid "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "LEFT JOIN pg_catalog.pg_stat_progress_copy p ON p.relid = c.oid AND p.datname = pg_catalog.current_database() "
            "WHERE s.subname = %s",
            link.name,
        )
    }
    return [
        TableState(name, _STATES.get(found[name][0], "waiting"), found[name][1])
        if name in found
        else TableState(name, "waiting")
        for name in link.tables
    ]


def problems(connection: Connection, link: Link) -> int:
    """How often applying or copying has failed so far (``pg_stat_subscription_stats``), on the subscribing side."""
    return int(
        one(
            connection,
            "SELECT apply_error_count + sync_error_count FROM pg_catalog.pg_stat_subscription_stats WHERE subname = %s",
            link.name,
        )
        or 0
    )


def position(connection: Connection) -> int:
    """Where the log of the publishing side is, in bytes, with everything that has been committed before written out."""
    # Transactions with synchronous_commit off are in the log, but perhaps not on the disk yet, and only what is there is sent.
    one(connection, "SELECT pg_catalog.pg_logical_emit_message(true, 'segue_split', '')")
    return int(one(connection, "SELECT pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_catalog.pg_lsn"))


def behind(connection: Connection, link: Link) -> tuple[int, int, bool]:
    """On the publishing side: where its log is, up to where the other side has everything on disk (both in bytes), and whether it is connected."""
    found = rows(
        connection,
        "SELECT pg_catalog.pg_current_wal_lsn() - '0/0'::pg_catalog.pg_lsn, "
        "coalesce(confirmed_flush_lsn, '0/0') - '0/0'::pg_catalog.pg_lsn, active OR EXISTS "
        "(SELECT 1 FROM pg_catalog.pg_stat_activity a WHERE a.application_name = slot_name AND a.datname = database) "
        "FROM pg_catalog.pg_replication_slots WHERE slot_name = %s",
        link.name,
    )
    if not found:
        raise EnvironmentProblem(
            f"The {link.publisher.name} has no replication slot {link.name}.",
            hint="Begin with `segue split copy`, or go on with it: `segue split copy --resume`.",
        )
    return int(found[0][0]), int(found[0][1]), bool(found[0][2])


def wait_for(connection: Connection, link: Link, reached: int, *, until: float) -> bool:
    """Wait until the other side has everything up to ``reached``, at most until ``until`` (``time.monotonic``). Says whether it has."""
    if link.polled:
        return _poll_for(connection, link, reached, until=until)
    while behind(connection, link)[1] < reached:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _poll_for(connection: Connection, link: Link, reached: int, *, until: float) -> bool:
    """Carry it over oneself, whoever else does."""
    with polling.Poller(link) as poller:
        while behind(connection, link)[1] < reached:
            if time.monotonic() > until:
                return False
            if not poller.once():
                time.sleep(0.02)
    return True


def remove(
    publisher: Connection | None, subscriber: Connection | None, link: Link, say: Callable[[str], None]
) -> None:
    """Take away the subscription, the slot and the publication, as far as they are there. A side that is None is left out."""
    name = sql.Identifier(link.name)
    if subscriber is not None and subscribed(subscriber, link.name):
        # Without its slot, so that it can be dropped when the other side is away.
        subscriber.execute(sql.SQL("ALTER SUBSCRIPTION {} DISABLE").format(name))
        subscriber.execute(sql.SQL("ALTER SUBSCRIPTION {} SET (slot_name = NONE)").format(name))
        subscriber.execute(sql.SQL("DROP SUBSCRIPTION {}").format(name))
        say(f"Dropped the subscription {link.name} of the {link.subscriber.name}.")
    if subscriber is not None and link.polled:
        polling.detach(subscriber, link.name)
    if publisher is None:
        return
    for slot, pid in _slots(publisher, link.name):
        if pid is not None:
            one(publisher, "SELECT pg_catalog.pg_terminate_backend(%s, 5000)", pid)
        one(publisher, "SELECT pg_catalog.pg_drop_replication_slot(%s)", slot)
        say(f"Dropped the slot {slot} of the {link.publisher.name}.")
    if published(publisher, link.name):
        publisher.execute(sql.SQL("DROP PUBLICATION {}").format(name))


def _slots(connection: Connection, name: str) -> Sequence[tuple[str, int | None]]:
    return [
        (slot, pid)
        for slot, pid in rows(
            connection,
            "SELECT slot_name, active_pid FROM pg_catalog.pg_replication_slots WHERE slot_name = %s AND database = pg_catalog.current_database()",
            name,
        )
    ]
