"""What runs in the interpreters of both sides: the scripts beside this module, started and read."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from segue.errors import EnvironmentProblem
from segue.schema.places import Place

HERE = Path(__file__).resolve().parent
STRUCTURE = HERE / "structure.py"
How = Literal["models", "alembic"]
PATIENCE = 900.0
"""Seconds that a side may take to build its database. Django's side takes most of a minute for a hundred migrations."""


@dataclass(frozen=True, slots=True)
class Legacy:
    """The Django project: its interpreter, the folder to import from, its settings module, and what is
    added to the environment."""

    python: Path
    path: Path
    settings: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Generated:
    """The generated project: an interpreter with its dependencies, its folder, its package, and what its settings read
    from the environment."""

    python: Path
    folder: Path
    package: str = "app"
    environment: Mapping[str, str] = field(default_factory=dict)


def generated_structure(
    generated: Generated, folder: Path, place: Place, how: How | Literal["autogenerate"], timeout: float
) -> Any:
    """The structure of the database that the generated project has just built; for ``autogenerate`` the operations that
    Alembic would write for ``place``, which is stamped first."""
    out = folder / f"{how}.json"
    command = [
        *(str(generated.python), str(HERE / "in_generated.py"), str(generated.folder), generated.package),
        *(place.url, str(out), str(STRUCTURE), how),
    ]
    message = "The generated project could not build an empty database."
    hint = "Make `alembic upgrade head` pass there, then try again."
    if how == "autogenerate":
        message, hint = "Alembic could not read the database that Django built.", "`alembic check` says why."
    run_child(command, generated.folder, out, timeout, message, hint, generated.environment)
    return json.loads(out.read_text(encoding="utf-8"))


def child_environment(environment: Mapping[str, str], *, own_database: bool = False) -> dict[str, str]:
    """What a child sees: ``environment`` over that of this process, and no database named unless ``own_database``."""
    # The generated settings ask for these; the database itself is handed over.
    return {
        **os.environ,
        "SECRET_KEY": "schema-check",
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
        **({} if own_database else {"DATABASE_URL": "sqlite:///:memory:"}),
    }


def run_child(
    command: list[str],
    cwd: Path,
    out: Path,
    timeout: float,
    message: str,
    hint: str,
    environment: Mapping[str, str],
    *,
    own_database: bool = False,
) -> None:
    """Run a child that writes ``out``. Its settings name no database by ``DATABASE_URL`` unless ``own_database``. Raises
    :class:`EnvironmentProblem` with ``message``, ``hint`` and the child's last words when it does not come to its end."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=child_environment(environment, own_database=own_database),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentProblem(f"{message} It took longer than {timeout:.0f} s.", hint=hint) from error
    except OSError as error:
        raise EnvironmentProblem(
            f"{command[0]} cannot be run: {error.strerror}.", hint="`segue doctor` checks the interpreters."
        ) from error
    if done.returncode != 0 or not out.is_file():
        raise EnvironmentProblem(message, hint=hint, detail="\n".join(done.stderr.strip().splitlines()[-30:]))
