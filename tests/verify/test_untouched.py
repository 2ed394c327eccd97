"""Whatever a run does, and whenever it is killed: the project's database, files, ledger and evidence stay as they are."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.verify.conftest import Shop

from segue import verify

CATEGORY = "POST /api/categories/"
# Seconds: loading, copying, filling, comparing. PostgreSQL has a part of its own in it: the copy is a database.
KILLED_AFTER = {"sqlite": (0.8, 3.0, 5.0, 8.0), "postgresql": (4.0, 7.0)}
FEW = ("verify", "explore", "--route", CATEGORY, "--cases", "20")

SAVING = """

    def perform_create(self, serializer):
        from django.core.files.base import ContentFile
        from django.core.files.storage import FileSystemStorage
        serializer.save()
        storage = FileSystemStorage(location={location!r})
        storage.save("new.txt", ContentFile(b"x"))
        storage.delete("kept.txt")"""


def _digests(*folders: Path) -> dict[str, str]:
    """Every file but caches."""
    caches = ("overlay", "pycache", "__pycache__")
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(part in caches for part in file.parts)
    }


def test_files_outside_the_media_folder_stay(shop: Shop, tmp_path: Path) -> None:
    invoices = tmp_path / "invoices"
    invoices.mkdir()
    (invoices / "kept.txt").write_text("kept", encoding="utf-8")
    root = tmp_path / "shop"
    shutil.copytree(shop.project.root, root)
    views = root / "catalog" / "views.py"
    text = views.read_text(encoding="utf-8")
    at = text.index("\n\n\n", text.index("class CategoryViewSet("))
    views.write_text(text[:at] + SAVING.format(location=str(invoices)) + text[at:], encoding="utf-8")
    before = _digests(invoices, root)
    report = verify.explore(replace(shop.project, root=root), only=[CATEGORY], cases=30)
    done = [d.django["effects"] for o in report.operations for d in o.differences]
    assert any(name.endswith("/new.txt") for effects in done for name in effects.get("(files)", {}))
    assert any("kept.txt" in entry for effects in done for entry in effects.get("(storage)", []))
    assert _digests(invoices, root) == before


def _segue(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "segue", *words, "--project", str(folder)]


def _project(shop: Shop, folder: Path) -> None:
    """A folder with segue.toml, assessed, translated and explored once."""
    shutil.copytree(shop.project.root, folder / "shop")
    environment = "".join(f"{k} = {v!r}\n" for k, v in shop.project.environment.items())
    (folder / "segue.toml").write_text(
        f'[project]\nroot = "shop"\npython = "{shop.project.python}"\nsettings = "bookshop.settings"\n'
        f"[project.environment]\n{environment}",
        encoding="utf-8",
    )
    (folder / ".segue").mkdir()
    (folder / ".segue" / "overlay").symlink_to(shop.project.state / "overlay")
    for words in (("assess",), ("generate",), FEW):
        done = subprocess.run(
            _segue(folder, *words), capture_output=True, text=True, timeout=200, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _gone(temporary: Path) -> None:
    """Wait until no process that was given a file in ``temporary`` is there any more."""
    end = time.monotonic() + 20
    while any(_started_with(p, str(temporary)) for p in psutil.process_iter()):
        assert time.monotonic() < end, "a child process outlives the run that started it"
        time.sleep(0.2)


def _started_with(process: psutil.Process, text: str) -> bool:
    try:
        return text in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_a_run_may_be_killed_at_any_moment(
    vendor: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop: Shop = request.getfixturevalue("shop" if vendor == "sqlite" else "shop_on_postgres")
    verify.explore(shop.project, only=[CATEGORY], cases=1)  # the overlay
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    _project(shop, tmp_path)
    places = [tmp_path / "shop", tmp_path / ".segue", tmp_path / "fastapi"]
    places += [Path(shop.database.removeprefix("sqlite://")).parent] if vendor == "sqlite" else []
    before, rows = _digests(*places), _rows(shop)
    left = set()
    for number, seconds in enumerate(KILLED_AFTER[vendor]):
        run = subprocess.Popen(
            _segue(tmp_path, "verify", "explore", "--seconds", "60"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        time.sleep(seconds)
        if number % 2:
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()  # the child is on its own
        assert run.wait() == -signal.SIGKILL
        _gone(temporary)
        left |= {p.name for p in temporary.iterdir()}
        assert _digests(*places) == before, f"killed after {seconds} s"
    assert left, "every run was killed before it had begun"
    assert _rows(shop) == rows
    for _ in range(4):
        again = subprocess.run(
            _segue(tmp_path, *FEW), capture_output=True, text=True, timeout=200, check=False
        )  # fmt: skip
        assert again.returncode == 0, again.stdout + again.stderr
        # PostgreSQL may still be busy with the last statement of a client that is gone: such a copy is in use, and
        # goes with the run after that.
        if not any(name.startswith("segue_verify_") for name in _databases(shop)):
            break
        time.sleep(5)
    assert [p.name for p in temporary.iterdir() if p.name.startswith("segue-")] == []
    assert [name for name in _databases(shop) if name.startswith("segue_verify_")] == []


def _rows(shop: Shop) -> list[str]:
    """Digest of every row, asked from the database by itself."""
    if not shop.database.startswith("postgres"):
        return []
    import psycopg

    with psycopg.connect(shop.database) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        ).fetchall()
        return [
            f"{name} {connection.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {name} t').fetchone()}"
            for (name,) in tables
        ]


def _databases(shop: Shop) -> list[str]:
    if not shop.database.startswith("postgres"):
        return []
    import psycopg

    with psycopg.connect(shop.database) as connection:
        return [name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()]
