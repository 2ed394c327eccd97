"""Django and a Celery worker with the trace of :mod:`segue_bridge.legacy.trace`; prints what they name."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}},
    MIDDLEWARE=["segue_bridge.legacy.trace.TraceMiddleware"],
    SEGUE_SQL_COMMENTS=True,
)
django.setup()

import httpx  # noqa: E402
import sentry_sdk  # noqa: E402
from celery import Celery  # noqa: E402
from celery.contrib.testing.worker import start_worker  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.test import AsyncClient, Client  # noqa: E402
from django.urls import path  # noqa: E402
from fastapi import FastAPI  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

from segue_bridge.legacy.trace import install_celery  # noqa: E402
from segue_bridge.tasks import TaskQueue  # noqa: E402
from segue_bridge.trace.asgi import TraceMiddleware  # noqa: E402
from segue_bridge.trace.context import current, outgoing  # noqa: E402
from segue_bridge.trace.logs import JsonFormatter  # noqa: E402
from segue_bridge.trace.opentelemetry import RequestIds, parent  # noqa: E402
from segue_bridge.trace.sentry import named  # noqa: E402

app = Celery(broker="memory://", backend="cache+memory://")
app.conf.broker_connection_retry_on_startup = True
install_celery()
SENT: list[str] = []
LOG = io.StringIO()
DONE = threading.Event()
SEEN: list[Any] = []
SPANS = InMemorySpanExporter()
EVENTS: list[Any] = []
WATCHED: list[Any] = []
provider = TracerProvider()
provider.add_span_processor(RequestIds())
provider.add_span_processor(SimpleSpanProcessor(SPANS))
tracer = provider.get_tracer("tests")


def _kept(event: Any, hint: Any) -> None:
    EVENTS.append(named(event, hint))


sentry_sdk.init("http://key@127.0.0.1:9/1", before_send=_kept, default_integrations=False)


def watched(place: str) -> dict[str, Any]:
    """What OpenTelemetry and Sentry are told at ``place``."""
    with tracer.start_as_current_span(place, context=parent()):
        sentry_sdk.capture_message(place)
    span, event = SPANS.get_finished_spans()[-1], EVENTS[-1]
    assert span.context is not None
    return {
        "attributes": dict(span.attributes or {}),
        "trace_id": f"{span.context.trace_id:032x}",
        "parent": f"{span.parent.span_id:016x}" if span.parent else "",
        "tags": event.get("tags"),
    }


@app.task(name="work")
def work() -> None:
    trace = current()
    SEEN.append(
        None
        if trace is None
        else {"request_id": trace.request_id, "trace_id": trace.trace_id, "parent_id": trace.parent_id}
    )
    WATCHED.append(watched("task"))
    DONE.set()


def _executed(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    SENT.append(sql)
    return execute(sql, params, many, context)


def view(request: HttpRequest) -> JsonResponse:
    trace = current()
    assert trace is not None
    SENT.clear()
    connection.ensure_connection()
    connection.execute_wrappers.append(_executed)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT %s || '%%b'", ["a"])
            rows = [list(row) for row in cursor.fetchall()]
    finally:
        connection.execute_wrappers.remove(_executed)
    DONE.clear()
    work.apply_async()
    assert DONE.wait(20)
    logging.getLogger("app").error("said")
    line = json.loads(LOG.getvalue().splitlines()[-1])
    return JsonResponse(
        {
            "request_id": trace.request_id, "traceparent": trace.traceparent, "sql": SENT[0], "percent": SENT[1], "rows": rows,
            "log": line, "task": SEEN[-1], "watched": watched("django"), "watched_task": WATCHED[-1],
        }
    )  # fmt: skip


urlpatterns = [path("", view)]


TASKS = TaskQueue("memory://")
service = FastAPI()
service.add_middleware(TraceMiddleware)


@service.get("/")
async def beside() -> dict[str, Any]:
    """The other side: it sends a task, logs, and asks Django."""
    trace = current()
    assert trace is not None
    DONE.clear()
    await TASKS.send("work")
    assert await asyncio.to_thread(DONE.wait, 20)
    task = SEEN[-1]
    logging.getLogger("service").error("said")
    line = json.loads(LOG.getvalue().splitlines()[-1])
    asked = await AsyncClient().get("/", headers=outgoing())
    return {
        "task": task, "traceparent": trace.traceparent, "log": line, "django": asked.json(), "watched": watched("fastapi"),
    }  # fmt: skip


async def ask(headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(service)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.get("/", headers=headers)


def main() -> None:
    handler = logging.StreamHandler(LOG)
    handler.setFormatter(JsonFormatter("django"))
    logging.getLogger("app").addHandler(handler)
    other = logging.StreamHandler(LOG)
    other.setFormatter(JsonFormatter("fastapi"))
    logging.getLogger("service").addHandler(other)
    headers = {"x-request-id": "r-1", "traceparent": sys.argv[1]}
    out = {}
    with start_worker(app, perform_ping_check=False, pool="solo"):
        for name in ("sync", "async"):
            if name == "sync":
                response: Any = Client().get("/", headers=headers)
            else:
                response = asyncio.run(AsyncClient().get("/", headers=headers))
            trace = current()
            after = None if trace is None else trace.request_id
            out[name] = {**response.json(), "header": response.headers["X-Request-ID"], "after": after}
        out["fastapi"] = asyncio.run(ask(headers)).json()
    sys.stdout.write(json.dumps(out))


main()
