"""Django's middleware that works on finished answers: ``ConditionalGetMiddleware`` and ``GZipMiddleware``.

Sources: ``django.middleware.http``, ``django.middleware.gzip``, ``django.utils.cache.get_conditional_response``.
"""

from __future__ import annotations

import gzip
import logging
import re
import secrets
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from hashlib import md5
from typing import Protocol

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from segue_bridge.http.cors import ANSWERED_BY, REPLACED
from segue_bridge.http.dates import http_date
from segue_bridge.http.varying import vary

_log = logging.getLogger("segue_bridge.http")
_NOT_MODIFIED = (
    "cache-control",
    "content-location",
    "date",
    "etag",
    "expires",
    "last-modified",
    "vary",
    "set-cookie",
)
_ETAG = re.compile(r'(?:W/)?"[^"]*"\Z')
_GZIP = re.compile(r"\bgzip\b")
_FEW = 200
_IN_THREAD = 64 * 1024
_RANDOM = 100
_WORDS = frozenset({"security", "frames", "cors"})


class Finisher(Protocol):
    """``inside`` are the middlewares of Django that stand before it in ``MIDDLEWARE``: ``security``, ``common``, ``session``,
    ``language``, ``csrf``, ``frames``, ``cors``."""

    @property
    def inside(self) -> frozenset[str]: ...

    async def finish(self, request: Request, response: Response) -> Response:
        """The answer that takes the place of ``response``."""


class ConditionalGet:
    """``ConditionalGetMiddleware``: an ``ETag`` on answers to GET, 304 and 412 for those whose conditions say so."""

    def __init__(self, inside: Sequence[str] = ()) -> None:
        self.inside = frozenset(inside)

    async def finish(self, request: Request, response: Response) -> Response:
        """``process_response``."""
        if request.method != "GET":
            return response
        headers = MutableHeaders(raw=response.raw_headers)
        if "etag" not in headers and not _no_store(headers) and not isinstance(response, StreamingResponse) and response.body:  # fmt: skip
            headers["etag"] = f'"{md5(response.body, usedforsecurity=False).hexdigest()}"'
        etag = headers.get("etag")
        changed = http_date(headers.get("last-modified", ""))
        if not (etag or changed) or not 200 <= response.status_code < 300:
            return response
        if not _fits(request, etag, changed):
            _log.warning("Precondition Failed: %s", request.scope["path"])
            return self._instead(request, Response(status_code=412, media_type="text/html"))
        if not _is_new(request, etag, changed):
            made = Response(status_code=304)
            made.raw_headers = [h for h in response.raw_headers if h[0].decode("latin-1") in _NOT_MODIFIED]
            return self._instead(request, made)
        return response

    def _instead(self, request: Request, response: Response) -> Response:
        request.scope[REPLACED] = _WORDS - self.inside
        return response


class Gzip:
    """``GZipMiddleware``: answers of 200 bytes and more are compressed for clients that take it.

    A name of random length in the compressed data hides its length (the BREACH attack), as Django's does.
    """

    def __init__(self, inside: Sequence[str] = ()) -> None:
        self.inside = frozenset(inside)

    async def finish(self, request: Request, response: Response) -> Response:
        """``process_response``."""
        streams = isinstance(response, StreamingResponse)
        headers = MutableHeaders(raw=response.raw_headers)
        if (not streams and len(response.body) < _FEW) or "content-encoding" in headers:
            return response
        vary(response, "Accept-Encoding")
        if not _GZIP.search(_header(request, "accept-encoding")):
            return response
        if isinstance(response, StreamingResponse):
            response.body_iterator = _compressed(response.body_iterator)
            del headers["content-length"]
        else:
            body = bytes(response.body)
            found = await to_thread.run_sync(_whole, body) if len(body) > _IN_THREAD else _whole(body)
            if len(found) >= len(body):
                return response
            response.body = found
            headers["content-length"] = str(len(found))
        etag = headers.get("etag", "")
        if etag.startswith('"'):
            headers["etag"] = f"W/{etag}"
        headers["content-encoding"] = "gzip"
        return response


async def finished(
    finishers: Sequence[Finisher], stage: str, request: Request, response: Response
) -> Response:
    """``response`` after those ``finishers`` that come at ``stage``: ``view``, ``session`` or ``end``."""
    if "x-segue-unserved" in response.headers:
        return response
    answered_by = request.scope.get(ANSWERED_BY)
    for finisher in finishers:
        if _stage(finisher) == stage and answered_by not in finisher.inside:
            response = await finisher.finish(request, response)
    return response


def _stage(finisher: Finisher) -> str:
    """Before language and CSRF have written their headers, before the session has, or after all of them."""
    if finisher.inside & {"language", "csrf"}:
        return "view"
    return "session" if "session" in finisher.inside else "end"


def _header(request: Request, name: str) -> str:
    """The header as WSGI tells it: several are one, with commas."""
    return ",".join(request.headers.getlist(name))


def _no_store(headers: MutableHeaders) -> bool:
    return any(part.lower() == "no-store" for part in re.split(r"\s*,\s*", headers.get("cache-control", "")))


def _fits(request: Request, etag: str | None, changed: int | None) -> bool:
    """``If-Match`` and ``If-Unmodified-Since``."""
    wanted = _etags(_header(request, "if-match"))
    if wanted:
        return bool(etag) and (wanted == ["*"] or (not str(etag).startswith("W/") and etag in wanted))
    since = http_date(_header(request, "if-unmodified-since"))
    return not since or bool(changed and changed <= since)


def _is_new(request: Request, etag: str | None, changed: int | None) -> bool:
    """``If-None-Match`` and ``If-Modified-Since``."""
    known = _etags(_header(request, "if-none-match"))
    if known:
        if not etag:
            return True
        # Letters of the mark are taken off at both ends, as Django does.
        return known != ["*"] and etag.strip("W/") not in [k.strip("W/") for k in known]
    since = http_date(_header(request, "if-modified-since"))
    return not since or not changed or changed > since


def _etags(text: str) -> list[str]:
    """``django.utils.http.parse_etags``."""
    if text.strip() == "*":
        return ["*"]
    return [part for e in text.split(",") if _ETAG.match(part := e.strip())]


def _name() -> bytes:
    return b"a" * secrets.randbelow(_RANDOM + 1)


def _whole(body: bytes) -> bytes:
    """``compress_string``: gzip data whose header has a name."""
    found = gzip.compress(body, compresslevel=6, mtime=0)
    header = bytearray(found[:10])
    header[3] = 8  # FNAME
    return bytes(header) + _name() + b"\x00" + found[10:]


async def _compressed(pieces: AsyncIterable[str | bytes | memoryview[int]]) -> AsyncIterator[bytes]:
    """``compress_sequence``."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    check, size = 0, 0
    yield b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff" + _name() + b"\x00"
    async for piece in pieces:
        data = piece.encode() if isinstance(piece, str) else bytes(piece)
        check, size = zlib.crc32(data, check), size + len(data)
        if out := await to_thread.run_sync(packer.compress, data):
            yield out
    yield packer.flush() + check.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
