"""Statements per request, counted in a process of each side: Django's by ``CaptureQueriesContext``, those of the
generated code where its sessions hand a statement to the driver. The second of two requests is counted."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_DJANGO = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1]
import django
django.setup()
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
client = Client(SERVER_NAME="localhost")
out = []
for path, headers in json.load(sys.stdin):
    extra = {"HTTP_" + name.upper(): value for name, value in headers.items()}
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path, **extra)
    assert answer.status_code == 200, (path, answer.status_code)
    out.append(len(captured))
print(json.dumps(out))
"""
_FASTAPI = """
import asyncio, importlib, json, sys
from segue_bridge.db.session import Session
sent = []
ready = Session._ready
async def counted(self, statement):
    sent.append(statement)
    return await ready(self, statement)
Session._ready = counted
app = importlib.import_module(sys.argv[1] + ".main").create_app()
async def ask(address, headers):
    path, _, query = address.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in {"host": "localhost", **headers}.items()],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }
    status = []
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        if message["type"] == "http.response.start":
            status.append(message["status"])
    await app(scope, receive, send)
    assert status == [200], (address, status)
async def main():
    out = []
    for address, headers in json.load(sys.stdin):
        for _ in range(2):
            sent.clear()
            await ask(address, headers)
        out.append(len(sent))
    await app.state.database.close()
    return out
print(json.dumps(asyncio.run(main())))
"""
Read = tuple[str, Mapping[str, str]]


def of_django(
    python: str, folder: Path, settings: str, environment: Mapping[str, str], reads: Sequence[Read]
) -> list[int]:
    """Statements that Django sends for each (address, headers)."""
    return _run([python, "-c", _DJANGO, settings], folder, environment, reads)


def of_fastapi(
    python: str, folder: Path, package: str, environment: Mapping[str, str], reads: Sequence[Read]
) -> list[int]:
    """Statements that the generated code sends for each (address, headers)."""
    return _run([python, "-c", _FASTAPI, package], folder, environment, reads)


def _run(
    command: list[str], folder: Path, environment: Mapping[str, str], reads: Sequence[Read]
) -> list[int]:
    done = subprocess.run(
        command, cwd=folder, env={**environment, "PYTHONPATH": str(folder)}, input=json.dumps(reads), text=True,
        capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: list[int] = json.loads(done.stdout.splitlines()[-1])
    return found
