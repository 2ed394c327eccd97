"""Celery's messages carry the trace of the request that sends them, on whichever side."""

from __future__ import annotations

from typing import Any

from segue_bridge.trace.context import current, trace_of, tracing


def install_celery() -> None:
    """Messages carry the trace of the request that sends them, and tasks run inside of it: call it where the Celery app is
    made, and where a service makes its :class:`segue_bridge.tasks.TaskQueue`.

    Celery's headers ``x-request-id``, ``traceparent`` and ``tracestate``, set by ``before_task_publish`` and read by
    ``task_prerun``: what either side sends, either side's workers understand.
    """
    from celery.signals import before_task_publish, task_postrun, task_prerun

    running: dict[str, Any] = {}

    def publish(headers: dict[str, Any] | None = None, **_: Any) -> None:
        trace = current()
        if trace is not None and headers is not None:
            for name, value in trace.headers().items():
                headers.setdefault(name, value)

    def prerun(task_id: str, task: Any, **_: Any) -> None:
        request = task.request
        names = ("x-request-id", "traceparent", "tracestate")
        given = {**(request.headers or {}), **{n: request.get(n) for n in names if request.get(n)}}
        block = tracing(trace_of(*(given.get(name) for name in names)))
        block.__enter__()
        running[task_id] = block

    def postrun(task_id: str, **_: Any) -> None:
        block = running.pop(task_id, None)
        if block is not None:
            block.__exit__(None, None, None)

    before_task_publish.connect(publish, weak=False, dispatch_uid="segue-trace")
    task_prerun.connect(prerun, weak=False, dispatch_uid="segue-trace")
    task_postrun.connect(postrun, weak=False, dispatch_uid="segue-trace")
