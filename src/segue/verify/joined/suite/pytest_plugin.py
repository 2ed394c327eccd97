"""Tells :mod:`.tests` which test of pytest runs and how it ended. Changes nothing of what pytest reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .tests import TESTS, describe


def protocol(item: Any) -> Iterator[None]:
    """``pytest_runtest_protocol`` as a wrapper: fixtures belong to the test."""
    TESTS.by_pytest = True
    TESTS.begin(item.nodeid)
    try:
        yield
    finally:
        TESTS.end()


def made_report(item: Any, call: Any) -> Iterator[None]:
    """``pytest_runtest_makereport`` as a wrapper, for each of setup, call and teardown."""
    made: Any = yield
    report = made.get_result()
    if report.failed:
        info = call.excinfo
        TESTS.outcome(item.nodeid, "failed", describe((info.type, info.value, info.tb)) if info else "")
    elif report.skipped:
        # An expected failure is told as skipped; its test did what was expected.
        TESTS.outcome(item.nodeid, "passed" if hasattr(report, "wasxfail") else "skipped")
    elif call.when == "call":
        TESTS.outcome(item.nodeid, "passed")
