"""While requests are tried out, nothing leaves the machine: no connection to other hosts."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any


class Fence:
    """Refuses connections to any address but the ``allowed`` (host, port) pairs. It cannot be taken down
    (``sys.addaudithook``), only opened and closed."""

    def __init__(self, allowed: Iterable[tuple[str, int]] = ()) -> None:
        self._allowed = {(host or "localhost", int(port)) for host, port in allowed}
        self._names = {host for host, _ in self._allowed}
        self.closed = False
        self.refused: set[str] = set()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.closed:
            return
        if event == "socket.connect":
            address = arguments[1]
            if isinstance(address, tuple) and (address[0], address[1]) not in self._allowed:
                self._refuse(f"{address[0]}:{address[1]}")
        elif event == "socket.getaddrinfo" and arguments[0] is not None:
            host = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
            if host not in self._names:
                self._refuse(host)

    def _refuse(self, what: str) -> None:
        self.refused.add(what)
        raise ConnectionRefusedError(f"segue verify lets no request reach {what}")
