"""Atomic file writing: a reader sees the old content or the new, never a part."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from segue.errors import EnvironmentProblem

ABANDONED_SECONDS = 60.0
"""Age from which a temporary file is that of a writer that was killed."""

_SUFFIX = ".segue-tmp"


def write_atomic(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write ``text`` to a temporary file beside ``path``, fsync it, rename it over ``path``.

    Raises :class:`EnvironmentProblem` when the folder cannot be made or written.
    """
    write_all({path: text}, mode=mode)


def write_all(texts: Mapping[Path, str], *, mode: int = 0o644) -> None:
    """Write several files so that a full disk or a missing permission changes none of them: all
    temporary files are complete before the first is renamed.

    Raises :class:`EnvironmentProblem` with the path that could not be written.
    """
    staged: list[tuple[str, Path]] = []
    made: list[Path] = []
    done = False
    try:
        for path, text in texts.items():
            staged.append((_stage(path, text, mode, made), path))
        for temporary, path in staged:
            _rename(temporary, path)
        done = True
        _sweep(texts)
    finally:
        if not done:
            for temporary, _path in staged:
                Path(temporary).unlink(missing_ok=True)
            for folder in reversed(made):
                with contextlib.suppress(OSError):  # not empty: something got its place after all
                    folder.rmdir()


def _stage(path: Path, text: str, mode: int, made: list[Path]) -> str:
    temporary = ""
    try:
        missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            made.append(folder)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_SUFFIX)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise cannot_write(path, error) from error
    return temporary


def _sweep(paths: Iterable[Path]) -> None:
    """Remove what writers of the same files have left that were killed before they could."""
    folders: dict[Path, set[str]] = {}
    for path in paths:
        folders.setdefault(path.parent, set()).add(path.name)
    for folder, names in folders.items():
        with contextlib.suppress(OSError), os.scandir(folder) as found:
            for one in found:
                begin, _, _random = one.name.removesuffix(_SUFFIX).rpartition(".")
                if (
                    one.name.startswith(".")
                    and one.name.endswith(_SUFFIX)
                    and begin[1:] in names
                    and one.stat().st_mtime < time.time() - ABANDONED_SECONDS
                ):
                    Path(one.path).unlink(missing_ok=True)


def _rename(temporary: str, path: Path) -> None:
    try:
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error


def require_writable(folder: Path) -> None:
    """Raises :class:`EnvironmentProblem` unless files can be made in ``folder`` (or it can be made).

    For telling it before minutes of work, and before a first file is written.
    """
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise cannot_write(folder, NotADirectoryError(errno.ENOTDIR, f"{place} is not a folder"))
    if not os.access(place, os.W_OK | os.X_OK):
        reason = "a read-only file system" if _read_only(place) else "no permission to write there"
        raise cannot_write(folder, PermissionError(errno.EACCES, reason))


def _read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def cannot_write(path: Path, error: OSError) -> EnvironmentProblem:
    """The error for a file that cannot be written."""
    return EnvironmentProblem(
        f"{path} cannot be written: {error.strerror or error}.",
        hint="Make the folder writable for you, or choose another one.",
    )
