"""Databases whose tables Segue knows, and whose SQL it does not.

Statements are compared with Django's on SQLite and PostgreSQL. MySQL and MariaDB compare texts by collations that know no case, take ``LIKE``,
regular expressions, moments and locks their own way, and give nothing back from an UPDATE: no operation is translated for them.
"""

from __future__ import annotations

from segue.refusal import Refusal, refuse
from segue.snapshot.model import Snapshot, Where
from segue.translate.models.ddl import is_mysql


def check(snapshot: Snapshot) -> tuple[Refusal, ...]:
    """Why nothing but the tables of this project is translated; () on SQLite and PostgreSQL."""
    if not is_mysql(snapshot):
        return ()
    engine = next(d.engine for d in snapshot.settings.databases if d.alias == "default")
    why = "What its queries and writes mean on MySQL and MariaDB was not compared; only the tables are generated."
    return (refuse("database", f"DATABASES: {engine}", why, Where(snapshot.settings.module)).refusal,)
