"""How many connections a process may hold, and what happens when all of them are in use.

Django has one connection per thread, so it cannot run dry; a pool can. A request that waits for a connection for
longer than ``Database(pool_wait=…)`` seconds is turned away with 503, for it would hold its client and the server
longer than either wants to wait.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import TextClause, text

from segue_bridge.db.errors import DatabaseError

if TYPE_CHECKING:
    from segue_bridge.db.database import Database

_log = logging.getLogger("segue_bridge.db")
_LIMITS: TextClause = text(
    "SELECT current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int"
    " - coalesce(current_setting('reserved_connections', true)::int, 0),"
    " (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),"
    " (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),"
    " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
)


@dataclass(slots=True)
class Use:
    """What a pool is used for, as plain numbers: ``taken`` connections and ``waiting`` requests now; since the process
    began ``waits``, the seconds ``waited`` in all and the requests ``refused``. ``in_flight``: requests in work now."""

    taken: int = 0
    waiting: int = 0
    waits: int = 0
    waited: float = 0.0
    refused: int = 0
    in_flight: int = 0


class PoolBusy(Exception):
    """All connections were in use for ``waited`` seconds: the request is answered with 503 and ``Retry-After``.

    No :class:`~.errors.DatabaseError`: code that handles errors of the database must not take it for one.
    """

    def __init__(self, waited: float, size: int) -> None:
        super().__init__(f"All {size} database connections were in use for {waited:g} s.")
        self.waited = waited


class TooManyConnections(ValueError):
    """The processes of this service together may open more connections than the server grants."""


async def check_capacity(database: Database, workers: int) -> int | None:
    """The connections that the PostgreSQL server grants to this user on this database; None where there is no such limit
    (SQLite), or the server cannot be asked now, which is logged.

    Raises :class:`TooManyConnections` if ``workers`` processes with ``pool_size`` connections each may need more.
    ``max_connections`` less the reserved ones, ``ALTER DATABASE … CONNECTION LIMIT`` and ``ALTER ROLE … CONNECTION LIMIT``
    are looked at, and so is a replica, by its own limits. What other services use is not known here: leave room for the Django side.
    """
    if database.replica is not None:
        await check_capacity(database.replica, workers)
    if database.dialect != "postgresql" or database.pool_size is None:
        return None
    try:
        async with database.session() as db:
            row = await db.first(_LIMITS)
    except DatabaseError as error:
        _log.warning("The connection limit of the database was not checked: %s", error)
        return None
    assert row is not None
    server, of_database, of_role, superuser = tuple(row)
    # Superusers are held by none of the limits but the server's own.
    limits = [server] if superuser else [server, *(n for n in (of_database, of_role) if n >= 0)]
    granted = int(min(limits))
    wanted = database.pool_size * workers
    if wanted > granted:
        raise TooManyConnections(
            f"{workers} workers with {database.pool_size} connections each may open {wanted}, but the database "
            f"grants {granted}: lower POOL_SIZE to {max(granted // workers, 1)} or less, or start fewer workers."
        )
    return granted
