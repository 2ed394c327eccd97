"""pytest plugin: tests marked ``round_trip`` draw many cases, which are counted; each row is recorded when its test is done."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest

from bench.roundtrips import record

_CASES = int(os.environ["ROUND_TRIP_CASES"])
_UNTIL = time.monotonic() + float(os.environ["ROUND_TRIP_SECONDS"] or "inf")
_now: dict[str, Any] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the marked tests that have no row yet, with at least the wanted number of cases each."""
    known = record.read()
    wanted, kept, seen = [], [], set()
    for item in items:
        if item.get_closest_marker("round_trip") is None:
            continue
        wanted.append(_name(item))
        row = known["rows"].get(_name(item))
        if row is not None and row["cases"] >= _CASES and not row["mismatches"]:
            continue
        kept.append(item)
        function: Any = item.obj  # type: ignore[attr-defined]
        if not hasattr(function, "hypothesis"):
            raise pytest.UsageError(f"{item.nodeid} is marked round_trip and draws no cases: use @given")
        if function not in seen:
            seen.add(function)
            _more(function)
    items[:] = kept
    if os.environ["ROUND_TRIP_ONLY"]:
        wanted += [name for name in known["wanted"] if name not in wanted]
    record.write({**known, "wanted": wanted})


def _name(item: pytest.Item) -> str:
    return item.nodeid.removeprefix("tests/bridge/")


def _more(function: Any) -> None:
    given = (
        getattr(function, "_hypothesis_internal_use_settings", hypothesis.settings.default)
        or hypothesis.settings()
    )
    function._hypothesis_internal_use_settings = hypothesis.settings(
        given, max_examples=max(_CASES, given.max_examples), database=None, derandomize=False
    )
    function.hypothesis.inner_test = _counted(function.hypothesis.inner_test)


def _counted(inner: Callable[..., Any]) -> Callable[..., Any]:
    """Only cases that ran to their end count: what Hypothesis discards does not."""

    @functools.wraps(inner)
    def run(*args: Any, **kwargs: Any) -> Any:
        result = inner(*args, **kwargs)
        _now["cases"] += 1
        return result

    return run


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Count the cases of one test and record them."""
    _now["cases"] = 0
    begun = time.monotonic()
    outcome: Any = yield
    mark = item.get_closest_marker("round_trip")
    assert mark is not None
    what, made, judged = mark.args
    variant = item.callspec.id if hasattr(item, "callspec") else ""
    known = record.read()
    known["rows"][_name(item)] = {
        "what": f"{what}: {variant}" if variant else what,
        "made": made,
        "judged": judged,
        "cases": _now["cases"],
        "mismatches": int(outcome.excinfo is not None),
        "seconds": round(time.monotonic() - begun, 1),
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
    }
    record.write(known)
    if time.monotonic() > _UNTIL:
        item.session.shouldstop = "the time is used: run it again for the rest"
