"""A collector for OpenTelemetry that keeps what it is sent, and as much of protobuf as reads it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Collector:
    """``bodies`` by path (``/v1/traces``)."""

    url: str = ""
    bodies: list[tuple[str, bytes]] = field(default_factory=list)

    def spans(self) -> list[dict[str, Any]]:
        """Name, trace, parent, and attributes that are texts; of ``opentelemetry/proto/trace/v1/trace.proto``."""
        out = []
        for span in self._deep("/v1/traces", 1, 2, 2):
            found = fields(span)
            pairs = [fields(pair) for pair in found.get(9, [])]
            texts = {p[1][0].decode(): fields(p[2][0]).get(1, [b""])[0] for p in pairs}
            out.append(
                {
                    "name": found[5][0].decode(),
                    "trace": found[1][0].hex(),
                    "id": found[2][0].hex(),
                    "parent": found.get(4, [b""])[0].hex(),
                    "attributes": {k: v.decode() for k, v in texts.items() if isinstance(v, bytes)},
                }
            )
        return out

    def metrics(self) -> set[str]:
        """Names; of ``opentelemetry/proto/metrics/v1/metrics.proto``."""
        return {fields(metric)[1][0].decode() for metric in self._deep("/v1/metrics", 1, 2, 2)}

    def _deep(self, path: str, *numbers: int) -> list[bytes]:
        found = [body for at, body in self.bodies if at == path]
        for number in numbers:
            found = [inner for one in found for inner in fields(one).get(number, [])]
        return found


def fields(message: bytes) -> dict[int, list[Any]]:
    """A protobuf message's fields by number: bytes, or whole numbers."""
    out: dict[int, list[Any]] = {}
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        tag = varint()
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            out.setdefault(number, []).append(varint())
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        out.setdefault(number, []).append(message[place : place + size])
        place += size
    return out


@contextmanager
def collecting() -> Iterator[Collector]:
    """One that listens."""
    one = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length")
            body = self.rfile.read(int(length)) if length else self.chunks()
            one.bodies.append((self.path, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def chunks(self) -> bytes:
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    one.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
