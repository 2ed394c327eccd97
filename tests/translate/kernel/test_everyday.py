"""Loops that are left, enumerations, objects that keep things and the standard library: as in Django's process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases
from .test_lab import compare

if TYPE_CHECKING:
    from .conftest import Lab

REFUSED = {"case_refused_members_by_a_hook": "unknown-call", "case_refused_matched_inside": "statement"}


@pytest.mark.parametrize("name", cases("everyday"))
def test_same_every_day(lab: Lab, name: str) -> None:
    compare(lab, name, REFUSED.get(name))
