"""Both sides on one connection: autocommit over a transaction, effects, isolation, the copy of the database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.services import Postgres
from tests.verify.conftest import Shop

JOINED = Path(__file__).resolve().parents[2] / "src" / "segue" / "verify" / "joined"
START = f"""
import importlib, importlib.util, json, sys
spec = importlib.util.spec_from_file_location("segue_joined", {str(JOINED / "__init__.py")!r},
                                              submodule_search_locations=[{str(JOINED)!r}])
sys.modules["segue_joined"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["segue_joined"])
given = json.loads(sys.argv[1])
sys.path[:0] = given["path"]
from segue_joined.boot import Legacy
legacy = Legacy(given)
from django.db import IntegrityError, connection, transaction
from django.test.utils import setup_test_environment
setup_test_environment()
from segue_joined.world import World
from segue_joined.sides import DjangoSide, FastApiSide
from catalog.models import Category, Tag
world = World(connection, legacy.media)
"""
END = """
world.close()
legacy.close()
print("RESULT" + json.dumps(result))
"""


def run(shop: Shop, body: str) -> Any:
    """Run ``body`` in the legacy interpreter; what it assigns to ``result`` comes back."""
    project = shop.project
    given = {
        "settings": "bookshop.settings",
        "path": [str(project.root)],
        "output": str(project.output),
        "package": "app",
        "overlay": str(project.state / "overlay" / "none"),
    }
    done = subprocess.run(
        [sys.executable, "-c", START + body + END, json.dumps(given)],
        cwd=project.root,
        env={**os.environ, **project.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    return json.loads(line.removeprefix("RESULT"))


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Shop:
    """The bookshop on each database."""
    found: Shop = request.getfixturevalue("shop" if request.param == "sqlite" else "shop_on_postgres")
    return found


AUTOCOMMIT = """
seen = []
world.open()
world.before()
with transaction.atomic():
    transaction.on_commit(lambda: seen.append("committed"))
    Tag.objects.create(name="new")
    seen.append("inside")
transaction.on_commit(lambda: seen.append("at once"))
with transaction.atomic(durable=True):
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: seen.append("never"))
            Tag.objects.create(name="new")
    except IntegrityError:
        seen.append("refused")
try:
    Tag.objects.create(name="new")
except IntegrityError:
    seen.append("refused outside")
seen.append(Tag.objects.filter(name="new").count())
try:
    with transaction.atomic():
        Tag.objects.all().delete()
        raise KeyError
except KeyError:
    seen.append(Tag.objects.count())
try:
    list(Tag.objects.select_for_update())
    seen.append("locked")
except transaction.TransactionManagementError:
    seen.append("needs a block")
world.after([])
result = [seen, Tag.objects.filter(name="new").exists(), connection.in_atomic_block]
"""


def test_django_behaves_as_in_autocommit_and_nothing_stays(either: Shop) -> None:
    seen, stays, in_block = run(either, AUTOCOMMIT)
    last = "locked" if either.database.startswith("sqlite") else "needs a block"
    assert seen == ["inside", "committed", "at once", "refused", "refused outside", 1, 7, last]
    assert (stays, in_block) == (False, False)


EFFECTS = """
world.open()
result = []
django = DjangoSide(connection, legacy.errors)
fastapi = FastApiSide(given, connection, legacy.errors)
from accounts.models import User
from rest_framework.authtoken.models import Token
key = Token.objects.get(user__username="staff").key
for side in (django, fastapi, django):
    for method, path, body in (
        ("POST", "/api/categories/", b'{"name": "Poems", "slug": "poems", "position": 3}'),
        ("PATCH", "/api/categories/art/", b'{"name": "Arts"}'),
        ("DELETE", "/api/categories/science/", b""),
    ):
        world.before()
        answer = side.ask({"method": method, "path": path, "query": "", "body": body, "headers": [
            ("Authorization", f"Token {key}"), ("Content-Type", "application/json")]})
        effects = world.after(side.statements)
        result.append([answer["status"], json.loads(json.dumps(effects, default=str))])
"""


def test_effects_are_told_row_by_row_and_undone(either: Shop) -> None:
    found = run(either, EFFECTS)
    first, second, third = found[:3], found[3:6], found[6:]
    assert first == second == third
    (created, inserted), (changed, updated), (deleted, removed) = first
    assert (created, changed, deleted) == (201, 200, 204)
    row = inserted["catalog_category"]["inserted"][0]
    assert (row["name"], row["slug"], row["position"], row["parent_id"]) == ("Poems", "poems", 3, None)
    assert [list(change.values()) for _, change in updated["catalog_category"]["updated"]] == [
        [["Art", "Arts"]]
    ]
    assert len(removed["catalog_category"]["deleted"]) == 1
    assert removed["catalog_book"]["updated"], "books lose their category"


VALUES = """
world.open()
world.before()
import datetime
from catalog.models import Review
review = Review.objects.first()
Review.objects.filter(pk=review.pk).update(created_at=datetime.datetime(2031, 7, 1, 12, tzinfo=datetime.timezone.utc))
fastapi = FastApiSide(given, connection, legacy.errors)
django = DjangoSide(connection, legacy.errors)
ask = {"method": "GET", "path": f"/api/reviews/{review.pk}/", "query": "", "body": b"", "headers": []}
result = [json.loads(side.ask(ask)["body"])["created_at"] for side in (django, fastapi)]
world.after([])
"""


def test_fastapi_reads_what_django_has_not_committed(either: Shop) -> None:
    assert run(either, VALUES) == ["2031-07-01T14:00:00+02:00"] * 2


FENCE = """
import socket, urllib.request
world.open()
legacy.fence.closed = True
result = []
for attempt in (
    lambda: urllib.request.urlopen("http://127.0.0.1:9/"),
    lambda: socket.create_connection(("192.0.2.1", 80)),
):
    try:
        attempt()
        result.append("reached")
    except OSError as error:
        result.append("segue verify lets no request reach" in str(error))
legacy.fence.closed = False
from django.core import mail
from django.core.cache import cache
from django.conf import settings
result += [type(cache._connections["default"] if hasattr(cache, "_connections") else cache).__name__,
           settings.CACHES["default"]["BACKEND"], settings.EMAIL_BACKEND]
"""


def test_nothing_leaves_the_machine(shop: Shop) -> None:
    found = run(shop, FENCE)
    assert found[:2] == [True, True]
    assert found[3:] == [
        "django.core.cache.backends.locmem.LocMemCache",
        "django.core.mail.backends.locmem.EmailBackend",
    ]


COPY = """
world.open()
world.before()
first = Category.objects.create(name="a", slug="a-new").pk
world.after(['INSERT INTO "catalog_category"'])
world.before()
second = Category.objects.create(name="a", slug="a-new").pk
world.after(['INSERT INTO "catalog_category"'])
from catalog.models import Book
result = [first, second, Book.objects.count(), connection.settings_dict["NAME"]]
"""


def test_the_copy_has_the_rows_and_the_sequences_and_goes_away(
    shop_on_postgres: Shop, postgres: Postgres
) -> None:
    import psycopg

    first, second, books, name = run(shop_on_postgres, COPY)
    assert first == second == 6
    assert books == 40
    assert name.startswith("segue_verify_")
    with psycopg.connect(postgres.dsn) as connection:
        left = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'segue_verify%'"
        ).fetchall()
    assert left == []
    with psycopg.connect(shop_on_postgres.database) as connection:
        row = connection.execute("SELECT last_value FROM catalog_category_id_seq").fetchone()
    assert row == (5,), "the project's own sequence was moved"
