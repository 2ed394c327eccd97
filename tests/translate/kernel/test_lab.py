"""Translated code gives what Django gives, with no more queries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .conftest import HERE, run_translated

if TYPE_CHECKING:
    from .conftest import Lab

CASES = re.findall(r"def (case_\w+)", (HERE / "library" / "views.py").read_text())

# What is refused on purpose, with the code of the refusal.
REFUSED: dict[str, str] = {}

# Django raises these under another name on each side.
ERRORS = {"Http404": "NotFound", "DoesNotExist": "ObjectDoesNotExist", "RelatedObjectDoesNotExist": "ObjectDoesNotExist"}


@pytest.mark.parametrize("name", CASES)
def test_same_outcome(lab: Lab, name: str) -> None:
    expected, queries, statements = lab.expected[name]
    if name in REFUSED:
        assert lab.refused[name].refusal.code == REFUSED[name]
        return
    if name in lab.refused:
        pytest.fail(f"refused: {lab.refused[name]}")
    result, count, source = run_translated(lab, name)
    if expected[0] == "error":
        assert result[:2] == ["error", ERRORS.get(expected[1], expected[1])], (result, source)
        return
    assert result[:2] == expected, f"{result}\n{source}\nDjango: {expected}\n" + "\n".join(statements)
    assert count <= queries, source
