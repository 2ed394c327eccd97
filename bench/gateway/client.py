"""Requests at a constant rate, whatever becomes of them: ``python -m bench.gateway.client JSON`` (see :class:`bench.gateway.load.Load`).

Open loop up to a number of connections: a request is begun at its time on an idle connection, on a new one if none is idle, so that a
server that is slow does not slow down its clients. Once all connections are in use the rate is what they get. Ends when standard input is closed, after what is under way has been answered; then writes a record per request.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from bench.gateway.load import RECORD

GRACE = 30.0
"""Seconds for what is under way at the end."""


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._data = crowd, b""
        self._need = -1
        self._now: tuple[float, int, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, begin: float, method: int, user: int, text: bytes) -> None:
        """Begin a request."""
        self._now, self._data, self._need = (begin, method, user), b"", -1
        self._transport.write(text)

    def data_received(self, data: bytes) -> None:
        if self._now is None:  # nothing was asked
            self._transport.abort()
            return
        self._data += data
        if self._need < 0:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._data[:end].lower()
            at = head.find(b"content-length:")
            self._need = end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
            self._head = head
        if len(self._data) < self._need:
            return
        if b"transfer-encoding: chunked" in self._head and not self._data[self._need :].endswith(
            b"0\r\n\r\n"
        ):
            return
        side = self._head.find(b"x-segue-route: ")
        chosen = self._head[side + 15 : side + 16] if side >= 0 else b"?"
        body = self._data[self._need - 7 : self._need]
        answered = b"f" if body == b"fastapi" else b"d" if body[1:] == b"django" else b"?"
        # What is no answer at all is a failure like none.
        status = int(self._head[9:12]) if self._head.startswith(b"http/1.1 ") else 0
        self._done(status, chosen, answered)
        if self._transport.is_closing() or b"connection: close" in self._head:
            self._transport.close()
        else:
            self._crowd.idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._now is not None:
            self._done(0, b"?", b"?")
        if self in self._crowd.idle:
            self._crowd.idle.remove(self)

    def _done(self, status: int, chosen: bytes, answered: bytes) -> None:
        assert self._now is not None
        begin, method, user = self._now
        self._now = None
        self._crowd.under_way -= 1
        self._crowd.record(begin, method, user, status, chosen, answered)


class Crowd:
    """All connections. ``given`` is what :class:`~bench.gateway.load.Load` says."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self.idle: list[Client] = []
        self.under_way = 0
        self.records = bytearray()
        self._number = 0
        self._dice = random.Random(given["seed"])
        self._tasks: set[asyncio.Task[None]] = set()

    def record(
        self, begin: float, method: int, user: int, status: int, chosen: bytes, answered: bytes
    ) -> None:
        """Keep one request's end."""
        self.records += RECORD.pack(begin, time.monotonic(), user, status, method, chosen, answered)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the rate until ``stop``, then wait for what is under way."""
        rate, limit, seconds = self._given["rate"], self._given["limit"], self._given["seconds"]
        most = self._given["connections"]
        begun = time.monotonic()
        while not stop.is_set() and self._number < limit and time.monotonic() - begun < seconds:
            due = int((time.monotonic() - begun) * rate)
            # What a busy machine delayed is made up for, but not at once: no burst of more than a tenth of a second.
            for _ in range(min(due - self._number, max(1, int(rate / 10)))):
                if self.under_way < most:
                    self._begin()
            await asyncio.sleep(0.001)
        for _ in range(int(GRACE * 100)):
            if not self.under_way:
                break
            await asyncio.sleep(0.01)
        for _ in range(self.under_way):  # never answered
            self.record(time.monotonic() - GRACE, 0, 0, 0, b"?", b"?")

    def _begin(self) -> None:
        self._number += 1
        self.under_way += 1
        method = int(self._dice.random() < self._given["posts"])
        user = self._dice.randrange(self._given["users"]) if self._given["users"] else 0
        cookie = f"Cookie: sessionid=user{user}\r\n" if self._given["users"] else ""
        paths = self._given["paths"]
        path = paths[method][self._number % len(paths[method])]
        path += f"{'&' if '?' in path else '?'}n={self._number}" if self._given["numbered"] else ""
        body = self._given["body"] if method else ""
        text = (
            f"{('GET', 'POST')[method]} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}{self._given['headers']}"
            + (f"Content-Length: {len(body)}\r\n\r\n{body}" if method else "\r\n")
        ).encode()
        begin = time.monotonic()
        if self.idle:
            self.idle.pop().send(begin, method, user, text)
        else:
            task = asyncio.get_running_loop().create_task(self._connect(begin, method, user, text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, begin: float, method: int, user: int, text: bytes) -> None:
        try:
            _, client = await asyncio.get_running_loop().create_connection(
                lambda: Client(self), "127.0.0.1", self._given["port"]
            )
        except OSError:
            self.under_way -= 1
            self.record(begin, method, user, 0, b"?", b"?")
            return
        client.send(begin, method, user, text)


async def main(given: dict[str, Any]) -> bytes:
    """Until standard input is closed; returns the records."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, stop.set)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    crowd = Crowd(given)
    await crowd.run(stop)
    return bytes(crowd.records)


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    Path(told["file"]).write_bytes(asyncio.run(main(told)))
