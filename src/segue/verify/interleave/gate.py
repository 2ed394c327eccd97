"""Where requests ask whether they may go on: a loopback port, one connection per request (``joined/turns.py``, ``http/turns.py``)."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any, Literal, Self

from segue.verify.interleave.points import Labels

Stand = Literal["running", "stopped", "blocked", "done"]


class Gate:
    """Listens while it is open."""

    def __init__(self) -> None:
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(8)
        self.address: tuple[str, int] = self._listening.getsockname()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def next(self, timeout: float) -> Walker | None:
        """The next request that reports, None where none does within ``timeout`` seconds."""
        self._listening.settimeout(timeout)
        try:
            connection, _ = self._listening.accept()
        except TimeoutError:
            return None
        return Walker(connection)


class Walker:
    """One request under way. ``wanted`` are the points where it still has to stop, ``trace`` those it came by.

    ``failed`` are PostgreSQL's codes of statements that failed, ``waited`` whether it had to wait for a lock.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.settimeout(10)
        self._file = connection.makefile("rb")
        self.name = str(json.loads(self._file.readline() or b"{}").get("request", ""))
        connection.setblocking(False)
        self._rest = b""
        self._labels = Labels()
        self.wanted: list[str] = []
        self.trace: list[str] = []
        self.failed: list[str] = []
        self.pid = 0
        self.waited = False
        self.stand: Stand = "stopped"

    def go(self) -> None:
        """Let it go on to its next point."""
        self.stand = "running"
        with contextlib.suppress(OSError):  # it has ended: the end of its connection tells
            self.connection.sendall(b"go\n")

    def hear(self) -> None:
        """Take what it says now; what is no point to stop at is let through."""
        try:
            block = self.connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            block = b""
        if not block:
            self.stand = "done"
            return
        *lines, self._rest = (self._rest + block).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, told: dict[str, Any]) -> None:
        if "failed" in told:
            self.failed.append(str(told["failed"]))
            self.stand = "running"
            return
        self.pid = int(told["pid"]) or self.pid
        label = self._labels.next(str(told["sql"]))
        if label is not None:
            self.trace.append(label)
        if label is not None and self.wanted and label == self.wanted[0]:
            del self.wanted[0]
            self.stand = "stopped"
        else:
            self.go()

    def close(self) -> None:
        """Let go of the connection; a request that still waits fails."""
        self._file.close()
        self.connection.close()
