"""Entries of a ZIP archive: the bytes of the standard library in a process whose clock is that of ``TIME_ZONE``."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, tzinfo

import pytest

from segue_bridge import zone
from segue_bridge.archives import write_entry

MOMENT = 1_700_000_001
ENTRIES = [("a.txt", "\u00e4" * 50), ("b/", b""), ("c/d.bin", bytes(range(256)))]
IN_A_PROCESS = f"""
import io, sys, time, zipfile
real = time.localtime
time.localtime = lambda moment=None: real({MOMENT})
file = io.BytesIO()
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for name, data in {ENTRIES!r}:
        archive.writestr(name, data)
sys.stdout.buffer.write(file.getvalue())
"""


class Frozen(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Frozen:
        return cls.fromtimestamp(MOMENT, tz)


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    yield
    zone.configure()


@pytest.mark.parametrize("name", ["America/New_York", "Asia/Kolkata"])
def test_bytes_of_the_standard_library(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS], env={"TZ": name}, capture_output=True, check=True, timeout=30
    ).stdout
    zone.configure(name)
    file = io.BytesIO()
    monkeypatch.setattr(zone, "datetime", Frozen)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for entry, data in ENTRIES:
            write_entry(archive, entry, data)
    assert file.getvalue() == expected
