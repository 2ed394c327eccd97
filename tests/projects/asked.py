"""Chosen requests to a generated project and to Django beside it, in two processes over copies of one database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.projects.site import Site

_ASK = """\
out = []
for one in given["requests"]:
    out.append(ask(one))
json.dump(out, sys.stdout)
"""
_LEGACY = """\
import json, logging, sys
import django
django.setup()
from django.test import Client
logging.disable(logging.CRITICAL)
given = json.load(open(sys.argv[1]))
client = Client(raise_request_exception=False)
def ask(one):
    told = client.generic(one["method"], one["path"], one["body"], "application/json", headers=one["headers"])
    return [told.status_code, told.content.decode() if told.status_code != 500 else "", dict(sorted((k.lower(), v) for k, v in told.items()))]
"""
_MODERN = """\
import json, logging, sys
from starlette.testclient import TestClient
from app.main import create_app
logging.disable(logging.CRITICAL)
given = json.load(open(sys.argv[1]))
client = TestClient(create_app(), follow_redirects=False, raise_server_exceptions=False)
client.__enter__()
def ask(one):
    headers = {"content-type": "application/json", "host": "testserver", "user-agent": "", **one["headers"]}
    told = client.request(one["method"], one["path"], content=one["body"], headers=headers)
    return [told.status_code, told.text if told.status_code != 500 else "", dict(sorted(told.headers.items()))]
"""


@dataclass(frozen=True)
class Asking:
    """One request: ``body`` is JSON text."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Told:
    """An answer; bodies of status 500 are left out. ``headers``: of lower-case names, without the lengths."""

    status: int
    body: str
    headers: dict[str, str] = field(compare=False)


def both(
    site: Site, generated: Path, rows: str, requests: Sequence[Asking], secret: str = "x"
) -> list[tuple[Told, Told]]:
    """(Django's answer, FastAPI's) to each request in turn. ``secret`` is the ``SECRET_KEY`` of the settings, ``rows``: Python that fills the database, with the models of
    ``notes`` imported. What the requests leave in the database is compared as well: raises ``AssertionError``."""
    filled = f"import django\ndjango.setup()\nfrom notes.models import *\n{rows}"
    _run(site.root, filled, [])
    copies = [site.root / "asked.sqlite3", site.root / "db.sqlite3"]
    shutil.copy(copies[1], copies[0])
    file = site.root / "asked.json"
    file.write_text(json.dumps({"requests": [vars(one) for one in requests]}))
    legacy = json.loads(_run(site.root, _LEGACY + _ASK, [str(file)]))
    url = f"sqlite+aiosqlite:///{copies[0]}"
    modern = json.loads(_run(generated, _MODERN + _ASK, [str(file)], DATABASE_URL=url, SECRET_KEY=secret))
    dumps = [_rows(copy) for copy in copies]
    assert dumps[0] == dumps[1]
    return [(Told(*a), Told(*b)) for a, b in zip(legacy, modern, strict=True)]


def _rows(file: Path) -> list[str]:
    import sqlite3

    with sqlite3.connect(file) as connection:
        return [line for line in connection.iterdump() if line.startswith("INSERT")]


def _run(folder: Path, code: str, arguments: list[str], **environment: str) -> str:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "site_.settings",
        "PYTHONHASHSEED": "0",
        "SEGUE_TEST_FORK": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder, env={**env, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def other_answers(pairs: Sequence[tuple[Told, Told]], requests: Sequence[Asking]) -> list[Any]:
    """Requests that the two sides answered differently, with both answers."""
    return [(one, *pair) for one, pair in zip(requests, pairs, strict=True) if pair[0] != pair[1]]
