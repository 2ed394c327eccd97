"""What each test did and how it ended, as its runner sees it. Imports nothing of Django."""

from __future__ import annotations

import unittest
from collections import Counter
from collections.abc import Callable
from typing import Any

OUTSIDE = "outside a test"


class Seen:
    """One test: its ``outcome`` (``passed``, ``failed``, ``skipped``; empty: never ended), what its requests showed
    (``equal``, ``different``, ``left``, ``fastapi``, ``elsewhere``), why some were left to Django, what it asks of Django itself,
    and the requests ``made`` without being sent."""

    def __init__(self) -> None:
        self.outcome = ""
        self.message = ""
        self.requests: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.internals: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self.differences: list[str] = []
        self.mirrored: Counter[str] = Counter()
        self.types: dict[str, Any] = {}

    def as_json(self) -> dict[str, Any]:
        """For the parent process."""
        return dict(self.__dict__)


class Tests:
    """All tests of this process. ``running`` is the one that runs now."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}
        self.running = OUTSIDE
        self.by_pytest = False
        self.ended: Callable[[], None] | None = None

    @property
    def now(self) -> Seen:
        """The running test."""
        return self.seen.setdefault(self.running, Seen())

    def begin(self, name: str) -> None:
        """A test starts. It is listed even if it asks nothing."""
        self.running = name
        self.seen.setdefault(name, Seen())

    def end(self) -> None:
        """It is over."""
        self.running = OUTSIDE
        if self.ended is not None:
            self.ended()

    def outcome(self, name: str, word: str, message: str = "") -> None:
        """How a test ended. A failure stays one, whatever its tear-down says."""
        seen = self.seen.setdefault(name, Seen())
        if seen.outcome != "failed":
            seen.outcome = word
            if message:
                seen.message = message[:600]


TESTS = Tests()


def watch_unittest() -> None:
    """Follow ``unittest.TestCase.run``; under pytest its plugin does it."""
    run = unittest.TestCase.run

    def watched(self: Any, result: Any = None) -> Any:
        if result is None or TESTS.by_pytest:
            return run(self, result)
        name = f"{type(self).__module__}.{type(self).__qualname__}.{self._testMethodName}"
        TESTS.begin(name)
        undo = _listen(result, name)
        try:
            return run(self, result)
        finally:
            undo()
            TESTS.end()

    kind: Any = unittest.TestCase
    kind.run = watched


def _listen(result: Any, name: str) -> Callable[[], None]:
    """Hear what the test tells its result, which gets it all the same."""
    words = {
        "addSuccess": "passed", "addFailure": "failed", "addError": "failed", "addSkip": "skipped",
        "addExpectedFailure": "passed", "addUnexpectedSuccess": "failed", "addSubTest": "failed",
    }  # fmt: skip

    def hearing(told: Any, method: str, word: str) -> Any:
        def hear(test: Any, *rest: Any) -> Any:
            problem = rest[-1] if rest else None
            if method != "addSubTest" or problem is not None:
                TESTS.outcome(name, word, describe(problem) if word == "failed" else "")
            return told(test, *rest)

        return hear

    for method, word in words.items():
        told = getattr(result, method, None)
        if told is not None:
            setattr(result, method, hearing(told, method, word))

    def undo() -> None:
        for method in words:
            result.__dict__.pop(method, None)

    return undo


def describe(problem: Any) -> str:
    """``AssertionError: 200 != 201 (test_orders.py:12)`` of an exc_info triple."""
    if not (isinstance(problem, tuple) and len(problem) == 3):
        return ""
    kind, error, trace = problem
    place = ""
    while trace is not None:
        file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        if "site-packages" not in file and "unittest" not in file:
            place = f" ({file.replace(chr(92), '/').rpartition('/')[2]}:{line})"
        trace = trace.tb_next
    first = " ".join(str(error).split())[:400]
    return f"{getattr(kind, '__name__', kind)}: {first}{place}"
