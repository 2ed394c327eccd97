"""A direction of a split without a subscription: a process of Segue's reads the slot and writes the rows.

Rows and how far they came (``segue_split.progress``) are one transaction on the receiving side, and only then the slot moves on: whatever
ends the process in between, what is read again is known by where its commit ends, and left out. What is written so carries a mark in the log, by
which the other direction leaves it out (subscriptions do that by origins, which only superusers may set).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg import sql

from segue.errors import EnvironmentProblem
from segue.split.pgoutput import Change, Reader, Transaction
from segue.split.sides import Connection, one, rows, session
from segue.split.tables import Name, Table, read

if TYPE_CHECKING:
    from segue.split.link import Link

T = TypeVar("T")
MARK = "segue_split_polled"
BATCH = 5_000  # changes that are read at once; a larger transaction is read as a whole


def attached(connection: Connection, name: str) -> bool:
    """Whether the receiving side knows how far it is: the initial copy is there."""
    if one(connection, "SELECT pg_catalog.to_regclass('segue_split.progress')") is None:
        return False
    return one(connection, "SELECT 1 FROM segue_split.progress WHERE name = %s", name) is not None


def attach(link: Link, *, copy: bool) -> None:
    """Make the slot, and where ``copy``, all rows as they were then; as far as that is not done. The publication is there.

    All that is copied is one transaction: ended before its end, there is nothing, and the slot is made anew.
    """
    with session(link.publisher) as publisher, session(link.subscriber, texts=True) as subscriber:
        if attached(subscriber, link.name):
            return
        _durable(subscriber)
        subscriber.execute("CREATE SCHEMA IF NOT EXISTS segue_split")
        subscriber.execute(
            "CREATE TABLE IF NOT EXISTS segue_split.progress (name text PRIMARY KEY, reached pg_catalog.pg_lsn NOT NULL)"
        )
        drop_slot(publisher, link.name)
        if not copy:
            made = one(
                publisher,
                "SELECT lsn::text FROM pg_catalog.pg_create_logical_replication_slot(%s, 'pgoutput')",
                link.name,
            )
            _begin_at(subscriber, link, made)
            return
        with _exported(link) as (point, snapshot), subscriber.transaction():
            _as_replica(subscriber)
            with session(link.publisher, texts=True) as reading, reading.transaction():
                reading.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                reading.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
                for table in read(reading, link.tables):
                    _copy(reading, subscriber, table)
            _begin_at(subscriber, link, point)


def _begin_at(subscriber: Connection, link: Link, point: str) -> None:
    subscriber.execute("INSERT INTO segue_split.progress VALUES (%s, %s)", (link.name, point))


@contextlib.contextmanager
def _exported(link: Link) -> Iterator[tuple[str, str]]:
    """A new slot: where it begins, and a snapshot of the database at that point, which is there as long as this session."""
    try:
        connection = psycopg.connect(
            link.publisher.url, replication="database", autocommit=True, connect_timeout=10
        )
    except psycopg.OperationalError as error:
        first = str(error).strip().splitlines()[0].rstrip(".")
        raise EnvironmentProblem(
            f"The {link.publisher.name} {link.publisher.address} lets nobody replicate: {first}.",
            hint="Allow this host in its pg_hba.conf, and the role REPLICATION.",
        ) from error
    with contextlib.closing(connection):
        made = connection.execute(
            sql.SQL("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput (SNAPSHOT 'export')").format(
                sql.Identifier(link.name)
            )
        ).fetchone()
        assert made is not None
        yield str(made[1]), str(made[2])


def _copy(reading: Connection, writing: Connection, table: Table) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(c.name) for c in table.columns if not c.generated)
    out = sql.SQL("COPY (SELECT {} FROM ONLY {}) TO STDOUT").format(columns, table.name.identifier)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(table.name.identifier, columns)
    with reading.cursor().copy(out) as blocks, writing.cursor().copy(into) as target:
        for block in blocks:
            target.write(block)


class Poller:
    """Both sessions of one direction. Use it as a context; :meth:`once` reads what there is."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._stack = contextlib.ExitStack()
        self._tables: dict[Name, Table] = {}

    def __enter__(self) -> Poller:
        with contextlib.ExitStack() as opening:
            self._publisher = opening.enter_context(session(self.link.publisher, texts=True))
            self._subscriber = opening.enter_context(session(self.link.subscriber, texts=True))
            _durable(self._subscriber)
            self._publisher.execute(
                "SELECT pg_catalog.set_config('application_name', %s, false)", (self.link.name,)
            )
            self._tables = {table.name: table for table in read(self._subscriber, self.link.tables)}
            self._stack = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)  # which tells errors of the servers in one sentence

    def once(self) -> int:
        """Carry over what has been committed, at most some thousand changes; how many transactions that were."""
        key = "pg_catalog.hashtextextended(%s, 0)"
        one(self._subscriber, f"SELECT pg_catalog.pg_advisory_lock({key})", self.link.name)
        try:
            return self._carry()
        finally:
            if not self._subscriber.broken:
                one(self._subscriber, f"SELECT pg_catalog.pg_advisory_unlock({key})", self.link.name)

    def _carry(self) -> int:
        reached = one(
            self._subscriber,
            "SELECT reached - '0/0'::pg_catalog.pg_lsn FROM segue_split.progress WHERE name = %s",
            self.link.name,
        )
        if reached is None:
            raise EnvironmentProblem(
                f"The {self.link.subscriber.name} does not say how far {self.link.name} came.",
                hint="`segue split copy --resume` finds out what is missing.",
            )
        # What was committed before is read, unless there is more than one look takes.
        flushed = int(
            one(self._publisher, "SELECT pg_catalog.pg_current_wal_flush_lsn() - '0/0'::pg_catalog.pg_lsn")
        )
        found, whole = self._read()
        end = max([int(reached), *(t.end for t in found)])
        wanted = [t for t in found if t.end > int(reached) and t.changes and not t.marks]
        if wanted:
            with self._subscriber.transaction():
                _as_replica(self._subscriber)
                one(
                    self._subscriber,
                    "SELECT pg_catalog.pg_logical_emit_message(true, %s, %s)",
                    MARK,
                    self.link.name,
                )
                self._apply(wanted)
                self._subscriber.execute(
                    "UPDATE segue_split.progress SET reached = '0/0'::pg_catalog.pg_lsn + %s WHERE name = %s",
                    (end, self.link.name),
                )
        if found or whole:
            self._advance(max(end, flushed) if whole else end)
        return len(wanted)

    def _read(self) -> tuple[list[Transaction], bool]:
        """Transactions, and whether that is all there is."""
        messages = _when_free(
            rows,
            self._publisher,
            "SELECT data FROM pg_catalog.pg_logical_slot_peek_binary_changes(%s, NULL, %s, "
            "'proto_version', '1', 'publication_names', %s, 'messages', 'true')",
            self.link.name,
            BATCH,
            self.link.name,
        )
        return list(Reader(MARK).transactions(bytes(m[0]) for m in messages)), len(messages) < BATCH

    def _advance(self, point: int) -> None:
        """Let the slot forget what is on the other side."""
        _when_free(
            rows,
            self._publisher,
            "SELECT pg_catalog.pg_replication_slot_advance(slot_name, '0/0'::pg_catalog.pg_lsn + %s) "
            "FROM pg_catalog.pg_replication_slots WHERE slot_name = %s AND confirmed_flush_lsn < '0/0'::pg_catalog.pg_lsn + %s",
            point,
            self.link.name,
            point,
        )

    def _apply(self, found: Sequence[Transaction]) -> None:
        with self._subscriber.pipeline():
            for transaction in found:
                for change in transaction.changes:
                    statement, values = self._statement(change)
                    self._subscriber.execute(statement, values)

    def _statement(self, change: Change) -> tuple[sql.Composable, list[str | None]]:
        table = self._tables[change.table]
        name = table.name.identifier
        if change.kind == "truncate":
            return sql.SQL("DELETE FROM {}").format(name), []
        if change.kind == "insert":
            columns = sql.SQL(", ").join(map(sql.Identifier, change.new))
            places = sql.SQL(", ").join(sql.Placeholder() * len(change.new))
            text = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})")
            return text.format(name, columns, places), list(change.new.values())
        before = change.old or change.new
        where = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(k)) for k in table.key)
        keys = [before[k] for k in table.key]
        if change.kind == "delete":
            return sql.SQL("DELETE FROM {} WHERE {}").format(name, where), keys
        always = {c.name for c in table.columns if c.identity == "a"}
        new = {k: v for k, v in change.new.items() if k not in always}
        sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(k)) for k in new)
        return sql.SQL("UPDATE {} SET {} WHERE {}").format(name, sets, where), [*new.values(), *keys]


def _when_free(ask: Callable[..., T], *arguments: object) -> T:
    """Again for a minute while the slot is in use: the session of a process that was killed may not have noticed."""
    until = time.monotonic() + 60
    while True:
        try:
            return ask(*arguments)
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _as_replica(connection: Connection) -> None:
    """Within the transaction: past the fence, triggers and foreign keys, as PostgreSQL's own workers are."""
    connection.execute("SET LOCAL session_replication_role = replica")


def _durable(connection: Connection) -> None:
    """What this session commits is on disk before the slot forgets it, also where the database says ``synchronous_commit = off``."""
    one(
        connection,
        "SELECT pg_catalog.set_config('synchronous_commit', 'on', false) "
        "WHERE pg_catalog.current_setting('synchronous_commit') = 'off'",
    )


def drop_slot(publisher: Connection, name: str) -> None:
    """Drop the slot, whoever reads it."""
    for slot, pid in rows(
        publisher,
        "SELECT slot_name, active_pid FROM pg_catalog.pg_replication_slots WHERE slot_name = %s",
        name,
    ):
        if pid is not None:
            one(publisher, "SELECT pg_catalog.pg_terminate_backend(%s, 5000)", pid)
        one(publisher, "SELECT pg_catalog.pg_drop_replication_slot(%s)", slot)


def detach(subscriber: Connection, name: str) -> None:
    """Forget how far it came."""
    if attached(subscriber, name):
        subscriber.execute("DELETE FROM segue_split.progress WHERE name = %s", (name,))
