"""The table of events that wait, and how both sides write to it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segue_bridge.trace.context import outgoing

if TYPE_CHECKING:
    from segue_bridge.db.database import Database
    from segue_bridge.db.session import Session

NAME = "segue_outbox"
DDL = {
    "postgresql": f"""\
CREATE TABLE IF NOT EXISTS {NAME} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id varchar(36) NOT NULL,
    topic varchar(255) NOT NULL,
    "key" varchar(255) NOT NULL,
    body text NOT NULL,
    headers text NOT NULL
)""",
    "sqlite": f"""\
CREATE TABLE IF NOT EXISTS {NAME} (
    id integer PRIMARY KEY AUTOINCREMENT,
    event_id varchar(36) NOT NULL,
    topic varchar(255) NOT NULL,
    "key" varchar(255) NOT NULL,
    body text NOT NULL,
    headers text NOT NULL
)""",
}
INSERT = f'INSERT INTO {NAME} (event_id, topic, "key", body, headers) VALUES ({{}}, {{}}, {{}}, {{}}, {{}})'
LOCK_CLASS = 0x5E60E
"""First half of the advisory locks on PostgreSQL: the second is :func:`lock_of` a key, 0 is the relay's."""


@dataclass(frozen=True, slots=True)
class Event:
    """``body`` is any JSON; ``event_id`` stays the same when an event is published twice: tell duplicates by it.
    ``headers`` are those of the request that wrote it (``x-request-id``, ``traceparent``)."""

    id: int
    event_id: str
    topic: str
    key: str
    body: Any
    headers: dict[str, str]


def values_of(topic: str, body: Any, key: str, event_id: str | None) -> tuple[str, str, str, str, str]:
    """The row of a new event, without its number. Raises ``ValueError`` for too long a topic or key and ``TypeError`` for
    a body that is no JSON."""
    if not topic or len(topic) > 255 or len(key) > 255:
        raise ValueError("topic and key of an event have 255 characters at most, and the topic one at least")
    return (
        event_id or str(uuid.uuid4()),
        topic,
        key,
        json.dumps(body, allow_nan=False),
        json.dumps(outgoing()),
    )


def lock_of(key: str) -> int:
    """A number of 31 bits, never 0: what transactions with events of one key wait for each other on."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") >> 1 or 1


def event_of(row: Mapping[str, Any]) -> Event:
    """A row of the table."""
    return Event(
        row["id"],
        row["event_id"],
        row["topic"],
        row["key"],
        json.loads(row["body"]),
        json.loads(row["headers"]),
    )


class Outbox:
    """Writes events: ``await outbox.add(db, "orders.paid", {"id": 7}, key="order 7")`` in the transaction they belong to."""

    async def create(self, database: Database) -> None:
        """Make the table where it is not there. Migrations may do it instead: :data:`DDL`."""
        from sqlalchemy import text

        async with database.session() as db:
            await db.execute(text(DDL[database.dialect]))

    async def add(
        self, db: Session, topic: str, body: Any, *, key: str = "", event_id: str | None = None
    ) -> str:
        """Write an event and return its ``event_id``. It is published when the transaction has ended, and never if it is undone.

        Transactions with events of one ``key`` follow each other (on PostgreSQL by an advisory lock until their end, on
        SQLite anyway), so that the order of their numbers is the order of their commits. Events without a key have no order.
        Outside of an atomic block the event is on its way at once.
        """
        from sqlalchemy import text

        event, *rest = values_of(topic, body, key, event_id)
        if key and db.dialect == "postgresql":
            await db.all(text("SELECT pg_advisory_xact_lock(:c, :k)"), {"c": LOCK_CLASS, "k": lock_of(key)})
        names = ("e", "t", "k", "b", "h")
        statement = text(INSERT.format(*(f":{name}" for name in names)))
        await db.execute(statement, dict(zip(names, (event, *rest), strict=True)))
        return event
