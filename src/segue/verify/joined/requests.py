"""One request with its labels, and bodies in their encodings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
BOUNDARY = "segueboundary7"

ACCEPTS = (
    ("Accept */*;q", [("Accept", "text/plain;q=0.5,*/*;q=0.1")]),
    ("Accept json", [("Accept", "application/json")]),
    ("Accept json indent", [("Accept", "application/json; indent=4")]),
    ("Accept xml", [("Accept", "application/xml")]),
    ("Accept nonsense", [("Accept", "nonsense")]),
    ("If-None-Match", [("If-None-Match", '"abc"')]),
    ("If-None-Match *", [("If-None-Match", "*")]),
    ("If-Match", [("If-Match", '"abc"')]),
    ("If-Match *", [("If-Match", "*")]),
    ("If-Modified-Since", [("If-Modified-Since", "Wed, 21 Oct 2015 07:28:00 GMT")]),
    ("If-Modified-Since tomorrow", [("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")]),
    ("If-Unmodified-Since", [("If-Unmodified-Since", "Wed, 21 Oct 2015 07:28:00 GMT")]),
    ("Range", [("Range", "bytes=0-3")]),
    ("Accept-Language de", [("Accept-Language", "de,en;q=0.5")]),
    ("X-HTTP-Method-Override", [("X-Http-Method-Override", "DELETE")]),
    ("X-Requested-With", [("X-Requested-With", "XMLHttpRequest")]),
)
RAW_BODIES = (
    ("malformed JSON", b'{"a": ', JSON_TYPE),
    ("not JSON", b"nonsense", JSON_TYPE),
    ("NaN", b'{"a": NaN}', JSON_TYPE),
    ("deep JSON", b"[" * 80 + b"]" * 80, JSON_TYPE),
    ("duplicate keys", b'{"a": 1, "a": 2}', JSON_TYPE),
    ("no body", b"", ""),
    ("no body, JSON", b"", JSON_TYPE),
    ("text/plain", b"hello", "text/plain"),
    ("no type", b"hello", ""),
    ("bad UTF-8", b'{"a": "\xff"}', JSON_TYPE),
    ("BOM", b"\xef\xbb\xbf{}", JSON_TYPE),
    ("empty form", b"", FORM_TYPE),
    ("empty multipart", f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"),
    ("multipart without boundary", b"x", "multipart/form-data"),
    ("charset", '{"a": "é"}'.encode("latin-1"), f"{JSON_TYPE}; charset=latin-1"),
    ("vendor JSON", b"{}", "application/vnd.api+json"),
    ("type in capitals", b"{}", "Application/JSON"),
)


def case(
    operation: dict[str, Any],
    what: str,
    path: str,
    person: dict[str, Any],
    *,
    method: str = "",
    query: str = "",
    body: tuple[bytes, str] = (b"", ""),
    headers: Any = (),
    busy: str = "",
) -> dict[str, Any]:
    """A request of ``person``; ``body`` is content and its type. ``busy``: all rate limits are used up ("full"), or
    will be by this request ("nearly").

    The first ``own`` of its headers are the persona's credentials.
    """
    content, kind = body
    sent = [*person["headers"], *headers]
    if kind:
        sent.append(("Content-Type", kind))
    return {
        "key": operation["key"], "what": what, "persona": person["name"], "method": method or operation["method"],
        "path": path, "query": query, "headers": sent, "body": content, "busy": busy,
        "own": len(person["headers"]),
    }  # fmt: skip


def as_json(value: Any) -> tuple[bytes, str]:
    """A JSON body."""
    return json.dumps(value).encode(), JSON_TYPE


def as_form(values: dict[str, Any]) -> tuple[bytes, str]:
    """A form body: lists repeat their name."""
    return urlencode(_flat(values), doseq=True).encode("utf-8", "surrogatepass"), FORM_TYPE


def as_multipart(
    values: dict[str, Any], files: Iterable[tuple[str, str, str, bytes]] = ()
) -> tuple[bytes, str]:
    """A multipart body; ``files`` are (field, name, content type, content)."""
    parts = []
    for name, value in _flat(values).items():
        for one in value if isinstance(value, list) else [value]:
            parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{one}\r\n')
    sent = "".join(parts).encode("utf-8", "surrogatepass")
    for field, name, kind, content in files:
        disposition = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
        sent += f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n"
    return sent + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [_text(v) for v in value] if isinstance(value, list) else _text(value)
        for name, value in values.items()
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
