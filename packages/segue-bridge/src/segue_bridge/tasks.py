"""Celery tasks of the Django project, asked for by name: its workers run them as before.

``celery.app.task.Task.apply_async`` needs the task's code; ``celery.app.base.Celery.send_task`` needs its name and
gives the same message, where the configuration is the same. Both block while the broker is asked, so a thread does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any

from anyio import to_thread


class TaskQueue:
    """Sends messages to the ``broker`` (a URL). ``configuration`` are settings of the Django project's Celery app by
    their new names (``task_default_queue``, ``task_routes``, …)."""

    def __init__(self, broker: str, **configuration: Any) -> None:
        self._broker = broker
        self._configuration = configuration
        self._app: Any = None

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

        Raises what Celery and Kombu raise: ``kombu.exceptions.OperationalError`` where the broker is not reached;
        ``TypeError`` where the arguments are not those that the task takes.
        """
        if takes is not None:
            _check(takes, args, kwargs or {})
        send = partial(self._celery().send_task, name, list(args), dict(kwargs or {}), **options)
        return str((await to_thread.run_sync(send)).id)

    def _celery(self) -> Any:
        if self._app is None:
            from celery import Celery

            # Not the current app: in one process with Django there may be another.
            app = Celery("segue_bridge.tasks", broker=self._broker, set_as_current=False)
            app.conf.update(self._configuration)
            self._app = app
        return self._app


def _check(takes: Callable[..., object], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """As ``Task.apply_async`` does (``Task.typing``); ``Task.delay`` itself has a parameter ``self``."""
    if "self" in kwargs:
        raise TypeError("delay() got multiple values for argument 'self'")
    signature(takes).bind(*args, **kwargs)
