"""Scripts in which Django and the bridge work on one database, one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.services import Postgres


def told(script: str, vendor: str, folder: Path, request: pytest.FixtureRequest, name: str) -> Any:
    """What ``script`` prints, as JSON. Its arguments are Django's entry of ``DATABASES`` (JSON) and SQLAlchemy's URL of an empty
    database of ``vendor``: a file in ``folder``, or ``name`` on the PostgreSQL of the tests."""
    if vendor == "sqlite":
        entry: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db.sqlite3")}
        url = f"sqlite:///{folder / 'db.sqlite3'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create(name).replace("postgresql:", "postgresql+psycopg:")
        entry = postgres.django(name)
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(entry), url],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
