"""Factories that are refused, and what the reason of each names."""

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
    "InheritedFactory": "class Meta(TagFactory.Meta):",
    "DatedFactory": "datetime.date",
    "ParamsFactory": "@factory.lazy_attribute",
    "OptionFactory": "if True:",
    "ChangedFactory": "PLACES",
    "PathFactory": "notes.Author.loud",
    "OtherFactory": "self = other",
    "AnyNumberFactory": "def after(self, create, extracted, *rest)",
    "MethodFactory": "declarations.PostGenerationMethodCall('clean')",
    "KeptFactory": "notes.models.KeptTags.get_queryset",
    "StrangeFactory": "class StrangeFactory",
    "ZoneFactory": "timezone.localdate(None, datetime.timezone.utc)",
}
RECIPES = {
    "notes.baker_recipes.ada": "Recipe(Author)",
    "notes.baker_recipes.bob": "ada.extend",
    "notes.baker_recipes.novel": "recipe.Recipe('notes.Book')",
    "notes.tests.more_recipes.cy": "baker_recipes.bob.extend",
    "notes.tests.more_recipes.dee": "bob.extend",
}
BAKER_RECIPES = """\
from model_bakery import recipe
from model_bakery.recipe import Recipe, foreign_key, related, seq

from notes.models import Author


def helper():
    return "x"


ada = Recipe(Author, name=seq("Ada "))
bob = ada.extend(name="Bob")
novel = recipe.Recipe("notes.Book", author=foreign_key(bob), tags=related("tag"), title=helper)
shown = str(ada)
"""
MORE_RECIPES = """\
from notes import baker_recipes
from notes.baker_recipes import bob


class Shelf:
    def extend(self):
        return self


shelf = Shelf()
cy = baker_recipes.bob.extend(name="Cy")
dee = bob.extend(name="Dee")
other = shelf.extend()
"""
ODD = """\
import datetime
import random
from secrets import choice

import factory
from factory.django import DjangoModelFactory

from django.utils import timezone
from factory import declarations
from notes import models
from notes.factories import BookFactory, TagFactory


PLACES = [1]
PLACES.append(2)
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


class ParamsFactory(TagFactory):
    class Params:
        @factory.lazy_attribute
        def first(self):
            return "x"


class OptionFactory(TagFactory):
    class Meta:
        if True:
            django_get_or_create = ["label"]


class ChangedFactory(DjangoModelFactory):
    class Meta:
        model = models.Shelf

    place = factory.Iterator(PLACES)


class PathFactory(BookFactory):
    title = factory.SelfAttribute("author.loud")


class OtherFactory(TagFactory):
    @factory.post_generation
    def after(self, create, extracted, **kwargs):
        other = extracted
        self = other
        self.save()


class AnyNumberFactory(TagFactory):
    @factory.post_generation
    def after(self, create, extracted, *rest):
        len(rest)


class MethodFactory(TagFactory):
    label = declarations.PostGenerationMethodCall("clean")


class KeptFactory(DjangoModelFactory):
    class Meta:
        model = models.Kept
        django_get_or_create = ["label"]

    label = "x"


class StrangeFactory(BookFactory):
    class Meta:
        model = models.Review


class ZoneFactory(DjangoModelFactory):
    class Meta:
        model = models.Shelf

    place = 1
    opened = factory.LazyFunction(lambda: timezone.localdate(None, datetime.timezone.utc))
"""
