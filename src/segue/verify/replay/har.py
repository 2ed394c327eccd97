"""HAR 1.2, as browsers save it (http://www.softwareishard.com/blog/har-12-spec/), read entry by entry."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import ijson

from segue.verify.replay.recorded import Headers, Recorded, expects_body, split_target


def read(file: Path) -> Iterator[Recorded]:
    """The entries of ``log.entries`` in their order. Raises ``ijson.JSONError`` for text that is no JSON."""
    with file.open("rb") as stream:
        for number, entry in enumerate(ijson.items(stream, "log.entries.item", use_float=True)):
            yield _entry(entry, f"{file.name}#{number}")


def _entry(entry: dict[str, Any], place: str) -> Recorded:
    request, response = entry["request"], entry.get("response") or {}
    host, path, query = split_target(str(request["url"]))
    headers = _headers(request)
    status = int(response.get("status") or 0) or None
    return Recorded(
        method=str(request["method"]).upper(),
        path=path,
        query=query,
        host=host,
        headers=headers,
        body=_body(request, headers),
        status=status,
        answer=_content(response.get("content") or {}) if status else None,
        answer_headers=_headers(response),
        place=place,
    )


def _headers(message: dict[str, Any]) -> Headers:
    # HTTP/2 pseudo headers begin with a colon.
    pairs = [(str(h["name"]), str(h["value"])) for h in message.get("headers") or ()]
    return tuple((name, value) for name, value in pairs if not name.startswith(":"))


def _body(request: dict[str, Any], headers: Headers) -> bytes | None:
    data = request.get("postData")
    if not data:
        return None if expects_body(str(request["method"]).upper(), headers) and _size(request) != 0 else b""
    text = data.get("text")
    if text is not None:
        return _decoded(str(text), str(data.get("encoding") or ""))
    params = data.get("params")
    if params is None or any("fileName" in p for p in params):
        return None
    return urlencode([(p["name"], p.get("value", "")) for p in params]).encode()


def _size(request: dict[str, Any]) -> int:
    size = request.get("bodySize")
    return size if isinstance(size, int) else -1


def _content(content: dict[str, Any]) -> bytes | None:
    text = content.get("text")
    return None if text is None else _decoded(str(text), str(content.get("encoding") or ""))


def _decoded(text: str, encoding: str) -> bytes | None:
    if encoding != "base64":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
