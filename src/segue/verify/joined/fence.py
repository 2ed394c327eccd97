"""While requests are tried out, nothing leaves the machine: no connection to other hosts, no mail, no task."""

from __future__ import annotations

import importlib
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
        self.eager = False  # whether a task ran inside of the request since that was last set
        # Celery loads its parts late, and the project may load Celery with the first request.
        task, base = _loaded("celery.app.task"), _loaded("celery.app.base")
        if task is None:
            return
        tasks, really = self, task.Task.apply_async
        depth = 0

        def apply_async(self: Any, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any) -> Any:
            nonlocal depth
            if getattr(self, "typing", False) and hasattr(self, "__header__"):
                self.__header__(*(args or ()), **(kwargs or {}))  # as Celery does, before anything is sent
            if not depth:  # an eager task may send others: those are its own doing
                # Options of the task itself are in every message of it (Task._get_exec_options).
                own = self._get_exec_options() if hasattr(self, "_get_exec_options") else {}
                _encode(self, args, kwargs, {**own, **options})
                tasks.sent.append(_told(self.name, args, kwargs, {**own, **options}))
            if tasks.through:
                tasks.eager = tasks.eager or bool(self.app.conf.task_always_eager)
                depth += 1
                try:
                    return really(self, args, kwargs, *rest, **options)
                finally:
                    depth -= 1
            return tasks.result()

        task.Task.apply_async = apply_async
        if base is None:
            return
        send = base.Celery.send_task

        def send_task(self: Any, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
            if not depth:
                _encode(self, args, kwargs, options)
                tasks.sent.append(_told(name, args, kwargs, options))
            if tasks.through and self.main == _GENERATED and _are_eager():
                # The workers' code, which the tests run inside of the request, is Django's.
                from segue_bridge.errors import Unserved

                raise Unserved("task_always_eager")
            if tasks.through or depth:
                return send(self, name, args, kwargs, **options)
            return tasks.result()

        base.Celery.send_task = send_task

    def result(self) -> Any:
        """What the sender of the last task gets: an id that is the same on both sides."""
        from celery.result import EagerResult

        return EagerResult(f"segue-{len(self.sent)}", None, "PENDING")


def _loaded(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


_GENERATED = "segue_bridge.tasks"  # the name of the app that generated code sends by


def _are_eager() -> bool:
    from celery import current_app

    return bool(current_app.conf.task_always_eager)


# Options that decide when, where and with what a task runs; the others are the tracing of one message.
_OPTIONS = (
    "countdown", "eta", "expires", "queue", "routing_key", "exchange", "priority", "retry", "link", "link_error", "headers",
)  # fmt: skip


def _encode(sender: Any, args: Any, kwargs: Any, options: dict[str, Any]) -> None:
    """Raise ``kombu.exceptions.EncodeError`` where sending would: for an uploaded file among the arguments, for example."""
    kombu = _loaded("kombu.serialization")
    conf = getattr(getattr(sender, "app", sender), "conf", None)
    if kombu is not None and conf is not None:
        kombu.dumps(
            [list(args or ()), dict(kwargs or {})],
            serializer=options.get("serializer") or conf.task_serializer,
        )


def _told(name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> list[Any]:
    """``[name, args, kwargs, options]`` of a message, the last only where there are any."""
    chosen = {k: str(options[k]) for k in _OPTIONS if options.get(k) not in (None, [], {})}
    told = [name, list(args or ()), dict(kwargs or {})]
    return [*told, chosen] if chosen else told
