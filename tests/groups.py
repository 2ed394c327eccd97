"""Which tests share a worker of pytest-xdist (``--dist loadgroup``), and the order in which groups are begun.

Fixtures are made once per worker: tests that share an expensive one stay together, or each worker would make it.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

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


class Groups(LoadScopeScheduling):
    """Gives out tests group by group. (xdist's own ``loadgroup`` writes into node ids, which pytest 9.2 does not let it.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group(PurePosixPath(nodeid.partition("::")[0]).relative_to("tests"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups | None:
    """For ``--dist loadgroup``, run from the root of the repository."""
    return Groups(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring the groups into order; single runs keep pytest's own."""
    if config.getoption("loadgroup", False):
        tests = Path(__file__).parent
        items.sort(key=lambda item: _rank(PurePosixPath(item.path.relative_to(tests).as_posix())))


def _rank(path: PurePosixPath) -> int:
    return FIRST.index(path.parts[0]) if path.parts[0] in FIRST else len(FIRST)
