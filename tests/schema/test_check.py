"""The generated models and the baseline build the database that Django's migrations build."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.schema.catalogue import PROJECT, Sides
from tests.services import Postgres

from segue.errors import EnvironmentProblem
from segue.schema.check import Generated, Legacy, check
from segue.schema.places import Server


@pytest.mark.parametrize("how", ["models", "alembic"])
def test_nothing_differs_from_what_django_builds(
    sides: Sides, how: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sides.environment().items():
        monkeypatch.setenv(name, value)
    server = None
    if sides.vendor == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        for name in ("check_django", "check_generated"):
            import psycopg

            with psycopg.connect(postgres.create(name), autocommit=True) as connection:
                connection.execute("CREATE EXTENSION hstore")
        server = Server(postgres.dsn, "check_django", "check_generated")
    legacy = Legacy(Path(sys.executable), PROJECT, "site_settings")
    generated = Generated(Path(sys.executable), sides.folder)
    try:
        found = check(legacy, generated, server=server, how=how)  # type: ignore[arg-type]
    except EnvironmentProblem as problem:
        pytest.fail(f"{problem.message}\n{problem.detail}")
    assert [str(item) for item in found.differences] == []
    assert found.autogenerate == []
    assert found.equal
