"""Tables, keys and indexes lie in the tablespaces that Django puts them in, and ``schema check`` sees where one does not."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import pytest
from tests.schema.catalogue import write_package
from tests.services import Postgres

from segue.errors import EnvironmentProblem
from segue.schema.check import Report, check
from segue.schema.children import Generated, Legacy
from segue.schema.compare import compare
from segue.schema.places import Server
from segue.schema.structure import read
from segue.snapshot.run import probe

SETTINGS = """
import os
SECRET_KEY = "x"
USE_TZ = True
DATABASES = {"default": {"ENGINE": os.environ["SPACES_ENGINE"], "NAME": ":memory:"}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "spaces"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "urls"
"""
DEFAULTS = "DEFAULT_TABLESPACE, DEFAULT_INDEX_TABLESPACE = 'segue Rows', 'segue_index'\n"
MODELS = """
from django.db import models
from django.db.models.functions import Lower


class Label(models.Model):
    code = models.CharField(max_length=9, primary_key=True, db_tablespace="segue_third")
    plain = models.IntegerField(unique=True)


class Note(models.Model):
    title = models.CharField(max_length=20, db_index=True)
    number = models.IntegerField(unique=True, db_tablespace="segue_index")
    other = models.IntegerField(unique=True)
    rank = models.IntegerField(db_index=True, db_tablespace="segue_third")
    text = models.TextField(default="TABLESPACE \\"no\\"", db_default="USING INDEX TABLESPACE \\"no\\"")
    label = models.ForeignKey(Label, models.CASCADE)
    word = models.CharField(max_length=20, unique=True, db_tablespace="segue_third")
    labels = models.ManyToManyField(Label, related_name="+", db_tablespace="segue_third")

    class Meta:
        db_tablespace = "segue_index"
        unique_together = [("title", "rank")]
        indexes = [
            models.Index(fields=["rank", "-other"], name="two"),
            models.Index(fields=["rank"], name="placed", db_tablespace="segue Rows"),
            models.Index(fields=["title"], name="covering", include=["rank"], condition=models.Q(rank__gt=1), db_tablespace="segue_third"),
            models.Index(Lower("title"), name="lower", db_tablespace="segue_third"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["label", "rank"], name="both"),
            models.UniqueConstraint(fields=["label"], condition=models.Q(rank=1), name="first"),
        ]
"""
SPACES = ("segue Rows", "segue_index", "segue_third")


@pytest.fixture(scope="module")
def spaces(postgres: Postgres) -> Postgres:
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("SET allow_in_place_tablespaces = on")
        known = {name for (name,) in connection.execute("SELECT spcname FROM pg_tablespace")}
        for name in SPACES:
            if name not in known:
                connection.execute(f"CREATE TABLESPACE \"{name}\" LOCATION ''".encode())
    return postgres


class Project:
    """The project above, generated into ``folder / "out"``."""

    def __init__(self, folder: Path, settings: str, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        (folder / "spaces").mkdir()
        (folder / "spaces/__init__.py").touch()
        (folder / "spaces/models.py").write_text(MODELS)
        (folder / "urls.py").write_text("urlpatterns = []\n")
        (folder / "spaces_settings.py").write_text(SETTINGS + settings)
        monkeypatch.setenv("SPACES_ENGINE", f"django.db.backends.{vendor}")
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "spaces_settings")
        snapshot = probe(folder, sys.executable, "spaces_settings")
        write_package(snapshot, folder / "out")

    def check(self, server: Server | None) -> Report:
        legacy = Legacy(Path(sys.executable), self.folder, "spaces_settings")
        generated = Generated(Path(sys.executable), self.folder / "out")
        try:
            return check(legacy, generated, server=server, how="alembic")
        except EnvironmentProblem as problem:
            pytest.fail(f"{problem.message}\n{problem.detail}")


def places(postgres: Postgres) -> Server:
    for name in ("spaces_django", "spaces_generated"):
        postgres.create(name)
    return Server(postgres.dsn, "spaces_django", "spaces_generated")


@pytest.mark.parametrize("settings", ["", DEFAULTS], ids=["none", "defaults"])
def test_each_lies_where_django_puts_it(
    spaces: Postgres, settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Project(tmp_path, settings, "postgresql", monkeypatch).check(places(spaces))
    assert [str(item) for item in found.differences] == []
    assert found.equal
    with psycopg.connect(spaces.url("spaces_generated")) as connection:
        used = {
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT s.spcname FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace "
                "WHERE c.relnamespace = 'public'::regnamespace"
            )
        }
    assert used == set(SPACES)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("integer) TABLESPACE segue_index", "integer)", "tablespace"),
        ("PRIMARY KEY USING INDEX TABLESPACE segue_index", "PRIMARY KEY", "primary key"),
        ("UNIQUE USING INDEX TABLESPACE segue_index", "UNIQUE", "unique constraint"),
        ("(n) TABLESPACE segue_index", "(n)", "index"),
        ("(n) TABLESPACE segue_index", "(n) TABLESPACE segue_third", "index"),
    ],
)
def test_what_lies_elsewhere_is_told(spaces: Postgres, old: str, new: str, what: str) -> None:
    statements = (
        "CREATE TABLE a (id integer PRIMARY KEY USING INDEX TABLESPACE segue_index, "
        "u integer UNIQUE USING INDEX TABLESPACE segue_index, n integer) TABLESPACE segue_index; "
        "CREATE INDEX a_n ON a (n) TABLESPACE segue_index"
    )
    assert old in statements
    with psycopg.connect(spaces.dsn) as connection:
        connection.execute("CREATE SCHEMA spaces_told; SET search_path TO spaces_told")
        found = []
        for text in (statements, statements.replace(old, new)):
            connection.execute("DROP TABLE IF EXISTS a")
            connection.execute(text.encode())
            found.append(read("postgresql", lambda sql: connection.execute(sql.encode()).fetchall()))
        connection.rollback()
    assert {item.what for item in compare(*found)} == {what}


def test_sqlite_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Project(tmp_path, DEFAULTS, "sqlite3", monkeypatch).check(None)
    assert found.equal
