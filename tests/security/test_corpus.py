"""What fuzzing has found worth keeping (``python -m bench.fuzz.run``), read by the bridge and by Django."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.defences import DEFENCES, SOURCES, page
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


def test_each_defence_is_one_place_and_a_part_of_them_claims_no_whole_run() -> None:
    """``python -m bench.defences`` takes them out one by one."""
    places = {one.attack: (SOURCES / one.file).read_text().count(one.old) for one in DEFENCES}
    assert places == dict.fromkeys(places, 1)
    assert len(places) == len(DEFENCES)
    rows = ["| a | `b` | `c` |", "| d | `e` | **nothing** |"]
    claim = "with all of them in place the same tests pass"
    assert page(rows, "").endswith(f"\n\n2 defences, 1 not noticed; {claim}.\n")
    assert claim not in page(rows, "planted")


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
