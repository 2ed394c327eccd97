"""Values that are not what a column wants: the same is stored as by Django, or both refuse."""

from __future__ import annotations

from pathlib import Path

from tests.schema.catalogue import Sides

START = f"""
import sys
sys.path.insert(0, {str(Path(__file__).resolve().parents[3])!r})
import warnings
warnings.simplefilter("ignore")
from bench.fields.loose import LOOSE
KINDS = {{name: name for name in ("integer", "float", "decimal", "boolean", "text", "date", "datetime", "time", "duration",
                                 "uuid", "binary", "address", "json", "file")}} | {{"unpacked": "address", "encoded": "json"}}
CASES = [(name, value) for name, kind in KINDS.items() for value in LOOSE[kind]]
"""
WRITTEN_BY_DJANGO = """
from django.db import connection, transaction
from fields.models import Anything
Anything.objects.all().delete()
result = []
for number, (name, value) in enumerate(CASES):
    try:
        with transaction.atomic():
            Anything(id=number, **{name: value}).save(force_insert=True)
    except Exception:
        pass
"""
STORED = """
from django.db import connection
columns = [*KINDS, "filled"]
shown = ", ".join(f'quote("{c}") || typeof("{c}")' if connection.vendor == "sqlite" else f'"{c}"::text' for c in columns)
with connection.cursor() as cursor:
    cursor.execute(f'SELECT id, {shown} FROM fields_anything ORDER BY id')
    result = {str(row[0]): dict(zip(columns, row[1:])) for row in cursor.fetchall()}
result = [[name, "bytes" if isinstance(value, memoryview) else repr(value)[:80], result.get(str(number), "refused")] for number, (name, value) in enumerate(CASES)]
"""
WRITTEN_HERE = """
from sqlalchemy import delete
from app.fields.models import Anything
await db.execute(delete(Anything))
for number, (name, value) in enumerate(CASES):
    try:
        async with db.atomic():
            await db.insert(Anything(id=number, **{name: value}))
    except Exception:
        pass
"""


def test_the_same_is_stored_or_both_refuse(sides: Sides) -> None:
    expected = sides.django(START + WRITTEN_BY_DJANGO + STORED)
    sides.generated(START + WRITTEN_HERE + "\nresult = None")
    found = sides.django(START + STORED)
    assert [(one, other) for one, other in zip(expected, found, strict=True) if one != other] == []
    refused = sum(stored == "refused" for _, _, stored in expected)
    assert 0 < refused < len(expected)
