"""Django's half of :mod:`segue_bridge.trace`: middleware, SQL comments, Celery messages.

``MIDDLEWARE = ["segue_bridge.legacy.trace.TraceMiddleware", …]``, first of all. For log lines see
:class:`segue_bridge.trace.logs.JsonFormatter`; for Celery call :func:`install_celery` where the Celery app is made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from segue_bridge.trace.celery import install_celery as install_celery
from segue_bridge.trace.context import Trace, trace_of, tracing
from segue_bridge.trace.sql import comment


class TraceMiddleware:
    """What runs for a request runs inside of its trace; the answer carries ``X-Request-ID`` unless a view set one.

    With ``SEGUE_SQL_COMMENTS = True`` the statements of sampled traces name it.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._async = iscoroutinefunction(get_response)
        if getattr(settings, "SEGUE_SQL_COMMENTS", False):
            comment_statements()
        if self._async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self._async:
            return self._later(request)
        trace = _trace_of(request)
        with tracing(trace):
            return _named(self._get_response(request), trace)

    async def _later(self, request: HttpRequest) -> HttpResponse:
        trace = _trace_of(request)
        with tracing(trace):
            return _named(await self._get_response(request), trace)


def comment_statements() -> None:
    """The statements of sampled traces name them, in the thread that calls it and all that come: the middleware does it with
    ``SEGUE_SQL_COMMENTS``; call it where a Celery app is made, whose workers have no middleware."""
    connection_created.connect(_comment_on, dispatch_uid="segue-trace")
    for connection in connections.all():
        _comment_on(connection)


def _trace_of(request: HttpRequest) -> Trace:
    return trace_of(*(request.headers.get(n) for n in ("x-request-id", "traceparent", "tracestate")))


def _named(response: HttpResponse, trace: Trace) -> HttpResponse:
    response.headers.setdefault("X-Request-ID", trace.request_id)
    return response


def _comment_on(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Once for each connection, of whichever thread: an async view's statements run in another one than its middleware."""
    if _comment not in connection.execute_wrappers:
        connection.execute_wrappers.append(_comment)


def _comment(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    added = comment(sql)
    if added and sql.rstrip().endswith(";"):
        sql = sql.rstrip()[:-1]
    # A percent sign would be taken for a placeholder where there are parameters.
    return execute(sql + (added if params is None else added.replace("%", "%%")), params, many, context)
