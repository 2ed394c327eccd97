"""pytest plugin: tests marked ``round_trip`` draw many cases, which are counted, and a table of them is written as JSON."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

_CASES = int(os.environ["ROUND_TRIP_CASES"])
_OUT = Path(os.environ["ROUND_TRIP_OUT"])
_rows: dict[str, dict[str, Any]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the marked tests, with at least the wanted number of cases each."""
    kept, seen = [], set()
    for item in items:
        mark = item.get_closest_marker("round_trip")
        if mark is None:
            continue
        kept.append(item)
        function: Any = item.obj  # type: ignore[attr-defined]
        if function not in seen:
            seen.add(function)
            _more(function)
    items[:] = kept


def _more(function: Any) -> None:
    given: hypothesis.settings = getattr(
        function, "_hypothesis_internal_use_settings", hypothesis.settings.default
    )
    function._hypothesis_internal_use_settings = hypothesis.settings(
        given, max_examples=max(_CASES, given.max_examples), database=None, derandomize=False
    )
    function.hypothesis.inner_test = _counted(function.hypothesis.inner_test)


_now: dict[str, Any] = {}


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
    """Count the cases of one test."""
    _now["cases"] = 0
    outcome: Any = yield
    mark = item.get_closest_marker("round_trip")
    assert mark is not None
    what, made, judged = mark.args
    variant = item.callspec.id if hasattr(item, "callspec") else ""
    _rows[item.nodeid] = {
        "what": f"{what}: {variant}" if variant else what,
        "made": made,
        "judged": judged,
        "cases": _now["cases"],
        "mismatches": int(outcome.excinfo is not None),
        "test": item.nodeid.split("[")[0],
    }


def pytest_sessionfinish() -> None:
    """Write the rows."""
    _OUT.write_text(json.dumps(list(_rows.values())))
