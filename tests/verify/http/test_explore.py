"""HTTP mode: two real servers on cloned databases."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from bench.faults.seed import Fault
from tests.services import Postgres
from tests.verify.conftest import EXAMPLE, Shop

from segue.emit import write
from segue.snapshot.run import probe
from segue.translate.program import translate
from segue.verify.http import Modern, explore_http
from segue.verify.project import ProjectRef

MODERN = Modern(Path(sys.executable))


def test_both_servers_answer_alike_and_the_project_is_left_alone(shop: Shop) -> None:
    file = Path(shop.database.removeprefix("sqlite://"))
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    report = explore_http(shop.project, MODERN, cases=40, seconds=12)
    assert report.kind == "http"
    assert [(o.key, d.kind, d.paths[:3]) for o in report.operations for d in o.differences] == []
    assert report.cases >= 20
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before


def test_on_postgresql_fastapi_is_asked_with_its_production_driver(
    shop_on_postgres: Shop, postgres: Postgres
) -> None:
    report = explore_http(shop_on_postgres.project, MODERN, cases=40, seconds=12)
    assert [(o.key, d.kind, d.paths[:3]) for o in report.operations for d in o.differences] == []
    assert report.cases >= 20
    with psycopg.connect(postgres.dsn) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'segue%'").fetchall()
    assert left == [], "clones are dropped"


def test_a_lost_write_is_found_over_http(shop: Shop, shop_faults: list[Fault], tmp_path: Path) -> None:
    fault = next(f for f in shop_faults if f.kind == "lost write")
    project = shop.with_output(fault.seed(shop.project.output, tmp_path / "faulty"))
    report = explore_http(project, MODERN, only=fault.keys, cases=40, seconds=120)
    assert report.different, f"{fault.kind} at {fault.place} was not noticed"


@pytest.mark.parametrize("version", ["3.8"])
def test_a_django_whose_python_cannot_hold_fastapi(version: str, tmp_path: Path) -> None:
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    if not found:
        pytest.skip(f"no Python {version} here: HTTP mode with a legacy {version} was not tried")
    made = subprocess.run(
        ["uv", "venv", "--quiet", "--python", str(found[0]), str(tmp_path / "venv")],
        capture_output=True,
        check=False,
    )
    python = tmp_path / "venv" / "bin" / "python"
    done = subprocess.run(
        [
            *("uv", "pip", "install", "--quiet", "--python", str(python)),
            *("django<5", "djangorestframework", "django-filter", "gunicorn"),
        ],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode or done.returncode:
        pytest.skip(f"Django for Python {version} could not be installed: not tried")
    root = tmp_path / "shop"
    shutil.copytree(
        EXAMPLE,
        root,
        ignore=shutil.ignore_patterns("*.sqlite3", "__pycache__", ".segue", "fastapi", "segue.toml"),
    )
    for file in root.rglob("*.py"):  # the name that Django had for it before 5.1
        text = file.read_text(encoding="utf-8")
        file.write_text(
            text.replace("condition=models.Q", "check=models.Q").replace("condition=Q", "check=Q"),
            encoding="utf-8",
        )
    environment = {"DATABASE_URL": f"sqlite://{tmp_path / 'shop.sqlite3'}"}
    for command in ("migrate", "seed"):
        subprocess.run(
            [python, "manage.py", command], cwd=root, env={**os.environ, **environment}, check=True,
            capture_output=True, timeout=120,
        )  # fmt: skip
    snapshot = probe(root, python=str(python), settings="bookshop.settings", environment=environment)
    write(translate(snapshot), tmp_path / "fastapi")
    project = ProjectRef(
        root, tmp_path / "fastapi", tmp_path / ".segue", python, snapshot, environment=environment
    )
    report = explore_http(project, MODERN, cases=40, seconds=12)
    assert [(o.key, d.kind, d.paths[:3]) for o in report.operations for d in o.differences] == []
    assert report.cases >= 20
