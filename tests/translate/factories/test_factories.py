"""A project's factories in the tests of its service: the same calls make the same rows as in Django, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.projects.site import SETTINGS, Site
from tests.services import Postgres
from tests.translate.factories.project import FACTORIES, MODELS, URLS, VIEWS
from tests.translate.factories.refused import BAKER_RECIPES, MORE_RECIPES, ODD, RECIPES, REFUSED

from segue.emit import write
from segue.target.ir import Program
from segue.translate.program import translate

CALLS = """\
factory.random.reseed_random(7)
TagFactory()
tags = TagFactory.create_batch(2)
AuthorFactory(name="Ada")
AuthorFactory(edited=True, born=None)
UserFactory(username="kept")
assert UserFactory(username="kept", email="other").email == "kept@example.com"
HashedFactory()
SetFactory()
TaggedUserFactory(promoted=True)
BookFactory(tags=tags[:1], price=Decimal("12.5"))
BookFactory(slug="own", tags__labels=["new"], author__name="Bo")
ReviewedFactory(sold=True, tags=tags, review__text="Read")
ReviewFactory.create_batch(2)
WornTagFactory(books=[BookFactory(), BookFactory()])
HashedFactory(password="raw")
assert TagFactory.build().id is None
EvenFactory()
ListedFactory()
ChosenTagFactory()
"""
NAMES = ["User", "Tag", "Shelf", "Author", "Book", "Review", "Log", "Even"]
ON_DJANGO = """\
import json
import django
django.setup()
import factory, factory.random
from django.db import connection, transaction
from notes import models
from notes.factories import *
{calls}
def shown(row):
    found = {{f.attname: str(getattr(row, f.attname)) for f in row._meta.concrete_fields}}
    if "password" in found:
        found["password"] = [raw for raw in ("secret", "hashed", "set", "new") if row.check_password(raw)]
    return {{k: v for k, v in found.items() if k not in ("made", "date_joined", "last_login")}}
rows = {{name: [shown(row) for row in getattr(models, name).objects.order_by("pk")] for name in {names}}}
rows["tags"] = sorted([str(a), str(b)] for a, b in models.Book.tags.through.objects.values_list("book_id", "tag_id"))
print(json.dumps(rows))
"""
ON_FASTAPI = """\
import asyncio, json, os
import factory, factory.random
from fastapi.testclient import TestClient
from sqlalchemy import select
from segue_bridge.testing.making import make
from segue_bridge.testing.rows import row, rows, run
from app.access import PASSWORDS
from app.notes import models
from tests.factories import *


def shown(row):
    found = {{name: str(getattr(row, name)) for name in row.__mapper__.column_attrs.keys()}}
    if "password" in found:
        found["password"] = [
            raw for raw in ("secret", "hashed", "set", "new") if asyncio.run(PASSWORDS.check(raw, row.password))[0]
        ]
    return {{k: v for k, v in found.items() if k not in ("made", "date_joined", "last_login")}}


def test_same(client: TestClient) -> None:
{calls}
    found = {{name: [shown(row) for row in rows(getattr(models, name))] for name in {names}}}
    between = models.Book.tags.property.secondary
    found["tags"] = sorted(
        [str(a), str(b)] for a, b in run(lambda db: db.all(select(between.c.book_id, between.c.tag_id)))
    )
    with open(os.environ["ROWS"], "w") as file:
        json.dump(found, file)


def test_nothing_stays(client: TestClient) -> None:
    assert rows(models.Tag) == rows(models.Book) == []


def test_a_row_of_each_model(client: TestClient) -> None:
    for name in {names}:
        model = getattr(models, name)
        before = len(rows(model))
        made = make(model)
        assert len(rows(model)) == before + 1
        found = row(model, model.id == made.id)
        assert shown(found) == shown(made)


# What the docs show: a test in five lines.
def test_authors_are_listed(client: TestClient) -> None:
    AuthorFactory.create_batch(2, name="Ada")
    answer = client.get("/authors/")
    assert [author["name"] for author in answer.json()] == ["Ada", "Ada"]
"""


@dataclass(frozen=True)
class Translated:
    site: Site
    output: Path
    program: Program


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Translated:
    root = tmp_path_factory.mktemp("factories")
    site = Site.make(
        root / "site",
        {
            "site_/settings.py": SETTINGS + 'AUTH_USER_MODEL = "notes.User"\n'
            'PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\n',
            "site_/urls.py": URLS,
            "notes/models.py": MODELS,
            "notes/views.py": VIEWS,
            "notes/factories.py": FACTORIES,
            "notes/tests/__init__.py": "",
            "notes/tests/odd.py": ODD,
            "notes/baker_recipes.py": BAKER_RECIPES,
            "notes/tests/more_recipes.py": MORE_RECIPES,
        },
    )
    program = translate(site.snapshot())
    write(program, root / "out")
    calls = "\n".join(f"    {line}" for line in CALLS.splitlines())
    (root / "out" / "tests" / "test_same.py").write_text(ON_FASTAPI.format(calls=calls, names=NAMES))
    return Translated(site, root / "out", program)


@pytest.fixture(scope="module")
def expected(made: Translated) -> Any:
    environment = {**os.environ, "SEGUE_TEST_FORK": "1", "DJANGO_SETTINGS_MODULE": "site_.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ON_DJANGO.format(calls=CALLS, names=NAMES)],
        cwd=made.site.root, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_the_same_calls_make_the_same_rows(
    made: Translated, expected: Any, vendor: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    environment = {**os.environ, "ROWS": str(tmp_path / "rows.json")}
    if vendor == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        environment["TEST_DATABASE_URL"] = postgres.create("factories")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", "tests/test_same.py"],
        cwd=made.output, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "rows.json").read_text())
    for table, rows in expected.items():
        assert found[table] == rows, table


def test_what_is_not_known_is_refused_and_told(made: Translated) -> None:
    recipes = {name: one for name, one in made.program.factories_refused.items() if "recipes." in name}
    assert {name: one.construct for name, one in recipes.items()} == RECIPES
    assert all("model_bakery" in one.why for one in recipes.values())
    refused = {
        name.rpartition(".")[2]: one
        for name, one in made.program.factories_refused.items()
        if name not in RECIPES
    }
    assert {name: one.construct for name, one in refused.items()} == REFUSED
    alone = made.program.factories_alone["notes.factories.EvenFactory"]
    assert alone.place.startswith("notes/models.py:")
    told = (made.output / "PORTING.md").read_text()
    assert "| `notes.factories.EvenFactory` |" in told
    assert all(f"notes.tests.odd.{name}`" in told for name in refused)
    assert all(f"`{name}`" in told for name in RECIPES)
    assert "notes/baker_recipes.py:11" in told
