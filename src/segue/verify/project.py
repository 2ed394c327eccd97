"""What a verification run needs to know of a project, and the child process it runs in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segue import environment
from segue.environment import bridge_requirement
from segue.errors import EnvironmentProblem
from segue.snapshot.detect import import_path
from segue.snapshot.model import Snapshot

JOINED = Path(__file__).parent / "joined"
OVERLAY = (
    "fastapi>=0.115", "sqlalchemy>=2.1", "aiosqlite>=0.20", "psycopg[binary]>=3.2", "pydantic-settings>=2.4",
    "python-multipart>=0.0.18", "greenlet>=3", "pyjwt>=2.8", "hypothesis>=6.100",
    "time-machine>=2.14", "babel>=2.12", "jinja2>=3.1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """``root`` and ``output`` are the two projects, ``state`` is ``.segue``, ``python`` the legacy interpreter."""

    root: Path
    output: Path
    state: Path
    python: Path
    snapshot: Snapshot
    package: str = "app"
    environment: Mapping[str, str] = field(default_factory=dict)
    seed_command: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()  # [verify] noise of segue.toml

    @property
    def import_root(self) -> Path:
        """The folder that must be on ``sys.path`` for the project's own imports."""
        return import_path(self.root)

    @property
    def own_models(self) -> list[str]:
        """Labels of the project's own models that may have rows."""
        models = self.snapshot.models.values()
        return [m.label for m in models if m.own and not m.abstract and not m.swapped]


def ensure_overlay(project: ProjectRef) -> Path:
    """The folder with what the FastAPI side needs, installed for the legacy interpreter by uv.

    Never the user's environment. Raises :class:`EnvironmentProblem` for an interpreter older than 3.11.
    """
    version = python_version(project.python)
    if version < (3, 11):
        raise EnvironmentProblem(
            f"{project.python} is Python {version[0]}.{version[1]}; generated code needs 3.11 in the same process.",
            hint="Joined verification needs a Python 3.11+ environment of the project.",
        )
    return environment.ensure_overlay(
        caches(project) / "overlay", [*OVERLAY, bridge_requirement()], python=project.python, version=version
    )


def caches(project: ProjectRef) -> Path:
    """Where the overlay and compiled modules are kept: ``.segue``, or the folder that ``SEGUE_CACHE`` names for several projects."""
    shared = os.environ.get("SEGUE_CACHE", "")
    return Path(shared).absolute() if shared else project.state


def child_environment(project: ProjectRef) -> dict[str, str]:
    """The environment of a child: the caller's, the project's, and its settings module."""
    left_out = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    out = {k: v for k, v in os.environ.items() if k not in left_out}
    out["PYTHONPYCACHEPREFIX"] = str(
        caches(project) / "pycache"
    )  # nothing is written beside the project's sources
    out["PYTHONHASHSEED"] = "0"  # some answers of Django depend on the order of sets
    out.update(project.environment)
    out["DJANGO_SETTINGS_MODULE"] = project.snapshot.settings.module
    return out


def python_version(python: Path) -> tuple[int, int]:
    """Major and minor version of an interpreter. Raises :class:`EnvironmentProblem` for one that does not run."""
    done = subprocess.run(
        [str(python), "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EnvironmentProblem(f"{python} cannot be run.", detail=done.stderr.strip())
    major, minor = done.stdout.split()
    return int(major), int(minor)


__all__ = ["JOINED", "ProjectRef", "child_environment", "ensure_overlay"]
