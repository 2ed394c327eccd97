"""Puts :class:`.exchange.Exchange` into Django's test clients and its WSGI handler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..hashing import remember_hashes
from . import around, databases, internals, tests
from .answers import response_of, seen_by_asgi, seen_by_wsgi
from .exchange import Exchange
from .request import of_environ, of_scope
from .state import start


def install(client: Any) -> None:
    """Patch ``django.test.client``'s handlers (DRF's derive from them) and ``WSGIHandler``, which DRF's ``RequestsClient``
    and Django's live server call. ``client`` is the module."""
    known = start()
    tests.TESTS.ended = known.ended
    tests.watch_unittest()
    databases.watch(Path(known.spec["results"]), known.spec["left_databases"])
    if known.answer == "nobody":
        return
    remember_hashes()
    around.watch_mock()
    around.watch_monkeypatch()
    around.watch_settings()
    internals.watch(logs=known.answer == "fastapi")
    kind: Any = client.ClientHandler
    kind.__call__ = _sync(kind.__call__)
    if hasattr(client, "AsyncClientHandler"):
        kind = client.AsyncClientHandler
        kind.__call__ = _async(kind.__call__)
    from django.core.handlers.wsgi import WSGIHandler

    kind = WSGIHandler
    kind.__call__ = _wsgi(kind.__call__)


def _path(environ: dict[str, Any]) -> str:
    from django.core.handlers.wsgi import get_path_info

    return str(get_path_info(environ))


def _sync(original: Any) -> Any:
    def call(self: Any, environ: dict[str, Any]) -> Any:
        request = of_environ(environ)
        exchange = Exchange(self, request, _path(environ))
        own = exchange.begin()
        if own is not None:
            return response_of(own, request, own["types"], seen_by_wsgi(environ))
        exchange.django_starts()
        try:
            response = original(self, environ)
        finally:
            exchange.django_stops()
        exchange.finish(response)
        return response

    return call


def _async(original: Any) -> Any:
    async def call(self: Any, scope: dict[str, Any]) -> Any:
        from asgiref.sync import sync_to_async

        request = of_scope(scope)
        exchange = Exchange(self, request, scope["path"])
        # In the thread that has the test's connection, where no event loop runs.
        own = await sync_to_async(exchange.begin)()
        if own is not None:
            return response_of(own, request, own["types"], seen_by_asgi(scope))
        await sync_to_async(exchange.django_starts)()
        try:
            response = await original(self, scope)
        finally:
            await sync_to_async(exchange.django_stops)()
        await sync_to_async(exchange.finish)(response)
        return response

    return call


def _wsgi(original: Any) -> Any:
    def call(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        if "wsgi.input" not in environ:
            return original(self, environ, start_response)
        request = of_environ(environ)
        exchange = Exchange(self, request, _path(environ))
        own = exchange.begin()
        if own is not None:
            made = response_of(own, request, own["types"], seen_by_wsgi(environ))
            pairs = [*made.items(), *(("Set-Cookie", m.OutputString()) for m in made.cookies.values())]
            start_response(f"{made.status_code} {made.reason_phrase}", pairs)
            return made
        exchange.django_starts()
        try:
            response = original(self, environ, start_response)
        finally:
            exchange.django_stops()
        exchange.finish(response)
        return response

    return call
