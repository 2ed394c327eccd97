"""Lookups by text in columns that hold no text: what is searched is the text that Django searches (``lookup_cast``)."""

from __future__ import annotations

from tests.schema.catalogue import Sides

ASKED = """
import datetime as dt, decimal, uuid
from fields.models import Anything
ROW = {"address": "10.0.0.1", "unpacked": "2001:db8::32", "integer": 32, "uuid": uuid.UUID(int=0x32), "date": dt.date(2024, 2, 3), "decimal": decimal.Decimal("3.20"),
       "boolean": True, "float": 32.5, "datetime": dt.datetime(2024, 2, 3, 1, tzinfo=dt.UTC), "time": dt.time(3, 2), "duration": dt.timedelta(32), "file": "f/32"}
LOOKUPS = ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "iexact", "regex", "iregex")
NEEDLES = ("32", "10.0.0.1", "2001:DB8::32", "2024-02-03", "/", "1$", "0-0", "true", "03:02")
"""
DJANGO = """
Anything.objects.all().delete()
Anything.objects.create(id=1, **ROW)
result = [[name, lookup, needle, Anything.objects.filter(**{f"{name}__{lookup}": needle}).count()]
          for name in ROW for lookup in LOOKUPS for needle in NEEDLES]
"""
GENERATED = """
from app.fields.models import Anything
from segue_bridge.db import query
result = []
for name in ROW:
    for lookup in LOOKUPS:
        for needle in NEEDLES:
            where = getattr(query, lookup)(getattr(Anything, name), needle)
            result.append([name, lookup, needle, await db.scalar(select(func.count()).select_from(Anything).where(where))])
"""


def test_text_is_searched_as_by_django(sides: Sides) -> None:
    expected = sides.django(ASKED + DJANGO)
    assert {found for *_, found in expected} == {0, 1}
    asked = ASKED.replace("from fields.models import Anything", "")
    found = sides.generated(asked + GENERATED)
    assert [pair for pair in zip(expected, found, strict=True) if pair[0] != pair[1]] == []
