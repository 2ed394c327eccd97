"""One request on both sides again: what a written case (``.segue/evidence/cases/test_….py``) calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue import config
from segue.errors import EnvironmentProblem, UsageError
from segue.snapshot.detect import detect_python
from segue.snapshot.load import load as load_snapshot
from segue.verify.explore import STARTING, joined_spec, run_joined
from segue.verify.operations import native_operations
from segue.verify.project import ProjectRef


@dataclass(frozen=True, slots=True)
class Both:
    """Both answers (status, headers, cookies, body, effects; of a sequence a list of them in the body).

    ``differences`` are (path, Django's value, FastAPI's), without what Django itself answers differently each time.
    """

    django: Mapping[str, Any]
    fastapi: Mapping[str, Any]
    differences: list[tuple[str, Any, Any]]


def ask_both(project: Path | str, case: Mapping[str, Any], rows: Mapping[str, Any]) -> Both:
    """Ask ``case`` on a copy of the database of ``project`` (the folder of ``segue.toml``) with these ``rows``.

    Raises :class:`UsageError` where the project does not have the case's operation or persona any more, and
    :class:`EnvironmentProblem` where both sides cannot be run.
    """
    settings = config.load(Path(project))
    if not settings.snapshot_file.is_file():
        raise UsageError(f"{settings.snapshot_file} does not exist.", hint="Run `segue assess` first.")
    ref = ProjectRef(
        settings.root, settings.output, settings.state, detect_python(settings.root, settings.python or None),
        load_snapshot(settings.snapshot_file), settings.package, settings.environment, settings.seed_command,
        settings.noise,
    )  # fmt: skip
    return ask(ref, case, rows)


def ask(project: ProjectRef, case: Mapping[str, Any], rows: Mapping[str, Any]) -> Both:
    """:func:`ask_both` for a project that is known already."""
    wanted = sorted({step["key"] for step in case.get("steps", [case])})
    operations = native_operations(project)
    missing = set(wanted) - {o["key"] for o in operations}
    if missing:
        raise UsageError(f"{', '.join(sorted(missing))} is not translated.", hint="Run `segue generate`.")
    spec = joined_spec(project, operations, seed=1) | {
        "wanted": wanted,
        "case": dict(case),
        "rows": dict(rows),
    }
    raw = run_joined(project, spec, STARTING)
    if raw["problem"]:
        raise UsageError(
            f"The case cannot be asked: {raw['problem']}.", hint="Run `segue verify explore` again."
        )
    if raw["unserved"]:
        raise EnvironmentProblem("FastAPI leaves this request to Django (501).")
    found = [(str(path), one, other) for path, one, other in raw["differences"]]
    return Both(raw["django"], raw["fastapi"], found)
