"""What both servers must have before anything is made on them, one sentence for each thing that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segue.split.sides import Connection, Side, one
from segue.split.tables import Table

_OLDEST = 160000  # subscriptions with ``origin``


def missing(
    source: Connection,
    target: Connection,
    sides: tuple[Side, Side],
    tables: Sequence[Table],
    *,
    polled: bool = False,
) -> list[str]:
    """What stands in the way, empty if nothing does. Changes nothing.

    Both servers publish and subscribe: the way back is made together with the way there. ``polled``: there are no subscriptions.
    """
    found: list[str] = []
    for connection, side, other in zip((source, target), sides, sides[::-1], strict=True):
        found += _server(connection, side, other, polled)
    if not found:
        found += _tables(source, target, tables)
    if not found and polled:
        found += [
            f"{table.name} has the identity of another index than its primary key: ALTER TABLE {table.name} REPLICA IDENTITY DEFAULT."
            for table in tables
            if table.identity == "i"
        ]
    return found


def _server(connection: Connection, side: Side, other: Side, polled: bool) -> Iterator[str]:
    it = f"The {side.name} {side.address}"
    version = connection.info.server_version
    if version < _OLDEST:
        yield f"{it} is PostgreSQL {version // 10000}; subscriptions that leave out what came from elsewhere need 16."
        return
    if _setting(connection, "wal_level") != "logical":
        yield f"{it} has wal_level = {_setting(connection, 'wal_level')}: set it to logical and restart it."
    slots = int(_setting(connection, "max_replication_slots"))
    used = int(one(connection, "SELECT count(*) FROM pg_catalog.pg_replication_slots"))
    if slots - used < 3:
        yield f"{it} has {slots - used} of {slots} replication slots left, 3 are needed: raise max_replication_slots and restart it."
    senders = int(_setting(connection, "max_wal_senders"))
    sending = int(one(connection, "SELECT count(*) FROM pg_catalog.pg_stat_replication"))
    if senders - sending < 3:
        yield f"{it} has {senders - sending} of {senders} WAL senders left, 3 are needed: raise max_wal_senders and restart it."
    if polled:
        yield from _polled_role(connection, it)
        return
    if int(_setting(connection, "max_logical_replication_workers")) < 3:
        yield f"{it} has max_logical_replication_workers below 3: raise it and restart it."
    if (
        int(_setting(connection, "max_active_replication_origins", "max_replication_slots"))
        - int(one(connection, "SELECT count(*) FROM pg_catalog.pg_replication_origin"))
        < 3
    ):
        yield f"{it} has fewer than 3 replication origins left: raise max_active_replication_origins (before PostgreSQL 18: max_replication_slots)."
    yield from _role(connection, it, other)


def _role(connection: Connection, it: str, other: Side) -> Iterator[str]:
    strong = one(connection, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user")
    if strong:
        return
    user = one(connection, "SELECT current_user")
    if not one(connection, "SELECT rolreplication FROM pg_catalog.pg_roles WHERE rolname = current_user"):
        yield f"{it}: {user} may not replicate: ALTER ROLE {user} REPLICATION."
    if not other.with_password:
        yield f"{it}: {user} is no superuser, so its subscription needs a password in the address of the {other.name}, which that asks for."
    if not one(connection, "SELECT pg_catalog.pg_has_role('pg_create_subscription', 'USAGE')"):
        yield f"{it}: {user} may not subscribe: GRANT pg_create_subscription TO {user}."
    yield from _may_create(connection, it, user)


def _polled_role(connection: Connection, it: str) -> Iterator[str]:
    """What a role needs that reads the slot of one side and writes past the fence of the other."""
    if one(connection, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"):
        return
    user = one(connection, "SELECT current_user")
    if not one(connection, "SELECT rolreplication FROM pg_catalog.pg_roles WHERE rolname = current_user"):
        yield f"{it}: {user} may not replicate: ALTER ROLE {user} REPLICATION."
    if not one(connection, "SELECT pg_catalog.has_parameter_privilege('session_replication_role', 'SET')"):
        yield f"{it}: {user} may not write past triggers: GRANT SET ON PARAMETER session_replication_role TO {user}."
    yield from _may_create(connection, it, user)


def _may_create(connection: Connection, it: str, user: str) -> Iterator[str]:
    if not one(
        connection,
        "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database()::text, 'CREATE')",
    ):
        yield f"{it}: {user} may not make publications and schemas: GRANT CREATE ON DATABASE {one(connection, 'SELECT current_database()')} TO {user}."


def _tables(source: Connection, target: Connection, tables: Sequence[Table]) -> Iterator[str]:
    if _identity(source) == _identity(target):
        yield "The source and the target are the same database."
        return
    for table in tables:
        if table.oddity:
            yield f"{table.name} {table.oddity}."
        elif not table.key:
            yield f"{table.name} has no primary key, so changes of its rows cannot be followed: give it one."
        elif table.identity == "n":
            yield f"{table.name} has REPLICA IDENTITY NOTHING: ALTER TABLE {table.name} REPLICA IDENTITY DEFAULT."
        quoted = table.name.identifier.as_string(source)
        if not one(
            source,
            "SELECT pg_catalog.pg_has_role(relowner, 'USAGE') FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(%s)",
            quoted,
        ):
            yield f"{table.name} belongs to another role at the source; publishing and fencing it needs its owner."


def _identity(connection: Connection) -> tuple[str, str]:
    return (
        str(one(connection, "SELECT system_identifier FROM pg_catalog.pg_control_system()")),
        str(one(connection, "SELECT pg_catalog.current_database()")),
    )


def _setting(connection: Connection, *names: str) -> str:
    """The first of ``names`` that the server has."""
    found = [one(connection, "SELECT pg_catalog.current_setting(%s, true)", name) for name in names]
    return next(str(value) for value in found if value is not None)
