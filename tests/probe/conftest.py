"""The sample project, probed once, and what its own Django says about it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.probe import sample

from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe

TOKEN = "6f1c2a52-4c3c-4a41-9c39-5d3f9f3c0a11"
URLS = [
    "/api/", "/api/items/", "/api/items/3/", "/api/items.json", "/api/items/3.json", "/api/items/3/do-it/",
    "/api/items/3/do-it.json", f"/x/ping/{TOKEN}/", f"/x/ping/{TOKEN}.json", "/x/ping/no-uuid/", "/years/2024",
    "/years/2024/", "/years/24/", "/limited/", "/plain/", "/nothing/",
]  # fmt: skip


@dataclass(frozen=True)
class Probed:
    """A project, its snapshot and its own Django's answers."""

    root: Path
    snapshot: Snapshot
    django: dict[str, Any]


def probe_and_ask(root: Path, python: str) -> Probed:
    """Probe the project in ``root`` and run the oracle in the same interpreter."""
    answers = root.parent / f"{root.name}-answers.json"
    oracle = Path(__file__).with_name("oracle.py")
    done = subprocess.run(
        [python, str(oracle), str(root), str(answers), *URLS],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    snapshot = probe(root, python=python, settings="site_.settings")
    return Probed(root, snapshot, json.loads(answers.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Probed:
    """The sample project on the interpreter that runs the tests."""
    return probe_and_ask(sample.write(tmp_path_factory.mktemp("project") / "sample"), sys.executable)
