"""``segue schema check``: two empty databases, one built by each side, compared by structure."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from segue.errors import EnvironmentProblem
from segue.schema.compare import Difference, Structure, compare

HERE = Path(__file__).resolve().parent
STRUCTURE = HERE / "structure.py"
How = Literal["models", "alembic"]


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
    """The generated project: an interpreter with its dependencies, its folder, its package."""

    python: Path
    folder: Path
    package: str = "app"


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL with two empty databases to build in."""

    host: str
    port: int
    user: str
    django: str
    generated: str


def check(
    legacy: Legacy,
    generated: Generated,
    *,
    server: Server | None = None,
    how: How = "models",
    timeout: float = 300.0,
) -> list[Difference]:
    """Differences between what Django's migrations build and what the generated project builds.

    On SQLite in a temporary folder, or in the two databases of ``server``. Raises
    :class:`EnvironmentProblem` with the child's own words when a side cannot be built.
    """
    with tempfile.TemporaryDirectory(prefix="segue-schema-") as folder:
        place = Path(folder)
        return compare(
            django_structure(legacy, place, server, timeout=timeout),
            generated_structure(generated, place, server, how=how, timeout=timeout),
        )


def django_structure(
    legacy: Legacy, folder: Path, server: Server | None = None, *, timeout: float = 300.0
) -> Structure:
    """Structure of a database that the project's migrations have just built."""
    entry: dict[str, Any]
    if server is None:
        entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "django.sqlite3")}
    else:
        entry = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": server.django,
            "USER": server.user,
            "HOST": server.host,
            "PORT": server.port,
        }
    out = folder / "django.json"
    command = [
        *(str(legacy.python), str(HERE / "in_django.py"), str(legacy.path), legacy.settings),
        *(str(out), str(STRUCTURE), json.dumps(entry)),
    ]
    message = f"The project's migrations could not build an empty {'SQLite' if server is None else 'PostgreSQL'} database."
    hint = "Make `manage.py migrate` pass on an empty database of that kind, then try again."
    _run(command, legacy.path, out, timeout, message, hint, legacy.environment)
    found: Structure = json.loads(out.read_text(encoding="utf-8"))
    return found


def generated_structure(
    generated: Generated,
    folder: Path,
    server: Server | None = None,
    *,
    how: How = "models",
    timeout: float = 300.0,
) -> Structure:
    """Structure of a database that the generated project has just built."""
    if server is None:
        url = f"sqlite:///{folder / 'generated.sqlite3'}"
    else:
        url = f"postgresql://{server.user}@{server.host}:{server.port}/{server.generated}"
    out = folder / "generated.json"
    command = [
        *(str(generated.python), str(HERE / "in_generated.py"), str(generated.folder), generated.package),
        *(url, str(out), str(STRUCTURE), how),
    ]
    message = "The generated project could not build an empty database."
    _run(
        command,
        generated.folder,
        out,
        timeout,
        message,
        "Make `alembic upgrade head` pass there, then try again.",
        {},
    )
    found: Structure = json.loads(out.read_text(encoding="utf-8"))
    return found


def _run(
    command: list[str],
    cwd: Path,
    out: Path,
    timeout: float,
    message: str,
    hint: str,
    environment: Mapping[str, str],
) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            # The generated settings ask for these; the database itself is handed over.
            env={
                **os.environ,
                "SECRET_KEY": "schema-check",
                "DATABASE_URL": "sqlite:///:memory:",
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
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
