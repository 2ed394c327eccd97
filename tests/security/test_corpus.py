"""What fuzzing has found worth keeping (``python -m bench.fuzz.run``), read by the bridge and by Django."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.fuzz.targets import TARGETS, differs, outcome

from segue_bridge import zone

CORPUS = Path(__file__).resolve().parents[1] / "corpus"


@pytest.fixture(autouse=True)
def in_utc() -> Iterator[None]:
    """As the other side is: whatever zone the worker's tests before have left."""
    before = zone._default, zone._clock
    zone.configure()
    yield
    zone._default, zone._clock = before


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_both_sides_read_it_alike(name: str) -> None:
    target = TARGETS[name]
    kept = json.loads((CORPUS / f"{name.replace(' ', '-')}.json").read_text())
    inputs = [*target.seeds, *(bytes.fromhex(text) for text in kept)]
    assert len(inputs) > 3
    differing = {data: found for data in inputs if (found := differs(target, data)) is not None}
    assert not differing
    # They do not agree because nothing is read: some give a value, each its own.
    assert len({repr(outcome(target.ours, data)) for data in inputs}) > 1
