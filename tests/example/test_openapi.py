"""``/openapi.json`` against the answers that Django gives: the documented shapes are the real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.example.conftest import Example, copied

BOOK = "00000070-0000-0000-0000-000000000001"
PATHS = {
    "/api/books/": "/api/books/?search=o&ordering=-price",
    "/api/books/{pk}/": f"/api/books/{BOOK}/",
    "/api/books/{pk}/similar/": f"/api/books/{BOOK}/similar/",
    "/api/books/{book_id}/reviews/": f"/api/books/{BOOK}/reviews/",
    "/api/authors/": "/api/authors/?limit=20",
    "/api/authors/{pk}/": "/api/authors/1/",
    "/api/categories/": "/api/categories/",
    "/api/categories/{slug}/": "/api/categories/fiction/",
    "/api/publishers/": "/api/publishers/",
    "/api/tags/": "/api/tags/",
    "/api/reviews/": "/api/reviews/",
    "/api/orders/": "/api/orders/",
    "/api/coupons/": "/api/coupons/",
    "/api/me/": "/api/me/",
    "/api/users/": "/api/users/",
}
# Run by Django: what it answers to each address, as staff.
ANSWERS = """
import json, os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookshop.settings")
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("seed", verbosity=0)
client = Client(headers={"authorization": f"Token {1:040d}", "accept": "application/json", "host": "localhost"})
out = {}
for path, address in json.loads(sys.argv[1]).items():
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code, answer.content)
    out[path] = answer.json()
json.dump(out, open(sys.argv[2], "w"))
"""
# Run beside the generated code: reads Django's answers with the declared models and writes them again.
READ = """
import json, os, sys
from app.main import create_app
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
answers = json.load(open(sys.argv[1]))
app = create_app()
def routes(found):
    for route in found:
        inner = getattr(route, "original_router", None)
        yield from routes(inner.routes) if inner is not None else [route]
models = {r.path: r.response_model for r in routes(app.routes) if isinstance(r, APIRoute) and "GET" in r.methods}
read = {}
for path, data in answers.items():
    adapter = TypeAdapter(models[path])
    read[path] = adapter.dump_python(adapter.validate_python(data, strict=True), mode="json")
json.dump({"read": read, "openapi": app.openapi()}, sys.stdout)
"""


def run(*arguments: str, cwd: Path, database: str) -> str:
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "SECRET_KEY": "for-this-test",
        "PYTHONPATH": str(cwd),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(example: Example, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Django's ``answers``, the same ``read`` through the declared models, and ``openapi``."""
    folder = tmp_path_factory.mktemp("openapi")
    legacy = copied(example, folder / "bookshop")
    answers = folder / "answers.json"
    run(
        "-c",
        ANSWERS,
        json.dumps(PATHS),
        str(answers),
        cwd=legacy.folder,
        database=f"sqlite:///{folder}/shop.sqlite3",
    )
    found = json.loads(run("-c", READ, str(answers), cwd=example.output, database="sqlite:///:memory:"))
    return {"answers": json.loads(answers.read_text()), **found}


@pytest.mark.parametrize("path", PATHS)
def test_response_models_hold_what_django_answers(told: dict[str, Any], path: str) -> None:
    assert told["answers"][path]
    # Keys that the model does not know would be gone.
    assert told["read"][path] == told["answers"][path]


def test_every_answer_with_a_serializer_has_its_model(told: dict[str, Any]) -> None:
    for path in PATHS:
        schema = told["openapi"]["paths"][path]["get"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        assert "$ref" in schema or schema["type"] == "array", path


def test_parameters_of_a_list(told: dict[str, Any]) -> None:
    found = {p["name"]: p["schema"] for p in told["openapi"]["paths"]["/api/books/"]["get"]["parameters"]}
    assert list(found) == [
        "status", "category", "publisher", "min_price", "max_price", "published_after", "title", "tag", "author",
        "has_cover", "search", "ordering", "page", "page_size",
    ]  # fmt: skip
    assert found["status"]["enum"] == ["draft", "published", "out_of_print"]
    assert found["author"] == {"type": "integer"}
    assert found["published_after"] == {"type": "string", "format": "date"}


def test_operations_are_grouped_by_app(told: dict[str, Any]) -> None:
    operations = [o for methods in told["openapi"]["paths"].values() for o in methods.values()]
    assert {tag for o in operations for tag in o["tags"]} == {
        "accounts",
        "authtoken",
        "bookshop",
        "catalog",
        "orders",
    }
