"""The closure of an operation against what Python really runs when it is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.verify.conftest import Shop

from segue.ledger import closure

# Asks every list as a user with all rights and tells which functions of the package ran.
RUN = """
import asyncio, json, os, sys
import httpx
from app.main import create_app
folder = os.path.join(os.getcwd(), "app") + os.sep
async def main():
    out, ran = {}, set()
    def note(frame, event, arg):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(folder):
            module = code.co_filename[len(folder):-3].replace(os.sep, ".")
            ran.add(f"app.{module}.{code.co_qualname.partition('.')[0]}")
    transport = httpx.ASGITransport(app=create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path in json.loads(sys.argv[1]):
            ran.clear()
            sys.setprofile(note)
            answer = await client.get(path, headers={"authorization": f"Token {1:040d}"})
            sys.setprofile(None)
            out[path] = [answer.status_code, sorted(ran)]
    print(json.dumps(out))
asyncio.run(main())
"""


def test_what_runs_is_in_the_closure(shop: Shop) -> None:
    output = shop.project.output
    manifest = json.loads((output / "segue-manifest.json").read_text())["operations"]
    functions = {
        o["route"]: f"{o['module']}.{o['function']}"
        for o in manifest
        if o["method"] == "GET" and "{" not in o["route"]
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(list(functions))],
        cwd=output, env={"DATABASE_URL": shop.database.replace("sqlite://", "sqlite:///"), "SECRET_KEY": "x"},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    texts = closure.read(Path(output), "app")
    ran = json.loads(done.stdout)
    assert sum(status == 200 for status, _ in ran.values()) > 10
    for path, (_, names) in ran.items():
        assert functions[path] in names
        missing = set(names) - closure.names(texts, "app", functions[path])
        assert missing == set(), path
