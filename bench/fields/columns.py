"""The catalogue: field classes × options, as the source of a Django app and as the list of its columns.

Each field class is a model of its own. Its columns are the class with each option alone and with each pair of options that go
together; keys are models besides. What is here is what ``django.db.models`` and ``django.contrib.postgres`` offer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any

TEXT = frozenset({"text", "email", "slug", "url", "file"})


@dataclass(frozen=True, slots=True)
class Field:
    """``code`` is the call with ``{}`` where options go; ``kind`` and ``params`` say what values it takes
    (:mod:`bench.fields.values`). ``default`` is the Python text of one value, ``''`` where it takes no default."""

    name: str
    code: str
    kind: str
    default: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    postgresql: bool = False
    without: frozenset[str] = frozenset()
    mysql: bool = True

    @property
    def model(self) -> str:
        """The name of its model."""
        return self.name


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the attribute ``name`` of a model, the options it has, what values it takes."""

    name: str
    options: tuple[str, ...]
    kind: str
    params: dict[str, Any]
    null: bool
    distinct: bool
    has_default: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One model of the app. ``key``: its primary key is the first of ``columns``. ``loose``: for values that do not fit."""

    model: str
    field: str
    columns: tuple[Column, ...]
    key: bool = False
    loose: bool = False

    def plain(self) -> dict[str, Any]:
        """For the children, through JSON."""
        return asdict(self)


def _integer(name: str, bits: int, *, positive: bool = False) -> Field:
    low = 0 if positive else -(2**bits)
    return Field(name, f"models.{name}({{}})", "integer", "7", {"low": low, "high": 2**bits - 1})


def _decimal(label: str, digits: int, places: int) -> Field:
    code = f"models.DecimalField(max_digits={digits}, decimal_places={places}, {{}})"
    return Field(label, code, "decimal", "de.Decimal('0')", {"digits": digits, "places": places})


def _text(name: str, kind: str, length: int | None, default: str = "'it''s'", **more: Any) -> Field:
    given = {} if length is None else {"length": length}
    start = "" if length is None or kind == "slug" else f"max_length={length}, "
    return Field(name, f"models.{name}({start}{{}})", kind, default, {**given, **more})


def _array(label: str, inner: str, kind: str, params: dict[str, Any], default: str = "list") -> Field:
    return Field(
        label, f"pg.ArrayField({inner}, {{}})", "array", default, {"item": kind, "of": params}, postgresql=True,
        without=frozenset({"db_default", "choices", "collation"}),
    )  # fmt: skip


def _range(name: str, item: str, params: dict[str, Any]) -> Field:
    return Field(
        name, f"pg.{name}({{}})", "range", "", {"item": item, "of": params}, postgresql=True,
        without=frozenset({"choices"}),
    )  # fmt: skip


NO_TEXT_DEFAULT = frozenset({"db_default", "choices"})
INTEGERS = (
    _integer("IntegerField", 31),
    _integer("BigIntegerField", 63),
    _integer("SmallIntegerField", 15),
    _integer("PositiveIntegerField", 31, positive=True),
    _integer("PositiveBigIntegerField", 63, positive=True),
    _integer("PositiveSmallIntegerField", 15, positive=True),
)
FIELDS: tuple[Field, ...] = (
    *INTEGERS,
    Field("FloatField", "models.FloatField({})", "float", "1.5"),
    _decimal("DecimalField", 8, 2),
    _decimal("DecimalField_Whole", 6, 0),
    _decimal("DecimalField_Fraction", 5, 5),
    _decimal("DecimalField_Long", 30, 10),
    Field("BooleanField", "models.BooleanField({})", "boolean", "True", without=frozenset({"unique", "choices"})),
    Field("CharField", "models.CharField(max_length=30, {})", "text", '"it\'s 100 % \\\\"', {"length": 30}),
    Field("CharField_Unlimited", "models.CharField({})", "text", '"it\'s"', mysql=False),
    Field("TextField", "models.TextField({})", "text", '"two\\nlines"'),
    Field("SlugField", "models.SlugField({})", "slug", "'a-b'", {"length": 50}),
    Field("SlugField_Unicode", "models.SlugField(allow_unicode=True, db_index=False, {})", "text", "'ä'", {"length": 50}, without=frozenset({"index", "tablespace"})),
    Field("EmailField", "models.EmailField({})", "email", "'a@b.org'", {"length": 254}),
    Field("URLField", "models.URLField({})", "url", "'http://a.org/'", {"length": 200}),
    Field("FilePathField", "models.FilePathField(path='/', {})", "text", "'/tmp'", {"length": 100}),
    Field("FileField", "models.FileField(upload_to='f', {})", "file", "'f/a.txt'", {"length": 100}),
    Field("ImageField", "models.ImageField(upload_to='f', {})", "file", "'f/a.png'", {"length": 100}),
    Field("DateField", "models.DateField({})", "date", "dt.date(2024, 2, 29)"),
    Field("DateTimeField", "models.DateTimeField({})", "datetime", "dt.datetime(2024, 3, 10, 7, 30, tzinfo=dt.timezone.utc)"),
    Field("TimeField", "models.TimeField({})", "time", "dt.time(3, 4, 5, 6)"),
    Field("DurationField", "models.DurationField({})", "duration", "dt.timedelta(days=-1, microseconds=3)"),
    Field("UUIDField", "models.UUIDField({})", "uuid", "ids.UUID(int=7)"),
    Field("BinaryField", "models.BinaryField(max_length=100, {})", "binary", "b'\\x00a'"),
    Field("GenericIPAddressField", "models.GenericIPAddressField({})", "address", "'2001:db8::1'"),
    Field("GenericIPAddressField_V4", "models.GenericIPAddressField(protocol='IPv4', {})", "address", "'10.0.0.1'", {"version": 4}),
    Field("GenericIPAddressField_Unpacked", "models.GenericIPAddressField(unpack_ipv4=True, {})", "address", "'10.0.0.1'"),
    Field("JSONField", "models.JSONField({})", "json", "{'a': [1, None]}", without=NO_TEXT_DEFAULT),
    Field("JSONField_Encoder", "models.JSONField(encoder=DjangoJSONEncoder, {})", "json", "dict", {"rich": True}, without=NO_TEXT_DEFAULT),
    Field("ForeignKey", "models.ForeignKey('Target', models.CASCADE, related_name='+', {})", "reference", "1", {"to": "id"}),
    Field("ForeignKey_ToField", "models.ForeignKey('Target', models.SET_NULL, to_field='code', related_name='+', {})", "reference", "'k1'", {"to": "code"}),
    Field("ForeignKey_Loose", "models.ForeignKey('Target', models.DO_NOTHING, db_constraint=False, related_name='+', {})", "reference", "1", {"to": "id"}),
    Field("ForeignKey_Uuid", "models.ForeignKey('UuidTarget', models.PROTECT, related_name='+', {})", "reference", "ids.UUID(int=1)", {"to": "uuid"}),
    Field("OneToOneField", "models.OneToOneField('Target', models.CASCADE, related_name='+', {})", "reference", "1", {"to": "id", "distinct": True}, without=frozenset({"unique"})),
    _array("ArrayField_Integer", "models.IntegerField()", "integer", {"low": -(2**31), "high": 2**31 - 1}),
    _array("ArrayField_Char", "models.CharField(max_length=10)", "text", {"length": 10}),
    _array("ArrayField_Text", "models.TextField()", "text", {}),
    _array("ArrayField_Decimal", "models.DecimalField(max_digits=6, decimal_places=2)", "decimal", {"digits": 6, "places": 2}),
    _array("ArrayField_Float", "models.FloatField()", "float", {}),
    _array("ArrayField_Boolean", "models.BooleanField()", "boolean", {}),
    _array("ArrayField_Date", "models.DateField()", "date", {}),
    _array("ArrayField_DateTime", "models.DateTimeField()", "datetime", {}),
    _array("ArrayField_Time", "models.TimeField()", "time", {}),
    _array("ArrayField_Duration", "models.DurationField()", "duration", {}),
    _array("ArrayField_Uuid", "models.UUIDField()", "uuid", {}),
    _array("ArrayField_Binary", "models.BinaryField()", "binary", {}),
    _array("ArrayField_Address", "models.GenericIPAddressField()", "address", {"item": True}),
    _array("ArrayField_Json", "models.JSONField()", "json", {}),
    _array("ArrayField_Nested", "pg.ArrayField(models.IntegerField(), size=2)", "pair", {}),
    _array("ArrayField_Sized", "models.SmallIntegerField(), size=3", "integer", {"low": -9, "high": 9, "most": 3}),
    Field("HStoreField", "pg.HStoreField({})", "hstore", "dict", postgresql=True, without=frozenset({"db_default", "choices", "unique", "index"})),
    _range("IntegerRangeField", "integer", {"low": -(2**30), "high": 2**30}),
    _range("BigIntegerRangeField", "integer", {"low": -(2**62), "high": 2**62}),
    _range("DecimalRangeField", "decimal", {"digits": 12, "places": 4}),
    _range("DateRangeField", "date", {"low": 2, "high": 3_600_000}),
    _range("DateTimeRangeField", "datetime", {}),
    Field("CITextField", "pg.CITextField({})", "text", "'It'", postgresql=True),
    Field("CICharField", "pg.CICharField(max_length=30, {})", "text", "'It'", {"length": 30}, postgresql=True),
    Field("CIEmailField", "pg.CIEmailField({})", "email", "'A@b.org'", {"length": 254}, postgresql=True),
    Field("SearchVectorField", "search.SearchVectorField({})", "lexemes", "", postgresql=True, without=frozenset({"unique", "choices"})),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """``code`` with ``{default}`` and ``{name}``; ``against`` names options that exclude it."""

    name: str
    code: str
    against: frozenset[str] = frozenset()


OPTIONS = (
    Option("null", "null=True"),
    Option("blank", "blank=True"),
    Option("default", "default={default}"),
    Option("callable", "default={maker}", frozenset({"default"})),
    Option("db_default", "db_default={default}"),
    Option("unique", "unique=True"),
    Option("index", "db_index=True", frozenset({"unique"})),
    Option("choices", "choices=[({default}, 'One')]"),
    Option("column", "db_column='Other {name}'"),
    Option("comment", 'db_comment="it\'s {name}"'),
    Option("collation", "db_collation={collation}"),
    Option("tablespace", "db_tablespace='pg_default', db_index=True", frozenset({"unique", "index"})),
    Option(
        "auto_now",
        "auto_now=True",
        frozenset({"default", "callable", "db_default", "auto_now_add", "unique"}),
    ),
    Option(
        "auto_now_add",
        "auto_now_add=True",
        frozenset({"default", "callable", "db_default", "auto_now", "unique"}),
    ),
)


# Without a length MySQL has no key over such a column: Django's checks refuse ``unique``, and there is no primary key.
_NO_KEY_ON_MYSQL = frozenset({"TextField", "BinaryField", "JSONField", "JSONField_Encoder"})


def _allowed(item: Field, option: str, vendor: str) -> bool:
    if option in item.without or (vendor == "mysql" and option == "unique" and item.name in _NO_KEY_ON_MYSQL):
        return False
    if option in ("default", "callable", "db_default", "choices") and not item.default:
        return False
    if option in ("auto_now", "auto_now_add"):
        return item.name in ("DateField", "DateTimeField", "TimeField")
    if option == "collation":
        return item.kind in TEXT and item.kind != "file" and not item.name.startswith("FilePath")
    if item.kind == "reference":
        if item.params.get("distinct") and option in ("index", "tablespace"):
            return False
        return option != "choices"
    return True


def _sets(item: Field, pairs: bool, vendor: str) -> Iterator[tuple[Option, ...]]:
    """No option, each option, and each pair."""
    usable = [option for option in OPTIONS if _allowed(item, option.name, vendor)]
    yield ()
    for option in usable:
        yield (option,)
    for one, two in combinations(usable, 2) if pairs else ():
        if one.name not in two.against and two.name not in one.against:
            yield (one, two)


def _column(item: Field, options: tuple[Option, ...], collation: str) -> tuple[Column, str]:
    names = tuple(option.name for option in options)
    name = "_".join(("c", *names)) if names else "c_plain"
    made = ", ".join(
        option.code.format(default=item.default, maker=f"made_{item.name}", name=name, collation=repr(collation))
        for option in options
    )  # fmt: skip
    if item.name == "ForeignKey_ToField" and "null" not in names:
        made = f"null=True, {made}"  # SET_NULL asks for it
    column = Column(
        name,
        names,
        item.kind,
        item.params,
        "null=True" in made or "null" in names,
        "unique" in names or bool(item.params.get("distinct")),
        bool({"default", "callable", "db_default", "auto_now", "auto_now_add"} & set(names)),
    )
    return column, f"    {name} = {item.code.format(made)}"


HEAD = '''"""Written by bench.fields."""

import datetime as dt
import decimal as de
import uuid as ids

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower


class Target(models.Model):
    code = models.CharField(max_length=9, unique=True)


class UuidTarget(models.Model):
    key = models.UUIDField(primary_key=True)
'''
HEAD_POSTGRESQL = """
import django.contrib.postgres.fields as pg
from django.contrib.postgres import search
"""


def _for(item: Field, vendor: str, *, aware: bool) -> Field:
    """MariaDB's own type refuses numbers that are no UUID of any version, on both sides; a default without a zone where the
    project has none."""
    if not aware:
        item = replace(item, default=item.default.replace(", tzinfo=dt.timezone.utc", ""))
    return replace(item, params={"version": 4}) if vendor == "mysql" and item.kind == "uuid" else item


def _has(item: Field, vendor: str) -> bool:
    return vendor == "postgresql" or not (item.postgresql or (vendor == "mysql" and not item.mysql))


def app(
    vendor: str, only: frozenset[str] = frozenset(), *, pairs: bool = True, aware: bool = True
) -> tuple[str, list[Table]]:
    """The source of ``models.py`` and what it has, for one database. ``only`` names field classes, ``pairs``: with two
    options at a time, too; ``aware`` is ``USE_TZ``."""
    collation = {"postgresql": "C", "sqlite": "nocase", "mysql": "utf8mb4_bin"}[vendor]
    text = [HEAD]
    if vendor == "postgresql":
        text.append(HEAD_POSTGRESQL)
    tables: list[Table] = []
    for item in FIELDS:
        if not _has(item, vendor) or (only and item.name not in only):
            continue
        item = _for(item, vendor, aware=aware)
        if item.default:
            value = "{}" if item.default == "dict" else "[]" if item.default == "list" else item.default
            text.append(f"\n\ndef made_{item.name}():\n    return {value}\n")
        text.append(f"\n\nclass {item.model}(models.Model):")
        columns = []
        for options in _sets(item, pairs, vendor):
            column, line = _column(item, options, collation)
            columns.append(column)
            text.append(line)
        tables.append(Table(item.model, item.name, tuple(columns)))
        column, line = _column(item, (), collation)
        tables.append(Table(f"{item.model}_Loose", item.name, (column,), loose=True))
        text += [f"\n\nclass {item.model}_Loose(models.Model):", line, ""]
    tables += _keys(text, vendor, only, aware)
    return "\n".join(text) + "\n", tables


# Field classes whose column is also tried as a primary key.
_KEYS = (
    "IntegerField", "BigIntegerField", "SmallIntegerField", "PositiveIntegerField", "CharField", "TextField", "SlugField",
    "DateField", "DateTimeField", "TimeField", "DurationField", "DecimalField", "FloatField", "UUIDField", "BinaryField",
    "GenericIPAddressField", "OneToOneField",
)  # fmt: skip
_AUTO = ("AutoField", "BigAutoField", "SmallAutoField")


def _keys(text: list[str], vendor: str, only: frozenset[str], aware: bool) -> Iterator[Table]:
    for item in FIELDS:
        if item.name not in _KEYS or (only and item.name not in only):
            continue
        if vendor == "mysql" and item.name in _NO_KEY_ON_MYSQL:
            continue
        item = _for(item, vendor, aware=aware)
        name = f"{item.name}_Key"
        text.append(f"\n\nclass {name}(models.Model):\n    c_key = {item.code.format('primary_key=True')}\n")
        column = Column("c_key", ("primary_key",), item.kind, item.params, False, True, False)
        yield Table(name, item.name, (column,), key=True)
    for name in _AUTO:
        if only and name not in only:
            continue
        bits = {"AutoField": 31, "BigAutoField": 63, "SmallAutoField": 15}[name]
        text.append(f"\n\nclass {name}_Key(models.Model):\n    c_key = models.{name}(primary_key=True)\n")
        column = Column(
            "c_key", ("primary_key",), "integer", {"low": 1, "high": 2**bits - 2}, False, True, False
        )
        yield Table(f"{name}_Key", name, (column,), key=True)
