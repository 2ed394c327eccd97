"""What the FastAPI process must share with Django: the secret keys and the database."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from segue.errors import EnvironmentProblem
from segue.snapshot.detect import import_path

SCRIPT = Path(__file__).resolve().parent / "in_django.py"


def shared_environment(
    python: Path,
    root: Path,
    module: str,
    environment: Mapping[str, str],
    replica: str = "",
    *,
    mysql: bool = False,
) -> dict[str, str]:
    """``SECRET_KEY``, ``SECRET_KEY_FALLBACKS`` and ``DATABASE_URL`` as the settings ``module`` has them now.

    ``root`` is the folder in which Django runs: relative paths in the settings are relative to it. Modules are imported from its
    :func:`~segue.snapshot.detect.import_path`. ``replica`` is an alias of ``DATABASES`` whose address is ``REPLICA_URL``. ``mysql``:
    whether a MySQL will do, for what asks for tables only.
    Read by the legacy interpreter and handed from process to process; never stored. Raises
    :class:`EnvironmentProblem` when the settings cannot be imported or the database is of a kind that
    the generated project does not know.
    """
    done = subprocess.run(
        [str(python), str(SCRIPT), str(import_path(root)), module, *([replica] if replica else [])],
        cwd=root,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise EnvironmentProblem(
            f"The settings {module} could not be imported.",
            hint="Correct the error above and run the command again.",
            detail=done.stderr.strip(),
        )
    found: dict[str, str] = json.loads(done.stdout)
    if not found["DATABASE_URL"] or (found["DATABASE_URL"].startswith("mysql://") and not mysql):
        raise EnvironmentProblem(
            f"The default database of {module} is neither SQLite nor PostgreSQL.",
            hint="FastAPI cannot open it; no route can be served by it yet.",
        )
    return found
