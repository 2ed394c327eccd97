"""Files that leave a storage, and files saved where the media folder does not show them: ``[what, storage, name, digest]``.

``World`` compares the media folder itself after each request; this is for ``delete()``, which leaves nothing to see
there, and for storages elsewhere. Source: ``django.core.files.storage.Storage``.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any


class StoredFiles:
    """Patches ``Storage.save`` and every ``delete`` of a storage class that is loaded."""

    def __init__(self) -> None:
        from django.core.files.storage import FileSystemStorage, Storage

        self._done: list[Any] = []
        self._local = FileSystemStorage
        for cls in _classes(Storage):
            for method in ("save", "delete"):
                if method in vars(cls):
                    setattr(cls, method, self._noting(vars(cls)[method], method))

    def start(self) -> None:
        """Forget what was noted."""
        self._done = []

    def take(self) -> list[Any]:
        """What was deleted, and saved elsewhere, in its order."""
        return self._done

    def _noting(self, original: Any, method: str) -> Any:
        recorder = self

        @functools.wraps(original)
        def act(storage: Any, name: Any, *rest: Any, **options: Any) -> Any:
            given = rest[0] if rest else options.get("content")
            digest = _digest(given) if method == "save" else ""
            done = original(storage, name, *rest, **options)
            entry = [method, type(storage).__name__, str(done if method == "save" else name), digest]
            seen = method == "save" and isinstance(storage, recorder._local)
            # A subclass calls the method of its base: told once.
            if not seen and (not recorder._done or recorder._done[-1] != entry):
                recorder._done.append(entry)
            return done

        return act


def _classes(cls: Any) -> list[Any]:
    below: list[Any] = cls.__subclasses__()
    return [cls, *(c for sub in below for c in _classes(sub))]


def _digest(content: Any) -> str:
    if not hasattr(content, "read") or not hasattr(content, "seek"):
        return ""
    content.seek(0)
    data = content.read()
    content.seek(0)
    return hashlib.sha256(data if isinstance(data, bytes) else str(data).encode()).hexdigest()[:12]
