"""Mails of translated code: byte for byte Django's, at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases
from .test_lab import compare

if TYPE_CHECKING:
    from .conftest import Lab

REFUSED = {
    # What Django has put there may be of a class that only its process has (``NotPlain``).
    "case_mail_left_whatever_the_cache_holds": "broad-except",
    "case_mail_left_text_of_what_is_none": "text-of",
    "case_message_whose_addresses_are_a_text": "mail",
    "case_message_that_is_subclassed": "unknown-call",
    "case_message_in_another_encoding": "mail",
    "case_message_of_a_number": "mail",
    "case_message_through_another_backend": "mail",
    "case_message_over_an_open_connection": "with",
    "case_message_as_text": "no-rule",
    "case_message_with_an_alternative_that_it_cannot_have": "no-rule",
    "case_mails_of_a_list": "mail",
}


@pytest.mark.parametrize("name", cases("mails"))
def test_same_mails(lab: Lab, name: str) -> None:
    compare(lab, name, REFUSED.get(name))
