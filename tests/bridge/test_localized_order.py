"""Texts in several languages have no order of their own: Django's is that of the language of the request."""

from __future__ import annotations

import pytest

from segue_bridge.errors import Unserved
from segue_bridge.localized import LocalizedText


def test_sorting_is_left_to_django() -> None:
    with pytest.raises(Unserved):
        sorted([LocalizedText('{"en": "b"}'), LocalizedText('{"en": "a"}')])
