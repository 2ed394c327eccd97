"""Fixtures that Django dumps: what ``loaddata`` makes of them in one copy of a database, ``load`` makes in another."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.schema.catalogue import Sides

MAKE = """
import datetime as dt, decimal as de, random, uuid as ids
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from fields.models import *
from links.models import *
from django.db import transaction
transaction.atomic().__enter__()  # dumped from within, and never committed
draw = random.Random(7)
UTC = dt.timezone.utc
def some(*values):
    return draw.choice(values)
def key():
    return ids.UUID(int=draw.getrandbits(128), version=4)
for n in range(6):
    Everything.objects.create(
        big=2**40 + n * 7, binary=some(b"", b"\\x00\\xff'", b"abc"), maybe=some(None, True, False), boolean=some(True, False),
        char=some("", "it's \\\\ %", "äß€\\u2028 x", "5"), indexed="i", unique=f"fixture {n}", choice=some("r", "b"),
        renamed=f"r{n}", date=some(dt.date(1, 1, 1), dt.date(2024, 2, 29), dt.date(9999, 12, 31)),
        datetime=some(dt.datetime(2024, 7, 1, 5, 0, 0, 123456, UTC), dt.datetime(1900, 1, 1, tzinfo=UTC)),
        fixed=some(None, dt.datetime(2024, 3, 10, 7, 30, tzinfo=UTC)),
        decimal=some(de.Decimal("0"), de.Decimal("-0.01"), de.Decimal("123456.78")),
        duration=some(dt.timedelta(0), dt.timedelta(days=-1, microseconds=1), dt.timedelta(days=400, seconds=5)),
        file=some("", "f/a.txt"), float=some(0.0, 1e300, -2.5, 0.1), image=some(None, "", "a.png"), integer=some(0, -100, 2147483647),
        ip=some(None, "10.0.0.1", "2001:db8::1"), json=some({}, [], {"a": [1, 2.5, None, "ä"]}, "text", 5, True),
        json_null=some(None, {}, 0, False, ""), slug=f"s{n}", small=-n, time=some(dt.time(0), dt.time(23, 59, 59, 999999)), uuid=key())
    Anything.objects.create(
        integer=some(None, 3), float=some(None, 3.5), boolean=some(None, False), text=some(None, ""), time=some(None, dt.time(1)),
        duration=some(None, dt.timedelta(1)), uuid=some(None, key()), binary=some(None, b"x"), address=some(None, "::1"),
        unpacked=some(None, "1.2.3.4"), json=some(None, [1]), encoded=some(None, {"a": 1}), own_decoded=some(None, 2.5),
        file=some(None, "f/x"))
UuidKey.objects.create(id=key(), name="u"); TextKey.objects.create(code="c"); AutoKey.objects.create(); SmallKey.objects.create()
Reserved.objects.create(metadata={"a": 1}, registry="r", text="t", uuid4=key()); Text.objects.create(body="b", Any=[1])
DatabaseDefaults.objects.create(number=4, word="x"); Colons.objects.create(word="w")
group = Group.objects.create(name="editors")
group.permissions.set(Permission.objects.filter(content_type__app_label="links")[:3])
people = [User.objects.create(username=f"person {n}", password="x", last_login=some(None, dt.datetime(2024, 1, 1, tzinfo=UTC))) for n in range(3)]
people[0].groups.add(group); people[1].user_permissions.set(Permission.objects.all()[:2])
shelf = Shelf.objects.create(number=31)
tags = [Tag.objects.create(word=f"fx{n}") for n in range(4)]
genre = Genre.objects.create(code="fx", key=key())
authors = [Author.objects.create(name=f"author {n}") for n in range(5)]
for author in authors:
    author.boss = some(None, *authors); author.save()
    author.friends.set(draw.sample(authors, 2)); author.follows.set(draw.sample(authors, 2))
for n in range(8):
    book = Book.objects.create(name=f"book {n}", author=some(*authors), editor=some(None, *authors), reader=some(None, *people),
                               genre=some(None, genre), shelf=shelf, loose=some(None, *authors), slow=some(None, *authors))
    book.tags.set(draw.sample(tags, draw.randrange(4)))
    Review.objects.create(book=book, author=authors[0], stars=n)
Profile.objects.create(author=authors[0], guard=authors[1])
bar = Bar.objects.create(title="bar", stars=4, loud=True); Seat.objects.create(restaurant=bar)
Note.objects.create(content_type=ContentType.objects.get_for_model(Author), object_id="1", text="n")
from django.db import connection
if connection.vendor == "postgresql":
    from pgfields.models import Postgres
    from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange, NumericRange
    Postgres.objects.create(
        words=["a", "it's, {\\"}"], store={"a": None, "b": "x"}, prices=[de.Decimal("1.50"), None],
        ints=NumericRange(1, 5), bigs=NumericRange(None, 2**40), decimals=NumericRange(de.Decimal("1.5"), None, "()"),
        moments=DateTimeTZRange(dt.datetime(2024, 1, 1, tzinfo=UTC), None), days=DateRange(dt.date(2024, 1, 1), dt.date(2024, 2, 1), "[]"))
    Postgres.objects.create(words=[], ints=NumericRange(empty=True), spoken="empty", search="'a':1 'b'")
"""
HSTORE = """
from django.contrib.postgres.signals import register_type_handlers
from django.db.backends.signals import connection_created
connection_created.connect(register_type_handlers)
"""
DUMP = """
import io
from django.core.management import call_command
def dumped(**options):
    found = io.StringIO()
    call_command("dumpdata", exclude=["fields.unmanaged"], stdout=found, **options)
    return found.getvalue()
result = {"plain": dumped(), "lines": dumped(format="jsonl"), "named": dumped(use_natural_foreign_keys=True),
          "nameless": dumped(use_natural_foreign_keys=True, use_natural_primary_keys=True),
          "yaml": dumped(format="yaml", use_natural_foreign_keys=True)}
Anything.objects.update(own_decoded=None)
result["xml"] = dumped(format="xml", indent=2)
result["named xml"] = dumped(format="xml", use_natural_foreign_keys=True, use_natural_primary_keys=True)
"""
LOAD = """
from django.core.management import call_command
for file in FILES:
    call_command("loaddata", file, verbosity=0)
result = None
"""


@dataclass
class Copies:
    """Copies of one migrated database, by number."""

    sides: Sides
    folder: Path

    def name(self, number: int) -> str:
        return (
            str(self.folder / f"{number}.sqlite3") if self.sides.vendor == "sqlite" else f"fixtures_{number}"
        )

    def django(self, number: int, code: str) -> Any:
        there = (
            f"from django.db import connection\nconnection.settings_dict['NAME'] = {self.name(number)!r}\n"
        )
        if self.sides.vendor == "postgresql":
            there += HSTORE
        return self.sides.django(there + code)

    def load(self, number: int, *files: Path, **options: Any) -> Any:
        """The number of objects, or the text of the ``FixtureError``."""
        return self._load(number, [files], options)[0]

    def load_each(self, number: int, files: list[Path]) -> list[Any]:
        """The same, of each file in turn."""
        return self._load(number, [(file,) for file in files], {})

    def _load(self, number: int, lists: Sequence[Sequence[Path]], options: dict[str, Any]) -> list[Any]:
        told: list[Any] = self.sides.generated(
            "from pathlib import Path\n"
            "from segue_bridge.db.fixtures import FixtureError, load\n"
            f"other = Database({self._url(number)!r})\n"
            "result = []\n"
            f"for files in {[[str(file) for file in files] for files in lists]!r}:\n"
            "    async with other.session() as db:\n"
            "        try:\n"
            f"            result.append(await load(db, *map(Path, files), **{options!r}))\n"
            "        except FixtureError as error:\n"
            "            result.append(str(error))\n"
            "await other.close()\n"
        )
        return told

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def rows(self, number: int) -> dict[str, list[list[str]]]:
        """All rows as they lie in the database, by table, and PostgreSQL's sequences."""
        if self.sides.vendor == "sqlite":
            with closing(sqlite3.connect(self.name(number))) as connection:
                tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                return {name: _rows(connection, name, 'quote("{0}"), typeof("{0}")') for (name,) in tables}
        with psycopg.connect(self._url(number)) as server:
            tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            found = {name: _rows(server, name, '"{0}"::text') for (name,) in tables}
            sequences = server.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
            return {**found, "sequences": [list(map(str, row)) for row in sequences]}

    def _url(self, number: int) -> str:
        if self.sides.vendor == "sqlite":
            return f"sqlite:///{self.name(number)}"
        return self.sides.url.rpartition("/")[0] + "/" + self.name(number)


def _rows(connection: Any, table: str, shown: str) -> list[list[str]]:
    names = [column[0] for column in connection.execute(f'SELECT * FROM "{table}" LIMIT 0').description]
    columns = ", ".join(shown.format(name) for name in names)
    return sorted(
        [str(value) for value in row] for row in connection.execute(f'SELECT {columns} FROM "{table}"')
    )


@pytest.fixture
def copies(sides: Sides, tmp_path: Path, request: pytest.FixtureRequest) -> Copies:
    made = Copies(sides, tmp_path)
    for number in (1, 2, 3):
        if sides.vendor == "sqlite":
            shutil.copy(sides.entry["NAME"], made.name(number))
        else:
            request.getfixturevalue("postgres").create(made.name(number), template="catalogue")
    return made


def changed(text: str) -> str:
    """Other values and other lists for the same rows."""
    found = json.loads(text)
    for item in found:
        for name, value in item["fields"].items():
            if isinstance(value, list) and name in ("tags", "friends", "groups", "permissions", "follows"):
                item["fields"][name] = value[1:]
        if item["model"] == "fields.databasedefaults":
            item["fields"].pop("number")
            item["fields"]["word"] = "other"
        if item["model"] == "fields.anything":
            item["fields"] = {"text": "only"}
    return json.dumps(found)


def test_rows_are_those_that_loaddata_makes(copies: Copies) -> None:
    texts = copies.django(1, MAKE + DUMP)
    backwards = json.dumps(json.loads(texts["named"])[::-1])  # what is referred to comes later
    first = [copies.file("backwards.json", backwards)]
    then = [copies.file("lines.jsonl", texts["lines"]), copies.file("less.json", changed(texts["nameless"]))]
    kinds = [
        [copies.file("all.yaml", texts["yaml"])],
        [copies.file("all.xml", texts["xml"])],
        [copies.file("named.xml", texts["named xml"])],
    ]
    for files in (first, then, *kinds):
        copies.django(2, f"FILES = {list(map(str, files))!r}" + LOAD)
        assert copies.load(3, *files) == sum(len(json.loads(texts["plain"])) for _ in files)
        theirs, ours = copies.rows(2), copies.rows(3)
        assert len(theirs["links_author_friends"]) > 3
        assert len(theirs["auth_user_groups"]) == (0 if files == then else 1)
        for table, rows in theirs.items():
            unlike = [pair for pair in zip(ours[table], rows, strict=True) if pair[0] != pair[1]]
            assert not unlike, (table, unlike[:2])


SHELF = {"model": "links.shelf", "pk": 5000, "fields": {"number": 77}}
WRONG = [
    (
        {"model": "links.nothing", "pk": 1, "fields": {}},
        "object 2 (links.nothing, pk 1): there is no such model",
    ),
    ({"model": "links.tag", "pk": 1}, 'object 2 (links.tag, pk 1) has no "fields".'),
    ([1], 'object 2 has no "model"'),
    ({"model": "links.tag", "pk": 1, "fields": {"colour": 1}}, "links.Tag has no field 'colour'"),
    (
        {"model": "links.tag", "pk": "x", "fields": {}},
        "object 2 (links.tag, pk 'x'): pk: a number is wanted, not 'x'.",
    ),
    ({"model": "links.tag", "pk": 1, "fields": {"word": None}}, "it could not be written: "),
    ({"model": "fields.anything", "pk": 1, "fields": {"date": "today"}}, "date: 'today' is not a date"),
    ({"model": "fields.anything", "pk": 1, "fields": {"binary": "ä"}}, "binary: "),
    ({"model": "fields.anything", "pk": 1, "fields": {"boolean": "maybe"}}, "boolean: “maybe” value must be"),
    ({"model": "links.seat", "pk": 1, "fields": {"restaurant": 12345}}, "refer to rows that are not there"),
    ({"model": "links.profile", "pk": 1, "fields": {"author": ["ann"]}}, "is a natural key of links.Author"),
    (
        {"model": "links.bar", "pk": 1, "fields": {"title": "x"}},
        "'title' is a field of a parent of links.Bar",
    ),
    ({"model": "links.book", "pk": 1, "fields": {"critics": [1]}}, "links.Book has no field 'critics'"),
    ({"model": "links.author", "pk": 1, "fields": {"name": "a", "friends": 1}}, "a list of keys is wanted"),
    ({"model": "auth.group", "pk": 1, "fields": {"name": "g", "permissions": [["a"]]}}, "has 1 parts, not 3"),
    (
        {"model": "auth.group", "pk": 1, "fields": {"name": "g", "permissions": [["a", "b", "c"]]}},
        "no row has the natural key [['a', 'b', 'c']]",
    ),
]


OBJECT = '<django-objects version="1.0"><object model="links.shelf" pk="9">%s</object></django-objects>'
ANYTHING = '<django-objects version="1.0"><object model="fields.anything">%s</object></django-objects>'
OTHERS = [
    ("open.yaml", "- {model: ", "open.yaml is no YAML: "),
    ("day.yaml", "- {model: links.shelf, pk: 2024-99-01}", "day.yaml is YAML that cannot be read: "),
    ("none.yaml", "", "none.yaml: a list of objects is wanted"),
    ("time.yaml", "- {model: fields.anything, fields: {time: 10:00:00}}", "time: "),
    ("open.xml", "<django-objects>", "open.xml is no XML: "),
    ("latin.xml", '<?xml version="1.0" encoding="latin-1"?>' + OBJECT % "", "is not in UTF-8"),
    ("typed.xml", '<!DOCTYPE x [<!ENTITY y "z">]>' + OBJECT % "", "typed.xml has a document type"),
    ("tag.xml", "<django-objects><thing/></django-objects>", "<object> is wanted in <django-objects>"),
    ("nameless.xml", OBJECT % "<field>1</field>", "object 1: <field name"),
    ("deep.xml", OBJECT % '<field name="number"><b>1</b></field>', "number: <b> is not known in a field"),
    ("text.xml", OBJECT % '<field name="number">one</field>', "number: a number is wanted, not 'one'"),
    (
        "plain.xml",
        OBJECT % '<field name="number"><natural>1</natural></field>',
        "that of another kind of field",
    ),
    ("json.xml", ANYTHING % '<field name="json">{</field>', "json: "),
    ("decoded.xml", ANYTHING % '<field name="own_decoded">1</field>', "its field has a decoder of its own"),
]


def test_what_is_wrong_is_told_and_nothing_is_written(copies: Copies) -> None:
    before = copies.rows(3)
    files = [
        copies.file(f"{number}.json", json.dumps([SHELF, item])) for number, (item, _) in enumerate(WRONG)
    ]
    broken = copies.file("broken.json", '[{"model": ')
    yml = copies.file("shelf.yml", "- model: links.shelf")
    others = [copies.file(name, text) for name, text, _ in OTHERS]
    torn = copies.folder / "torn.json.gz"
    torn.write_bytes(gzip.compress(b"[]")[:10] + b"nothing of the kind")
    files += [*others, broken, yml, copies.folder / "gone.json", torn]
    told = copies.load_each(3, files)
    for file, text, expected in zip(
        files,
        told,
        [
            *(text for _, text in WRONG),
            *(text for _, _, text in OTHERS),
            "broken.json is no JSON: ",
            "shelf.yml is no fixture by its name",
            "gone.json cannot be read: No such file",
            "torn.json.gz cannot be read",
        ],
        strict=True,
    ):
        assert expected in str(text), (file.name, text)
    after = copies.rows(3)
    after.pop("sequences", None)  # never rolled back
    assert all(before[table] == rows for table, rows in after.items())


@pytest.mark.parametrize("sides", ["sqlite"], indirect=True)
def test_natural_keys_that_the_caller_explains(copies: Copies) -> None:
    text = [
        {
            "model": "links.book",
            "fields": {"name": "b", "author": ["ann of fixtures"], "shelf": [7801], "tags": [["fixtures"]]},
        },
        {"model": "links.shelf", "fields": {"number": 7801}},
        {"model": "links.author", "pk": 900, "fields": {"name": "ann of fixtures"}},
        {"model": "links.tag", "fields": {"word": "fixtures"}},
    ]
    file = copies.file("named.json", json.dumps([*text[1:], text[0], text[1]]))
    keys = {"links.Author": ("name",), "links.Shelf": ("number",), "links.Tag": ("word",)}
    before = copies.rows(3)
    assert copies.load(3, file, natural=keys) == 5
    after = copies.rows(3)
    more = {
        t: len(after[t]) - len(before[t]) for t in after if t.startswith("links_") and after[t] != before[t]
    }
    assert more == {
        "links_author": 1,
        "links_book": 1,
        "links_book_tags": 1,
        "links_shelf": 1,
        "links_tag": 1,
    }
