"""``segue schema check``."""

from __future__ import annotations

from dataclasses import asdict

from segue.commands.common import code_digest, console, errors, interpreter, print_json, read_snapshot
from segue.commands.serve import fastapi_environment
from segue.config import Config
from segue.schema.check import Generated, Legacy
from segue.schema.check import check as compare_schemas


def check(settings: Config, *, as_json: bool) -> int:
    """Build two empty SQLite databases, one with the project's migrations and one with the generated
    project's Alembic baseline, and compare their structure. Returns 1 on differences, else 0.

    Raises :class:`EnvironmentProblem` when a side cannot be built.
    """
    snapshot = read_snapshot(settings)
    code_digest(settings)
    with errors.status("Building both databases…"):
        legacy = Legacy(interpreter(settings), settings.root, snapshot.settings.module)
        generated = Generated(fastapi_environment(settings), settings.output, settings.package)
        found = compare_schemas(legacy, generated, how="alembic")
    if as_json:
        print_json({"differences": [asdict(d) for d in found]})
    else:
        for difference in found:
            console.print(str(difference), markup=False)
        console.print(
            f"{len(found)} differences between Django's migrations and the Alembic baseline."
            if found
            else "The Alembic baseline builds the same database as Django's migrations."
        )
    return 1 if found else 0
