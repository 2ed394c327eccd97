"""These rooms ask both databases."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(params=["sqlite", "postgres"])
def twin(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(f"{request.param}_twin")
