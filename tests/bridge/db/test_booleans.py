"""A flag as a condition, through the driver that serves: PostgreSQL has no ``IS`` with a parameter."""

from __future__ import annotations

from tests.schema.catalogue import Sides

WRITE = """
from fields.models import Everything
Everything.objects.all().delete()
for number, flag in enumerate((True, False, None, True)):
    Everything.objects.create(
        boolean=bool(flag), maybe=flag, small=number, integer=number, big=number, unique=f"r{number}",
        indexed="i", binary=b"",
    )
"""
DJANGO = """
result = [
    sorted(Everything.objects.filter(**{name: value}).values_list("unique", flat=True))
    for name in ("boolean", "maybe") for value in (True, False, None)
]
"""
GENERATED = """
from app.fields.models import Everything
result = [
    sorted(row[0] for row in await db.all(select(Everything.unique).where(getattr(Everything, name).is_(value))))
    for name in ("boolean", "maybe") for value in (True, False, None)
]
"""


def test_is_true_is_false_is_null(sides: Sides) -> None:
    expected = sides.django(WRITE + DJANGO)
    assert expected[3:] == [["r0", "r3"], ["r1"], ["r2"]]
    assert sides.generated(GENERATED) == expected
