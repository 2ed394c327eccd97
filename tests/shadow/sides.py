"""Two services that agree or not, as the path says; run as a child process."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def data(name: str, path: str) -> dict[str, Any]:
    """The body; ``name`` is the side."""
    out: dict[str, Any] = {"id": 1, "title": "Same", "owner": {"password": "hunter2-secret", "note": "x"}}
    if "clock" in path:
        out["now"] = time.time_ns()
    if "order" in path:
        out["tags"] = random.sample(["a", "b", "c"], 3)
    if "coin" in path:
        out["side"] = random.choice(["heads", "tails"])
    if name == "fastapi":
        if "title" in path:
            out["title"] = "Wrong"
        if "private" in path:
            out["owner"]["password"] = "hunter3-secret"
    return out


def main(name: str, port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            os.write(1, f"{self.command} {self.path}\n".encode())
            if name == "fastapi" and "hang" in self.path:
                time.sleep(60)
            body = json.dumps(data(name, self.path)).encode()
            if "long" in self.path:
                body = json.dumps(["x" * 400_000]).encode()
            wrong = name == "fastapi"
            if wrong and "unserved" in self.path:
                self.send_response(501)
                self.send_header("x-segue-unserved", "operation")
            else:
                self.send_response(404 if wrong and "status" in self.path else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if "header" in self.path:
                self.send_header("X-Total", "8" if wrong else "7")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = answer

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    Server(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
