"""``segue schema baseline``: an existing database, marked as one that the baseline has built."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

from segue.commands.common import code_digest, console, count, interpreter, print_json, read_snapshot
from segue.commands.serve import fastapi_environment
from segue.config import Config
from segue.errors import UsageError
from segue.gateway.shared import shared_environment
from segue.schema.children import Generated, Legacy
from segue.schema.history import Migration, Standing, history, stamp, standing, unapplied
from segue.snapshot.detect import import_path


def run(settings: Config, *, write: bool, as_json: bool) -> int:
    """Tell what the project's own database has seen of its migrations, and with ``write`` stamp it with the baseline revision.

    Returns 1, and writes nothing, when migrations are not applied, when Alembic finds a difference between the database
    and the models, or when the database bears another revision; else 0. Raises :class:`EnvironmentProblem` when the
    database cannot be read.
    """
    snapshot = read_snapshot(settings)
    code_digest(settings)
    if not (settings.output / "alembic.ini").is_file():
        raise UsageError(
            f"{settings.output / 'alembic.ini'} does not exist.", hint="Run `segue generate` to write it."
        )
    python, module = interpreter(settings), snapshot.settings.module
    path = import_path(settings.root)
    shared = shared_environment(python, path, module, {**os.environ, **settings.environment}, mysql=True)
    url = shared["DATABASE_URL"]
    generated = Generated(
        fastapi_environment(settings), settings.output, settings.package, {**settings.environment, **shared}
    )
    migrations = history(Legacy(python, path, module, settings.environment))
    left = unapplied(migrations)
    found = standing(generated, url)
    stamped = bool(found.current)
    fine = not left and (stamped or not found.operations)
    if write and fine and not stamped:
        stamp(generated, url)
    if as_json:
        print_json(
            {
                "migrations": [asdict(m) for m in migrations],
                "unapplied": [m.key for m in left],
                "alembic": asdict(found),
                "stamped": stamped or (write and fine),
            }
        )
    else:
        _say(migrations, left, found, write=write)
    return 0 if fine else 1


def _say(migrations: list[Migration], left: list[Migration], found: Standing, *, write: bool) -> None:
    def line(text: Any) -> None:
        console.print(str(text), markup=False, soft_wrap=True)

    for migration in migrations:
        state = "applied" if migration.applied else "not applied"
        if migration.replaces:
            line(f"{migration.key}: squashed from {count(len(migration.replaces), 'migration')}, {state}")
        if migration.merge:
            line(f"{migration.key}: merges branches, {state}")
        for item in migration.data:
            place = f" ({item.place})" if item.place else ""
            back = "reversible" if item.reversible else "not reversible"
            line(f"{migration.key}: {item.what}{place}, {back}, {state}")
    for migration in left:
        line(f"{migration.key}: not applied to this database")
    if not found.current:
        for operation in found.operations:
            line(f"Alembic would write: {operation}")
    line(_verdict(len(migrations), left, found, write=write))


def _verdict(number: int, left: list[Migration], found: Standing, *, write: bool) -> str:
    if left:
        return f"Not stamped: {count(len(left), 'migration')} not applied; run `manage.py migrate` first."
    if found.current:
        return f"The database bears Alembic revision {', '.join(found.current)} already; nothing was changed."
    if found.operations:
        return (
            f"Not stamped: {count(len(found.operations), 'difference')} between this database and the models; "
            "`segue schema check` tells whether the project's own migrations leave them."
        )
    later = (
        ""
        if found.heads == (found.base,)
        else f"; `alembic upgrade head` then runs what follows {found.base}"
    )
    what = f"all of Django's {count(number, 'migration')} are applied and it is what the baseline builds"
    if write:
        return f"Stamped with {found.base}: {what}{later}."
    return f"Can be stamped with {found.base}: {what}{later}. `segue schema baseline --stamp` does it."
