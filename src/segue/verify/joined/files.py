"""The files in a folder, as what a request did: ``[name, digest, permissions]`` each."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from .compare import shape


def files_in(folder: Path) -> list[list[str]]:
    """All files below ``folder``, in an order that random parts of their names do not change."""
    found: list[list[str]] = []
    for path in folder.rglob("*") if folder.is_dir() else ():
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            found.append([path.relative_to(folder).as_posix(), digest, oct(path.stat().st_mode & 0o777)])
    return sorted(found, key=_place)


def _place(file: list[str]) -> tuple[Any, ...]:
    name, digest, mode = file
    return shape(name), digest, mode, name
