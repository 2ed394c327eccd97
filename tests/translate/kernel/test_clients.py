"""Calls of other servers by requests and httpx: asked the same, and read the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases
from .test_lab import compare

if TYPE_CHECKING:
    from .conftest import Lab

REFUSED = {
    "case_client_left_streamed": "http-client",
    "case_client_left_lazy_text": "http-client",
    "case_client_left_files": "http-client",
    "case_client_left_shared_session": "unknown-global",
    "case_client_left_object_that_signs": "unknown-call",
    "case_client_left_body_of_the_request": "http-client",
    "case_client_left_row": "http-client",
    "case_client_left_answer_as_it_is": "iteration",
    "case_client_left_elapsed": "no-rule",
}


@pytest.mark.parametrize("name", cases("clients"))
def test_same_calls(lab: Lab, name: str) -> None:
    compare(lab, name, REFUSED.get(name))
