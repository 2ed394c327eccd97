"""Celery tasks that are sent while requests are tried out are noted, and not sent. Run by either side's interpreter."""

from __future__ import annotations

import importlib
import json
import re
from contextlib import nullcontext
from typing import Any


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
                own = {**own, "ignore_result": getattr(self, "ignore_result", False), **options}
                tasks.sent.append(_told(self, self.name, args, kwargs, own))
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
                tasks.sent.append(_told(self, name, args, kwargs, options))
            if tasks.through and self.main == _GENERATED and _are_eager():
                # The workers' code, which the tests run inside of the request, is Django's.
                from segue_bridge.errors import Unserved

                raise Unserved("task_always_eager")
            if tasks.through or depth:
                return send(self, name, args, kwargs, **options)
            return tasks.result()

        base.Celery.send_task = send_task
        acquire = base.Celery.producer_or_acquire

        def producer_or_acquire(self: Any, producer: Any = None) -> Any:
            """A group asks for a connection before it sends anything."""
            return acquire(self, producer) if tasks.through or depth else nullcontext(producer)

        base.Celery.producer_or_acquire = producer_or_acquire
        waiting = _loaded("celery.backends.asynchronous")
        if waiting is not None:
            _listen_to_nobody(waiting.AsyncBackendMixin, self)
        results = _loaded("celery.backends.redis")
        if results is None:
            return
        count = results.RedisBackend.set_chord_size

        def set_chord_size(self: Any, *args: Any) -> Any:
            """A chord leaves its size with its results before it is sent."""
            return count(self, *args) if tasks.through else None

        results.RedisBackend.set_chord_size = set_chord_size

    def result(self) -> Any:
        """What the sender of the last task gets: an id that is the same on both sides."""
        from celery.result import EagerResult

        return EagerResult(f"segue-{len(self.sent)}", None, "PENDING")


def _listen_to_nobody(backend: Any, tasks: Tasks) -> None:
    """Groups listen for the results of their tasks from the moment they are sent."""

    def quiet(method: Any) -> Any:
        return lambda self, result, *rest, **more: (
            method(self, result, *rest, **more) if tasks.through else result
        )

    for name in ("add_pending_result", "remove_pending_result"):
        setattr(backend, name, quiet(getattr(backend, name)))


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
    "countdown", "eta", "expires", "queue", "routing_key", "exchange", "priority", "retry", "retry_policy", "link", "link_error",
    "chain", "chord", "headers", "task_id", "serializer", "compression", "delivery_mode", "time_limit", "soft_time_limit", "shadow",
    "ignore_result",
)  # fmt: skip
# What a task has of itself where its app is configured so.
_SAME_AS = {
    "serializer": "task_serializer",
    "priority": "task_default_priority",
    "delivery_mode": "task_default_delivery_mode",
    "compression": "task_compression",
}
# Ids that Celery makes anew each time.
_IDS = ("task_id", "root_id", "parent_id", "group_id", "reply_to")
_RANDOM = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def _encode(sender: Any, args: Any, kwargs: Any, options: dict[str, Any]) -> None:
    """Raise ``kombu.exceptions.EncodeError`` where sending would: for an uploaded file among the arguments, for example."""
    kombu = _loaded("kombu.serialization")
    conf = getattr(getattr(sender, "app", sender), "conf", None)
    if kombu is not None and conf is not None:
        kombu.dumps(
            [list(args or ()), dict(kwargs or {})],
            serializer=options.get("serializer") or conf.task_serializer,
        )


def _told(sender: Any, name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> list[Any]:
    """``[name, args, kwargs, options]`` of a message, the last only where there are any."""
    conf = getattr(getattr(sender, "app", sender), "conf", None)
    chosen = {}
    for key in _OPTIONS:
        value = options.get(key)
        usual = conf is not None and key in _SAME_AS and value == conf.get(_SAME_AS[key])
        random = key == "task_id" and _RANDOM.fullmatch(str(value))
        if not (value in (None, False, [], (), {}) or usual or random):
            chosen[key] = (
                json.dumps(_signatures(value), sort_keys=True, default=str)
                if isinstance(value, (dict, list, tuple))
                else str(value)
            )
    told = [name, list(args or ()), dict(kwargs or {})]
    return [*told, chosen] if chosen else told


def _signatures(value: Any) -> Any:
    """Signatures of other tasks as plain data, without the ids that are random."""
    if isinstance(value, dict):
        return {str(k): _signatures(v) for k, v in value.items() if k not in _IDS}
    return [_signatures(v) for v in value] if isinstance(value, (list, tuple)) else value
