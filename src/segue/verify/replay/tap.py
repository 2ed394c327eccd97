"""Files of Envoy's tap filter with ``file_per_tap`` and a JSON format: one request with its response each.

Source: ``envoy.data.tap.v3.HttpBufferedTrace`` (bodies as bytes in base64, or as text).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segue.verify.replay.recorded import Headers, Recorded, split_target


def read(file: Path) -> Iterator[Recorded]:
    """The one request of a file. Raises ``ValueError`` for another document."""
    yield recorded(json.loads(file.read_bytes()), file.name)


def recorded(document: Any, place: str) -> Recorded:
    """The request of a trace. Raises ``ValueError`` for another document."""
    if not is_tap(document):
        raise ValueError(f"{place} is no buffered trace of Envoy's tap filter")
    trace = document["http_buffered_trace"]
    request, response = trace["request"], trace.get("response") or {}
    pseudo, headers = _headers(request)
    answer_pseudo, answer_headers = _headers(response)
    host, path, query = split_target(pseudo.get(":path", "/"))
    status = answer_pseudo.get(":status", "")
    return Recorded(
        method=pseudo.get(":method", "GET").upper(),
        path=path,
        query=query,
        host=pseudo.get(":authority", host),
        headers=headers,
        body=_body(request),
        status=int(status) if status.isdigit() else None,
        answer=_body(response) if status else None,
        answer_headers=answer_headers,
        place=place,
    )


def is_tap(document: Any) -> bool:
    """Whether a JSON document is such a trace."""
    return isinstance(document, dict) and "request" in (document.get("http_buffered_trace") or {})


def _headers(message: dict[str, Any]) -> tuple[dict[str, str], Headers]:
    pairs = [(str(h["key"]), str(h.get("value", ""))) for h in message.get("headers") or ()]
    return {k: v for k, v in pairs if k.startswith(":")}, tuple(p for p in pairs if not p[0].startswith(":"))


def _body(message: dict[str, Any]) -> bytes | None:
    body = message.get("body") or {}
    if body.get("truncated"):
        return None
    if "as_string" in body:
        return str(body["as_string"]).encode()
    return base64.b64decode(body.get("as_bytes", ""))
