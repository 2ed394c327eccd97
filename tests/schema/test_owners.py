"""Both tools, really run on one database: each refuses what changes a table of the other's, and does the rest."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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

    def some(self, *cases: str) -> list[str]:
        """All on SQLite; on PostgreSQL, for the sake of time, those that tell of statements."""
        if self.url.startswith("sqlite"):
            return list(cases)
        return [
            case
            for case in cases
            if "RunSQL" in case or "by_hand" in case or "execute" in case or "rows" in case
        ]

    def owners(self, *handovers: Handover) -> None:
        (self.project / "fastapi/migrations/owners.toml").write_text(text(TABLES, handovers))

    def migrate(self, *words: str, operation: str = "") -> str:
        """``manage.py migrate``, after ``operation`` was written as a migration; what it refused, or ''."""
        file = self.project / "notes/migrations/0002_next.py"
        file.unlink(missing_ok=True)
        if operation:
            file.write_text(MIGRATION.replace("OPERATION", operation))
        return str(self.django.run(f"words = {words!r}\n" + _MIGRATE))

    def upgrade(
        self, *, does: str = "pass", undoes: str = "pass", url: str = "", sql: bool = False, down: str = ""
    ) -> str:
        """``alembic upgrade head`` (or ``downgrade``), after the second revision was written; what it refused, or ''."""
        self.revision("0002", "0001", does, undoes)
        code = f"url, sql, down = {url or self.url!r}, {sql!r}, {down!r}\n"
        return str(self.alembic.run(code + _UPGRADE))

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
_MIGRATE = """
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
_UPGRADE = """
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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
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


def test_each_tool_refuses_what_is_the_others_and_does_the_rest(world: World) -> None:
    assert world.stamp() == "0001"
    before = world.columns()
    add = "op.add_column('notes_note', sa.Column('extra', sa.Integer))"

    # Django's table: Alembic keeps off it, whatever the operation, and does nothing else of that revision.
    for does in world.some(
        add,
        "op.execute('ALTER TABLE \"notes_note\" RENAME COLUMN stars TO extra')",
        "op.execute('CREATE INDEX extra ON notes_note (stars)')",
        "op.drop_table('notes_note')",
        "op.execute('CREATE VIEW seen AS SELECT * FROM notes_note')",
        "op.rename_table('notes_note', 'elsewhere')",
    ):
        refused = world.upgrade(does=does)
        assert "Revision 0002 changes notes_note, which is Django's" in refused, does
        assert "segue schema own notes_note --by fastapi" in refused
    assert "changes notes_note" in world.upgrade(does=add, sql=True)
    assert world.columns() == before
    assert world.proposed() == 0
    assert "Revision 0001 changes" in world.upgrade(down="base")

    # FastAPI's: the same revision runs, and Django keeps off.
    world.owners(TO_FASTAPI)
    assert world.upgrade(does=add) == ""
    assert world.columns() == [*before, "extra"]
    assert world.proposed() == 1
    after = world.columns()
    assert "state_operations=" in world.made()
    for operation in world.some(
        f"migrations.AddField('note', 'more', {FIELD})",
        "migrations.RemoveField('note', 'stars')",
        "migrations.RenameModel('Note', 'Text')",
        "migrations.AlterModelTable('note', 'elsewhere')",
        "migrations.AddIndex('note', models.Index(fields=['stars'], name='more'))",
        "migrations.RunSQL('ALTER TABLE notes_note ADD COLUMN more integer')",
        "migrations.RunPython(by_hand)",
        f"migrations.SeparateDatabaseAndState([migrations.AddField('note', 'more', {FIELD})])",
    ):
        refused = world.migrate(operation=operation)
        assert "notes.0002_next changes notes_note, which is FastAPI's" in refused, operation
        assert "segue schema own notes_note --by django" in refused
    assert "notes.0001_initial changes notes_note" in world.migrate("notes", "zero")
    assert world.columns() == after

    # What changes nothing there passes, and so do Django's own tables.
    for operation in world.some(
        f"migrations.SeparateDatabaseAndState(state_operations=[migrations.AddField('note', 'more', {FIELD})])",
        "migrations.AlterField('note', 'title', models.CharField(max_length=40, unique=True, help_text='seen'))",
        "migrations.RunPython(rows, migrations.RunPython.noop)",
        f"migrations.CreateModel('Own', [('id', models.AutoField(primary_key=True)), ('of', {FIELD})])",
    ):
        assert world.migrate(operation=operation) == "", operation
        assert world.migrate("notes", "0001", operation=operation) == "", operation
    assert world.migrate("--fake", operation=f"migrations.AddField('note', 'more', {FIELD})") == ""
    assert world.columns() == after

    # Given back: an empty database still takes the revision of FastAPI's time, what comes later does not pass.
    world.owners(TO_FASTAPI, BACK)
    folder = world.project / "empty"
    folder.mkdir()
    fresh = f"sqlite:///{folder / 'empty.sqlite3'}"
    add = "op.add_column('notes_note', sa.Column('extra', sa.Integer))"
    assert world.upgrade(does=add, url=fresh) == ""
    third = world.revision("0003", "0002", "op.drop_column('notes_note', 'extra')")
    assert "Revision 0003 changes notes_note" in world.upgrade(does=add, url=fresh)
    third.unlink()
    assert world.migrate("--fake", "notes", "0001", operation="migrations.RunSQL('SELECT 1')") == ""
    assert world.migrate(operation=f"migrations.AddField('note', 'mine', {FIELD})") == ""
    assert world.columns() == [*after, "mine"]
    shutil.rmtree(folder)


def test_what_is_not_safe_is_refused_unless_asked_for(world: World) -> None:
    before = world.columns()
    postgresql = world.url.startswith("postgresql")
    for operation, advice in {
        "migrations.RemoveField('note', 'stars')": "the other side may still use it",
        "migrations.RenameField('note', 'stars', 'points')": "knows the old name",
        "migrations.AddField('note', 'more', models.IntegerField(default=1))": "inserts rows without it",
        "migrations.AlterField('note', 'stars', models.TextField())": "Values may not fit",
        "migrations.AlterField('note', 'title', models.CharField(max_length=30, unique=True))": "Values may not fit",
        "migrations.RunSQL('DROP TABLE notes_note')": "the other side may still use it",
        "migrations.DeleteModel('Note')": "the other side may still use it",
    }.items():
        if operation not in world.some(operation) and "title" not in operation:
            continue
        refused = world.migrate(operation=operation)
        assert "notes.0002_next is not safe while FastAPI runs on notes_note" in refused, operation
        assert advice.lower() in refused.lower()
    index = "migrations.AddIndex('note', models.Index(fields=['stars'], name='more'))"
    assert ("CREATE INDEX CONCURRENTLY" in world.migrate(operation=index)) is postgresql
    assert world.columns() == before
    for operation in (
        "migrations.AlterField('note', 'title', models.CharField(max_length=50, unique=True))",
        "migrations.AddField('note', 'more', models.IntegerField(default=1, db_default=1))",
    ):
        assert world.migrate("notes", "0001") == ""
        assert world.migrate(operation=operation) == "", operation
        assert world.migrate("notes", "0001", "--unsafe", operation=operation) == ""
    assert world.migrate("--unsafe", operation="migrations.RemoveField('note', 'stars')") == ""
    assert world.columns() == ["id", "title"]

    folder = world.project / "fresh.sqlite3"
    url = world.url if postgresql else f"sqlite:///{folder}"
    if postgresql:
        assert world.stamp() == "0001"
    else:
        world.revision("0002", "0001", "pass").unlink()
        assert world.alembic.run(f"url, sql, down = {url!r}, False, ''\n" + _UPGRADE) == ""
        assert permissions(folder) == permissions(world.project / "shared.sqlite3")
    world.owners(TO_FASTAPI)
    column = "sa.Column('extra', sa.Integer, nullable=False)"
    refused = world.upgrade(does=f"op.add_column('notes_note', {column})", url=url)
    assert "Revision 0002 is not safe while Django runs on notes_note" in refused
    assert "inserts rows without it" in refused
    assert "fastapi_own" not in world.upgrade(does="op.add_column('fastapi_own', " + column + ")", url=url)


def test_two_runs_never_overlap(world: World) -> None:
    """Each tool runs a migration that waits for a file; the other finds the database held, and passes when it is free."""
    go = world.project / "go"
    here = world.project / "here"
    wait = f"import pathlib, time\npathlib.Path({str(here)!r}).touch()\n" + (
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)\n"
    )
    impatient = "from segue_bridge.owners import lock; lock.PATIENCE = 0.2\n"
    assert world.stamp() == "0001"
    world.revision("0002", "0001", f"exec({wait!r})")
    upgrade = f"url, sql, down = {world.url!r}, False, ''\n" + _UPGRADE
    words = "words = ('--fake',)\n"
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(world.alembic.run, upgrade)
        _until(here)
        assert "Another run of migrations holds this database" in world.django.run(
            impatient + words + _MIGRATE
        )
        go.touch()
        assert first.result(30) == ""
        assert world.django.run(impatient + words + _MIGRATE) == ""
        for file in (go, here):
            file.unlink()
        text_ = MIGRATION.replace("OPERATION", f"migrations.RunPython(lambda *_: exec({wait!r}))")
        (world.project / "notes/migrations/0002_next.py").write_text(text_)
        first = pool.submit(world.django.run, "words = ()\n" + _MIGRATE)
        _until(here)
        assert "Another run of migrations holds this database" in world.alembic.run(impatient + upgrade)
        go.touch()
        assert first.result(30) == ""
        assert world.alembic.run(impatient + upgrade) == ""


def permissions(file: Path) -> list[tuple[str, ...]]:
    """Content types with their permissions: what Django makes after ``migrate``, and the baseline by itself."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        found: list[tuple[str, ...]] = connection.execute(
            "SELECT app_label, model, codename, name FROM django_content_type t "
            "LEFT JOIN auth_permission p ON p.content_type_id = t.id ORDER BY 1, 2, 3"
        ).fetchall()
    assert found
    return found


def _until(file: Path) -> None:
    limit = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < limit
        time.sleep(0.02)
