"""Numbers that no integer column can hold: decided as Django decides them (``IntegerFieldOverflow``)."""

from __future__ import annotations

from tests.schema.catalogue import Sides

VALUES = """
NUMBERS = [7, 2**15, 2**31, 2**40, 10**20, -(10**20), -(2**40)]
FIELDS = ["small", "integer", "big"]
"""
WRITE = """
from fields.models import Everything
Everything.objects.all().delete()
for number in (5, 9):
    Everything.objects.create(small=number, integer=number, big=number, unique=f"r{number}", indexed="i", binary=b"")
"""
DJANGO = """
result = []
for name in FIELDS:
    for number in NUMBERS:
        for lookup in ("exact", "gt", "gte", "lt", "lte"):
            result.append([name, number, lookup, Everything.objects.filter(**{f"{name}__{lookup}": number}).count()])
        result.append([name, number, "ne", Everything.objects.exclude(**{name: number}).count()])
"""
GENERATED = """
import operator
from app.fields.models import Everything
result = []
OPS = {"exact": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le, "ne": operator.ne}
for name in FIELDS:
    column = getattr(Everything, name)
    for number in NUMBERS:
        for lookup, op in OPS.items():
            found = await db.scalar(select(func.count()).select_from(Everything).where(op(column, number)))
            result.append([name, number, lookup, found])
"""


def test_comparisons_beyond_the_column(sides: Sides) -> None:
    expected = sides.django(VALUES + WRITE + DJANGO)
    assert sides.generated(VALUES + GENERATED) == expected
