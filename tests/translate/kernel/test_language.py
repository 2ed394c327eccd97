"""The query language on both databases: what is translated gives what Django gives, what is not is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases
from .query_table import MODULES, PAGE, POSTGRESQL_ONLY, REFUSED, SQLITE_ONLY, rendered
from .test_lab import compare

if TYPE_CHECKING:
    from .conftest import Lab

CASES = [name for module in MODULES for name in cases(module)]
ON_SQLITE = [name for name in CASES if name not in cases("postgres")]


@pytest.mark.parametrize("name", ON_SQLITE)
def test_on_sqlite(lab: Lab, name: str) -> None:
    compare(lab, name, (REFUSED | POSTGRESQL_ONLY).get(name))


@pytest.mark.parametrize("name", CASES)
def test_on_postgresql(postgres_lab: Lab, name: str) -> None:
    compare(postgres_lab, name, (REFUSED | SQLITE_ONLY).get(name))


def test_the_page_says_so() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run python -m tests.translate.kernel.query_table"
