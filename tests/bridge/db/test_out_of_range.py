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


RELATED = """
from links.models import Author, Book
result = []
for name in ("author", "author_id", "author__id"):
    for number in (2**31, 10**20, -(10**20)):
        for lookup in ("exact", "gt", "lte"):
            try:
                found = Book.objects.filter(**{f"{name}__{lookup}": number}).count()
            except OverflowError as error:
                found = str(error)
            result.append([name, number, lookup, found])
"""
RELATED_GENERATED = """
import operator
from segue_bridge.db.query import as_number
from app.links.models import Book
result = []
COLUMNS = {"author": Book.author_id, "author_id": Book.author_id, "author__id": as_number(Book.author_id)}
for name, column in COLUMNS.items():
    for number in (2**31, 10**20, -(10**20)):
        for lookup, op in {"exact": operator.eq, "gt": operator.gt, "lte": operator.le}.items():
            try:
                found = await db.scalar(select(func.count()).select_from(Book).where(op(column, number)))
            except OverflowError as error:
                found = str(error)
            result.append([name, number, lookup, found])
"""


def test_keys_of_relations_beyond_the_column(sides: Sides) -> None:
    sides.django(
        "from links.models import Author, Book, Shelf\nBook.objects.all().delete()\n"
        "Book.objects.create(name='one', author=Author.objects.create(name='ann'), shelf=Shelf.objects.create(number=77))\n"
        "result = None"
    )
    expected = sides.django(RELATED)
    assert len({str(row[3]) for row in expected}) > 1
    assert sides.generated(RELATED_GENERATED) == expected
