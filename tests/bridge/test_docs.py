"""Every public module of the bridge stands on a page of ``docs/bridge``, and the examples there run on a database that Django has made."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bridge.auth.identity import Sides

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "bridge"
SOURCES = ROOT / "packages" / "segue-bridge" / "src"
TABLE = "points"  # what shows what, no page of a module
NAMES = [page.stem for page in sorted(PAGES.glob("*.md")) if page.stem != TABLE]
APPS = [
    "rest_framework.authtoken", "knox", "rest_framework_api_key", "guardian", "django_otp", "django_otp.plugins.otp_totp",
    "rest_framework_simplejwt.token_blacklist", "oauth2_provider",
]  # fmt: skip
LABELS = [
    "authtoken",
    "knox",
    "rest_framework_api_key",
    "guardian",
    "otp_totp",
    "token_blacklist",
    "oauth2_provider",
]
NAME = re.compile(r"segue_bridge(?:\.\w+)+")
IMPORT = re.compile(r"^\s*from (segue_bridge[.\w]*) import (?:\(([^)]*)\)|(.*))", re.MULTILINE)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str | None]]:
    """What the examples of each page raised. All in one process, with a folder of its own."""
    folder = tmp_path_factory.mktemp("docs")
    sides = Sides(
        folder, INSTALLED_APPS=APPS, PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    )
    sides.django("change", sides.django("user", "ann", {}), {"password": "secret"})
    sides.close()
    (folder / "work").mkdir()
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("docs_child.py")), str(PAGES)],
        cwd=folder / "work", capture_output=True, text=True, check=False,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str | None]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_page_run(told: dict[str, list[str | None]], name: str) -> None:
    assert told[name], f"docs/bridge/{name}.md has no ```python run block"
    for error in told[name]:
        assert error is None, error


def public() -> set[str]:
    """Modules that generated code imports, and those that no other module of the bridge does: they are for somebody."""
    files = {".".join(f.relative_to(SOURCES).with_suffix("").parts): f for f in SOURCES.rglob("*.py")}
    modules = {name for name in files if not name.endswith("__init__")}
    used: set[str] = set()
    for file in files.values():
        for package, several, one in IMPORT.findall(file.read_text()):
            used |= {package, *(f"{package}.{name.strip()}" for name in (several or one).split(","))}
    written: set[str] = set()
    for file in (ROOT / "src" / "segue" / "translate").rglob("*.py"):
        for name in NAME.findall(file.read_text()):
            while name not in modules and "." in name:
                name = name.rpartition(".")[0]
            written.add(name)
    return {name for name in modules if name in written or name not in used}


def test_every_public_module_stands_on_a_page() -> None:
    pages = "\n".join(page.read_text() for page in PAGES.glob("*.md"))
    named = set(NAME.findall(pages))
    assert len(public()) > 80
    assert sorted(public() - named) == []
