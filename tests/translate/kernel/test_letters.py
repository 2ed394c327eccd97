"""Templates of Django as templates of Jinja2: the same text of the same context, with no more queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases
from .test_lab import compare

if TYPE_CHECKING:
    from .conftest import Lab


@pytest.mark.parametrize("name", cases("letters"))
def test_same_letters(lab: Lab, name: str) -> None:
    compare(lab, name, "template" if "_left_" in name else None)
