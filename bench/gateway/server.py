"""A side of the gateway that is fast and says who it is: ``python -m bench.gateway.server NAME PORT FOLDER``.

It answers its name, 201 to a POST. What is wrong with it stands in ``FOLDER/NAME.mode``, read again on SIGHUP: ``ok``, ``error`` (500),
``slow SECONDS``. SIGUSR1: no longer listens and drops its connections; SIGUSR2: listens again. Every POST that it carries out is one
line in ``FOLDER/NAME.posts``, so that one that both sides carried out is seen.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path


class Side:
    """One server. ``connections`` are those that are open."""

    def __init__(self, name: str, port: int, folder: Path) -> None:
        self.name, self.port = name, port
        self._mode_file = folder / f"{name}.mode"
        self._posts = os.open(folder / f"{name}.posts", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.connections: set[asyncio.Transport] = set()
        self._listening: asyncio.Server | None = None
        self.mode, self.delay = "ok", 0.0
        self.read_mode()

    def read_mode(self) -> None:
        """What the file says now; without one all is well."""
        words = self._mode_file.read_text().split() if self._mode_file.exists() else ["ok"]
        self.mode, self.delay = words[0], float(words[1]) if len(words) > 1 else 0.0

    def answer(self, head: bytes) -> bytes:
        """The answer to a request with this head; a POST is carried out."""
        method, path, _ = head.split(b" ", 2)
        status = b"500 Internal Server Error" if self.mode == "error" else b"200 OK"
        if method == b"POST" and self.mode != "error":
            os.write(self._posts, path + b"\n")
            status = b"201 Created"
        body = self.name.encode()
        length = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % (
            status,
            len(body),
        )
        return length if method == b"HEAD" else length + body

    async def listen(self) -> None:
        """Accept connections (again)."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: Connection(self), "127.0.0.1", self.port, backlog=1024
        )

    def refuse(self) -> None:
        """Stop listening, and drop what is open."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for transport in [*self.connections]:
            transport.abort()


class Connection(asyncio.Protocol):
    """Requests one after the other; a body is read by its length and dropped."""

    def __init__(self, side: Side) -> None:
        self._side, self._data = side, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._side.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._side.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while True:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            length = 0
            at = head.lower().find(b"content-length:")
            if at >= 0:
                length = int(head[at + 15 :].split(b"\r\n", 1)[0])
            if len(rest) < length:
                return
            self._data = rest[length:]
            if self._side.mode == "slow":
                asyncio.get_running_loop().call_later(self._side.delay, self._reply, head)
            else:
                self._reply(head)

    def _reply(self, head: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._side.answer(head))


async def main(name: str, port: int, folder: Path) -> None:
    """Serve until SIGTERM."""
    side, stop = Side(name, port, folder), asyncio.Event()
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()
    await side.listen()
    loop.add_signal_handler(signal.SIGHUP, side.read_mode)
    loop.add_signal_handler(signal.SIGUSR1, side.refuse)
    loop.add_signal_handler(signal.SIGUSR2, lambda: tasks.add(loop.create_task(side.listen())))
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
