"""Whether a text with a NUL character is taken: asked of DRF's ``qs_exists`` on each database."""

from __future__ import annotations

from tests.schema.catalogue import Sides

DJANGO = """
from rest_framework.validators import qs_exists
from links.models import Tag
Tag.objects.get_or_create(word="taken")
result = [qs_exists(Tag.objects.filter(word=word)) for word in ("taken", "free", "a\\x00b")]
"""
GENERATED = """
from segue_bridge.errors import ValidationError
from segue_bridge.schema.unique import unique
from app.links.models import Tag
result = []
for word in ("taken", "free", "a\\x00b"):
    try:
        await unique(db, Tag.word, word)
        result.append(False)
    except ValidationError:
        result.append(True)
"""


def test_no_row_has_it(sides: Sides) -> None:
    expected = sides.django(DJANGO)
    assert expected[:2] == [True, False]
    assert sides.generated(GENERATED) == expected
