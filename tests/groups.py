"""Which tests share a worker of pytest-xdist (``--dist loadgroup``), and the order in which groups are begun.

Fixtures are made once per worker: tests that share an expensive one stay together, or each worker would make it.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

# Their conftest.py makes something for all files below: one group each.
TOGETHER = (
    "translate/kernel", "translate/serializers", "example", "verify/interleave", "verify", "schema", "split",
    "probe", "bridge/cache", "bridge/schema",
)  # fmt: skip
# Elsewhere, with a fixture of theirs.
WITH = {PurePosixPath("security/test_secrets.py"): "example"}
# What takes longest is begun first, so that no worker is left alone with it at the end; bridge has the many short ones.
FIRST = ("conformance", "verify", "translate", "example", "gateway", "schema", "cli", "assess")


def group(path: PurePosixPath) -> str:
    """The group of a test file; ``path`` is relative to ``tests``."""
    if path in WITH:
        return WITH[path]
    return next((one for one in TOGETHER if path.is_relative_to(one)), str(path))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test with its group, and bring the groups into order; single runs keep pytest's order."""
    if not config.getoption("loadgroup", False):
        return
    tests = Path(__file__).parent
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(_place(item, tests))))
    items.sort(key=lambda item: _rank(_place(item, tests)))


def _place(item: pytest.Item, tests: Path) -> PurePosixPath:
    return PurePosixPath(item.path.relative_to(tests).as_posix())


def _rank(path: PurePosixPath) -> int:
    return FIRST.index(path.parts[0]) if path.parts[0] in FIRST else len(FIRST)
