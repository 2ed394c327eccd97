"""``segue schema check``."""

from __future__ import annotations

import contextlib
from dataclasses import asdict

from segue.commands.common import code_digest, console, count, errors, interpreter, print_json, read_snapshot
from segue.commands.serve import fastapi_environment
from segue.config import Config
from segue.errors import UsageError
from segue.schema.check import Generated, Legacy
from segue.schema.check import check as compare_schemas
from segue.snapshot.detect import import_path


def check(settings: Config, *, as_json: bool) -> int:
    """Build two empty SQLite databases, one with the project's migrations and one with the generated
    project's Alembic baseline, and compare their structure. Returns 1 on differences, else 0.

    Raises :class:`EnvironmentProblem` when a side cannot be built.
    """
    snapshot = read_snapshot(settings)
    code_digest(settings)
    baseline = settings.output / "alembic.ini"
    if not baseline.is_file():
        raise UsageError(f"{baseline} does not exist.", hint="Run `segue generate` to write it.")
    with contextlib.nullcontext() if as_json else errors.status("Building both databases…"):
        legacy = Legacy(
            interpreter(settings), import_path(settings.root), snapshot.settings.module, settings.environment
        )
        generated = Generated(fastapi_environment(settings), settings.output, settings.package)
        found = compare_schemas(legacy, generated, how="alembic")
    if as_json:
        print_json({"differences": [asdict(d) for d in found]})
    else:
        for difference in found:
            console.print(str(difference), markup=False, soft_wrap=True)
        console.print(
            f"{count(len(found), 'difference')} between Django's migrations and the Alembic baseline (on SQLite)."
            if found
            else "The Alembic baseline builds the same database as Django's migrations (on SQLite)."
        )
    return 1 if found else 0
