"""``StreamingHttpResponse``: an answer in pieces, whose length is not told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from segue_bridge.http.pages import HTML

T = TypeVar("T")
_PIECE = 64 * 1024


class Echo:
    """A file that gives back what is written to it: ``csv.writer(Echo()).writerow(row)`` is the line."""

    def write(self, value: T) -> T:
        """``value``."""
        return value


class Stream(StreamingResponse):
    """Pieces of text or bytes; HEAD gets the headers only, and nothing is asked of the pieces."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "HEAD":
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b""})


def streamed(
    pieces: Iterable[str | bytes],
    status: int = 200,
    content_type: str = HTML,
    headers: Mapping[str, str] | None = None,
) -> Stream:
    """``StreamingHttpResponse(pieces, content_type, status, headers=headers)``; text is sent as UTF-8.

    Small pieces are sent together. An error in the middle breaks the connection off, as it does there.
    """
    made = Stream(_together(pieces), status, headers={"content-type": content_type})
    made.headers.update(headers or {})
    return made


async def _together(pieces: Iterable[str | bytes]) -> AsyncIterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece.encode() if isinstance(piece, str) else piece
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
