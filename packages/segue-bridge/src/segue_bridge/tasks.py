"""Celery tasks of the Django project, asked for by name: its workers run them as before.

``celery.app.task.Task.apply_async`` needs the task's code; ``celery.app.base.Celery.send_task`` needs its name and
gives the same message, where the configuration is the same. Both block while the broker is asked, and wait for one that
does not answer for as long as it takes: here a thread does it, for a limited time.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from inspect import signature
from typing import Any

from celery import Celery
from celery import chain as chain
from celery import chord as chord
from celery import group as group
from celery.exceptions import CDeprecationWarning
from kombu.exceptions import OperationalError

from segue_bridge.acted import acted

Signature = Any  # celery.canvas.Signature: Celery has no types


class BrokerDown(OperationalError):
    """The broker has not taken a message within the time limit. It may still come to have it, if it was only slow."""


class TaskQueue:
    """Sends messages to the ``broker`` (a URL). ``configuration`` are settings of the Django project's Celery app by
    their new names (``task_default_queue``, ``task_routes``, …; chords need ``result_backend``).

    Who sends waits for ``time_limit`` seconds at most: for one of ``publishers`` threads, each with a connection of
    Celery's pool, and for the broker. What has not begun by then is not sent.
    """

    def __init__(
        self, broker: str, *, time_limit: float = 5.0, publishers: int = 10, **configuration: Any
    ) -> None:
        self._broker = broker
        self._time_limit = time_limit
        # Not the current app: in one process with Django there may be another.
        self._app = _Sender("segue_bridge.tasks", broker=broker, set_as_current=False)
        conf = self._app.conf
        conf.update({"broker_connection_timeout": time_limit, **configuration})
        conf.broker_transport_options = {
            **_bounds(broker, time_limit),
            **(conf.broker_transport_options or {}),
        }
        conf.task_publish_retry_policy = {**(conf.task_publish_retry_policy or {}), "errback": _end_when_late}
        # Not the event loop's own threads: a broker that hangs must not keep files and databases waiting.
        publishers = min(
            publishers, conf.broker_pool_limit or publishers
        )  # Kombu's pools of a process have one size
        self._threads = ThreadPoolExecutor(publishers, "segue-tasks")

    async def send(
        self,
        name: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        takes: Callable[..., object] | None = None,
        **options: Any,
    ) -> str:
        """Ask for the task ``name`` and give the id that its result will have. ``options`` are those of ``apply_async``;
        ``takes`` is a function with the parameters of the task, where its arguments are known to the request only.

        Raises what Celery and Kombu raise: ``kombu.exceptions.OperationalError`` where the broker is not reached
        (:class:`BrokerDown` where it does not answer in time); ``TypeError`` where the arguments are not those that the
        task takes.
        """
        if takes is not None:
            _check(takes, args, kwargs or {})
        options.setdefault("ignore_result", False)  # Task.apply_async
        send = partial(self._app.send_task, name, list(args), dict(kwargs or {}), **options)
        return await self._in_thread(send)

    def task(self, name: str, **options: Any) -> Callable[[Callable[..., object]], NamedTask]:
        """Name a task by a function with its parameters, which is never called::

            @TASKS.task("shop.tasks.tell", queue="slow")
            def tell(pk: object, text: object = ...) -> None: ...

        ``options`` are those of the task's own decorator; the ones that end up in messages (``queue``,
        ``ignore_result``, …) do so here too. ``typing=False`` leaves the arguments unchecked, as there.
        """

        def named(function: Callable[..., object]) -> NamedTask:
            with warnings.catch_warnings():
                # What Celery has to say about the task's options it says on the Django side.
                warnings.simplefilter("ignore", CDeprecationWarning)
                return NamedTask(
                    self, self._app.task(function, name=name, shared=False, lazy=False, **options)
                )

        return named

    async def apply(self, signature: Signature, **options: Any) -> str:
        """``signature.apply_async(**options)``: ask for one task, or for what :class:`chain`, :class:`group` and
        :class:`chord` make of several, and give the id of the result, '' for a chain of nothing, which is not sent. Raises as :meth:`send` does."""
        return await self._in_thread(partial(signature.apply_async, **options))

    async def _in_thread(self, publish: Callable[[], Any]) -> str:
        acted("task")
        until = time.monotonic() + self._time_limit
        context = contextvars.copy_context()  # the request's trace

        def work() -> str:
            _late.at = until
            if time.monotonic() >= until:
                raise BrokerDown(self._told())
            sent = context.run(publish)
            return "" if sent is None else str(sent.id)

        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + self._time_limit) as limit:
                return await asyncio.wrap_future(self._threads.submit(work))
        except TimeoutError as error:
            if not limit.expired():  # a socket's own
                raise
            raise BrokerDown(self._told()) from error

    def _told(self) -> str:
        scheme = self._broker.partition(":")[0]  # the rest may name a password
        return f"The {scheme} broker has not taken the message within {self._time_limit:g} s."


class NamedTask:
    """A task of the Django side, for signatures: what ``@app.task`` gives there, without its code."""

    def __init__(self, queue: TaskQueue, task: Any) -> None:
        self._queue, self._task = queue, task
        self.name = str(task.name)

    def s(self, *args: Any, **kwargs: Any) -> Signature:
        """``Task.s``: a signature, which gets the result of the one before it first."""
        return self._task.s(*args, **kwargs)

    def si(self, *args: Any, **kwargs: Any) -> Signature:
        """``Task.si``: a signature that gets these arguments only."""
        return self._task.si(*args, **kwargs)

    def signature(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **more: Any
    ) -> Signature:
        """``Task.signature``: ``options={…}``, ``immutable=``, or options of ``apply_async`` by name."""
        return self._task.signature(tuple(args), dict(kwargs or {}), **more)

    async def delay(self, *args: Any, **kwargs: Any) -> str:
        """Ask for the task and give the id of its result. Raises as :meth:`TaskQueue.send` does."""
        return await self.apply_async(args, kwargs)

    async def apply_async(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> str:
        """``Task.apply_async``, with its options. Raises as :meth:`TaskQueue.send` does."""
        send = partial(self._task.apply_async, list(args), dict(kwargs or {}), **options)
        return await self._queue._in_thread(send)


class _Sender(Celery):  # type: ignore[misc]  # Celery has no types
    """Sends and never waits for results, so it does not listen for those of what it has sent (the Redis backend would)."""

    def _get_backend(self) -> Any:
        backend = super()._get_backend()
        backend.on_task_call = lambda producer, task_id: {}
        backend.add_pending_result = lambda result, *rest, **more: result
        backend.remove_pending_result = lambda result: result
        return backend


_late = threading.local()  # ``at``: when the request no longer waits for what its thread does


def _end_when_late(error: Exception, interval: float) -> None:
    """Kombu's ``errback``, before each new attempt."""
    del interval
    if time.monotonic() >= getattr(_late, "at", float("inf")):
        raise error


def _bounds(broker: str, seconds: float) -> dict[str, Any]:
    """Transport options by which a thread comes back from a broker that does not answer. Which ones there are is for the
    transports to say: ``kombu.transport.redis.Channel.from_transport_options``, ``amqp.Connection``."""
    tries = {"interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
    scheme = broker.partition(":")[0].partition("+")[0]
    if scheme in ("redis", "rediss", "sentinel", "valkey", "valkeys"):
        return {**tries, "socket_timeout": seconds, "socket_connect_timeout": seconds}
    if scheme in ("amqp", "amqps", "pyamqp", "py-amqp"):
        return {**tries, "read_timeout": seconds, "write_timeout": seconds}
    return tries


def _check(takes: Callable[..., object], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """As ``Task.apply_async`` does (``Task.typing``); ``Task.delay`` itself has a parameter ``self``."""
    if "self" in kwargs:
        raise TypeError("delay() got multiple values for argument 'self'")
    signature(takes).bind(*args, **kwargs)
