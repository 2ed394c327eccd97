"""Two tiny HTTP servers that say who they are, run as child processes so that they can be killed."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def main(name: str, port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # what is written in pieces would wait 40 ms
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            if "slow" in self.path:
                time.sleep(0.3)
            status = 500 if name == "fastapi" and "broken" in self.path else 200
            if "headers" in self.path:
                sent = json.dumps({k.lower(): v for k, v in self.headers.items()}).encode()
            body = name.encode() + (b":" + sent if "echo" in self.path or "headers" in self.path else b"")
            if name == "fastapi" and "unserved" in self.path:
                self.send_response(501)
                self.send_header("x-segue-unserved", "operation")
            else:
                self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    Server(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
