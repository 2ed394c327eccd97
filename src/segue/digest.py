"""Digests that tie evidence to what it was made with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def of_bytes(data: bytes) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


def of_file(path: Path) -> str:
    """Digest of a file's content; '' when it does not exist."""
    return of_bytes(path.read_bytes()) if path.is_file() else ""


def of_texts(files: Mapping[str, str]) -> str:
    """Digest of texts by path, independent of order."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode() + b"\0" + files[path].encode() + b"\0")
    return digest.hexdigest()[:16]


def of_code(output: Path, package: str) -> str:
    """Digest of the generated package as it is on disk, hand edits included; '' when absent."""
    folder = output / package
    files = {
        p.relative_to(output).as_posix(): p.read_text(encoding="utf-8", errors="replace")
        for p in sorted(folder.rglob("*.py"))
        if p.is_file()  # not the locks of editors (Emacs: a link ``.#routes.py`` to nowhere)
    }
    return of_texts(files) if files else ""
