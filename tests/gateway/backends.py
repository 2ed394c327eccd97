"""Two tiny HTTP servers that say who they are, run as child processes so that they can be killed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RELEASED: defaultdict[str, threading.Event] = defaultdict(threading.Event)


def main(name: str, port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # what is written in pieces would wait 40 ms
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            if "socket" in self.path:
                self.socket()
                return
            if "release" in self.path:
                RELEASED[self.path.rsplit("/", 1)[1]].set()
            length = int(self.headers.get("Content-Length") or 0)
            sent = b""
            if "upload" in self.path:
                sent = self.rfile.read(1000)
                os.write(1, f"begun {self.path}\n".encode())
            sent += self.rfile.read(length - len(sent))
            os.write(
                1, f"{self.command} {self.path}\n".encode()
            )  # whole: print() writes pieces, which threads mix
            if "stuck" in self.path:
                time.sleep(60)
            if (name == "fastapi" and "slow" in self.path) or "both" in self.path:
                time.sleep(3)
            if wait := re.search(r"wait-([0-9]+)ms", self.path):
                time.sleep(int(wait[1]) / 1000)
            if "stream" in self.path:
                self.stream()
                return
            status = 500 if (name == "fastapi" and "broken" in self.path) or "failing" in self.path else 200
            if "headers" in self.path:
                sent = json.dumps({k.lower(): v for k, v in self.headers.items()}).encode()
            if "none-204" in self.path:
                status, sent = 204, b""
            body = (
                b""
                if status == 204
                else name.encode() + (b":" + sent if "echo" in self.path or "headers" in self.path else b"")
            )
            if name == "fastapi" and "unserved" in self.path:
                self.send_response(503 if "dry" in self.path else 501)
                self.send_header("x-segue-unserved", "operation")
            else:
                self.send_response(status)
            if name == "fastapi" and "torn" in self.path:
                self.torn(body)
                return
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def stream(self) -> None:
            """The beginning of an answer; the end after ``/release/`` and the article's name was asked for."""
            longer = 100_000 if "long" in self.path else 0
            parts = [name.encode() + b"<" + b"x" * longer, b">"]
            self.send_response(200)
            if longer:
                self.send_header("Content-Length", str(sum(map(len, parts))))
            else:
                self.send_header("Transfer-Encoding", "chunked")
            if "events" in self.path:
                self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for number, part in enumerate(parts):
                self.wfile.write(part if longer else b"%x\r\n%s\r\n" % (len(part), part))
                if not number:
                    RELEASED[self.path.strip("/").rsplit("/", 1)[1]].wait(60)
            if not longer:
                self.wfile.write(b"0\r\n\r\n")

        def socket(self) -> None:
            """A handshake as RFC 6455 has it; then what comes goes back, after the side's name."""
            key = self.headers["Sec-WebSocket-Key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key).digest()).decode())
            self.end_headers()
            while data := self.rfile.read1(4096):  # type: ignore[attr-defined]
                self.wfile.write(name.encode() + b":" + data)
            self.close_connection = True

        def torn(self, body: bytes) -> None:
            """The headers, and perhaps half of the body; then the connection breaks as if the process had been killed."""
            if "chunked" in self.path:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                longer = 100_000 if "long" in self.path else 0
                self.send_header("Content-Length", str(len(body) + longer))
            if "events" in self.path:
                self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            if "half" in self.path:
                self.wfile.write(body[:3])
            time.sleep(0.05)  # Envoy has read the headers by then
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Who looks whether a side is there yet may leave at once: no line among those of requests."""
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(request, client_address)  # type: ignore[arg-type]

    Server(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
