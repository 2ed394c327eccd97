"""Everything HTTP mode needs, started: who deals out cases, two clones, two servers."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue.verify.http.child import Child
from segue.verify.http.pair import HttpPair
from segue.verify.http.sides import Modern, database_url, start_django, start_fastapi
from segue.verify.http.states import State, open_state
from segue.verify.legacy_spec import legacy_spec
from segue.verify.project import JOINED, ProjectRef, child_environment
from segue.verify.scratch import scratch

PREPARING = 600.0  # seconds for migrating and filling the copy


@dataclass(slots=True)
class Laboratory:
    """``dealer`` answers ``{"next": key, "learn": status}``; ``told`` is what it said of itself."""

    dealer: Child
    told: dict[str, Any]
    pair: HttpPair
    large: set[str]


@contextlib.contextmanager
def start_dealer(
    project: ProjectRef, operations: list[dict[str, Any]], wanted: Collection[str], *, seed: int
) -> Iterator[Child]:
    """The process that copies the database and deals out cases of the ``wanted`` operations (see ``joined/dealing.py``);
    its first document tells of the copy."""
    spec = {
        **legacy_spec(project),
        "more": [],
        "operations": operations,
        "wanted": sorted(wanted),
        "models": project.own_models,
        "seed_command": list(project.seed_command),
        "seed": seed,
    }
    command = [str(project.python), str(JOINED), "deal"]
    with scratch() as folder:
        env = child_environment(project) | {"TMPDIR": str(folder / "tmp")}
        with Child("The Django process", command, spec, cwd=project.import_root, env=env) as child:
            yield child


@contextlib.contextmanager
def laboratory(
    project: ProjectRef,
    modern: Modern,
    operations: list[dict[str, Any]],
    wanted: Collection[str],
    *,
    seed: int = 1,
    gate: tuple[str, int] | None = None,
) -> Iterator[Laboratory]:
    """Both servers, up, on equal clones; everything is stopped and removed at the end. ``gate``: see :mod:`.sides`.

    The project's own database is only read. Raises :class:`segue.errors.EnvironmentProblem` when a process does not
    start, with the end of what it said.
    """
    with contextlib.ExitStack() as stack:
        dealer = stack.enter_context(start_dealer(project, operations, wanted, seed=seed))
        told = dealer.read(PREPARING)
        main = told["databases"]["default"]
        folder = Path(told["folder"])
        states: list[State] = []
        sides = []
        for name in ("django", "fastapi"):
            names = {
                alias: _clone_name(found, folder, alias, name) for alias, found in told["databases"].items()
            }
            for alias, found in told["databases"].items():
                if alias != "default" and names[alias] != names["default"]:
                    stack.callback(
                        open_state(found["vendor"], found["name"], names[alias], found["server"]).close
                    )
            state = open_state(main["vendor"], main["name"], names["default"], main["server"])
            states.append(state)
            media = folder / f"media-{name}"
            if name == "django":
                side = start_django(project, names, main["server"], state, media, gate)
            else:
                url = database_url(names["default"], main["server"])
                side = start_fastapi(project, modern, told["shared"], url, state, media, gate)
            stack.callback(side.close)
            sides.append(side)
        yield Laboratory(
            dealer, told, HttpPair(*sides, agreed=project.noise), {t for s in states for t in s.large}
        )


def _clone_name(database: dict[str, Any], folder: Path, alias: str, side: str) -> str:
    if database["vendor"] == "sqlite":
        return str(folder / f"{alias}-{side}.sqlite3")
    return f"{re.sub(r'_(django|fastapi)$', '', database['name'])}_{side}"[-63:] or f"segue_{os.getpid()}"
