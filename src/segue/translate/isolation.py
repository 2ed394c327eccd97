"""The isolation level of Django's transactions.

Sources: ``DatabaseWrapper.get_new_connection`` of Django's PostgreSQL backend. With psycopg 3 the level holds for what ``atomic`` begins
(psycopg writes it behind ``BEGIN``), and statements outside of it keep the server's; with psycopg2 it is set for the session.
"""

from __future__ import annotations

import re
from typing import Any

from segue.snapshot.model import Snapshot
from segue.translate.specialise.fold import plain
from segue.translate.versions import since

LEVELS = {
    1: "READ UNCOMMITTED",
    2: "READ COMMITTED",
    3: "REPEATABLE READ",
    4: "SERIALIZABLE",
}  # psycopg.IsolationLevel
_BY_TEXT = re.compile(
    r"default[_-]transaction[_-][\w-]+"
)  # "-c name=value" or "--name=value", where a dash is an underscore


def problem(snapshot: Snapshot) -> tuple[str, str] | None:
    """What the generated service does not follow (construct, why), None where it follows all."""
    options = _options(snapshot)
    if found := _BY_TEXT.search(str(options.get("options") or "")):
        return (
            f"OPTIONS: {found[0]}",
            "It is set for the whole session; the generated service sets levels for transactions.",
        )
    given = options.get("isolation_level")
    if given is None:
        return None
    third = any(name.lower() == "psycopg" for name in snapshot.versions.packages)
    if not third or not since(snapshot.versions.django, 4, 2):  # older ones know psycopg2 alone
        return "OPTIONS: isolation_level", "With psycopg2 it holds for single statements, too."
    return None if given in LEVELS else ("OPTIONS: isolation_level", "Segue does not know this level.")


def level(snapshot: Snapshot) -> str:
    """What transactions of the default database begin with (``SERIALIZABLE``); '' for the server's own level."""
    given = _options(snapshot).get("isolation_level")
    return "" if given is None or problem(snapshot) else LEVELS[given]


def _options(snapshot: Snapshot) -> dict[str, Any]:
    found = next((d for d in snapshot.settings.databases if d.alias == "default"), None)
    if found is None or found.vendor != "postgresql":
        return {}
    return {name: plain(value) for name, value in found.options.items()}
