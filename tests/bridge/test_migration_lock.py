"""One lock for one SQLite file, whatever it is called; given back at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_bridge.owners import lock


def test_a_link_leads_to_the_same_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "db.sqlite3").touch()
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.sqlite3"
    link.symlink_to(tmp_path / "db.sqlite3")
    for name in (str(link), "db.sqlite3", f"file:{tmp_path}/db.sqlite3?mode=rw"):
        with (
            lock.file_lock(str(tmp_path / "db.sqlite3")),
            pytest.raises(lock.MigrationRunning),
            lock.file_lock(name),
        ):
            pass
        with lock.file_lock(name):
            pass
