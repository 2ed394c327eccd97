"""Stored files, as ``django.core.files.storage.FileSystemStorage`` keeps them: the same names, addresses and errors.

Everything that touches the disk runs in a thread. Source: ``Storage`` and ``FileSystemStorage``,
``FileField.generate_filename``, ``django.core.files.utils.validate_file_name``, ``django.utils._os.safe_join``.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath, PurePosixPath
from typing import Any, TypeVar, overload
from urllib.parse import quote, urljoin

from anyio import to_thread

from segue_bridge import zone
from segue_bridge.acted import acted
from segue_bridge.auth.crypto import random_string
from segue_bridge.http.pages import SuspiciousOperation
from segue_bridge.schema.data import Upload

CHUNK = 64 * 1024
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStorage:
    """Files under ``location``, shown under ``base_url``.

    ``mode`` and ``folder_mode`` are ``FILE_UPLOAD_PERMISSIONS`` and ``FILE_UPLOAD_DIRECTORY_PERMISSIONS``; None leaves it
    to the process. Names are relative to ``location``, with forward slashes; one that leads out of it raises
    :class:`~segue_bridge.http.pages.SuspiciousOperation`.
    """

    location: str
    base_url: str
    mode: int | None = 0o644
    folder_mode: int | None = None

    # names

    def path(self, name: str) -> str:
        """Where the file ``name`` is."""
        base = os.path.abspath(self.location)
        full = os.path.abspath(os.path.join(base, name))
        if full != base and not full.startswith(base.rstrip(os.sep) + os.sep):
            raise SuspiciousOperation(
                f"The joined path ({full}) is located outside of the base path component ({base})"
            )
        return full

    def url(self, name: str) -> str:
        """The address of the file ``name``."""
        return urljoin(self.base_url, quote(name.replace("\\", "/"), safe="/~!*()'").lstrip("/"))

    # files

    async def exists(self, name: str) -> bool:
        """Whether there is a file, folder or link of that name."""
        return await _in_thread(os.path.lexists, self.path(name))

    async def size(self, name: str) -> int:
        """Bytes of the file. Raises ``FileNotFoundError``."""
        return await _in_thread(os.path.getsize, self.path(name))

    async def read(self, name: str) -> bytes:
        """The file's content. Raises ``FileNotFoundError``."""
        return await _in_thread(_content, self.path(name))

    async def delete(self, name: str) -> None:
        """Remove the file or the empty folder; what is not there is no error. Raises ``ValueError`` without a name."""
        if not name:
            raise ValueError("The name must be given to delete().")
        acted("file")
        await _in_thread(_remove, self.path(name))

    async def save(self, name: str, upload: Upload, *, max_length: int | None = None) -> str:
        """Store ``upload`` under ``name``, or one like it that is free and no longer than ``max_length``; returns which.

        ``name`` is what ``upload_to`` gave: a path in which only the last part is made a valid name.
        """
        acted("file")
        return await _in_thread(self._stored, generated(name), upload, max_length)

    async def copy(self, name: str, to: str) -> str:
        """Store what the file ``name`` holds once more, as ``to`` or one like it that is free; returns which.

        Raises ``FileNotFoundError``. Source: ``Storage.save`` of a file that ``Storage.open`` gave.
        """
        content = await self.read(name)
        acted("file")
        return await _in_thread(self._stored, to, Upload(BytesIO(content), to, len(content)), None)

    def _stored(self, name: str, upload: Upload, max_length: int | None) -> str:
        _check(name)
        name = self._available(name, max_length)
        while True:
            full = self.path(name)
            self._make_folder(os.path.dirname(full))
            try:
                descriptor = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
                break
            except FileExistsError:
                name = self._available(name, None)
        with os.fdopen(descriptor, "wb") as file:
            upload.seek(0)
            while chunk := upload.read(CHUNK):
                file.write(chunk)
        if self.mode is not None:
            os.chmod(full, self.mode)
        location = os.path.abspath(self.location)
        group = os.stat(location).st_gid
        if os.stat(full).st_gid != group:
            with contextlib.suppress(PermissionError):
                os.chown(full, -1, group)
        return os.path.relpath(full, location).replace("\\", "/")

    def _make_folder(self, folder: str) -> None:
        try:
            if self.folder_mode is None:
                os.makedirs(folder, exist_ok=True)
                return
            before = os.umask(0o777 & ~self.folder_mode)
            try:
                os.makedirs(folder, self.folder_mode, exist_ok=True)
            finally:
                os.umask(before)
        except FileExistsError:
            raise FileExistsError(f"{folder} exists and is not a directory.") from None

    def _available(self, name: str, max_length: int | None) -> str:
        folder, file = os.path.split(name)
        suffix = "".join(PurePath(file).suffixes)
        root = file.removesuffix(suffix)
        while os.path.lexists(self.path(name)) or (max_length and len(name) > max_length):
            name = os.path.join(folder, f"{root}_{random_string(7)}{suffix}")
            over = len(name) - max_length if max_length is not None else 0
            if over > 0:
                root = root[:-over]
                if not root:
                    raise SuspiciousOperation(
                        f'Storage can not find an available filename for "{name}". Please make sure that the '
                        'corresponding file field allows sufficient "max_length".'
                    )
                name = os.path.join(folder, f"{root}_{random_string(7)}{suffix}")
        return name


def dated(folder: str, name: str) -> str:
    """``upload_to`` as a text: its ``strftime`` codes stand for now, in the project's time zone."""
    return posixpath.join(zone.wall_time().strftime(folder), name)


def generated(name: str) -> str:
    """What ``FileField.generate_filename`` makes of what ``upload_to`` gave."""
    _check(name)
    folder, file = os.path.split(name.replace("\\", "/"))
    valid = re.sub(r"[^-\w.]", "", file.strip().replace(" ", "_"))
    if valid in ("", ".", ".."):
        raise SuspiciousOperation(f"Could not derive file name from '{file}'")
    return os.path.normpath(os.path.join(folder, valid))


def _check(name: str) -> None:
    if os.path.basename(name) in ("", ".", ".."):
        raise SuspiciousOperation(f"Could not derive file name from '{name}'")
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise SuspiciousOperation(f"Detected path traversal attempt in '{name}'")


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if os.path.isdir(path):
            os.rmdir(path)
        else:
            os.remove(path)


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    return await to_thread.run_sync(work, *arguments)


def stored_name(name: str | None, field: str) -> str:
    """The name of a column's file. Raises ``ValueError`` where it has none, as ``FieldFile`` does."""
    if not name:
        raise ValueError(f"The '{field}' attribute has no file associated with it.")
    return name


@overload
def file_name(value: Upload | str) -> str: ...


@overload
def file_name(value: Upload | str | None) -> str | None: ...


def file_name(value: Upload | str | None) -> str | None:
    """``instance.document.name`` before the object is saved: what the upload is called, or the file that was there."""
    return value.name if isinstance(value, Upload) else value


def path_text(value: str | None) -> str:
    """``value`` for a function of ``os.path``. Raises ``TypeError`` for None, as those do."""
    return os.fspath(value)  # type: ignore[arg-type]


def renamed(value: Upload | str | None, name: str) -> Any:
    """What a column of files holds once ``instance.document.name = name`` is done: an upload will be stored under that name."""
    if not isinstance(value, Upload):
        return name
    made = Upload(value.file, name, value.size, value.content_type)
    made.name = name
    return made
