"""Running the probe for a configured project."""

from __future__ import annotations

import contextlib

from segue.commands.common import errors, prepare_state
from segue.config import Config
from segue.errors import EnvironmentProblem
from segue.files import require_writable, write_atomic
from segue.snapshot.dump import dump
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe


def take_snapshot(settings: Config, *, quiet: bool = False) -> Snapshot:
    """Probe the project now and keep the snapshot in ``.segue/snapshot.json``.

    Raises :class:`~segue.errors.SegueError`, and then has written nothing.
    """
    require_writable(settings.state)
    with contextlib.nullcontext() if quiet else errors.status("Reading the Django project…"):
        snapshot = probe(
            settings.root,
            python=settings.python or None,
            settings=settings.settings or None,
            environment=settings.environment,
        )
    _require_supported_database(snapshot)
    prepare_state(settings)
    write_atomic(settings.snapshot_file, dump(snapshot))
    return snapshot


def _require_supported_database(snapshot: Snapshot) -> None:
    """Raises :class:`EnvironmentProblem` for a default database whose SQL Segue does not know."""
    default = next((d for d in snapshot.settings.databases if d.alias == "default"), None)
    geographic = default is not None and any(word in default.engine for word in _GEOGRAPHIC)
    if default is not None and default.vendor in ("postgresql", "sqlite", "mysql") and not geographic:
        return
    engine = default.engine if default is not None else ""
    found = "none" if engine in ("", "django.db.backends.dummy") else engine
    raise EnvironmentProblem(
        f"The default database of {snapshot.settings.module} is not supported ({found}): Segue translates "
        "projects on PostgreSQL and SQLite, and the tables of those on MySQL and MariaDB.",
        hint="Nothing was written. Try it with settings for one of these (--settings), or keep this service on Django.",
    )


# Their vendor is PostgreSQL or SQLite, but columns, functions and lookups of their own come with them.
_GEOGRAPHIC = (".gis.", "postgis", "spatialite")
