"""The generated example in an environment without Django: tests, documentation, database."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.example.conftest import Example

from segue.schema.check import Generated, Legacy, check


def run(python: Path, *arguments: str, cwd: Path, database: str = "sqlite:///:memory:") -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(python), *arguments],
        cwd=cwd,
        env={
            **environment,
            "DATABASE_URL": database,
            "SECRET_KEY": "for-this-test",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_no_django(bare_python: Path, example: Example) -> None:
    found = run(
        bare_python,
        "-c",
        "from importlib.util import find_spec as f; print([n for n in ('django', 'rest_framework', 'segue') if f(n)])",
        cwd=example.output,
    )
    assert found.strip() == "[]"


def test_its_own_tests_pass(bare_python: Path, example: Example) -> None:
    shown = run(bare_python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=example.output)
    assert " passed" in shown


def test_documentation_has_every_native_operation(bare_python: Path, example: Example) -> None:
    code = (
        "import json\n"
        "from fastapi.testclient import TestClient\n"
        "from app.main import create_app\n"
        "with TestClient(create_app()) as client:\n"
        "    page = client.get('/docs')\n"
        "    assert page.status_code == 200 and 'swagger-ui' in page.text\n"
        "    print(json.dumps(client.get('/openapi.json').json()['paths']))\n"
    )
    paths = json.loads(run(bare_python, "-c", code, cwd=example.output))
    documented = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    manifest = json.loads((example.output / "segue-manifest.json").read_text())
    assert {(o["route"], o["method"]) for o in manifest["operations"]} <= documented


def test_alembic_builds_the_database_that_django_builds(
    bare_python: Path, example: Example, tmp_path: Path
) -> None:
    file = tmp_path / "new.sqlite3"
    run(bare_python, "-m", "alembic", "upgrade", "head", cwd=example.output, database=f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"catalog_book", "orders_order", "accounts_user", "alembic_version"} <= tables
    legacy = Legacy(Path(sys.executable), example.folder, "bookshop.settings")
    report = check(legacy, Generated(bare_python, example.output), how="alembic")
    assert report.tables > 20
    assert (report.differences, report.autogenerate, report.drift) == ([], [], [])
