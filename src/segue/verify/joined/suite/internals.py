"""What tests ask of Django itself: no other server could answer that. Counted and named per test."""

from __future__ import annotations

import sys
from typing import Any

from .tests import TESTS


def watch(*, logs: bool) -> None:
    """Follow what ``django.test`` offers for looking inside; with ``logs`` also who reads log records."""
    _queries()
    if logs:
        _logs()
    _templates()
    _factories()


def _queries() -> None:
    """``assertNumQueries`` and its like, around a native request."""
    from django.test import utils

    kind: Any = utils.CaptureQueriesContext
    enter, leave = kind.__enter__, kind.__exit__

    def __enter__(self: Any) -> Any:
        self._segue_native = _native()
        return enter(self)

    def __exit__(self: Any, *exc: Any) -> Any:
        if _native() > getattr(self, "_segue_native", 0):
            name = (
                "assertNumQueries"
                if type(self).__name__ == "_AssertNumQueriesContext"
                else "captured queries"
            )
            TESTS.now.internals[name] += 1
        return leave(self, *exc)

    kind.__enter__, kind.__exit__ = __enter__, __exit__


def _native() -> int:
    seen = TESTS.now.requests
    return seen["equal"] + seen["different"] + seen["fastapi"]


def _templates() -> None:
    from django.test import testcases

    kind: Any = testcases.SimpleTestCase
    for name in (
        "assertTemplateUsed",
        "assertTemplateNotUsed",
        "assertContains",
        "assertFormError",
        "assertFormSetError",
    ):
        if hasattr(kind, name) and name != "assertContains":
            setattr(kind, name, _noted(getattr(kind, name), name))


def _noted(method: Any, name: str) -> Any:
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        TESTS.now.internals[name] += 1
        return method(self, *args, **kwargs)

    return called


def _factories() -> None:
    """``RequestFactory`` and ``APIRequestFactory``: a view is called without the server. Clients override ``request``.

    A request that no view is called with is no such call: tests make some to check it against a description of the API.
    """
    from django.test import client
    from django.views.generic import View

    for kind in (client.RequestFactory, client.AsyncRequestFactory):
        own: Any = kind

        def request(self: Any, _made: Any = own.request, **options: Any) -> Any:
            made = _made(self, **options)
            # DRF's RequestsClient makes its environment with one, and then asks the server.
            if sys._getframe(2).f_code.co_name != "get_environ":
                made._segue_made_by = type(self).__name__
                TESTS.now.made[type(self).__name__] += 1
            return made

        own.request = request
    called: Any = View
    prepare = called.setup

    def setup(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        name = request.__dict__.pop("_segue_made_by", None)
        if name is not None:
            TESTS.now.internals[name] += 1
        return prepare(self, request, *args, **kwargs)

    called.setup = setup


def _logs() -> None:
    """``assertLogs`` and pytest's ``caplog``: loggers have the names of their frameworks."""
    import unittest

    kind: Any = getattr(unittest.case, "_AssertLogsContext", None)
    if kind is not None:
        leave = kind.__exit__

        def __exit__(self: Any, *exc: Any) -> Any:
            TESTS.now.internals["assertLogs"] += 1
            return leave(self, *exc)

        kind.__exit__ = __exit__
    fixture: Any = getattr(sys.modules.get("_pytest.logging"), "LogCaptureFixture", None)
    if fixture is not None:
        for name in ("records", "text", "messages", "record_tuples"):
            setattr(fixture, name, property(_read(getattr(fixture, name).fget)))


def _read(getter: Any) -> Any:
    def read(self: Any) -> Any:
        TESTS.now.internals["caplog"] += 1
        return getter(self)

    return read
