"""Rows written by one side are read by the other, value for value, and lie in the database alike."""

from __future__ import annotations

import pytest
from tests.schema.catalogue import Sides

VALUES = """
import datetime as dt, decimal as de, uuid as ids
UTC = dt.timezone.utc
BERLIN = dt.timezone(dt.timedelta(hours=2))
ID = ids.UUID("12345678-1234-5678-1234-567812345678")
CASES = [
    ("big", [0, -1, 2**62]),
    ("binary", [b"", b"\\x00\\xff'", b"abc"]),
    ("boolean", [True, False]),
    ("maybe", [None, True, False]),
    ("char", ["", "it's \\\\ %", "äß€", "x" * 30]),
    ("renamed", ["", "ab"]),
    ("date", [dt.date(1, 1, 1), dt.date(2024, 2, 29), dt.date(9999, 12, 31)]),
    ("datetime", [dt.datetime(2024, 1, 1, 5, tzinfo=UTC), dt.datetime(2024, 7, 1, 5, 0, 0, 123456, BERLIN),
                  dt.datetime(1900, 1, 1, tzinfo=UTC)]),
    ("fixed", [None, dt.datetime(2024, 3, 10, 7, 30, tzinfo=UTC)]),
    ("decimal", [de.Decimal("0"), de.Decimal("-0.01"), de.Decimal("123456.78"), de.Decimal("1.5"), 7, 2.25]),
    ("duration", [dt.timedelta(0), dt.timedelta(days=-1, microseconds=1), dt.timedelta(days=400, seconds=5)]),
    ("float", [0.0, 1e300, -2.5, 3]),
    ("image", [None, "", "a.png"]),
    ("integer", [0, -100, 2147483647, "12", True]),
    ("ip", [None, "10.0.0.1", "2001:db8::1"]),
    ("json", [{}, [], {"a": [1, 2.5, None, "ä"]}, "text", 5, True, None.__class__ and {"n": None}]),
    ("json_null", [None, {}, 0, False, ""]),
    ("positive", [0, 2147483647]),
    ("positive_big", [2**62]),
    ("positive_small", [32767]),
    ("small", [-32768]),
    ("text", ["", "long " * 200, "line\\nline"]),
    ("time", [dt.time(0), dt.time(23, 59, 59, 999999), dt.time(3, 4, 5)]),
    ("uuid", [ID, str(ID), ID.hex]),
]
ROWS = []
for name, values in CASES:
    for number, value in enumerate(values):
        ROWS.append((name, {name: value, "unique": f"u{len(ROWS)}", "indexed": "i", "slug": f"s{len(ROWS)}", "big": len(ROWS), **({name: value} if name != "big" else {"big": value})}))
"""


DJANGO_WRITE = (
    VALUES
    + """
from fields.models import Everything
Everything.objects.all().delete()
for name, values in ROWS:
    Everything.objects.create(**values)
"""
)
DJANGO_READ = """
result = [[name, repr(getattr(Everything.objects.get(unique=values["unique"]), name))] for name, values in ROWS]
"""
DJANGO_RAW = """
from django.db import connection
def raw(column):
    shown = f'quote("{column}"), typeof("{column}")' if connection.vendor == "sqlite" else f'"{column}"::text, 1'
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "unique", {shown} FROM "catalogue everything"')
        return {row[0]: list(row[1:]) for row in cursor.fetchall()}
columns = {"renamed": "other name"}
found = {name: raw(columns.get(name, name)) for name, _ in CASES}
result = [[name, found[name][values["unique"]]] for name, values in ROWS]
"""
GENERATED_WRITE = (
    VALUES
    + """
from app.fields.models import Everything
for entity in await db.entities(select(Everything)):
    await db.delete(entity)
for name, values in ROWS:
    await db.insert(Everything(**{"binary": b"x", **values}))
"""
)
GENERATED_READ = """
result = []
for name, values in ROWS:
    entity = await db.get(Everything, Everything.unique == values["unique"])
    value = await db.scalar(select(getattr(Everything, name)).where(Everything.unique == values["unique"]))
    assert repr(value) == repr(getattr(entity, name))
    result.append([name, repr(value)])
"""


def test_rows_of_django_are_read_alike(sides: Sides) -> None:
    expected = sides.django(DJANGO_WRITE + DJANGO_READ)
    read = "from app.fields.models import Everything\n"
    assert sides.generated(VALUES + read + GENERATED_READ) == expected


def test_rows_written_here_lie_in_the_database_as_django_writes_them(sides: Sides) -> None:
    expected = sides.django(DJANGO_WRITE + DJANGO_RAW)
    read_by_django = sides.django(VALUES + "from fields.models import Everything" + DJANGO_READ)
    sides.generated(GENERATED_WRITE + "\nresult = None")
    assert sides.django(VALUES + DJANGO_RAW) == expected
    assert sides.django(VALUES + "from fields.models import Everything" + DJANGO_READ) == read_by_django


DEFAULTS = """
names = ["big", "boolean", "maybe", "char", "indexed", "choice", "renamed", "fixed", "decimal", "duration", "email",
         "file", "path", "image", "float", "ip", "integer", "json", "json_null", "positive", "slug", "small",
         "text", "text_indexed", "time", "url"]
"""


def test_new_objects_have_djangos_defaults(sides: Sides) -> None:
    expected = sides.django(
        DEFAULTS + "from fields.models import Everything\nobject = Everything()\n"
        "result = [[name, repr(getattr(object, name)).replace('<FieldFile: None>', \"''\")] for name in names]"
    )
    found = sides.generated(
        DEFAULTS + "from app.fields.models import Everything\nobject = Everything(binary=b'')\n"
        "result = [[name, repr(getattr(object, name))] for name in names]"
    )
    enum = {"Colour.RED": "'r'"}
    assert found == [[name, enum.get(value, value)] for name, value in expected]


def test_database_defaults_and_formulas_come_back_after_insert(sides: Sides) -> None:
    expected = sides.django(
        "from fields.models import DatabaseDefaults\nDatabaseDefaults.objects.all().delete()\n"
        "one = DatabaseDefaults.objects.create(); two = DatabaseDefaults.objects.create(number=4, word='x')\n"
        "result = [[o.number, o.word, o.flag, o.doubled, type(o.at).__name__] for o in (one, two)]"
    )
    found = sides.generated(
        "from app.fields.models import DatabaseDefaults\n"
        "one = DatabaseDefaults(); two = DatabaseDefaults(number=4, word='x')\n"
        "await db.insert(one); await db.insert(two)\n"
        "result = [[o.number, o.word, o.flag, o.doubled, type(o.at).__name__] for o in (one, two)]"
    )
    assert found == expected


def test_names_that_the_generated_module_uses_itself(sides: Sides) -> None:
    sides.django(
        "from fields.models import Reserved, Text\nReserved.objects.all().delete(); Text.objects.all().delete()\n"
        "Reserved.objects.create(metadata={'a': 1}, registry='r', text='t', relationship=3)\n"
        "Text.objects.create(body='b', Any=[1])\nresult = None"
    )
    found = sides.generated(
        "from app.fields.models import Reserved, Text\n"
        "r = await db.get(Reserved); t = await db.get(Text)\n"
        "await db.update(r); await db.insert(Reserved(text='x'))\n"
        "result = [r.metadata_, r.registry_, r.text, r.relationship, t.body, t.Any]"
    )
    assert found == [{"a": 1}, "r", "t", 3, "b", [1]]


@pytest.mark.parametrize("name", ["AutoKey", "SmallKey", "TextKey", "UuidKey"])
def test_keys_of_every_kind(sides: Sides, name: str) -> None:
    given = "code='c1'" if name == "TextKey" else ""
    sides.generated(
        f"from app.fields.models import {name}\nfrom sqlalchemy import delete\n"
        f"await db.execute(delete({name}))\nentity = {name}({given})\nawait db.insert(entity)\n"
    )
    found = sides.django(
        f"from fields.models import {name}\none = {name}.objects.get()\n"
        f"{name}({given}).save()\nresult = [type(one.pk).__name__, {name}.objects.count()]"
    )
    kind = {"TextKey": "str", "UuidKey": "UUID"}.get(name, "int")
    assert found == [kind, 1 if name == "TextKey" else 2]
