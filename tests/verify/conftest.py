"""The bookshop on both sides: copied, filled, probed, translated and written once per session."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.faults.seed import Fault, faults
from tests.services import Postgres

from segue.emit import write
from segue.snapshot.run import probe
from segue.translate.program import translate
from segue.verify import ProjectRef

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "bookshop"


@dataclass(frozen=True)
class Shop:
    """A project with its translation; ``database`` is what ``DATABASE_URL`` says."""

    project: ProjectRef
    database: str

    def with_output(self, output: Path) -> ProjectRef:
        """The same project with other generated code."""
        ref = self.project
        return ProjectRef(ref.root, output, ref.state, ref.python, ref.snapshot, ref.package, ref.environment)


def build(folder: Path, database: str) -> Shop:
    """Copy, fill, probe, translate, write."""
    root = folder / "shop"
    left_out = shutil.ignore_patterns("*.sqlite3", "__pycache__", ".segue", "fastapi", "segue.toml")
    shutil.copytree(EXAMPLE, root, ignore=left_out)
    environment = {"DATABASE_URL": database}
    for command in ("migrate", "seed"):
        subprocess.run(
            [sys.executable, "manage.py", command],
            cwd=root,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            timeout=120,
        )
    snapshot = probe(root, python=sys.executable, settings="bookshop.settings", environment=environment)
    write(translate(snapshot), folder / "fastapi")
    project = ProjectRef(
        root, folder / "fastapi", folder / ".segue", Path(sys.executable), snapshot, environment=environment
    )
    return Shop(project, database)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The bookshop on SQLite."""
    folder = tmp_path_factory.mktemp("verify")
    return build(folder, f"sqlite://{folder / 'shop.sqlite3'}")


@pytest.fixture(scope="session")
def shop_on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Shop:
    """The bookshop on PostgreSQL."""
    return build(tmp_path_factory.mktemp("verify-pg"), postgres.create("verify_shop"))


@pytest.fixture(scope="session")
def shop_faults(shop: Shop) -> list[Fault]:
    """What can be broken in the bookshop's generated code; looking for it takes seconds."""
    return faults(shop.project.output, most=40)
