"""Access logs of NGINX (``log_format … escape=json``) and Envoy (``json_format``): one JSON object a line.

Field names are the team's own, so the usual ones are tried (:data:`FIELDS`). Bodies are there only if the format has
them (NGINX's ``$request_body``); of Envoy, the tap filter records them (:mod:`.tap`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segue.verify.replay.recorded import Headers, Recorded, expects_body, split_target

FIELDS: dict[str, tuple[str, ...]] = {
    "method": ("method", "request_method", "http_method", "verb"),
    "target": ("request_uri", "uri", "path", "url", "target", "original_path"),
    "line": ("request", "request_line"),
    "query": ("args", "query_string", "query"),
    "status": ("status", "response_code", "status_code", "code"),
    "host": ("host", "authority", "http_host", "server_name"),
    "body": ("request_body", "body", "req_body"),
    "answer": ("response_body", "resp_body", "upstream_body"),
    "headers": ("headers", "request_headers"),
    "type": ("content_type", "http_content_type"),
}
_NONE = ("", "-", None)


def read(file: Path) -> Iterator[Recorded]:
    """The requests of a log, line by line. Raises ``ValueError`` with the line's number for one that is no request."""
    with file.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield _request(_object(line, file.name, number), f"{file.name}:{number}")


def is_log(item: Any) -> bool:
    """Whether an object names a request as this reader knows it."""
    return isinstance(item, dict) and (
        (_field(item, "method") is not None and _field(item, "target") is not None)
        or _field(item, "line") is not None
    )


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{name}:{number} is no JSON object: {error}") from error
    if not is_log(item):
        raise ValueError(f"{name}:{number} names no method and path")
    found: dict[str, Any] = item
    return found


def _field(item: dict[str, Any], name: str) -> Any:
    return next((item[key] for key in FIELDS[name] if item.get(key) not in _NONE), None)


def _request(item: dict[str, Any], place: str) -> Recorded:
    method, target = _field(item, "method"), _field(item, "target")
    if method is None or target is None:
        method, _, rest = str(_field(item, "line")).partition(" ")
        target = rest.rpartition(" ")[0] or rest
    host, path, query = split_target(str(target))
    headers = _headers(item)
    body = _field(item, "body")
    sent = expects_body(str(method).upper(), headers)
    status, answer = _field(item, "status"), _field(item, "answer")
    return Recorded(
        method=str(method).upper(),
        path=path,
        query=query or str(_field(item, "query") or ""),
        host=str(_field(item, "host") or host),
        headers=headers,
        body=_text(body) if body is not None else None if sent else b"",
        status=int(status) if str(status or "").isdigit() and int(status) else None,
        answer=None if answer is None else _text(answer),
        place=place,
    )


def _headers(item: dict[str, Any]) -> Headers:
    """A ``headers`` object, and NGINX's ``http_*`` variables."""
    given = _field(item, "headers")
    out = [(str(k), str(v)) for k, v in given.items()] if isinstance(given, dict) else []
    for key, value in item.items():
        if key.startswith("http_") and key not in ("http_host", "http_method") and value not in _NONE:
            out.append((key.removeprefix("http_").replace("_", "-").title(), str(value)))
    kind = _field(item, "type")
    if kind is not None and not any(name.lower() == "content-type" for name, _ in out):
        out.append(("Content-Type", str(kind)))
    return tuple((k, v) for k, v in out if not k.startswith(":"))


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()
