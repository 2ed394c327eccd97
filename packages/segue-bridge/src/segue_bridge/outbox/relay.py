"""Takes events out of the table and publishes them, in order, at least once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

from segue_bridge.db.errors import DatabaseError
from segue_bridge.outbox.table import LOCK_CLASS, NAME, Event, event_of

if TYPE_CHECKING:
    from segue_bridge.db.database import Database
    from segue_bridge.db.session import Session

_log = logging.getLogger("segue_bridge.outbox")
_NEXT = text(
    f'SELECT id, event_id, topic, "key", body, headers FROM {NAME} WHERE id > :after ORDER BY id LIMIT :limit'
)
_FORGET = text(f"DELETE FROM {NAME} WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
_TURN = text("SELECT pg_try_advisory_xact_lock(:c, 0)")

Publish = Callable[[Event], Awaitable[object]]


class Relay:
    """Publishes what waits: ``await Relay(database, publish).run()`` until it is cancelled.

    ``publish`` is awaited for one event at a time and has to return only when the broker has taken the event; an
    exception keeps the event, and the later ones of its key, for the next turn (``retry`` seconds, doubled up to ``longest``).
    Of several relays one works at a time, the others wait for their turn (PostgreSQL; on SQLite run one).

    **Duplicates**: an event is forgotten after it is published. A relay that is killed in between, or whose database
    goes away, publishes the events of its last turn (``batch`` at most) again.
    """

    def __init__(
        self,
        database: Database,
        publish: Publish,
        *,
        batch: int = 100,
        idle: float = 0.5,
        retry: float = 1.0,
        longest: float = 60.0,
    ) -> None:
        self._database, self._publish = database, publish
        self._batch, self._idle, self._retry, self._longest = batch, idle, retry, longest
        self.published = 0

    async def run(self) -> None:
        """Work until cancelled; errors of the broker and of the database are logged and waited out."""
        failures = 0
        while True:
            try:
                done, failed = await self.turn()
            except (DatabaseError, OSError) as error:
                _log.warning("The outbox cannot be read: %s", error)
                done, failed = 0, True
            failures = failures + 1 if failed else 0
            if failed:
                await asyncio.sleep(min(self._retry * 2 ** (failures - 1), self._longest))
            elif done < self._batch:
                await asyncio.sleep(self._idle)

    async def turn(self) -> tuple[int, bool]:
        """Publish up to ``batch`` events; how many were, and whether one was not."""
        async with self._database.session() as db, db.atomic():
            if self._database.dialect == "postgresql" and not await db.scalar(_TURN, {"c": LOCK_CLASS}):
                return 0, False
            return await self._work(db)

    async def _work(self, db: Session) -> tuple[int, bool]:
        done: list[int] = []
        stuck: set[str] = set()
        failed, after, full = False, 0, True
        try:
            # Whole pages of a key whose events the broker does not take must not keep the others back.
            while full and not done:
                rows = await db.all(_NEXT, {"after": after, "limit": self._batch})
                full = len(rows) == self._batch
                for row in rows:
                    event = event_of(dict(row._mapping))
                    after = event.id
                    if event.key and event.key in stuck:
                        continue
                    try:
                        await self._publish(event)
                    except Exception as error:  # noqa: BLE001 - whatever the broker says, the event stays
                        _log.warning(
                            "Event %s (%s) was not published: %r", event.event_id, event.topic, error
                        )
                        failed = True
                        stuck.add(event.key)
                    else:
                        done.append(event.id)
        finally:
            if done:
                await db.execute(_FORGET, {"ids": done})
                self.published += len(done)
        return len(done), failed


def celery_publisher(app: Any) -> Publish:
    """Publishes events as Celery tasks: ``topic`` is the task's name, ``body`` is ``[args, kwargs]``, the task's id is ``event_id``.

    ``app`` is a ``celery.Celery`` that knows the broker and needs no tasks; it works in a thread and tries once.
    """

    async def publish(event: Event) -> None:
        args, kwargs = event.body

        def send() -> None:
            app.send_task(
                event.topic,
                args,
                kwargs,
                task_id=event.event_id,
                headers=event.headers,
                retry=False,
                ignore_result=True,
            )

        await asyncio.to_thread(send)

    return publish
