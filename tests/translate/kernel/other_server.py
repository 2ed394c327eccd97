"""Another server, on loopback, which tells what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Echo(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True  # what is written in pieces would wait 40 ms
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing is printed."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        told = {
            "method": self.command,
            "path": self.path,
            "headers": sorted([k, v] for k, v in self.headers.items() if k.lower() != "host"),
            "body": body.decode("latin-1"),
        }
        first = self.path.split("?")[0].strip("/").split("/")
        status = int(first[1]) if first[0] == "status" else 302 if first[0] == "moved" else 200
        data = {"text": "grüße".encode("latin-1"), "broken": b"{"}.get(first[0]) or json.dumps(told).encode()
        self.send_response(status)
        if first[0] == "moved":
            self.send_header("Location", "/there")
        self.send_header("Content-Type", "text/plain" if first[0] == "text" else "application/json")
        self.send_header("Set-Cookie", "seen=1")
        self.send_header("X-Shelf", "3")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer


@contextmanager
def running() -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
