"""``FileResponse`` of a stored file: its headers, and its content in pieces.

Source: ``django.http.response.FileResponse``, ``django.utils.http.content_disposition_header``.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import AsyncIterator
from typing import BinaryIO
from urllib.parse import quote

from anyio import to_thread
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from segue_bridge.storage import FileStorage

CHUNK = 64 * 1024
_PACKED = {
    "br": "application/x-brotli",
    "bzip2": "application/x-bzip",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}


class FilePage(StreamingResponse):
    """An open file; HEAD gets its headers only. The file is closed when it was sent."""

    def __init__(self, file: BinaryIO, headers: dict[str, str]) -> None:
        super().__init__(_pieces(file), headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope.get("method") == "HEAD":
                start = {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
                await send(start)
                await send({"type": "http.response.body", "body": b""})
                return
            await super().__call__(scope, receive, send)
        finally:
            await to_thread.run_sync(self._file.close)


async def file_page(
    storage: FileStorage,
    name: str,
    *,
    content_type: str | None = None,
    filename: str = "",
    attachment: bool = False,
) -> FilePage:
    """``FileResponse(storage.open(name), …)``. Raises ``FileNotFoundError`` and its like where ``open`` does."""
    path = storage.path(name)
    file, size = await to_thread.run_sync(_opened, path)
    shown = os.path.basename(filename or path)
    headers = {"content-length": str(size), "content-type": content_type or _guessed(shown)}
    disposition = _disposition(shown, attachment)
    if disposition:
        headers["content-disposition"] = disposition
    return FilePage(file, headers)


def _opened(path: str) -> tuple[BinaryIO, int]:
    file = open(path, "rb")  # noqa: SIM115  (closed by the answer)
    return file, os.fstat(file.fileno()).st_size


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await to_thread.run_sync(file.read, CHUNK):
        yield piece


def _guessed(name: str) -> str:
    kind, encoding = mimetypes.guess_type(name)
    # The encoding is not told: browsers would unpack the file.
    return _PACKED.get(encoding or "", kind or "") or "application/octet-stream"


def _disposition(name: str, attachment: bool) -> str:
    word = "attachment" if attachment else "inline"
    if not name:
        return word if attachment else ""
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'{word}; filename="{escaped}"'
    return f"{word}; filename*=utf-8''{quote(name)}"
