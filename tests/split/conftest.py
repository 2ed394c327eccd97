"""Both servers, started once, and one split that is followed: tests that change it leave it as they found it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.split.world import World, both

from segue.split import follow
from segue.split.state import Split


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with both() as servers:
        yield servers


@pytest.fixture(scope="session")
def followed(world: World) -> Split:
    """The shop, copied, followed in both directions, written on the source."""
    split = world.fresh("followed")
    follow.begin(split, lambda _: None)
    meter, until = follow.Meter(), time.monotonic() + 60
    while not follow.look(split.there, meter).ready:
        assert time.monotonic() < until
        time.sleep(0.05)
    follow.way_back(split)
    return split
