"""Reads of the example on PostgreSQL through asyncpg, the driver of production, beside Django on the same rows.

Joined verification goes through Django's driver; what only asyncpg does (types of parameters, codecs) shows here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.services import Postgres
from tests.verify.conftest import build

_FILL = """
def filled(ask, routes):
    # Lists are answered first; their rows give the keys of the addresses behind them.
    rows, paths = {}, {}
    for route in sorted(routes, key=lambda r: r.count("{")):
        prefix, _, rest = route.partition("{")
        if not rest:
            paths[route] = [route]
            status, body = ask(route)
            found = body.get("results", []) if isinstance(body, dict) else body
            if status == 200 and isinstance(found, list) and found and isinstance(found[0], dict):
                rows[route] = found
            continue
        name, _, tail = rest.partition("}")
        keys = [str(r.get("slug" if name == "slug" else "id")) for r in rows.get(prefix, [])[:3]]
        paths[route] = [f"{prefix}{key}{tail}" for key in keys] + [f"{prefix}0{tail}"]
    return paths
"""
_DJANGO = (
    _FILL
    + """
import json, sys, django
django.setup()
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.authtoken.models import Token
admin = get_user_model().objects.filter(is_superuser=True).order_by("pk").first()
token = Token.objects.get_or_create(user=admin)[0].key
client = Client(headers={"Authorization": f"Token {token}"})
def ask(path):
    answer = client.get(path)
    kind = answer.headers.get("content-type", "")
    return answer.status_code, answer.json() if kind.startswith("application/json") else kind
routes, queries = json.load(sys.stdin)
asked = {}
for route, paths in filled(ask, routes).items():
    for path in [p + q for p in paths for q in ("", *queries.get(route, ()))]:
        asked[path] = ask(path)
json.dump({"token": token, "answers": asked}, sys.stdout)
"""
)
_FASTAPI = """
import json, sys
from fastapi.testclient import TestClient
from app.main import create_app
token, paths = json.load(sys.stdin)
found = {}
with TestClient(create_app(), base_url="http://testserver", headers={"Authorization": f"Token {token}"}) as client:
    for path in paths:
        answer = client.get(path, follow_redirects=False)
        kind = answer.headers.get("content-type", "")
        found[path] = answer.status_code, answer.json() if kind.startswith("application/json") else kind
    driver = client.app.state.database.engine.dialect.driver
json.dump({"driver": driver, "answers": found}, sys.stdout)
"""
QUERIES = {
    "/api/books/": (
        "?search=book&ordering=-price", "?min_price=10&max_price=30", "?page=2&page_size=3", "?status=published", "?tag=1",
    ),
    "/api/authors/": ("?limit=5&offset=3", "?search=a"),
    "/api/categories/": ("?page=2", "?parent=1"),
    "/api/reviews/": ("?cursor=bm9uc2Vuc2U%3D",),
}  # fmt: skip


def child(code: str, given: Any, *, cwd: Path, **environment: str) -> Any:
    """What a script prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(given),
        cwd=cwd,
        env={**os.environ, "SECRET_KEY": "for-this-test", "PYTHONPATH": str(cwd), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_native_read_on_asyncpg(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.create("asyncpg_shop")
    shop = build(tmp_path, url)
    manifest = json.loads((shop.project.output / "segue-manifest.json").read_text())
    routes = [o["route"] for o in manifest["operations"] if o["method"] == "GET"]
    assert len(routes) > 20
    django = child(
        _DJANGO, [routes, QUERIES], cwd=shop.project.root, DATABASE_URL=url, DJANGO_SETTINGS_MODULE="bookshop.settings"
    )  # fmt: skip
    fastapi = child(
        _FASTAPI, [django["token"], list(django["answers"])], cwd=shop.project.output, DATABASE_URL=url
    )
    assert fastapi["driver"] == "asyncpg"
    statuses = [status for status, _ in django["answers"].values()]
    assert statuses.count(200) > 30
    assert statuses.count(404) > 5
    different = {
        p: (a, fastapi["answers"][p]) for p, a in django["answers"].items() if fastapi["answers"][p] != a
    }
    assert different == {}
