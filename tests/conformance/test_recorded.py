"""A real project from PyPI: what was native stays native, and nothing differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.conformance.page import page
from bench.conformance.run import PAGE, cases, prepare, recorded, run_case

WORK = Path(__file__).resolve().parents[2] / ".cache" / "conformance"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ara"])
def test_counts_do_not_fall_and_nothing_differs(name: str) -> None:
    case, known = cases()[name], recorded()[name]
    folder = prepare(name, case, WORK, None)
    assert folder is not None
    # Its own tests take a minute: by the bench.
    found = run_case(folder, case, None, seconds=20, count=250)
    assert found["operations"] == known["operations"]
    assert found["native"] >= known["native"]
    assert sum(found["refused"].values()) + found["native"] == found["operations"]
    assert found["explore"]["operations"] == found["native"]
    assert found["explore"]["cases"] >= 100
    assert found["explore"]["differences"] == 0


def test_the_page_says_what_is_recorded() -> None:
    """``bench.conformance`` writes it; nobody else does."""
    assert page(recorded(), set(cases())) == PAGE.read_text(encoding="utf-8")
