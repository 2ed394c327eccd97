"""``segue schema check``."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from segue import ledger
from segue.commands.common import code_digest, console, count, errors, interpreter, print_json, read_snapshot
from segue.commands.serve import fastapi_environment, requirements
from segue.config import Config
from segue.environment import ensure_environment
from segue.errors import EnvironmentProblem, UsageError
from segue.gateway.shared import shared_environment
from segue.ledger.owners import owner
from segue.refusal import Refusal
from segue.schema.check import Report
from segue.schema.check import check as compare_schemas
from segue.schema.children import Generated, Legacy
from segue.schema.compare import Difference
from segue.schema.kept import Keep
from segue.schema.mysql import is_mysql
from segue.schema.places import Server, temporary
from segue.snapshot.detect import import_path
from segue.snapshot.model import Snapshot
from segue.translate.models import ddl
from segue.translate.models.problems import missing_table

_MOST_DRIFT = 12
KEPT = "schema"
"""Folder in the state where Django's database is kept."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of the project and where they build (``server`` is None: SQLite files). ``refused``: tables that the generated
    project does not have, with the reason."""

    legacy: Legacy
    generated: Generated
    server: Server | None
    refused: dict[str, Refusal]


def check(settings: Config, *, server: str, sqlite: bool, fresh: bool, as_json: bool) -> int:
    """Build two empty databases, one with the project's migrations and one with the generated
    project's Alembic baseline, and compare their structure. Returns 1 on differences, else 0.

    On the kind of database that the project uses: two temporary SQLite files, or two temporary databases on ``server``
    (else the project's own PostgreSQL server). ``sqlite``: in files, whatever the project uses. ``fresh``: with
    Django's migrations run anew, whatever is kept of them. Raises :class:`EnvironmentProblem` when a side cannot be built.
    """
    with sides(settings, server=server, sqlite=sqlite, quiet=as_json) as both:
        refused = both.refused
        keep = Keep(settings.state / KEPT, fresh)
        found = compare_schemas(both.legacy, both.generated, server=both.server, how="alembic", keep=keep)
        report = _by_owner(_without(found, refused), settings)
    if as_json:
        print_json(
            {
                "vendor": report.vendor,
                "tables": report.tables,
                "refused": {table: f"{reason.place}: {reason.why}" for table, reason in refused.items()},
                "differences": [asdict(d) for d in report.differences],
                "autogenerate": report.autogenerate,
                "drift": report.drift,
                "drifted": [asdict(d) for d in report.drifted],
                "built": report.built,
                "not_kept": report.not_kept,
            }
        )
    else:
        _say(report, refused)
    return 0 if report.equal else 1


@contextlib.contextmanager
def sides(settings: Config, *, server: str, sqlite: bool, quiet: bool) -> Iterator[Sides]:
    """What is needed to build two empty databases. Raises :class:`UsageError` for contrary options or a project that was
    not generated, :class:`EnvironmentProblem` when a PostgreSQL cannot be used."""
    if server and sqlite:
        raise UsageError("Both --server and --sqlite were given.", hint="Give one of them.")
    snapshot = read_snapshot(settings)
    code_digest(settings)
    baseline = settings.output / "alembic.ini"
    if not baseline.is_file():
        raise UsageError(f"{baseline} does not exist.", hint="Run `segue generate` to write it.")
    python, module = interpreter(settings), snapshot.settings.module
    path = import_path(settings.root)
    shared = shared_environment(python, path, module, {**os.environ, **settings.environment}, mysql=True)
    url = "" if sqlite else server or _own_server(shared["DATABASE_URL"])
    if is_mysql(url) is not ddl.is_mysql(snapshot):
        raise UsageError(
            f"The project was generated for {'MySQL' if ddl.is_mysql(snapshot) else 'PostgreSQL and SQLite'}, by the default "
            "database of its settings.",
            hint="Run `segue generate` with settings for the other kind (--settings) in another folder, then check there.",
        )
    if (
        url
        and not is_mysql(url)
        and any(
            model.create_sql and "postgresql" not in model.create_sql for model in snapshot.models.values()
        )
    ):
        raise EnvironmentProblem(
            "The snapshot was taken without a driver for PostgreSQL, so it does not say what Django makes of the models there.",
            hint="Install psycopg in the project's environment, run `segue generate`, then try again.",
        )
    with (
        contextlib.nullcontext() if quiet else errors.status("Building both databases…"),
        _server(url) as where,
    ):
        legacy = Legacy(python, path, module, settings.environment)
        environment = {**settings.environment, **shared}
        generated = Generated(_environment(settings, url), settings.output, settings.package, environment)
        yield Sides(legacy, generated, where, _refused(snapshot))


def _environment(settings: Config, url: str) -> Path:
    """The generated project's environment; one with a driver for PostgreSQL where its own lacks that."""
    needed = requirements(settings.output)
    if not url or is_mysql(url) or any(re.match(r"asyncpg\b", name) for name in needed):
        return fastapi_environment(settings)
    return ensure_environment(settings.state / "venv-postgresql", [*needed, "asyncpg>=0.30"])


def _own_server(url: str) -> str:
    return "" if url.startswith("sqlite") else url


@contextlib.contextmanager
def _server(url: str) -> Iterator[Server | None]:
    if not url:
        yield None
        return
    with temporary(url) as made:
        yield made


def _refused(snapshot: Snapshot) -> dict[str, Refusal]:
    """Tables that the generated project does not have, with the reason."""
    found = {}
    for model in snapshot.models.values():
        reason = missing_table(snapshot, model)
        if (
            reason is not None
            and model.managed
            and not model.proxy
            and not model.abstract
            and not model.swapped
        ):
            found[model.table] = reason
    return found


def _without(report: Report, refused: dict[str, Refusal]) -> Report:
    return replace(report, differences=[d for d in report.differences if d.table not in refused])


def _by_owner(report: Report, settings: Config) -> Report:
    """Tables of FastAPI's are held against Django's models: Alembic changes them, and Django's migrations only the state."""
    handovers = ledger.read(settings.ledger_file).handovers

    def theirs(difference: Difference) -> bool:
        return owner(difference.table, handovers) == "fastapi"

    return replace(
        report,
        differences=[
            *(d for d in report.differences if not theirs(d)),
            *(d for d in report.declared if theirs(d)),
        ],
        drifted=[d for d in report.drifted if not theirs(d)],
    )


def origin(built: str, not_kept: str) -> str:
    """Where Django's database came from, or why the next run will build it again; '' when there is nothing to say."""
    if built:
        return (
            f"(Django's database is that of {built}: nothing that its migrations read has changed since. "
            "--fresh builds it again.)"
        )
    return f"(The next run builds Django's database again: {not_kept}.)" if not_kept else ""


def _say(report: Report, refused: dict[str, Refusal]) -> None:
    def line(text: Any) -> None:
        console.print(str(text), markup=False, soft_wrap=True)

    for table, reason in refused.items():
        line(f"{table}: not translated ({reason.place}): {reason.why}")
    for difference in report.differences:
        line(difference)
    for operation in report.autogenerate:
        line(f"Alembic would write: {operation}")
    if report.drifted:
        line(
            "The database that the project's migrations build is not what its models declare; the generated project "
            "follows the models:"
        )
        for difference in report.drifted:
            line(
                f"  {difference.table}: {difference.what}: "
                f"migrations {difference.django or '–'}, models {difference.generated or '–'}"
            )
    if report.drift:
        line(f"`manage.py makemigrations` would write {count(len(report.drift), 'operation')}:")
        for operation in report.drift[:_MOST_DRIFT]:
            line(f"  {operation}")
        if len(report.drift) > _MOST_DRIFT:
            line(f"  and {len(report.drift) - _MOST_DRIFT} more")
    found = len(report.differences) + len(report.autogenerate)
    console.print(
        f"{count(found, 'difference')} between Django's migrations and the Alembic baseline (on {report.vendor})."
        if found
        else f"The Alembic baseline builds the database of Django's {'models' if report.drifted else 'migrations'}: "
        f"{count(report.tables - len(refused), 'table')} on {report.vendor}. Alembic finds nothing to do in Django's."
    )
    if told := origin(report.built, report.not_kept):
        line(told)
