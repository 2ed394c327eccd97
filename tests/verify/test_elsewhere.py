"""Storages outside the media folder, judged by Django's own classes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CHILD = """
import importlib.util, json, sys
from django.conf import settings
media, other, static = sys.argv[2:5]
settings.configure(MEDIA_ROOT=media, STATIC_URL="/static/", STATIC_ROOT=None)
import django
django.setup()
spec = importlib.util.spec_from_file_location("elsewhere", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from pathlib import Path
made_before = FileSystemStorage(location=other)
made_before.location
module.lead_into(Path(media))
name = made_before.save("a.txt", ContentFile(b"x"))
FileSystemStorage(location=other).delete("kept.txt")
print(json.dumps({
    "seen": made_before.exists(name),
    "media": FileSystemStorage().location,
    "static": StaticFilesStorage(location=static).location,
    "no static": StaticFilesStorage().location,
}))
"""


def test_files_elsewhere_stay_and_static_files_are_found(tmp_path: Path) -> None:
    media, other, static = (tmp_path / name for name in ("media", "other", "static"))
    for folder in (media, other, static):
        folder.mkdir()
    (other / "kept.txt").write_text("mine")
    module = Path(__file__).parents[2] / "src/segue/verify/joined/elsewhere.py"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(module), str(media), str(other), str(static)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "seen": True, "media": str(media), "static": str(static), "no static": None,
    }  # fmt: skip
    assert [f.name for f in other.iterdir()] == ["kept.txt"]
    assert (other / "kept.txt").read_text() == "mine"
