"""``django.contrib.sessions.backends.file``: a file for each session. What touches the disk runs in a thread."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from segue_bridge.auth.session_settings import SessionSettings, decode, encode
from segue_bridge.auth.sessions import Found, SessionGone, age
from segue_bridge.auth.stores.keys import ALPHABET, new_key
from segue_bridge.http.pages import SuspiciousOperation

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database

_log = logging.getLogger(__name__)


class FileStore:
    """Files in ``folder`` (``SESSION_FILE_PATH``; without it the folder for temporary files), named by cookie and key."""

    in_key = False

    def __init__(self, settings: SessionSettings, folder: str | None = None) -> None:
        self._settings, self._folder = settings, folder or tempfile.gettempdir()

    async def load(self, db: Database, key: str) -> Found | None:
        return await to_thread.run_sync(self._load, key)

    async def save(
        self,
        db: Database,
        key: str | None,
        data: dict[str, Any],
        expires: datetime,
        age: float,
        *,
        create: bool,
    ) -> str:
        return await to_thread.run_sync(self._save, None if create else key, encode(data, self._settings))

    async def delete(self, db: Database, key: str) -> None:
        await to_thread.run_sync(self._delete, key)

    def _load(self, key: str) -> Found | None:
        path = self._path(key)
        if path is None:
            return None
        try:
            with open(path, encoding="ascii") as file:
                text = file.read()
            changed = os.stat(path).st_mtime
        except OSError:
            return None
        if not text:  # another process is about to write it
            return Found({})
        data = decode(text, self._settings)
        expiry = data.get("_session_expiry")
        # Whole seconds, as the difference of two moments has.
        left = (
            age(expiry, self._settings)
            if expiry
            else (changed + self._settings.cookie_age - time.time()) // 1
        )
        return Found(data) if left > 0 else Found({}, renewed=True)

    def _save(self, key: str | None, text: str) -> str:
        if key is None:
            key, path = self._reserved()
        else:
            known = self._path(key)
            if known is None or not os.path.exists(known):
                raise SessionGone(key)
            path = known
        folder, name = os.path.split(path)
        try:
            descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f"{name}_out_")
            try:
                with open(descriptor, "w", encoding="ascii") as file:
                    file.write(text)
                os.replace(temporary, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
        except OSError:  # Django goes on without a word
            _log.exception("A session could not be written")
        return key

    def _reserved(self) -> tuple[str, str]:
        """A new key and its file, empty so far: no other process takes it."""
        while True:
            key = new_key()
            path = os.path.join(self._folder, self._settings.cookie_name + key)
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_WRONLY | os.O_EXCL | os.O_CREAT))
                return key, path

    def _delete(self, key: str) -> None:
        path = self._path(key)
        if path is None:  # nobody has read it: reading drops such a key
            raise SuspiciousOperation("Invalid characters in session key")
        with contextlib.suppress(OSError):
            os.unlink(path)

    def _path(self, key: str) -> str | None:
        """The file of a key; None for one that is none and could name another folder."""
        if not set(key) <= set(ALPHABET):
            return None
        return os.path.join(self._folder, self._settings.cookie_name + key)
