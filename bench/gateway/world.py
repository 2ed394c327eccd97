"""The worlds of the tests (:mod:`tests.gateway`) with sides that are fast enough to be measured."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.gateway import project as projects
from tests.gateway.project import Project
from tests.gateway.world import World, started

from segue.gateway.envoy import Edge
from segue.gateway.processes import Child, Group

EDGE = Edge(health=5)
"""As `segue serve` has it by default."""


class Sides:
    """Starts the sides in ``folder``, where their modes and their POSTs are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, group: Group, name: str, port: int) -> Child:
        """A side that answers."""
        self.folder.mkdir(exist_ok=True)
        child = group.start(
            name,
            [sys.executable, "-m", "bench.gateway.server", name, str(port), str(self.folder)],
            port=port, cwd=Path.cwd(), env=os.environ,
        )  # fmt: skip
        group.wait_ready(child)
        return child

    def posts(self) -> list[str]:
        """Every POST that a side carried out, as often as it was."""
        return [line for file in self.folder.glob("*.posts") for line in file.read_text().splitlines()]


def bare(folder: Path) -> AbstractContextManager[World]:
    """Only the gateway and the sides."""
    return started(folder, EDGE, backend=Sides(folder / "sides").start)


@contextmanager
def project(folder: Path, rollout: str = "") -> Iterator[tuple[Project, Sides]]:
    """A project with a ledger as well."""
    sides = Sides(folder / "sides")
    with projects.project(folder, rollout, backend=sides.start, edge=EDGE) as one:
        yield one, sides
