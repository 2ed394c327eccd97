"""``django.core.cache.backends.filebased.FileBasedCache``: a file for each value, which both sides read and write.

A file is the pickled time at which it expires and the compressed pickle of the value; its name is the MD5 of the key.
Everything that touches the disk runs in a thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import random
import tempfile
import time
import zlib
from collections.abc import Callable
from hashlib import md5
from typing import IO, Any, TypeVar

from anyio import to_thread

from segue_bridge.cache.base import DEFAULT, Cache, KeyFunction, Timeout, default_key
from segue_bridge.cache.values import dumps, load, loads

_SUFFIX = ".djcache"
T = TypeVar("T")


class FileCache(Cache):
    """Files in ``folder``; ``most`` and ``share`` are ``MAX_ENTRIES`` and ``CULL_FREQUENCY``: with ``most`` files there, one of
    every ``share`` is removed before another is written (all of them with 0)."""

    def __init__(
        self,
        folder: str,
        *,
        prefix: str = "",
        version: int = 1,
        timeout: float | None = 300,
        key_function: KeyFunction = default_key,
        most: int = 300,
        share: int = 3,
    ) -> None:
        super().__init__(prefix=prefix, version=version, timeout=timeout, key_function=key_function)
        self._folder, self._most, self._share = os.path.abspath(folder), most, share

    async def get(self, key: object, default: Any = None) -> Any:
        return await _in_thread(self._get, self._file(key), default)

    async def set(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> None:
        await _in_thread(self._set, self._file(key), value, seconds)

    async def add(self, key: object, value: Any, seconds: Timeout = DEFAULT) -> bool:
        if await self.has_key(key):
            return False
        await self.set(key, value, seconds)
        return True

    async def touch(self, key: object, seconds: Timeout = DEFAULT) -> bool:
        return await _in_thread(self._touch, self._file(key), seconds)

    async def delete(self, key: object) -> bool:
        return await _in_thread(_remove, self._file(key))

    async def has_key(self, key: object) -> bool:
        return await _in_thread(self._has, self._file(key))

    async def clear(self) -> None:
        await _in_thread(self._clear)

    def _clear(self) -> None:
        for path in self._all():
            _remove(path)

    def _all(self) -> list[str]:
        return glob.glob(os.path.join(glob.escape(self._folder), f"*{_SUFFIX}"))

    def _file(self, key: object) -> str:
        digest = md5(self.key(key).encode(), usedforsecurity=False).hexdigest()
        return os.path.join(self._folder, f"{digest}{_SUFFIX}")

    def _get(self, path: str, default: Any) -> Any:
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            if not _expired(file):
                return loads(zlib.decompress(file.read()))
        return default

    def _has(self, path: str) -> bool:
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            return not _expired(file)
        return False

    def _set(self, path: str, value: Any, seconds: Timeout) -> None:
        self._make_folder()
        self._make_room()
        descriptor, temporary = tempfile.mkstemp(dir=self._folder)
        try:
            with open(descriptor, "wb") as file:
                file.write(self._content(value, seconds))
            os.replace(temporary, path)
        except BaseException:
            os.remove(temporary)
            raise

    def _content(self, value: Any, seconds: Timeout) -> bytes:
        lasting = self.lasting(seconds)
        # Zero is past whatever the clock's grain (BaseCache.get_backend_timeout).
        until = None if lasting is None else time.time() + (lasting or -1)
        return dumps(until) + zlib.compress(dumps(value))

    def _touch(self, path: str, seconds: Timeout) -> bool:
        with contextlib.suppress(FileNotFoundError), open(path, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _expired(file):
                return False
            value = loads(zlib.decompress(file.read()))
            file.seek(0)
            file.write(self._content(value, seconds))
            file.truncate()
            return True
        return False

    def _make_room(self) -> None:
        files = self._all()
        if len(files) < self._most:
            return
        for path in files if self._share == 0 else random.sample(files, len(files) // self._share):
            _remove(path)

    def _make_folder(self) -> None:
        before = os.umask(0o077)
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
        finally:
            os.umask(before)


def _expired(file: IO[bytes]) -> bool:
    """Whether its time is over (then the file is removed); afterwards the value is what is left to read."""
    try:
        until = load(file)
    except EOFError:
        until = 0
    if until is not None and until < time.time():
        _remove(file.name)
        return True
    return False


def _remove(path: str) -> bool:
    try:
        os.remove(path)
    except FileNotFoundError:
        return False
    return True


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    return await to_thread.run_sync(work, *arguments)
