"""While requests are tried out, nothing leaves the machine: no connection to other hosts, no mail, no task."""

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


class Tasks:
    """Celery tasks that are sent: noted in ``sent``, and really sent only while ``through`` is set."""

    def __init__(self, *, through: bool = False) -> None:
        self.sent: list[list[Any]] = []
        self.through = through
        task: Any = sys.modules.get("celery.app.task")
        if task is None:
            return
        tasks, really = self, task.Task.apply_async
        depth = 0

        def apply_async(self: Any, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any) -> Any:
            nonlocal depth
            if not depth:  # an eager task may send others: those are its own doing
                tasks.sent.append(_told(self.name, args, kwargs, options))
            if tasks.through:
                depth += 1
                try:
                    return really(self, args, kwargs, *rest, **options)
                finally:
                    depth -= 1
            from celery.result import EagerResult  # type: ignore[import-not-found,unused-ignore]

            return EagerResult(f"segue-{len(tasks.sent)}", None, "PENDING")

        task.Task.apply_async = apply_async
        base: Any = sys.modules.get("celery.app.base")
        if base is None:
            return
        send = base.Celery.send_task

        def send_task(self: Any, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
            if not depth:
                tasks.sent.append(_told(name, args, kwargs, options))
            if tasks.through or depth:
                return send(self, name, args, kwargs, **options)
            return None

        base.Celery.send_task = send_task


# Options that decide when, where and with what a task runs; the others are the tracing of one message.
_OPTIONS = (
    "countdown", "eta", "expires", "queue", "routing_key", "exchange", "priority", "retry", "link", "link_error", "headers",
)  # fmt: skip


def _told(name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> list[Any]:
    """``[name, args, kwargs, options]`` of a message, the last only where there are any."""
    chosen = {k: str(options[k]) for k in _OPTIONS if options.get(k) not in (None, [], {})}
    told = [name, list(args or ()), dict(kwargs or {})]
    return [*told, chosen] if chosen else told
