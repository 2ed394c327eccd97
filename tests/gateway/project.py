"""A project folder as the commands want it, for the routes of :mod:`tests.gateway.world`, with a gateway that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.gateway.world import ARTICLE, World, simple_backend, started

from segue import digest, ledger
from segue.commands.common import open_project
from segue.config import Config
from segue.gateway import control
from segue.gateway.envoy import Edge
from segue.gateway.processes import Child, Group
from segue.ledger import Entry, Ledger, Proof, State, closure
from segue.snapshot import dump
from segue.snapshot.model import (
    SCHEMA_VERSION,
    Inventory,
    Operation,
    Route,
    Settings,
    Snapshot,
    Versions,
    View,
    Where,
)

GET = "GET /api/articles/{pk}/"
POST = "POST /api/articles/{pk}/"


@dataclass
class Project:
    """``settings`` of the project and the gateway that serves it."""

    settings: Config
    world: World

    def entry(self, key: str = GET) -> Entry:
        """What the ledger says now."""
        return ledger.read(self.settings.ledger_file).entries[key]


@contextmanager
def project(
    folder: Path,
    rollout: str,
    backend: Callable[[Group, str, int], Child] = simple_backend,
    edge: Edge = Edge(),
) -> Iterator[Project]:
    """Two verified operations at 0 %, served; ``rollout`` are lines for that table of segue.toml, ``backend`` starts a side."""
    settings = unserved(folder, rollout)
    with started(settings.state, edge, backend=backend) as world:
        control.save_running(settings.state, world.running)
        yield Project(settings, world)


def unserved(folder: Path, rollout: str = "") -> Config:
    """The same without a gateway."""
    (folder / "fastapi" / "app").mkdir(parents=True)
    (folder / "fastapi" / "app" / "routes.py").write_text(
        "def read():\n    pass\n\n\ndef write():\n    pass\n"
    )
    (folder / "segue.toml").write_text(f"[rollout]\n{rollout}\n")
    settings = open_project(folder)
    dump.save(_snapshot(), settings.snapshot_file)
    functions = {GET: "app.routes.read", POST: "app.routes.write"}
    own = closure.of_folder(settings.output, "app", functions.values())
    snapshot = digest.of_file(settings.snapshot_file)
    entries = [
        Entry(
            key.partition(" ")[0], key.partition(" ")[2], State.VERIFIED, 0, function, (),
            {"explore": Proof("d", "c", 40, 0, "2026-01-01T00:00:00Z", own[function], snapshot, "seed 1")},
        )
        for key, function in functions.items()
    ]  # fmt: skip
    ledger.write(settings.ledger_file, Ledger({e.key: e for e in entries}, snapshot, ""))
    return settings


def _snapshot() -> Snapshot:
    where = Where("views.py", 1)
    return Snapshot(
        schema_version=SCHEMA_VERSION,
        root="",
        versions=Versions("3.11", "5.2", "3.16", {}),
        settings=Settings("site.settings", {}, (), (), (), ()),
        apps=(),
        models={},
        routes=(
            Route(
                "/api/articles/{pk}/", "/api/articles/{pk}/", f"^{ARTICLE}$", 0, "v", "drf", (),
                (Operation("GET", "get", "views.get", where), Operation("POST", "post", "views.post", where)),
            ),
        ),
        views={"v": View("v", "views.V", "apiview", where)},
        serializers={}, filtersets={}, classes={}, functions={}, receivers=(), tasks=(), inventory=Inventory({}),
    )  # fmt: skip
