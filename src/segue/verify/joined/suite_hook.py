"""Answers each request of the project's tests by FastAPI too, inside the test's own transaction.

FastAPI goes first, in a savepoint that is rolled back; then Django answers as it always does, so that the
test sees nothing unusual and its outcome is Django's. Savepoints and table reads use the raw connection:
``assertNumQueries`` counts only what Django does.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import sys
import unittest
from collections import Counter
from pathlib import Path
from typing import Any

from . import served
from .compare import answer_of, left_to_django
from .fence import Tasks


class State:
    """What this process has seen. A child that a test runner forks starts its own count."""

    def __init__(self) -> None:
        self.spec: dict[str, Any] = json.loads(
            Path(os.environ["SEGUE_SUITE_SPEC"]).read_text(encoding="utf-8")
        )
        self.operations = [(o, re.compile(o["regex"])) for o in self.spec["operations"]]
        self.modern: Any = None
        self.connected: Any = None
        self._tasks: Tasks | None = None
        self.clear()

    @property
    def tasks(self) -> Tasks:
        """Made at the first request, when the project has imported Celery if it uses it."""
        if self._tasks is None:
            self._tasks = Tasks(through=True)
        return self._tasks

    def clear(self) -> None:
        """Begin to count."""
        self.pid = os.getpid()
        self.counts: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.operations_seen: dict[str, dict[str, Any]] = {}
        self.tests: dict[str, dict[str, int]] = {}

    def record(self, key: str) -> dict[str, Any]:
        """Figures of one operation."""
        return self.operations_seen.setdefault(
            key,
            {
                "cases": 0,
                "different": 0,
                "unserved": 0,
                "statuses": {},
                "left": {},
                "differences": [],
                "excess_queries": 0,
                "worst_queries": [0, 0],
                "queries": [0, 0],
            },
        )

    def mark(self, what: str) -> None:
        """Count for the running test a request that was ``equal``, ``different``, ``left`` or ``elsewhere``."""
        seen = self.tests.setdefault(test_name(), {})
        seen[what] = seen.get(what, 0) + 1

    def leave(self, key: str, why: str) -> None:
        """Count a request to a native operation that Django alone answered, with the reason."""
        record = self.record(key)
        record["unserved"] += 1
        record["left"][why] = record["left"].get(why, 0) + 1
        self.left[why] += 1
        self.mark("left")

    def write(self) -> None:
        """Keep the results of this process."""
        if self.pid != os.getpid():
            return
        target = Path(self.spec["results"])
        if not target.is_dir():
            return
        text = json.dumps(
            {
                "counts": self.counts,
                "left": self.left,
                "operations": self.operations_seen,
                "tests": self.tests,
            },
            default=str,
        )
        part = target / f"result-{self.pid}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(target / f"result-{self.pid}.json")


STATE: State | None = None
OUTSIDE = "outside a test"


def install(client_module: Any) -> None:
    """Patch ``django.test.client``'s handler; DRF's force-authenticating handler derives from it."""
    global STATE
    STATE = State()
    atexit.register(STATE.write)
    served.watch_patches()
    served.watch_monkeypatch()
    served.watch_settings()
    original = client_module.ClientHandler.__call__

    def call(self: Any, environ: dict[str, Any]) -> Any:
        return _both(self, environ, original)

    client_module.ClientHandler.__call__ = call


def _state() -> State:
    assert STATE is not None
    if STATE.pid != os.getpid():
        # Django's --parallel forks its workers, and they end without atexit.
        STATE.clear()
        STATE.connected = None
        from multiprocessing import util

        util.Finalize(None, STATE.write, exitpriority=100)
    return STATE


def _both(handler: Any, environ: dict[str, Any], original: Any) -> Any:
    """One request of a test."""
    from . import together

    state = _state()
    state.counts["requests"] += 1
    operation = together.operation_of(state.operations, environ)
    if operation is None:
        state.mark("elsewhere")
        return original(handler, environ)
    state.counts["native"] += 1
    if "text/html" in environ.get("HTTP_ACCEPT", ""):
        state.leave(operation["key"], "browsable API")
        return original(handler, environ)
    why = together.not_joinable()
    if why:
        state.leave(operation["key"], why)
        return original(handler, environ)
    request = together.request_of(environ)
    watched = served.Watch(request["method"])
    ours = together.fastapi(state, handler, request, watched)
    done = served.Done(state.tasks)
    with done.by_django():
        response = original(handler, environ)
    if left_to_django(answer_of(ours, ours["effects"], request["method"])):
        state.leave(operation["key"], "left to Django by FastAPI")
        return response
    together.compare(state, operation, request, response, ours, watched, done)
    record = state.record(operation["key"])
    if record["cases"] % 25 == 0:
        state.write()
    return response


def test_name() -> str:
    """The test that sends the request, its ``setUp`` included, as its runner names it."""
    frame: Any = sys._getframe()
    nearest = ""
    while frame is not None:
        owner = frame.f_locals.get("self")
        method = getattr(owner, "_testMethodName", "")
        if method and isinstance(owner, unittest.TestCase):
            return f"{type(owner).__module__}.{type(owner).__qualname__}.{method}"
        name = frame.f_code.co_name
        if not nearest and name.startswith("test") and name not in ("test_name", "test_func"):
            nearest = f"{type(owner).__name__ + '.' if owner is not None else ''}{name}"
        frame = frame.f_back
    if "pytest" in sys.modules and os.environ.get("PYTEST_CURRENT_TEST"):
        return os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
    return nearest or OUTSIDE
