"""Values that are not what a column wants: the same is stored as by Django, or both refuse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql import Range, asyncpg, psycopg
from tests.schema.catalogue import Sides

from segue_bridge.db.types import DateTimeRange, LocalDateTime, UtcDateTime

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
LEFT_TO_PSYCOPG = ("duration", "time", "datetime")
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
    different = [(one, other) for one, other in zip(expected, found, strict=True) if one != other]
    if (
        sides.vendor == "postgresql"
    ):  # what asyncpg does not take (docs/fields.md): refused, never stored otherwise
        different = [d for d in different if d[1][2] != "refused" or d[0][0] not in LEFT_TO_PSYCOPG]
    assert different == []
    refused = sum(stored == "refused" for _, _, stored in expected)
    assert 0 < refused < len(expected)


OF_POSTGRESQL = """
import datetime as dt, decimal as de
MOMENT = dt.datetime(2024, 2, 29, 5, tzinfo=dt.timezone.utc)
CASES = [("ints", (1, 5)), ("ints", [1, 5]), ("ints", (1,)), ("ints", (5, 1)), ("bigs", (1, 5)), ("decimals", (1, 5)), ("decimals", (None, 5)),
         ("days", (dt.date(2024, 1, 1), dt.date(2024, 2, 29))), ("words", {"a"}), ("words", {}), ("words", ("a", "b")), ("words", 5),
         ("grid", [[1, 2], [3, 4]]), ("prices", []),
         ("ints", (1.5, 2.5)), ("ints", (1.0, 2.0)), ("ints", (de.Decimal("1.5"), None)), ("ints", (True, None)), ("ints", (2**40, None)),
         ("bigs", (1.5, None)), ("bigs", (2**40, 2**41)), ("decimals", (1.5, 2.5)), ("decimals", (1.0, 2.0)), ("decimals", (True, None)), ("decimals", (de.Decimal("1.5"), None)),
         ("days", (MOMENT, None)), ("days", (MOMENT.replace(tzinfo=None), None)), ("moments", (dt.date(2024, 1, 1), None)),
         ("moments", (MOMENT, None)), ("moments", (MOMENT.replace(tzinfo=None), None)), ("moments", (1, 5)), ("days", (1, 5)),
         ("grid", [[1.5, 2], [3, 4]]), ("grid", [[1.0, 2], [3, 4]]), ("grid", [[True, 2], [3, 4]]), ("grid", [[None, 2], [3, 4]]), ("grid", [[1, 2], [3]]),
         ("grid", [[de.Decimal("1.5"), 2], [3, 4]])]
"""
BY_DJANGO = """
from pgfields.models import Postgres
from django.db import connection, transaction
result = []
for name, value in CASES:
    Postgres.objects.all().delete()
    try:
        with transaction.atomic():
            Postgres.objects.create(**{name: value})
    except Exception:
        result.append([name, "refused"])
        continue
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}::text FROM pgfields_postgres")
        result.append([name, cursor.fetchone()[0]])
"""
BY_GENERATED = """
from app.pgfields.models import Postgres
from sqlalchemy import delete
result = []
for name, value in CASES:
    await db.execute(delete(Postgres))
    try:
        async with db.atomic():
            await db.insert(Postgres(**{name: value}))
    except Exception:
        result.append([name, "refused"])
        continue
    result.append([name, await db.scalar(text(f"SELECT {name}::text FROM pgfields_postgres"))])
"""


def test_ranges_and_arrays_of_other_things(sides: Sides) -> None:
    if sides.vendor != "postgresql":
        return
    expected = sides.django(OF_POSTGRESQL + BY_DJANGO)
    found = sides.generated(OF_POSTGRESQL + BY_GENERATED)
    assert [pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]] == []
    assert ["ints", "[1,5)"] in expected
    assert ["words", "refused"] in expected


@pytest.mark.parametrize("naive", [dt.datetime.min, dt.datetime.max])
def test_no_infinite_moment_is_written(naive: dt.datetime) -> None:
    aware = naive.replace(tzinfo=dt.UTC)
    written: list[tuple[Any, object]] = [
        (UtcDateTime(), aware),
        (LocalDateTime("UTC"), naive),
        (DateTimeRange(), (aware, None)),
        (DateTimeRange(), Range(None, aware)),
    ]
    for kind, value in written:
        with pytest.raises(ValueError, match="infinity"):
            kind.process_bind_param(value, asyncpg.dialect())
        assert kind.process_bind_param(value, psycopg.dialect()) is not None
    assert LocalDateTime("UTC").process_bind_param(dt.datetime(9999, 12, 31), asyncpg.dialect())
