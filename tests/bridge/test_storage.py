"""Stored files have the names, addresses, permissions and errors that Django's own storage gives them."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from segue_bridge.schema.data import Upload
from segue_bridge.storage import FileStorage, dated, generated

# (upload_to, name of the upload, max_length), one after another into one folder.
SAVED: list[tuple[str, str, int | None]] = [
    ("docs", "a b.tar.gz", 100),
    ("docs", "a b.tar.gz", 100),
    ("docs/", "é (1)?.TXT", None),
    ("", "plain", None),
    ("", "plain", None),
    ("%Y/docs", "dated.txt", 100),
    ("docs", "x" * 60 + ".png", 30),
    ("docs", "x" * 60 + ".png", 30),
    ("docs", "short.png", 5),
    ("docs", "???", None),
    ("../docs", "out.txt", None),
    ("/docs", "out.txt", None),
    ("docs", ".hidden", None),
    ("docs", ".hidden", None),
    ("docs/../up", "a.txt", None),
    ("plain", "under.txt", None),
]
NAMES = ["docs/a b.txt", "/x", "é/ü?.png", "a\\b", "~!*()'", "", "../up", "docs/../../up", "/etc/passwd"]
DJANGO = """
import json, os, sys
from django.conf import settings
settings.configure(MEDIA_ROOT=sys.argv[1], MEDIA_URL="/media/", FILE_UPLOAD_DIRECTORY_PERMISSIONS=0o750)
import django
django.setup()
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.storage import default_storage as storage
from django.db import models
saved, names = json.load(sys.stdin)
def outcome(act):
    try:
        return act()
    except Exception as error:
        return type(error).__mro__[-4].__name__ if "Suspicious" in type(error).__name__ else type(error).__name__
def save(folder, name, longest):
    field = models.FileField(upload_to=folder)
    upload = SimpleUploadedFile(name, b"content")
    kept = storage.save(field.generate_filename(None, upload.name), upload, max_length=longest)
    return [kept, storage.size(kept), oct(os.stat(storage.path(kept)).st_mode), oct(os.stat(os.path.dirname(storage.path(kept))).st_mode)]
out = [outcome(lambda: save(*case)) for case in saved]
out += [outcome(lambda: [storage.url(n), os.path.relpath(storage.path(n), sys.argv[1]), storage.exists(n)]) for n in names]
out += [outcome(lambda: [storage.delete(n), storage.exists(n)]) for n in ("plain", "nothing", "docs", "")]
print(json.dumps(out))
"""


async def _save(storage: FileStorage, folder: str, name: str, longest: int | None) -> list[Any]:
    upload = Upload(io.BytesIO(b"content"), name, 7)
    kept = await storage.save(dated(folder, upload.name), upload, max_length=longest)
    path = storage.path(kept)
    return [kept, await storage.size(kept), _mode(path), _mode(os.path.dirname(path))]


def _mode(path: str) -> str:
    return oct(os.stat(path).st_mode)


async def _seen(storage: FileStorage, name: str) -> list[Any]:
    return [storage.url(name), _place(storage, name), await storage.exists(name)]


def _place(storage: FileStorage, name: str) -> str:
    return os.path.relpath(storage.path(name), storage.location)


async def _deleted(storage: FileStorage, name: str) -> list[Any]:
    await storage.delete(name)
    return [None, await storage.exists(name)]


async def _all(storage: FileStorage) -> list[Any]:
    found: list[Any] = []
    acts: list[tuple[Callable[..., Awaitable[list[Any]]], tuple[Any, ...]]] = [
        *((_save, case) for case in SAVED),
        *((_seen, (name,)) for name in NAMES),
        *((_deleted, (name,)) for name in ("plain", "nothing", "docs", "")),
    ]
    for act, arguments in acts:
        try:
            found.append(await act(storage, *arguments))
        except Exception as error:  # noqa: BLE001  (the outcome is what is asked for)
            found.append(type(error).__name__)
    return found


def _masked(found: list[Any]) -> list[Any]:
    """The seven characters that a taken name gets are random."""
    return [
        [re.sub(r"_[A-Za-z0-9]{7}(?=\.|$)", "_*", str(p)) for p in one] if isinstance(one, list) else one
        for one in found
    ]


def test_the_same_files_as_in_django(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", DJANGO, str(tmp_path / "django")],
        input=json.dumps([SAVED, NAMES]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    storage = FileStorage(location=str(tmp_path / "segue"), base_url="/media/", folder_mode=0o750)
    mine = asyncio.run(_all(storage))
    assert _masked(mine) == _masked(json.loads(ran.stdout))
    assert any(isinstance(one, str) for one in mine)
    assert generated("docs/a b.txt") == "docs/a_b.txt"
