"""``segue schema check``: two empty databases, one built by each side, compared by structure.

What is held against each other: the database that Django's migrations build, and the one that the generated project
builds. A project's migrations may leave another database than its own models declare (a migration nobody wrote, SQL by
hand, ``SeparateDatabaseAndState``); the generated project follows the models, so these are told apart: Django itself
makes a third database from the models alone. Alembic's autogenerate is asked about both of Django's.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from segue.errors import EnvironmentProblem
from segue.schema.compare import Difference, Structure, compare
from segue.schema.places import Place, Server, declared, places

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
    """The generated project: an interpreter with its dependencies, its folder, its package, and what its settings read
    from the environment."""

    python: Path
    folder: Path
    package: str = "app"
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """``declared``: between what Django's models alone make and the generated database. ``differences``: between Django's database and the generated one. ``drifted``: those among them that Django's own
    models have too, compared with its migrations. ``drift``: operations that ``makemigrations`` would write.
    ``autogenerate``: what Alembic would write, for the
    database of Django's migrations and that of its models. ``tables``: how many Django has."""

    vendor: str
    tables: int
    differences: list[Difference]
    autogenerate: list[str]
    drift: list[str]
    drifted: list[Difference]
    declared: list[Difference] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether an existing database is what the generated project takes it for."""
        return not (self.differences or self.autogenerate or self.drifted)


@dataclass(frozen=True, slots=True)
class _Django:
    migrated: Structure
    declared: Structure | None
    drift: list[str]


def check(
    legacy: Legacy,
    generated: Generated,
    *,
    server: Server | None = None,
    how: How = "models",
    timeout: float = 300.0,
) -> Report:
    """Build both and compare: on SQLite in a temporary folder, or in the two databases of ``server``.

    Raises :class:`EnvironmentProblem` with the child's own words when a side cannot be built.
    """
    with tempfile.TemporaryDirectory(prefix="segue-schema-") as name:
        folder = Path(name)
        both = places(folder, server)
        with ThreadPoolExecutor(2) as pool:
            ours = pool.submit(generated_structure, generated, folder, both.generated, how, timeout)
            django = _django(legacy, folder, both.django, both.vendor, timeout)
            built = ours.result()
        found = generated_structure(generated, folder, both.django, "autogenerate", timeout)
        if (
            found and django.declared is not None
        ):  # what the migrations alone leave is not for Alembic to correct
            with declared(server):
                again = generated_structure(generated, folder, both.declared, "autogenerate", timeout)
            found = [operation for operation in found if operation in again]
    own = set(compare(django.migrated, django.declared)) if django.declared is not None else set()
    differences = compare(django.migrated, built)
    return Report(
        both.vendor,
        sum(not name.startswith("(") for name in django.migrated),
        [d for d in differences if d not in own],
        found,
        django.drift,
        [d for d in differences if d in own],
        compare(django.declared, built) if django.declared is not None else differences,
    )


def _django(legacy: Legacy, folder: Path, place: Place, vendor: str, timeout: float) -> _Django:
    out = folder / "django.json"
    command = [
        *(str(legacy.python), str(HERE / "in_django.py"), str(legacy.path), legacy.settings),
        *(str(out), str(STRUCTURE), json.dumps(place.entry)),
    ]
    message = f"The project's migrations could not build an empty {vendor} database."
    hint = "Make `manage.py migrate` pass on an empty database of that kind, then try again."
    run_child(command, legacy.path, out, timeout, message, hint, legacy.environment)
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return _Django(found["migrated"], found["declared"], found["drift"])


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
    no_database = {} if own_database else {"DATABASE_URL": "sqlite:///:memory:"}
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            # The generated settings ask for these; the database itself is handed over.
            env={
                **os.environ,
                "SECRET_KEY": "schema-check",
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
                **no_database,
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
