"""Files that leave a storage, and files saved where the media folder does not show them: ``[what, storage, name, digest]``.

``World`` compares the media folder itself after each request; this is for ``delete()``, which leaves nothing to see
there, and for storages elsewhere. Source: ``django.core.files.storage.Storage``.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from typing import Any


class StoredFiles:
    """Patches ``Storage.save`` and every ``delete`` of a storage class that is loaded.

    ``every``: files saved in the file system are noted too; nobody else compares them.
    """

    def __init__(self, *, every: bool = False) -> None:
        from django.core.files.storage import FileSystemStorage, Storage

        self.held_back = (
            False  # whether nothing stays: what is saved goes in :meth:`undo`, deletions are only noted
        )
        self._done: list[Any] = []
        self._saved: list[tuple[Any, str]] = []
        self._generated = False
        self._depth = 0
        self._elsewhere: tuple[type, ...] = () if every else (FileSystemStorage,)
        for cls in _classes(Storage):
            for method in ("save", "delete"):
                if method in vars(cls):
                    setattr(cls, method, self._noting(vars(cls)[method], method))

    def start(self) -> None:
        """Forget what was noted."""
        self._done = []
        bridge = sys.modules.get("segue_bridge.storage")
        if bridge is not None and not self._generated:
            self._generated = True
            for method in ("save", "delete"):
                setattr(
                    bridge.FileStorage,
                    method,
                    self._noting_async(getattr(bridge.FileStorage, method), method),
                )

    def take(self) -> list[Any]:
        """What was deleted, and saved elsewhere, in its order."""
        return self._done

    def undo(self) -> None:
        """Remove what was saved while it was held back."""
        saved, self._saved = self._saved, []
        depth, self._depth = self._depth, 1
        try:
            for storage, name in saved:
                if isinstance(storage, str):
                    os.remove(storage)
                else:
                    storage.delete(name)
        finally:
            self._depth = depth

    def _noting(self, original: Any, method: str) -> Any:
        recorder = self

        @functools.wraps(original)
        def act(storage: Any, name: Any, *rest: Any, **options: Any) -> Any:
            if recorder._depth:  # a subclass calls the method of its base
                return original(storage, name, *rest, **options)
            given = rest[0] if rest else options.get("content")
            digest = _digest(given) if method == "save" else ""
            recorder._depth += 1
            try:
                held = recorder.held_back and method == "delete"
                done = None if held else original(storage, name, *rest, **options)
            finally:
                recorder._depth -= 1
            if recorder.held_back and method == "save":
                recorder._saved.append((storage, str(done)))
            if method != "save" or not isinstance(storage, recorder._elsewhere):
                told = str(done if method == "save" else name)
                recorder._done.append([method, _told_as(storage, method), told, digest])
            return done

        return act

    def _noting_async(self, original: Any, method: str) -> Any:
        """The same for the storage of generated code, which is told of as Django's."""
        recorder = self

        @functools.wraps(original)
        async def act(storage: Any, name: Any, *rest: Any, **options: Any) -> Any:
            digest = _digest(rest[0]) if method == "save" else ""
            held = recorder.held_back and method == "delete" and name
            done = None if held else await original(storage, name, *rest, **options)
            if recorder.held_back and method == "save":
                recorder._saved.append((storage.path(done), ""))
            if method != "save" or not recorder._elsewhere:
                recorder._done.append(
                    [method, "FileSystemStorage", str(done if method == "save" else name), digest]
                )
            return done

        return act


def _classes(cls: Any) -> list[Any]:
    below: list[Any] = cls.__subclasses__()
    return [cls, *(c for sub in below for c in _classes(sub))]


def _told_as(storage: Any, method: str) -> str:
    """The class's name; Django's where a subclass deletes and saves as that does."""
    from django.core.files.storage import FileSystemStorage

    cls = type(storage)
    used = (method, "_save") if method == "save" else (method,)
    if issubclass(cls, FileSystemStorage) and all(
        getattr(cls, name) is getattr(FileSystemStorage, name) for name in used
    ):
        return "FileSystemStorage"
    name: str = cls.__name__
    return name


def _digest(content: Any) -> str:
    if not hasattr(content, "read") or not hasattr(content, "seek"):
        return ""
    content.seek(0)
    data = content.read()
    content.seek(0)
    return hashlib.sha256(data if isinstance(data, bytes) else str(data).encode()).hexdigest()[:12]
