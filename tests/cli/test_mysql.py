"""A project on MySQL: its tables are generated, every operation stays on Django for one reason. No server is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.tiny import SETTINGS, segue, write

DATABASE = '{"ENGINE": "django.db.backends.mysql", "NAME": "notes", "USER": "root", "HOST": "127.0.0.1", "PORT": "1"}'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lite = '{"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}'
    assert lite in SETTINGS
    settings = "import pymysql\npymysql.install_as_MySQLdb()\n" + SETTINGS.replace(lite, DATABASE)
    root = write(tmp_path_factory.mktemp("tiny"), {"site_/settings.py": settings})
    ran = segue(root, "generate", "--json")
    assert ran.code == 0, ran.err
    (root / "told.json").write_text(ran.out)
    return root


def test_every_operation_is_refused_for_one_reason(project: Path) -> None:
    told = json.loads((project / "told.json").read_text())
    assert told["native"] == 0
    assert told["refused"] > 5
    assert told["reasons"] == {"database": told["refused"]}
    assert not list((project / "fastapi").rglob("routes.py"))


def test_the_service_starts_without_a_route(project: Path) -> None:
    code = (
        "from fastapi.routing import APIRoute\n"
        "from app.main import create_app\n"
        "print([r.path for r in create_app().routes if isinstance(r, APIRoute) and '/api/' in r.path])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project / "fastapi", capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "SECRET_KEY": "x", "DATABASE_URL": "mysql://root@127.0.0.1:1/notes"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


def test_the_baseline_is_for_mysql(project: Path) -> None:
    text = (project / "fastapi" / "migrations" / "versions" / "0001_baseline.py").read_text()
    assert "CheckConstraint('`stars` >= 0')" in text.replace('"', "'")
    assert "DEFERRED" not in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("schema", "check", "--sqlite"), "The project was generated for MySQL"),
        (("schema", "own", "notes_note", "--by", "fastapi"), "On MySQL and MariaDB the tables stay Django's"),
        (("serve",), "The default database of site_.settings is neither SQLite nor PostgreSQL"),
    ],
    ids=["sqlite", "own", "serve"],
)
def test_what_is_not_for_mysql_says_so(project: Path, words: tuple[str, ...], sentence: str) -> None:
    ran = segue(project, *words)
    ran.sentence()
    assert sentence in ran.err
