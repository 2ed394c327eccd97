"""Programs of Debian's packages, unpacked into the user's cache and not installed."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

CACHE = Path.home() / ".cache" / "segue-tests"


def unpacked(package: str, beside: str = "lib[\\w.+-]+") -> Path:
    """The folder of ``package`` and of the packages it depends on whose names match ``beside`` (the machine may lack them),
    and those that these depend on. Raises ``RuntimeError`` where they cannot be had."""
    folder = CACHE / package
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as made:  # several test processes may do it at once
            _unpack(package, beside, Path(made))
            with contextlib.suppress(OSError):  # another one was quicker
                os.rename(made, folder)
                Path(made).mkdir()
    return folder


def _unpack(package: str, beside: str, folder: Path) -> None:
    if not _fetched(package, beside, folder):
        subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True, timeout=120)
        if not _fetched(package, beside, folder):
            raise RuntimeError(
                f"{package} is not here and Debian's packages cannot be had: apt-get install {package}"
            )
    for file in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", file, folder], check=True, timeout=60)
        file.unlink()
    folder.chmod(0o755)


def _fetched(package: str, beside: str, folder: Path) -> bool:
    """Download them; whether that went well."""
    wanted, left = {package}, [package]
    while left:
        told = subprocess.run(
            ["apt-cache", "depends", left.pop()], capture_output=True, text=True, check=False
        )
        named = set(re.findall(rf"Depends: ({beside})\n", told.stdout)) - wanted - {"libc6"}
        wanted |= named
        left += named
    fetch = ["apt-get", "download", "-qq", *sorted(wanted)]
    return not subprocess.run(fetch, cwd=folder, capture_output=True, check=False, timeout=120).returncode
