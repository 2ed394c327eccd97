"""Requests as they are, over one kept-alive connection per side."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import quote, urlsplit

_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
_ASCII = "".join(chr(n) for n in range(33, 127))
LONGEST = 32 << 20  # bytes of an answer; more is no answer of an API


class NotSendable(Exception):
    """What no HTTP client can put on the wire (a line break in a header)."""


class Client:
    """``url`` is a base URL: its path is put before the requests'. ``host`` is sent as the Host header, the URL's own
    where it is ''."""

    def __init__(self, url: str, *, host: str = "", timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
        self._host = host or parts.netloc
        self._before = parts.path.rstrip("/")

    def ask(self, case: dict[str, Any]) -> dict[str, Any]:
        """Status, headers (pairs), body. Raises :class:`NotSendable`, and :class:`OSError` when nobody answers."""
        for attempt in (1, 2):
            fresh = self._connection.sock is None
            try:
                return self._once(case)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()
                if fresh or attempt == 2:  # else the server had closed an idle connection
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _once(self, case: dict[str, Any]) -> dict[str, Any]:
        body: bytes = case["body"]
        target = self._before + quote(case["path"], safe=_ASCII)
        if case["query"]:
            target += "?" + quote(case["query"], safe=_ASCII)
        try:
            self._connection.putrequest(case["method"], target, skip_host=True, skip_accept_encoding=True)
            self._connection.putheader("Host", self._host)
            for name, value in case["headers"]:
                if name.lower() not in ("host", "content-length", "transfer-encoding", "connection"):
                    self._connection.putheader(name, value.encode("latin-1"))
        except (ValueError, http.client.InvalidURL) as error:
            self._connection.close()
            raise NotSendable(str(error)) from error
        if body or case["method"] in _WITH_BODY:
            self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body or None)
        response = self._connection.getresponse()
        try:
            data = response.read(LONGEST)
        except http.client.IncompleteRead as error:
            data = error.partial + b"\n(the answer ended before its Content-Length)"
            self._connection.close()
        return {"status": response.status, "headers": response.getheaders(), "body": data}
