"""The tiny project with the guards of both tools, on one database that Django has migrated."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.tiny import SETTINGS
from tests.forks import Forks
from tests.services import Postgres

from segue.ledger.owners import Handover, text

TABLES = ["auth_group", "auth_user", "notes_note"]
DJANGO_STAGE = ("notes.0001_initial", "auth.0012_alter_user_first_name_max_length")
TO_FASTAPI = Handover(("notes_note",), "fastapi", "2026-11-29T22:00:00Z", DJANGO_STAGE)
BACK = Handover(("notes_note",), "django", "2026-11-29T23:00:00Z", ("0002",))

MIGRATION = """\
from django.db import migrations, models


def by_hand(apps, schema_editor):
    schema_editor.execute("ALTER TABLE notes_note ADD COLUMN by_hand integer")


def rows(apps, schema_editor):
    apps.get_model("notes", "Note").objects.update(stars=1)


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [OPERATION]
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = {name!r}, {after!r}, None, None


def upgrade():
    op.create_table("fastapi_own", sa.Column("id", sa.Integer, primary_key=True)) if {own} else None
    {does}


def downgrade():
    {undoes}
"""
FIELD = 'models.IntegerField(null=True)'  # fmt: skip


@dataclass
class World:
    project: Path
    django: Forks
    alembic: Forks
    url: str

    def owners(self, *handovers: Handover) -> None:
        (self.project / "fastapi/migrations/owners.toml").write_text(text(TABLES, handovers))

    def migrate(self, *words: str, operation: str = "") -> str:
        """``manage.py migrate``, after ``operation`` was written as a migration; what it refused, or ''."""
        file = self.project / "notes/migrations/0002_next.py"
        file.unlink(missing_ok=True)
        if operation:
            file.write_text(MIGRATION.replace("OPERATION", operation))
        return str(self.django.run(f"words = {words!r}\n" + MIGRATE))

    def upgrade(
        self, *, does: str = "pass", undoes: str = "pass", url: str = "", sql: bool = False, down: str = ""
    ) -> str:
        """``alembic upgrade head`` (or ``downgrade``), after the second revision was written; what it refused, or ''."""
        self.revision("0002", "0001", does, undoes)
        code = f"url, sql, down = {url or self.url!r}, {sql!r}, {down!r}\n"
        return str(self.alembic.run(code + UPGRADE))

    def revision(self, name: str, after: str, does: str, undoes: str = "pass") -> Path:
        file = self.project / f"fastapi/migrations/versions/{name}.py"
        file.write_text(REVISION.format(name=name, after=after, does=does, undoes=undoes, own=name == "0002"))
        return file

    def stamp(self) -> str:
        """``alembic stamp 0001``."""
        return str(self.alembic.run(f"url = {self.url!r}\n" + _STAMP))

    def proposed(self) -> int:
        """How much autogenerate proposes when notes_note has a column more in the models."""
        if "extra" not in self.columns():
            (self.project / "fastapi/migrations/versions/0002.py").unlink()
        found: int = self.alembic.run(f"url = {self.url!r}\n" + _PROPOSED)
        return found

    def made(self) -> str:
        """What ``makemigrations`` writes when the model has a field more."""
        (self.project / "notes/migrations/0002_next.py").unlink(missing_ok=True)
        return str(self.django.run(_MADE))

    def columns(self) -> list[str]:
        found: list[str] = self.django.run(_COLUMNS)
        return found


_SETTINGS = SETTINGS.replace('"notes"]', '"notes", "segue_bridge.legacy.owners"]') + (
    "import json, os, pathlib\n"
    "DATABASES = {'default': json.loads(os.environ['TINY_DATABASE'])}\n"
    "SEGUE_OWNERS = pathlib.Path(__file__).parents[1] / 'fastapi/migrations/owners.toml'\n"
)
# Migrations are read in each fork.
_DJANGO = """
import sys, os; sys.path.insert(0, os.getcwd()); os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
sys.dont_write_bytecode = True
import django, rest_framework, django.core.management.commands.migrate, django.contrib.auth.migrations
django.setup()
from django.db.migrations.loader import MigrationLoader
MigrationLoader(None)  # reads all migrations but those that are written later
"""
MIGRATE = """
from django.core.management import call_command
from django.core.management.base import CommandError
try:
    call_command("migrate", *words, verbosity=0, interactive=False, skip_checks=True)
    result = ""
except CommandError as error:
    result = str(error)
"""
_STAMP = """
from alembic import command
from alembic.config import Config
config = Config("fastapi/alembic.ini")
config.attributes["url"] = url
command.stamp(config, "0001")
result = "0001"
"""
_PROPOSED = """
from alembic import command
from alembic.config import Config
from alembic.util import AutogenerateDiffsDetected
from sqlalchemy import Column, Integer
from segue_bridge.db.base import Base
columns = Base.metadata.tables["notes_note"]
columns.append_column(Column("extra", Integer))
columns.append_column(Column("proposed", Integer))
config = Config("fastapi/alembic.ini")
config.attributes["url"] = url
config.print_stdout = lambda *texts: None
try:
    command.check(config)
    result = 0
except AutogenerateDiffsDetected as error:
    result = sum(diff[0] == "add_column" for diff in error.diffs)
"""
_MADE = """
import pathlib
from django.apps import apps
from django.core.management import call_command
from django.db import models
apps.get_model("notes", "Note").add_to_class("made", models.IntegerField(null=True))
call_command("makemigrations", "notes", name="made", verbosity=0)
file = pathlib.Path("notes/migrations/0002_made.py")
result = file.read_text()
file.unlink()
"""
_COLUMNS = """
from django.db import connection
with connection.cursor() as cursor:
    result = [c.name for c in connection.introspection.get_table_description(cursor, "notes_note")]
"""
_ALEMBIC = """
import sys, os; sys.path.insert(0, os.path.join(os.getcwd(), "fastapi"))
sys.dont_write_bytecode = True
os.environ["SECRET_KEY"] = "x"; os.environ["DATABASE_URL"] = "sqlite://"
import alembic.command, alembic.config, app.models, segue_bridge.db.database, segue_bridge.owners.alembic, asyncpg, aiosqlite
"""
UPGRADE = """
import io, os
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
out = io.StringIO()
config = Config(os.path.join(os.getcwd(), "fastapi/alembic.ini"), output_buffer=out)
config.attributes["url"] = url
try:
    if down:
        command.downgrade(config, down)
    else:
        command.upgrade(config, "head", sql=sql)
    result = ""
except CommandError as error:
    result = str(error)
"""


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def once(
    generated_once: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[World]:
    """The tiny project with Django's guard, its database migrated by Django, and a process of each tool to fork from."""
    tiny = Path(shutil.copytree(generated_once, tmp_path_factory.mktemp("owners") / "project"))
    if request.param == "sqlite":
        file = tiny / "shared.sqlite3"
        entry, url = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}, f"sqlite:///{file}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url, entry = postgres.create("owners"), postgres.django("owners")
    (tiny / "site_/settings.py").write_text(_SETTINGS)
    environment = dict(os.environ, TINY_DATABASE=json.dumps(entry))
    here = os.getcwd()
    os.chdir(tiny)
    try:
        django, alembic = Forks(_DJANGO, environment), Forks(_ALEMBIC, environment)
    finally:
        os.chdir(here)
    world = World(tiny, django, alembic, url)
    world.owners(TO_FASTAPI)
    assert world.migrate() == ""  # an empty database: what Django had written before
    if request.param == "sqlite":
        shutil.copy(tiny / "shared.sqlite3", tiny / "migrated.sqlite3")
    else:
        postgres.create("owners_migrated", template="owners")
    yield world
    django.close()
    alembic.close()


@pytest.fixture
def world(once: World, request: pytest.FixtureRequest) -> World:
    """The same, with the database as Django has migrated it, no later migration, and every table Django's."""
    if once.url.startswith("sqlite"):
        shutil.copy(once.project / "migrated.sqlite3", once.project / "shared.sqlite3")
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        postgres.create("owners", template="owners_migrated")
    (once.project / "notes/migrations/0002_next.py").unlink(missing_ok=True)
    for number in ("0002", "0003"):
        (once.project / f"fastapi/migrations/versions/{number}.py").unlink(missing_ok=True)
    once.owners()
    return once
