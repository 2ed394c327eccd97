"""Django writes to the outbox of :mod:`segue_bridge.outbox`, in the transaction that the event belongs to."""

from __future__ import annotations

from typing import Any

from django.db import connections

from segue_bridge.outbox.table import DDL, INSERT, LOCK_CLASS, lock_of, values_of


def create(using: str = "default") -> None:
    """Make the table where it is not there."""
    with connections[using].cursor() as cursor:
        cursor.execute(DDL[connections[using].vendor])


def add(topic: str, body: Any, *, key: str = "", event_id: str | None = None, using: str = "default") -> str:
    """:meth:`segue_bridge.outbox.table.Outbox.add` on Django's connection ``using``."""
    row = values_of(topic, body, key, event_id)
    with connections[using].cursor() as cursor:
        if key and connections[using].vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, lock_of(key)])
        cursor.execute(INSERT.format(*["%s"] * 5), row)
    return row[0]
