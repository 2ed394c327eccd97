"""What a field does to its values by classes of the project's is refused where it matters: reading, writing, or both."""

from __future__ import annotations

import pytest
from tests.schema.catalogue import Sides

from segue.refusal import Refused
from segue.translate.context import Context
from segue.translate.models.names import model_class
from segue.translate.models.problems import missing_table, value_problem
from segue.translate.models.writing import delete_problem


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


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("links.Board", "model-composite-key"),
        ("links.Cafe", "model-many-parents"),
        ("links.TeaRoom", "model-many-parents"),
        ("links.Ticket", "model-swapped"),
    ],
)
def test_rows_of_a_table_that_is_known_are_refused(sides: Sides, label: str, code: str) -> None:
    """What the check of the schema compares all the same (but a swapped model, for which Django makes no table)."""
    ctx = Context(sides.snapshot)
    model = ctx.snapshot.models[label]
    assert (missing_table(ctx.snapshot, model) is None) is (code != "model-swapped")
    with pytest.raises(Refused) as refused:
        model_class(ctx, label)
    assert refused.value.refusal.code == code
    assert refused.value.refusal.line > 0
    assert ("(place_id, number)" in refused.value.refusal.why) is (code == "model-composite-key")


def test_what_refers_to_such_rows_is_not_deleted(sides: Sides) -> None:
    for label in ("links.Place", "links.Genre"):
        problem = delete_problem(sides.snapshot, label)
        assert problem is not None
        assert problem.code == "on-delete"
    assert delete_problem(sides.snapshot, "links.SeasonTicket") is None
