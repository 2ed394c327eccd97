"""What translations are remembered by."""

from __future__ import annotations

from segue.translate.functions.shape import shape_of
from segue.translate.kinds import Instance
from segue.translate.needs import Needs


def test_a_place_that_is_gone_is_told_from_the_next() -> None:
    """Each is dropped at once, so that Python puts the next one where it was."""
    shapes = {shape_of(Instance("library.Book", Needs("library.Book"), "entity")) for _ in range(50)}
    assert len(shapes) == 50
