"""Judges routers as the probe does, and asks Django itself what each says: one JSON line for each router."""

import json
import random
import sys
from random import choice

import django
from django.apps import AppConfig
from django.conf import settings


class RoutedConfig(AppConfig):
    name, label = "__main__", "routed"


ALIASES = ("default", "replica", "other")
settings.configure(
    DATABASES={a: {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"} for a in ALIASES},
    INSTALLED_APPS=["__main__.RoutedConfig", "django.contrib.contenttypes"], DATABASE_ROUTERS=[],
)  # fmt: skip
django.setup()
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.db import models, router  # noqa: E402

from segue.probe import routers  # noqa: E402


class Book(models.Model):
    class Meta:
        app_label = "routed"


class Write:
    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, one, other, **hints):
        return True


class Replica(Write):
    """As in Django's documentation, with one replica."""

    def db_for_read(self, model, **hints):
        """Reads go there."""
        return "replica"


class Chosen(Write):
    def db_for_read(self, model, **hints):
        return random.choice(["replica", "other"])


class ChosenByName(Write):
    def db_for_read(self, model, **hints):
        return choice(("replica", "default"))

    def allow_relation(self, obj1, obj2, **hints):
        db_set = {"default", "replica", "other"}
        if obj1._state.db in db_set and obj2._state.db in db_set:
            return True
        return None


class Static:
    @staticmethod
    def db_for_read(model, **hints):
        return "replica"

    @classmethod
    def db_for_write(cls, model, **hints):
        return "default"

    def allow_relation(self, one, other, **hints):
        return True


class Silent:
    def db_for_read(self, model, **hints):
        return None

    def db_for_write(self, model, **hints):
        pass


class Sole:
    def db_for_read(self, model, **hints):
        return "default"


class ByModel(Write):
    def db_for_read(self, model, **hints):
        if model._meta.app_label == "contenttypes":
            return "other"
        return "replica"


class ByHint(Write):
    def db_for_read(self, model, **hints):
        return "replica" if "instance" in hints else "default"


class Unrelated(Replica):
    def allow_relation(self, one, other, **hints):
        return None


class Forbidding(Replica):
    def allow_relation(self, one, other, **hints):
        return False


class HalfRelated(Replica):
    def allow_relation(self, one, other, **hints):
        names = ("default",)
        if one._state.db in names and other._state.db in names:
            return True
        return None


class NotWriting:
    def db_for_read(self, model, **hints):
        return "replica"

    def allow_relation(self, one, other, **hints):
        return True


class ElsewhereWriting(Replica):
    def db_for_write(self, model, **hints):
        return "other"


class Nowhere(Write):
    def db_for_read(self, model, **hints):
        return "gone"


class Held(Write):
    def __init__(self):
        self.db_for_read = lambda model, **hints: random.choice(["default", "replica"])

    def db_for_read(self, model, **hints):
        return "replica"


class Wrapped(Write):
    def _other(function):
        return lambda self, model, **hints: "other" if model is Book else "replica"

    @_other
    def db_for_read(self, model, **hints):
        return "replica"


class Loaded(Write):
    weights = [1]

    def db_for_read(self, model, **hints):
        return random.choices(["replica", "default"], weights=[1, 0])[0]


class Shadowed(Write):
    def db_for_read(self, model, **hints):
        random.seed(1)
        return "replica"


def told(chosen):
    """What Django's routers say of every model, with and without a hint, and of every pair of rows."""
    rows = [Book(pk=n) for n, _ in enumerate(ALIASES)]
    for row, alias in zip(rows, ALIASES, strict=True):
        row._state.db = alias
    reads, writes = set(), set()
    for model in (Book, ContentType):
        for hints in ({}, *({"instance": row} for row in rows[:2])):
            for _ in range(40):
                reads.add(router.db_for_read(model, **hints))
            writes.add(router.db_for_write(model, **hints))
    places = {chosen, "default"}
    pairs = [(a, b) for a in rows for b in rows if {a._state.db, b._state.db} <= places]
    return sorted(reads), sorted(writes), all(router.allow_relation(a, b) for a, b in pairs)


for line in sys.stdin:
    names = json.loads(line)
    settings.DATABASE_ROUTERS = [globals()[name]() for name in names]
    router._routers = settings.DATABASE_ROUTERS
    router.__dict__.pop("routers", None)
    found = routers.describe(settings)
    reads, writes, related = ["?"], ["?"], False
    if not found["problem"]:
        reads, writes, related = told(found["replica"] or "default")
    print(json.dumps([found, reads, writes, related]), flush=True)
