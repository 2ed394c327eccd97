"""Whatever a run does, and whenever it is killed: the project's database, files, ledger and evidence stay as they are."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from tests.verify.conftest import Shop

from segue import verify
from segue.verify.project import ensure_overlay

CATEGORY = "POST /api/categories/"
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
    assert any(file[0].endswith("/new.txt") for effects in done for file in effects.get("(files)", []))
    assert any("kept.txt" in entry for effects in done for entry in effects.get("(storage)", []))
    assert _digests(invoices, root) == before


def _segue(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "segue", *words, "--project", str(folder)]


def _project(shop: Shop, folder: Path) -> None:
    """A folder with segue.toml, assessed and translated."""
    shutil.copytree(shop.project.root, folder / "shop")
    environment = "".join(f"{k} = {v!r}\n" for k, v in shop.project.environment.items())
    (folder / "segue.toml").write_text(
        f'[project]\nroot = "shop"\npython = "{shop.project.python}"\nsettings = "bookshop.settings"\n'
        f"[project.environment]\n{environment}",
        encoding="utf-8",
    )
    (folder / ".segue").mkdir()
    for words in (("assess",), ("generate",)):
        done = subprocess.run(
            _segue(folder, *words), capture_output=True, text=True, timeout=200, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _recording(folder: Path, requests: int) -> Path:
    entry = {
        "request": {"method": "GET", "url": "http://shop.example/api/categories/", "headers": []},
        "response": {"status": 200, "headers": [], "content": {}},
    }
    file = folder / f"{requests}.har"
    file.write_text(json.dumps({"log": {"entries": [entry] * requests}}), encoding="utf-8")
    return file


@dataclass
class Runs:
    """Runs of one sort, each in a process of its own: a long one to be killed, a short one that must succeed."""

    shop: Shop
    folder: Path
    kind: str

    def command(self, *, short: bool) -> list[str]:
        """The command line of a run."""
        if self.kind == "command":
            return _segue(self.folder, *(FEW if short else ("verify", "explore", "--seconds", "60")))
        few = f"only=[{CATEGORY!r}], cases=20" if short else "seconds=60"
        recording = _recording(self.folder, 20 if short else 200_000) if self.kind == "replay" else None
        tests = ["python", "manage.py", "test", *(["tests.test_catalog.ShelfTests"] if short else [])]
        call = {
            "explore": f"verify.explore(project, {few})",
            "http": f"explore_http(project, Modern(Path(sys.executable)), {few})",
            "replay": f"verify.replay(project, [Path({str(recording)!r})])",
            "suite": f"verify.suite(project, {tests})",
        }[self.kind]
        project = self.folder / "project.pickle"
        if not project.exists():
            project.write_bytes(pickle.dumps(self.shop.project))
        code = (
            "import pickle, sys\nfrom pathlib import Path\nfrom segue import verify\n"
            "from segue.verify.http import Modern, explore_http\n"
            f"project = pickle.loads(Path({str(project)!r}).read_bytes())\n"
            f"report = {call}\nassert report.cases and not report.different, report\n"
        )
        return [sys.executable, "-c", code]


def _gone(temporary: Path) -> None:
    """Wait until no process whose folder for temporary files is ``temporary`` is there any more.

    The guardian gives them ten seconds; on a busy machine the last of them needs as long again to hear of it.
    """
    end = time.monotonic() + 60
    while left := [p for p in psutil.process_iter(["cmdline"]) if _puts_files_into(p, str(temporary))]:
        assert time.monotonic() < end, f"these outlive the run that started them: {[p.info for p in left]}"
        time.sleep(0.1)


def _puts_files_into(process: psutil.Process, folder: str) -> bool:
    try:
        return (
            process.pid != os.getpid()
            and process.environ().get("TMPDIR", "").startswith(folder)
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False


def _begun(temporary: Path, run: subprocess.Popen[bytes]) -> None:
    """Wait until a run has put something into its folder."""
    end = time.monotonic() + 60
    while not any(temporary.glob("segue-*")):
        assert run.poll() is None, "it ended by itself"
        assert time.monotonic() < end, "it did not begin"
        time.sleep(0.02)


# Seconds after a run has begun: loading, copying, filling, comparing. The last ones are killed with their group.
@pytest.mark.parametrize(
    ("kind", "vendor", "moments"),
    [
        ("command", "sqlite", (0.1, 2.5)),
        ("explore", "postgresql", (3.0,)),
        # A test database that is just being made stays; Django's runner would ask what to do with it the next time.
        ("suite", "postgresql", (1.2, 3.0)),
        ("replay", "sqlite", (2.0,)),
        ("http", "postgresql", (2.0, 5.0)),
    ],
)
def test_a_run_may_be_killed_at_any_moment(
    kind: str,
    vendor: str,
    moments: tuple[float, ...],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop: Shop = request.getfixturevalue("shop" if vendor == "sqlite" else "shop_on_postgres")
    ensure_overlay(shop.project)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    if kind == "command":
        _project(shop, tmp_path)
    runs = Runs(shop, tmp_path, kind)
    places = [shop.project.root, shop.project.output]
    places += [tmp_path / name for name in ("shop", ".segue", "fastapi") if kind == "command"]
    places += [Path(shop.database.removeprefix("sqlite://")).parent] if vendor == "sqlite" else []
    before, rows, databases = _digests(*places), _rows(shop), _databases(shop)
    command = runs.command(short=False)
    for number, seconds in enumerate(moments):
        run = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        _begun(temporary, run)
        time.sleep(seconds)
        if number == len(moments) - 1:
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()  # its children are on their own
        assert run.wait() == -signal.SIGKILL
        _gone(temporary)
        assert _digests(*places) == before, f"killed {seconds} s after it began"
    assert _rows(shop) == rows
    for _ in range(4):
        again = subprocess.run(
            runs.command(short=True), capture_output=True, text=True, timeout=200, check=False
        )
        assert again.returncode == 0, again.stdout + again.stderr
        # PostgreSQL may still be busy with the last statement of a client that is gone: such a copy is in use, and
        # goes with the run after that.
        if _databases(shop) == databases:
            break
        time.sleep(5)
    assert [p.name for p in temporary.iterdir() if p.name.startswith("segue-")] == []
    assert _databases(shop) == databases


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
        return sorted(name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall())
