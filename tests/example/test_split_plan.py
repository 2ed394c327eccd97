"""What would cross, on the example project: Django's own SQL says which paths join tables of both sides."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.example.conftest import Example

from segue.commands.split_open import tables_of
from segue.snapshot.load import load
from segue.snapshot.model import Snapshot
from segue.split.crossings import crossing_relations, crossings
from segue.split.joins import Joins, both_sides
from segue.split.tables import named

# Every path of at most two relations and a column, and the tables of the query that Django makes of it.
ASK = """
import json, django
django.setup()
from django.apps import apps
from django.core.exceptions import FieldError

def names(model):
    for field in model._meta.get_fields():
        if field.is_relation and field.related_model:
            if field.concrete or field.many_to_many and not field.auto_created:
                yield field.name, field.related_model
            elif field.auto_created and callable(field.related_query_name):
                yield field.related_query_name(), field.related_model

found = {}
for model in apps.get_models():
    for first, second in names(model):
        plain = next((f.name for f in second._meta.concrete_fields if not f.is_relation and not f.primary_key), "pk")
        for path in [first, f"{first}__pk", f"{first}__{plain}", *(f"{first}__{name}" for name, _ in names(second))]:
            try:
                query = model._base_manager.values(path).query
                str(query)
            except FieldError:
                continue
            tables = {query.alias_map[a].table_name for a, uses in query.alias_refcount.items() if uses}
            found[f"{model._meta.label} {path}"] = sorted(tables)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def snapshot(example: Example) -> Snapshot:
    return load(example.folder / ".segue" / "snapshot.json")


def test_paths_cross_where_djangos_sql_joins_both_sides(example: Example, snapshot: Snapshot) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=example.folder, check=True, capture_output=True, text=True, timeout=60,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "bookshop.settings"},
    )  # fmt: skip
    asked: dict[str, list[str]] = json.loads(done.stdout)
    assert len(asked) > 100
    for app in ("catalog", "orders", "accounts"):
        moved = tables_of(snapshot, [app])
        joins = Joins(snapshot, crossing_relations(snapshot, moved))
        expected = {key for key, tables in asked.items() if len({named(t) in moved for t in tables}) == 2}
        assert {key for key in asked if joins.walk(*key.split(" "))} == expected


def test_what_is_told_of_the_catalogue(example: Example, snapshot: Snapshot) -> None:
    moved = tables_of(snapshot, ["catalog"])
    places = Joins(snapshot, crossing_relations(snapshot, moved)).places()
    found = {c.relation: c for c in crossings(snapshot, moved, places)}
    assert {relation: (c.moves, c.refers, c.verdict) for relation, c in found.items()} == {
        ("catalog.Book", "owner"): ("from", "accounts_user", "replicate"),
        ("catalog.Review", "user"): ("from", "accounts_user", "replicate"),
        ("catalog.Comment", "content_type"): ("from", "django_content_type", "drop"),
        ("catalog.Comment", "author"): ("from", "accounts_user", "replicate"),
        ("catalog.Comment", "target"): ("from", "any table", "call"),
        ("orders.OrderItem", "book"): ("to", "catalog_book", "copy"),
    }
    owner = [(p.where, p.what) for p in found["catalog.Book", "owner"].places if p.sure]
    line = _line(example.folder / "catalog" / "serializers.py", "owner = ")
    assert (f"catalog/serializers.py:{line}", "BookDetailSerializer.owner reads owner") in owner
    for place in [p for c in found.values() for p in c.places if re.fullmatch(r"[\w.]+", p.what)]:
        file, _, number = place.where.partition(":")
        assert (
            re.split(r"__|\.", place.what)[0]
            in (example.folder / file).read_text().splitlines()[int(number) - 1]
        )
    together = [p.where.partition(":")[0] for p in both_sides(snapshot, tables_of(snapshot, ["orders"]))]
    assert all(f.startswith(("accounts", "catalog", "orders", "bookshop")) for f in together)


def _line(file: Path, text: str) -> int:
    lines = file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(text))
