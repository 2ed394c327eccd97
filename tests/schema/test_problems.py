"""What a field does to its values by classes of the project's is refused where it matters: reading, writing, or both."""

from __future__ import annotations

import pytest
from tests.schema.catalogue import Sides

from segue.translate.context import Context
from segue.translate.models.problems import value_problem


@pytest.mark.parametrize(
    ("name", "reads", "writes"),
    [
        ("json", "", ""),
        ("encoded", "", ""),
        ("own_encoded", "", "Its encoder fields.models.OwnEncoder makes what is written."),
        (
            "own_decoded",
            "Its decoder fields.models.OwnDecoder makes the values that are read.",
            "Its decoder fields.models.OwnDecoder makes the values that are read.",
        ),
    ],
)
def test_json_by_classes_of_the_project(sides: Sides, name: str, reads: str, writes: str) -> None:
    ctx = Context(sides.snapshot)
    field = next(f for f in ctx.snapshot.models["fields.Anything"].fields if f.name == name)
    for writing, expected in ((False, reads), (True, writes)):
        problem = value_problem(ctx, field, writing=writing)
        assert ("" if problem is None else problem.why) == expected
        if problem is not None:
            assert problem.file.endswith("fields/models.py")
            assert problem.line > 0
