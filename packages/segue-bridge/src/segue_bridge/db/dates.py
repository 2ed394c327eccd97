"""Dates on asyncpg, exactly.

asyncpg writes ``date.min`` and ``date.max`` as PostgreSQL's ``-infinity`` and ``infinity``. Django
(psycopg) writes the dates, and 9999-12-31 is a popular "never".
"""

from __future__ import annotations

from datetime import date
from typing import Any

EPOCH = date(2000, 1, 1).toordinal()  # PostgreSQL counts days from here


def exact_dates(connection: Any, record: Any) -> None:
    """SQLAlchemy's ``connect`` event for asyncpg."""
    connection.run_async(_install)


async def _install(connection: Any) -> None:
    await connection.set_type_codec(
        "date", schema="pg_catalog", format="tuple", encoder=_encode, decoder=_decode
    )


def _encode(value: date) -> tuple[int]:
    return (value.toordinal() - EPOCH,)


def _decode(days: tuple[int]) -> date:
    """Raises ``OverflowError`` or ``ValueError`` for what Python's dates cannot hold (psycopg: ``DataError``)."""
    return date.fromordinal(days[0] + EPOCH)
