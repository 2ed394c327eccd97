"""Libraries that only compute (`pure` of segue.toml): the generated code calls them as the project does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases
from .test_lab import compare

if TYPE_CHECKING:
    from .conftest import Lab


@pytest.mark.parametrize("name", cases("libraries"))
def test_same_of_libraries(lab: Lab, name: str) -> None:
    compare(lab, name, "argument" if "_left_" in name else "archive" if "_refused_" in name else None)
