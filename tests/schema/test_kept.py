"""Django's database is used again while all that its migrations read is the same, and never after."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.tiny import SETTINGS, write

from segue.schema.children import HERE, Legacy
from segue.schema.django_side import Django, migrated
from segue.schema.kept import Keep, key, put, take
from segue.schema.places import places

READS = """\
import json, pathlib
from django.db import migrations


def add(apps, schema_editor):
    for title in json.loads((pathlib.Path(__file__).parent / "titles.json").read_text()):
        apps.get_model("notes", "Note").objects.create(title=title)


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [migrations.RunPython(add)]
"""
# A project may have a package that is called as a module of Segue's is: mysql.connector for one.
NOTHING_OF_SEGUES = """
import importlib.util
assert importlib.util.find_spec("in_django_setup") is None
"""
STARTS = """\
import subprocess, sys
from django.db import migrations, models


def start(apps, schema_editor):
    subprocess.run([sys.executable, "-S", "-c", ""], check=True)


class Migration(migrations.Migration):
    dependencies = [("notes", "0002_reads")]
    operations = [
        migrations.AddField("note", "extra", models.IntegerField(null=True)), migrations.RunPython(start)
    ]
"""


def test_what_the_migrations_read_decides(tmp_path: Path) -> None:
    """A file that a migration opens, a migration that is added, and one that starts a program."""
    texts = {
        "site_/settings.py": SETTINGS + 'LANGUAGE_CODE = "de"\n' + NOTHING_OF_SEGUES,
        "notes/migrations/0002_reads.py": READS,
        "notes/migrations/titles.json": '["one"]',
    }
    project = write(tmp_path / "project", texts)
    legacy, migrations = Legacy(Path(sys.executable), project, "site_.settings"), project / "notes/migrations"
    runs = iter(range(9))

    def run() -> tuple[Django, bytes]:
        folder = tmp_path / str(next(runs))
        folder.mkdir()
        found = migrated(legacy, folder, places(folder, None), 60, Keep(tmp_path / "kept"))
        return found, (folder / "django.sqlite3").read_bytes()

    first, its_file = run()
    again, same_file = run()
    assert (first.built, first.not_kept) == ("", "")
    assert again.built
    assert first.drift == first.said == []  # names in another language are no change
    assert (replace(again, built=""), same_file) == (first, its_file)
    (migrations / "titles.json").write_text('["two"]')
    other, _file = run()
    assert other.built == ""
    assert other.rows["notes_note"] == ["stars=0, title='two'"]
    (migrations / "0003_starts.py").write_text(STARTS)
    more, _file = run()
    assert "extra" in more.migrated["notes_note"]["columns"]
    assert more.not_kept == f"building it started a program ({Path(sys.executable).name})"


RUN = """\
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("watch", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
watch = module.Watch(sys.argv[2])
import used
print(json.dumps(watch.found()))
"""
USED = """\
import ctypes.util, os, sqlite3, tempfile
ctypes.util.find_library("c")
open("read.txt").close()
open("log.txt", "a").close()
open("/proc/self/stat").close()
os.scandir(b"folder")
try:
    open("absent.txt")
except FileNotFoundError:
    pass
with tempfile.NamedTemporaryFile():
    pass
sqlite3.connect(":memory:").close()
sqlite3.connect("other.sqlite3").close()
sqlite3.connect("file:far.sqlite3?mode=memory", uri=True).close()
try:
    open("bad\\0name")
except ValueError:
    pass
"""


def watched(folder: Path) -> dict[str, list[str]]:
    """What is noted of :data:`USED`; paths within ``folder`` only, relative to it."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(HERE / "in_django_watch.py"), str(folder / "passing")],
        cwd=folder, capture_output=True, text=True, check=True, env={"TMPDIR": str(folder / "passing")},
    )  # fmt: skip
    found = json.loads(done.stdout)
    found["far"] = found["files"]
    for kind in ("files", "folders"):
        found[kind] = [
            str(Path(p).relative_to(folder)) for p in found[kind] if Path(p).is_relative_to(folder)
        ]
    return dict(found)


def test_what_is_noted(tmp_path: Path) -> None:
    """Of a module its source, compiled or not; files that were looked for; not what is written, nor the folder of the run."""
    for name in ("folder", "passing"):
        (tmp_path / name).mkdir()
    (tmp_path / "used.py").write_text(USED)
    (tmp_path / "read.txt").write_text("")
    databases = [f"other.sqlite3{part}" for part in ("", "-journal", "-wal")]
    expected = {
        "files": ["absent.txt", *databases, "read.txt", "used.py"],
        "folders": [".", "folder"],
        "outside": ["opened the database file:far.sqlite3?mode=memory"],
    }
    for _compiled in (False, True):
        noted = watched(tmp_path)
        far = noted.pop("far")
        assert "/etc/ld.so.cache" in far or shutil.which("ldconfig", path="/sbin") is None
        assert {**noted, "files": [p for p in noted["files"] if not p.startswith("bad")]} == expected


@pytest.fixture
def record(tmp_path: Path) -> tuple[Keep, Path, dict[str, Path]]:
    """Something kept that has read a file, looked for another and listed a folder."""
    folder = tmp_path / "read"
    folder.mkdir()
    (folder / "there").write_text("1")
    database = tmp_path / "made.sqlite3"
    database.write_bytes(b"rows")
    keep = Keep(tmp_path / "kept")
    names = [str(folder / name) for name in ("there", "absent")]
    found = {"read": {"files": names, "folders": [str(folder)], "outside": []}}
    assert put(keep, "key", {"migrated": database}, found, database.stat().st_mtime + 60) == ""
    return keep, folder, {"migrated": tmp_path / "copy.sqlite3"}


CHANGES = {
    "content": lambda folder, _kept: (folder / "there").write_text("2"),
    "gone": lambda folder, _kept: (folder / "there").unlink(),
    "there now": lambda folder, _kept: (folder / "absent").write_text(""),
    "another name": lambda folder, _kept: (folder / "new.py").write_text(""),
    "no folder": lambda folder, _kept: folder.rename(folder.parent / "elsewhere"),
    "database": lambda _folder, kept: (kept / "migrated.sqlite3").write_bytes(b"half"),
    "no database": lambda _folder, kept: (kept / "migrated.sqlite3").unlink(),
    "record": lambda _folder, kept: (kept / "django.json").write_text('{"key": "key", "read": []}'),
    "half a record": lambda _folder, kept: (kept / "django.json").write_text('{"key": "ke'),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_taken_after(change: str, record: tuple[Keep, Path, dict[str, Path]]) -> None:
    keep, folder, files = record
    assert take(keep, "key", files) is not None
    assert files["migrated"].read_bytes() == b"rows"
    assert take(keep, "other", files) is None
    assert take(replace(keep, fresh=True), "key", files) is None
    CHANGES[change](folder, keep.folder)
    assert take(keep, "key", files) is None
    assert not files["migrated"].exists()  # Django would take it for its own


def test_what_was_written_while_it_was_read_is_not_kept(tmp_path: Path) -> None:
    """A second name is no change."""
    file = tmp_path / "models.py"
    file.write_text("")
    found = {"read": {"files": [str(file)], "folders": [], "outside": []}}
    written = file.stat().st_mtime
    (tmp_path / "other.py").hardlink_to(file)
    keep = Keep(tmp_path / "kept")
    assert put(keep, "key", {}, found, written) == f"{file} was written meanwhile"
    assert put(keep, "key", {}, found, written + 0.001) == ""


def test_the_environment_and_the_settings_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    legacy = Legacy(Path(sys.executable), tmp_path, "site_.settings")
    before = key(legacy)
    monkeypatch.setenv("TERM_PROGRAM", "another terminal")
    assert key(legacy) == before
    assert key(replace(legacy, settings="site_.other")) != before
    assert key(replace(legacy, environment={"FLAG": "1"})) != before
    for name in ("FLAG", "TERMS_APP", "SSH_APP", "TMUX_APP"):
        with monkeypatch.context() as patched:
            patched.setenv(name, "2")
            assert key(legacy) != before
