"""Tables of a project on MariaDB: the generated models and the baseline make what Django makes there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pymysql
import pytest
from tests.cli.tiny import segue
from tests.maria import Maria
from tests.schema.catalogue import PROJECT, write_package

from segue.errors import EnvironmentProblem
from segue.schema.check import Report, check
from segue.schema.children import Generated, Legacy
from segue.schema.places import temporary
from segue.schema.reverse import reverse
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe
from segue.translate.models.migrations import owned_tables
from segue.translate.models.problems import missing_table

# In place of mysqlclient, of which there is no wheel.
SETTINGS = """
import pymysql
pymysql.install_as_MySQLdb()
"""


@dataclass
class World:
    """The catalogue on ``maria``, generated; with migrations of its own, since Django's for the others cannot be run there."""

    maria: Maria
    legacy: Legacy
    generated: Generated
    snapshot: Snapshot

    def check(self, how: str = "alembic") -> Report:
        with temporary(self.maria.url("any")) as server:
            try:
                return check(self.legacy, self.generated, server=server, how=how)  # type: ignore[arg-type]
            except EnvironmentProblem as problem:
                pytest.fail(f"{problem.message}\n{problem.detail}")


@pytest.fixture(scope="module")
def world(maria: Maria, tmp_path_factory: pytest.TempPathFactory) -> World:
    project = tmp_path_factory.mktemp("on-maria") / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("migrations"))
    settings = project / "site_settings.py"
    settings.write_text(settings.read_text() + SETTINGS)
    environment = {"CATALOGUE_DATABASE": json.dumps(maria.django("nothing_is_there"))}
    made = [sys.executable, "-W", "ignore", "manage.py", "makemigrations", "fields", "links", "mysqlfields"]
    subprocess.run(
        made, cwd=project, env={**os.environ, **environment}, check=True, capture_output=True, timeout=60
    )
    snapshot = probe(project, sys.executable, "site_settings", environment=environment)
    folder = project.parent / "generated"
    write_package(snapshot, folder)
    legacy = Legacy(Path(sys.executable), project, "site_settings", environment)
    return World(maria, legacy, Generated(Path(sys.executable), folder), snapshot)


def test_nothing_differs_from_what_django_builds(world: World) -> None:
    found = world.check()
    assert found.tables == len(owned_tables(world.snapshot)) > 30
    assert [str(item) for item in (*found.differences, *found.drifted)] == []
    assert found.autogenerate == []
    assert found.equal


def test_each_difference_is_found(world: World, tmp_path: Path) -> None:
    """The comparison and Alembic see what is not as Django makes it."""
    folder = tmp_path / "generated"
    shutil.copytree(world.generated.folder, folder)
    baseline = folder / "migrations" / "versions" / "0001_baseline.py"
    models = folder / "app" / "fields" / "models.py"
    for file in (baseline, models):
        text = file.read_text()
        for old, new in (
            ("PositiveSmallInt()", "SmallInt()"),
            ("Varchar(10), primary_key=True", "Varchar(12), primary_key=True"),
            ("UniqueConstraint('slug', 'small', 'uuid'), ", ""),
            ("text_('`integer` DESC')", "'integer'"),
            ("text('`integer` DESC')", "'integer'"),
            ("`integer` >= -100", "`integer` >= -99"),
            ("server_default=text('7')", "server_default=text('8')"),
        ):
            text = text.replace(old, new)
        file.write_text(text)
    with temporary(world.maria.url("any")) as server:
        found = check(world.legacy, Generated(Path(sys.executable), folder), server=server, how="alembic")
    everything = {d.what for d in found.differences if d.table == "catalogue everything"}
    assert everything == {"column positive_small: type", "unique constraint", "index", "check"}
    assert {d.what for d in found.differences if d.table != "catalogue everything"} == {
        "column code: type",
        "column number: default",
        "column number: type",
    }
    said = "\n".join(found.autogenerate)
    for word in ("modify_type", "remove_index", "positive_small", "'code'"):
        assert word in said


def test_django_takes_what_the_baseline_builds(world: World) -> None:
    with temporary(world.maria.url("any")) as server:
        found = reverse(world.legacy, world.generated, server=server)
    assert found.accepted, found


def test_a_table_whose_statements_are_not_known_is_left_out(world: World) -> None:
    model = world.snapshot.models["fields.Text"]
    assert missing_table(world.snapshot, model) is None
    for known in ({}, {"mysql": model.create_sql["mysql"]}):
        problem = missing_table(world.snapshot, replace(model, create_sql=known))
        assert problem is not None
        assert problem.code == "model-statements"


def test_no_database_stays(world: World) -> None:
    with temporary(world.maria.url("any")) as server:
        names = _databases(world.maria)
        assert {server.django, server.generated, f"{server.django}_segue_declared"} <= names
    assert not {name for name in _databases(world.maria) if name.startswith("segue_schema_")}


def test_a_server_that_is_not_there() -> None:
    said = "No databases could be made on the MySQL server"
    with pytest.raises(EnvironmentProblem, match=said), temporary("mysql://root@127.0.0.1:1/any"):
        pass


def test_a_server_of_another_kind_than_the_generated_project(tiny: Path) -> None:
    ran = segue(tiny, "schema", "check", "--server", "mysql://root@127.0.0.1:1/any")
    ran.sentence()
    assert "The project was generated for PostgreSQL and SQLite" in ran.err


def _databases(maria: Maria) -> set[str]:
    connection = pymysql.connect(host="127.0.0.1", port=maria.port, user="root")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW DATABASES")
            return {name for (name,) in cursor.fetchall()}
    finally:
        connection.close()


REVISION = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "{0}", "0001", None, None
def upgrade():
    op.execute({1!r})
"""
REVISIONS = {
    "alter": "ALTER TABLE `fields_autokey` ADD extra int",
    "index": "DROP INDEX `date_integer` ON `catalogue everything`",
    "hidden": "/*!50000 ALTER TABLE `fields_autokey` ADD extra int */",
    "rename": "RENAME TABLE `fields_autokey` TO `other`",
    "fresh": "CREATE TABLE fresh AS SELECT IS_USED_LOCK(CONCAT('segue.', DATABASE())) AS held, CONNECTION_ID() AS own",
}
UPGRADE = """
import sys
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
folder, url, *names = sys.argv[1:]
sys.path.insert(0, folder)
for name in names:
    config = Config(folder + "/alembic.ini")
    config.attributes["url"] = url
    try:
        command.upgrade(config, name)
        print(name, "ran")
    except CommandError as error:
        print(name, "refused:", error)
"""


def test_alembic_changes_no_table_of_djangos(world: World, tmp_path: Path) -> None:
    """What the guard of ``migrations/env.py`` reads in MySQL's statements, and that one run holds the database."""
    folder = tmp_path / "generated"
    shutil.copytree(world.generated.folder, folder)
    for name, statement in REVISIONS.items():
        text = REVISION.format(name, statement)
        (folder / "migrations" / "versions" / f"{name}.py").write_text(text)
    url = world.maria.create("guarded")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", UPGRADE, str(folder), url, "0001", *REVISIONS],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert [name for name, what in said.items() if what == "ran"] == ["0001", "fresh"]
    for name in ("alter", "index", "hidden", "rename"):
        table = "catalogue everything" if name == "index" else "fields_autokey"
        assert f"Revision {name} changes {table}, which is Django's" in said[name]
    connection = pymysql.connect(host="127.0.0.1", port=world.maria.port, user="root", database="guarded")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT held, own FROM fresh")
            ((held, own),) = cursor.fetchall()
    finally:
        connection.close()
    assert held is not None
    assert held != own  # a connection of its own, which outlasts every transaction of the run
