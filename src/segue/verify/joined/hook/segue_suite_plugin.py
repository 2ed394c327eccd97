"""The pytest plugin of ``segue verify suite``, loaded by ``-p`` in PYTEST_ADDOPTS (xdist's workers too)."""

import importlib
import sys

import pytest

_site = sys.modules["sitecustomize"]
_site.joined()
_follow = importlib.import_module(f"{_site.NAME}.suite.pytest_plugin")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):  # type: ignore[no-untyped-def]
    """The test that runs."""
    yield from _follow.protocol(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):  # type: ignore[no-untyped-def]
    """How it ended."""
    yield from _follow.made_report(item, call)
