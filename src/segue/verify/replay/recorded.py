"""One recorded request, whatever file it comes from."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """``path`` is percent-encoded and without the query. ``body`` is None where the recording has none of a request
    that had one; ``status`` and ``answer`` (body of the response) are None where it has no response, or not its body.
    ``place`` is ``file:line`` or ``file#number``.
    """

    method: str
    path: str
    query: str = ""
    host: str = ""
    headers: Headers = ()
    body: bytes | None = b""
    status: int | None = None
    answer: bytes | None = None
    answer_headers: Headers = ()
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """For the child process."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": [list(h) for h in self.headers],
            "body": _encoded(self.body),
            "status": self.status,
            "answer": _encoded(self.answer),
            "answer_headers": [list(h) for h in self.answer_headers],
            "place": self.place,
        }


def _encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def split_target(target: str) -> tuple[str, str, str]:
    """``(host, path, query)`` of a request target or URL."""
    host = ""
    if "://" in target:
        rest = target.split("://", 1)[1]
        host, slash, tail = rest.partition("/")
        if not slash and "?" in host:
            host, _, tail = host.partition("?")
            tail = f"?{tail}"
        target = f"/{tail}"
    path, _, query = target.partition("#")[0].partition("?")
    return host, path or "/", query


def expects_body(method: str, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a request sent a body, as far as its method and headers tell."""
    named = {name.lower(): value for name, value in headers}
    length = named.get("content-length", "")
    if length.isdigit():
        return int(length) > 0
    return method in ("POST", "PUT", "PATCH") or "transfer-encoding" in named
