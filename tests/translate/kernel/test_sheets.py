"""CSV and answers in pieces: status, headers and bytes are Django's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases
from .test_lab import compare

if TYPE_CHECKING:
    from .conftest import Lab

REFUSED = {
    "case_sheet_left_of_what_is_no_text": "csv",
    "case_sheet_left_echo_that_changes": "csv",
    "case_sheet_left_echo_that_does_more": "csv",
    "case_sheet_left_computed_form": "csv",
    "case_file_left_opened_before": "no-rule",
    "case_file_left_to_write": "no-rule",
    "case_file_left_anywhere": "unknown-call",
    "case_stream_whose_pieces_write": "nested-evaluation",
}


@pytest.mark.parametrize("name", cases("sheets"))
def test_same_answers(lab: Lab, name: str) -> None:
    compare(lab, name, REFUSED.get(name))
