"""The catalogue project: probed, translated and written down once per database."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.forks import Forks
from tests.services import Postgres

from segue.emit.render import render_module
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe
from segue.translate.context import Context
from segue.translate.models import translate_models
from segue.translate.models.classes import use_relation
from segue.translate.models.migrations import write_migrations
from segue.translate.models.names import concrete

PROJECT = Path(__file__).resolve().parents[1] / "projects" / "catalogue"
SETTINGS_STUB = '''"""Stands for the generated settings."""


class Settings:
    database_url = "sqlite://"


settings = Settings()
'''


@dataclass
class Sides:
    """Both sides over one database: ``vendor``, where the generated package lies, and how to run them."""

    vendor: str
    folder: Path
    snapshot: Snapshot
    entry: dict[str, Any]
    url: str
    processes: dict[str, Forks] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CATALOGUE_DATABASE": json.dumps(self.entry),
            "DJANGO_SETTINGS_MODULE": "site_settings",
            "PYTHONWARNINGS": "error",
        }

    def django(self, code: str) -> Any:
        """Run ``code`` in Django; what it assigns to ``result`` comes back through JSON."""
        start = f"import sys; sys.path.insert(0, {str(PROJECT)!r})\nimport django\ndjango.setup()\n"
        return self._forks("django", start).run(code)

    def generated(self, code: str) -> Any:
        """Run the body of an async function with ``db`` (a session) and ``database`` beside the generated package."""
        start = (
            f"import sys, asyncio; sys.path.insert(0, {str(self.folder)!r})\n"
            "import app.models\n"
            "from segue_bridge import zone\n"
            "zone.configure('America/New_York')\n"
            "from segue_bridge.db.database import Database\n"
            "from sqlalchemy import select, func, text\n"
            "from sqlalchemy.orm import configure_mappers\n"
            "configure_mappers()\n"  # half a second, once instead of in each fork
        )
        body = "".join(f"        {line}\n" for line in code.splitlines())
        return self._forks("generated", start).run(
            "import asyncio\n"
            "from segue_bridge.db.database import Database\n"
            "from sqlalchemy import select, func, text\n"
            "async def main():\n"
            "    result = None\n"
            f"    database = Database({self.url!r})\n"
            "    async with database.session() as db:\n"
            f"{body}"
            "    await database.close()\n"
            "    return result\n"
            "result = asyncio.run(main())\n"
        )

    def _forks(self, name: str, start: str) -> Forks:
        if name not in self.processes:
            self.processes[name] = Forks(start, self.environment())
        return self.processes[name]

    def close(self) -> None:
        """End the processes of both sides."""
        for process in self.processes.values():
            process.close()


def write_package(snapshot: Snapshot, folder: Path) -> Context:
    """Translate models and write them with their migrations."""
    context = Context(snapshot)
    translate_models(context)
    for label in ("links.Author", "links.Tag", "links.Place"):
        for item in concrete(context, label).reverse if label in snapshot.models else ():
            use_relation(context, label, item.accessor)
    write_migrations(context)
    for path, module in context.program.modules.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (target.parent / "__init__.py").touch()
        target.write_text(render_module(module))
    for path, text in context.program.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "app" / "settings.py").write_text(SETTINGS_STUB)
    return context


def sides_on_sqlite(folder: Path) -> Sides:
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "django.sqlite3")}
    return _sides("sqlite", folder, entry, f"sqlite:///{folder / 'django.sqlite3'}")


def sides_on_postgresql(folder: Path, postgres: Postgres) -> Sides:
    url = postgres.create("catalogue")
    return _sides("postgresql", folder, postgres.django("catalogue"), url)


def _sides(vendor: str, folder: Path, entry: dict[str, Any], url: str) -> Sides:
    snapshot = probe(
        PROJECT, sys.executable, "site_settings", environment={"CATALOGUE_DATABASE": json.dumps(entry)}
    )
    sides = Sides(vendor, folder, snapshot, entry, url)
    write_package(snapshot, folder)
    sides.django(
        "from django.core.management import call_command\ncall_command('migrate', verbosity=0)\nresult = None"
    )
    return sides


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def sides(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Django and the generated package over one migrated database, on each database in turn."""
    folder = tmp_path_factory.mktemp(f"catalogue-{request.param}")
    if request.param == "sqlite":
        made = sides_on_sqlite(folder)
    else:
        made = sides_on_postgresql(folder, request.getfixturevalue("postgres"))
    yield made
    made.close()
