"""A project's factories in the tests of its service: the same calls make the same rows as in Django, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.projects.site import SETTINGS, Site
from tests.services import Postgres

from segue.emit import write
from segue.target.ir import Program
from segue.translate.program import translate

MODELS = """\
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.text import slugify


class User(AbstractUser):
    class Role(models.TextChoices):
        READER = "reader", "Reader"
        EDITOR = "editor", "Editor"

    role = models.CharField(max_length=10, choices=Role.choices, default=Role.READER)


class Tag(models.Model):
    label = models.CharField(max_length=20, unique=True)


class Shelf(models.Model):
    place = models.IntegerField()
    opened = models.DateField(null=True)


class Author(models.Model):
    name = models.CharField(max_length=60)
    born = models.DateField(null=True)
    editor = models.ForeignKey(User, models.CASCADE, null=True)

    @property
    def loud(self):
        return self.name.upper()


class Book(models.Model):
    class Status(models.TextChoices):
        DRAFT = "d", "Draft"
        SOLD = "s", "Sold"

    title = models.CharField(max_length=60)
    slug = models.SlugField()
    author = models.ForeignKey(Author, models.CASCADE)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    status = models.CharField(max_length=1, choices=Status.choices)
    shelf = models.ForeignKey(Shelf, models.SET_NULL, null=True)
    tags = models.ManyToManyField(Tag)
    made = models.DateTimeField(auto_now_add=True)
    extra = models.JSONField(default=dict)

    def save(self, *args, **kwargs):
        if not self.slug:
            self.slug = slugify(self.title)
        super().save(*args, **kwargs)


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    text = models.TextField()


class Log(models.Model):
    text = models.CharField(max_length=80)


class Odd(models.Model):
    name = models.CharField(max_length=20)
    place = models.IntegerField()

    def save(self, *args, **kwargs):
        self.place = Odd.objects.count()
        if self.place < 9:
            super().save(*args, **kwargs)


class Even(models.Model):
    name = models.CharField(max_length=20)

    def save(self, *args, **kwargs):
        if Even.objects.count() < 9:
            super().save(*args, **kwargs)


@receiver(post_save, sender=Book)
def tell(sender, instance, created, **kwargs):
    if created:
        Log.objects.create(text=f"Made {instance.title}")
"""
FACTORIES = """\
import datetime
from decimal import Decimal
from random import choice

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.text import slugify
from factory import fuzzy
from factory.django import Password

try:
    from factory import DjangoModelFactory  # before 3.0
except ImportError:
    from factory.django import DjangoModelFactory

from notes import models
from notes.models import Author, Book, Shelf, Tag

STATES = [state for state in Book.Status.values]


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()
        django_get_or_create = ("username",)

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda o: f"{o.username}@example.com".lower())
    password = Password("secret")
    role = get_user_model().Role.EDITOR
    last_login = factory.LazyFunction(timezone.now)
    date_joined = timezone.now() - datetime.timedelta(days=1)


class HashedFactory(UserFactory):
    password = make_password("hashed")


class SetFactory(UserFactory):
    password = factory.PostGenerationMethodCall("set_password", "set")


class TagFactory(DjangoModelFactory):
    label = factory.Sequence("tag {}".format)

    class Meta:
        model = Tag


class WornTagFactory(TagFactory):
    @factory.post_generation
    def books(self, create, extracted, **kwargs):
        self.book_set.add(*(extracted or []))


class ChosenTagFactory(TagFactory):
    label = factory.LazyFunction(lambda: choice(["one", "one"]))


class ShelfFactory(DjangoModelFactory):
    \"\"\"A shelf.\"\"\"

    place = fuzzy.FuzzyInteger(1, 9)
    opened = "2024-02-29"

    class Meta:
        model = "notes.Shelf"


class AuthorFactory(DjangoModelFactory):
    class Meta:
        model = Author
        exclude = ("first",)

    class Params:
        edited = factory.Trait(editor=factory.SubFactory(UserFactory, role=models.User.Role.READER))

    first = factory.Faker("first_name")
    name = factory.LazyAttribute(lambda o: f"{o.first} of {o.born.year if o.born else 'nowhere'}")
    born = datetime.date(1990, 1, 2)


class BookFactory(DjangoModelFactory):
    class Meta:
        model = Book
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Book {n}")
    author = factory.SubFactory(AuthorFactory)
    price = Decimal("9.50")
    status = factory.Iterator(Book.Status)
    extra = factory.Dict({"by": factory.SelfAttribute("..author.name"), "in": STATES})

    @factory.lazy_attribute
    def shelf(self):
        if self.price > 10:
            return ShelfFactory(place=int(self.price))
        return None

    @factory.post_generation
    def tags(self, create, extracted, **kwargs):
        if not create:
            return
        if extracted:
            self.tags.add(*extracted)
        for label in kwargs.get("labels", []):
            self.tags.add(TagFactory(label=label))


class ReviewedFactory(BookFactory):
    review = factory.RelatedFactory("notes.factories.ReviewFactory", factory_related_name="book")

    @factory.post_generation
    def sold(self, create, extracted, **kwargs):
        if create and extracted:
            self.tags.set([])


class ReviewFactory(DjangoModelFactory):
    book = factory.SubFactory(BookFactory)
    text = factory.Faker("sentence")

    class Meta:
        model = models.Review


class TaggedUserFactory(UserFactory):
    @factory.post_generation
    def promoted(self, create, extracted, **kwargs):
        if create and extracted:
            self.is_staff = extracted
            self.set_password("new")
            self.save()


class EvenFactory(DjangoModelFactory):
    class Meta:
        model = models.Even

    name = "even"
"""
# What is refused, and what its reason names.
REFUSED = {
    "OddFactory": "notes.Odd.place",
    "LoudFactory": "notes.Author.loud",
    "CountingFactory": "models.Tag.objects.count",
    "CodeFactory": "helper",
    "NoFieldFactory": "notes.Tag.name",
    "ChildFactory": "notes.Odd.place",
    "GrandchildFactory": "GrandchildFactory",
    "ManagedFactory": "def _create",
    "ReverseFactory": "notes.Book.reviews",
    "RawFactory": "self.label.of",
    "StatesFactory": "STATES",
    "NamedFactory": "choice",
    "HidingFactory": "lambda now: now",
    "InheritedFactory": "class InheritedFactory",
    "DatedFactory": "datetime.date",
}
ODD = """\
import datetime
import random
from secrets import choice

import factory
from factory.django import DjangoModelFactory

from notes import models
from notes.factories import BookFactory, TagFactory


STATES = ["x"]


def helper():
    return models.Tag.objects.count()


class OddFactory(DjangoModelFactory):
    class Meta:
        model = models.Odd

    name = "odd"


class ChildFactory(OddFactory):
    name = "child"


class GrandchildFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag
        exclude = ["odd"]

    odd = factory.SubFactory(ChildFactory)


class LoudFactory(DjangoModelFactory):
    class Meta:
        model = models.Review

    book = factory.SubFactory(BookFactory)
    text = "x"

    @factory.post_generation
    def loud(self, create, extracted, **kwargs):
        self.text = self.book.author.loud.upper()


class CountingFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag

    label = factory.LazyFunction(lambda: str(models.Tag.objects.count()))


class CodeFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag

    label = factory.LazyFunction(helper)


class NoFieldFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag

    name = "x"


class ManagedFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return super()._create(model_class, *args, **kwargs)


class ReverseFactory(BookFactory):
    @factory.post_generation
    def kept(self, create, extracted, **kwargs):
        self.reviews.set(extracted)


class RawFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag

    label = factory.LazyAttribute(lambda self: self.label.of(1))


class StatesFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag

    label = STATES[0]


class NamedFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag

    label = factory.LazyFunction(lambda: choice("ab"))


class HidingFactory(DjangoModelFactory):
    class Meta:
        model = models.Tag

    label = factory.Sequence(lambda now: now)


class DatedFactory(DjangoModelFactory):
    class Meta:
        model = models.Shelf
        exclude = ["date"]

    place = 1
    date = datetime.date(2024, 1, 1)
    opened = datetime.date(2024, 1, 2)


class InheritedFactory(DjangoModelFactory):
    class Meta(TagFactory.Meta):
        pass

    label = "x"
"""
VIEWS = """\
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from notes.models import Author


class AuthorSerializer(ModelSerializer):
    class Meta:
        model = Author
        fields = ["id", "name"]


class AuthorViewSet(ReadOnlyModelViewSet):
    queryset = Author.objects.order_by("id")
    serializer_class = AuthorSerializer
"""
URLS = """\
from notes.views import AuthorViewSet
from rest_framework.routers import SimpleRouter

router = SimpleRouter()
router.register("authors", AuthorViewSet)
urlpatterns = router.urls
"""
CALLS = """\
factory.random.reseed_random(7)
TagFactory()
tags = TagFactory.create_batch(2)
AuthorFactory(name="Ada")
AuthorFactory(edited=True, born=None)
UserFactory(username="kept")
assert UserFactory(username="kept", email="other").email == "kept@example.com"
HashedFactory()
SetFactory()
TaggedUserFactory(promoted=True)
BookFactory(tags=tags[:1], price=Decimal("12.5"))
BookFactory(slug="own", tags__labels=["new"], author__name="Bo")
ReviewedFactory(sold=True, tags=tags, review__text="Read")
ReviewFactory.create_batch(2)
WornTagFactory(books=[BookFactory(), BookFactory()])
HashedFactory(password="raw")
assert TagFactory.build().id is None
EvenFactory()
ChosenTagFactory()
"""
NAMES = ["User", "Tag", "Shelf", "Author", "Book", "Review", "Log", "Even"]
ON_DJANGO = """\
import json
import django
django.setup()
import factory, factory.random
from django.db import connection, transaction
from notes import models
from notes.factories import *
{calls}
def shown(row):
    found = {{f.attname: str(getattr(row, f.attname)) for f in row._meta.concrete_fields}}
    if "password" in found:
        found["password"] = [raw for raw in ("secret", "hashed", "set", "new") if row.check_password(raw)]
    return {{k: v for k, v in found.items() if k not in ("made", "date_joined", "last_login")}}
rows = {{name: [shown(row) for row in getattr(models, name).objects.order_by("pk")] for name in {names}}}
rows["tags"] = sorted([str(a), str(b)] for a, b in models.Book.tags.through.objects.values_list("book_id", "tag_id"))
print(json.dumps(rows))
"""
ON_FASTAPI = """\
import asyncio, json, os
import factory, factory.random
from fastapi.testclient import TestClient
from sqlalchemy import select
from segue_bridge.testing.making import make
from segue_bridge.testing.rows import row, rows, run
from app.access import PASSWORDS
from app.notes import models
from tests.factories import *


def shown(row):
    found = {{name: str(getattr(row, name)) for name in row.__mapper__.column_attrs.keys()}}
    if "password" in found:
        found["password"] = [
            raw for raw in ("secret", "hashed", "set", "new") if asyncio.run(PASSWORDS.check(raw, row.password))[0]
        ]
    return {{k: v for k, v in found.items() if k not in ("made", "date_joined", "last_login")}}


def test_same(client: TestClient) -> None:
{calls}
    found = {{name: [shown(row) for row in rows(getattr(models, name))] for name in {names}}}
    between = models.Book.tags.property.secondary
    found["tags"] = sorted(
        [str(a), str(b)] for a, b in run(lambda db: db.all(select(between.c.book_id, between.c.tag_id)))
    )
    with open(os.environ["ROWS"], "w") as file:
        json.dump(found, file)


def test_nothing_stays(client: TestClient) -> None:
    assert rows(models.Tag) == rows(models.Book) == []


def test_a_row_of_each_model(client: TestClient) -> None:
    for name in {names}:
        model = getattr(models, name)
        before = len(rows(model))
        made = make(model)
        assert len(rows(model)) == before + 1
        found = row(model, model.id == made.id)
        assert shown(found) == shown(made)


# What the docs show: a test in five lines.
def test_authors_are_listed(client: TestClient) -> None:
    AuthorFactory.create_batch(2, name="Ada")
    answer = client.get("/authors/")
    assert [author["name"] for author in answer.json()] == ["Ada", "Ada"]
"""


@dataclass(frozen=True)
class Translated:
    site: Site
    output: Path
    program: Program


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Translated:
    root = tmp_path_factory.mktemp("factories")
    site = Site.make(
        root / "site",
        {
            "site_/settings.py": SETTINGS + 'AUTH_USER_MODEL = "notes.User"\n'
            'PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\n',
            "site_/urls.py": URLS,
            "notes/models.py": MODELS,
            "notes/views.py": VIEWS,
            "notes/factories.py": FACTORIES,
            "notes/tests/__init__.py": "",
            "notes/tests/odd.py": ODD,
        },
    )
    program = translate(site.snapshot())
    write(program, root / "out")
    calls = "\n".join(f"    {line}" for line in CALLS.splitlines())
    (root / "out" / "tests" / "test_same.py").write_text(ON_FASTAPI.format(calls=calls, names=NAMES))
    return Translated(site, root / "out", program)


@pytest.fixture(scope="module")
def expected(made: Translated) -> Any:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "site_.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ON_DJANGO.format(calls=CALLS, names=NAMES)],
        cwd=made.site.root, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_the_same_calls_make_the_same_rows(
    made: Translated, expected: Any, vendor: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    environment = {**os.environ, "ROWS": str(tmp_path / "rows.json")}
    if vendor == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        environment["TEST_DATABASE_URL"] = postgres.create("factories")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", "tests/test_same.py"],
        cwd=made.output, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "rows.json").read_text())
    for table, rows in expected.items():
        assert found[table] == rows, table


def test_what_is_not_known_is_refused_and_told(made: Translated) -> None:
    refused = {name.rpartition(".")[2]: one for name, one in made.program.factories_refused.items()}
    assert {name: one.construct for name, one in refused.items()} == REFUSED
    alone = made.program.factories_alone["notes.factories.EvenFactory"]
    assert alone.place.startswith("notes/models.py:")
    told = (made.output / "PORTING.md").read_text()
    assert "| `notes.factories.EvenFactory` |" in told
    assert all(f"notes.tests.odd.{name}`" in told for name in refused)
