"""Django with a router that reads from one database and writes to another; answers one JSON line each.

``["reset"]`` fills both, with different rows; ``["dump"]`` tells what both hold; ``["run", steps]`` what happened.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from typing import Any

import django
from django.apps import AppConfig
from django.conf import settings


class ReplicaConfig(AppConfig):
    name, label = "__main__", "replica"


class Router:
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, *objects: Any, **hints: Any) -> bool:
        return True


settings.configure(
    DATABASES=json.loads(sys.argv[1]), SECRET_KEY="x", INSTALLED_APPS=["__main__.ReplicaConfig"], LOGGING_CONFIG=None,
    DATABASE_ROUTERS=[Router()],
)  # fmt: skip
django.setup()
logging.disable()

from django.db import connections, models, transaction  # noqa: E402


class Shelf(models.Model):
    class Meta:
        app_label = "replica"


class Tag(models.Model):
    class Meta:
        app_label = "replica"


class Book(models.Model):
    title = models.CharField(max_length=20, unique=True)
    shelf = models.ForeignKey(Shelf, models.CASCADE)
    tags = models.ManyToManyField(Tag)

    class Meta:
        app_label = "replica"


class Undone(Exception):
    pass


def reset() -> None:
    for alias, first in (("default", 1), ("replica", 2)):
        with transaction.atomic(using=alias):
            for model in (Book.tags.through, Book, Tag, Shelf):
                model.objects.using(alias).all().delete()
            books = range(first, first + 3)
            Tag.objects.using(alias).bulk_create([Tag(pk=pk) for pk in (1, 2, 3)])
            Shelf.objects.using(alias).bulk_create([Shelf(pk=pk) for pk in (first, first + 1)])
            Book.objects.using(alias).bulk_create(
                [Book(pk=pk, title=f"{alias[0]}{pk}", shelf_id=2) for pk in books]
            )
            links = [Book.tags.through(pk=pk, book_id=pk, tag_id=first) for pk in books]
            Book.tags.through.objects.using(alias).bulk_create(links)


def dump() -> list[Any]:
    return [
        [
            list(Shelf.objects.using(alias).order_by("pk").values_list("pk", flat=True)),
            list(Book.objects.using(alias).order_by("pk").values_list("pk", "title", "shelf_id")),
            sorted(Book.tags.through.objects.using(alias).values_list("book_id", "tag_id")),
        ]
        for alias in ("default", "replica")
    ]


def run(steps: list[Any], told: list[Any]) -> None:
    for step in steps:
        try:
            told.append(one(told, *step))
        except Undone:
            raise
        except Exception as error:  # noqa: BLE001
            told.append(type(error).__name__)


def one(told: list[Any], what: str, *given: Any) -> Any:
    if what == "list":
        return list(Book.objects.order_by("pk").values_list("title", flat=True))
    if what == "get":
        return Book.objects.get(pk=given[0]).title
    if what == "get, primary":
        return Book.objects.using("default").get(pk=given[0]).title
    if what == "count":
        return [Book.objects.count(), Book.objects.filter(pk=given[0]).exists()]
    if what == "create":
        return Book.objects.create(pk=given[0], title=given[1], shelf_id=2).pk
    if what == "save":
        book = Book.objects.get(pk=given[0])
        book.title = given[1]
        return book.save()
    if what == "save shelf":
        return Shelf.objects.get(pk=given[0]).save()
    if what == "save, named":
        book = Book.objects.get(pk=given[0])
        book.title = given[1]
        return book.save(update_fields=["title"])
    if what == "delete":
        return Book.objects.get(pk=given[0]).delete()[0]
    if what == "delete many":
        return Book.objects.filter(pk__gte=given[0]).delete()[0]
    if what == "delete shelf":
        return Shelf.objects.get(pk=given[0]).delete()[0]
    if what == "update many":
        return Book.objects.filter(pk=given[0]).update(title=given[1])
    if what == "get or create":
        book, made = Book.objects.get_or_create(title=given[0], defaults={"shelf_id": 2})
        return [book.pk, made]
    if what == "update or create":
        book, made = Book.objects.update_or_create(
            title=given[0], defaults={"title": given[1], "shelf_id": 2}
        )
        return [book.pk, made]
    if what == "lock":
        with transaction.atomic():
            return Book.objects.select_for_update().get(pk=given[0]).title
    if what == "set tags":
        return Book.objects.get(pk=given[0]).tags.set(given[1])
    if what == "clear tags":
        return Book.objects.get(pk=given[0]).tags.clear()
    if what == "tags":
        return sorted(Book.objects.get(pk=given[0]).tags.values_list("pk", flat=True))
    if what == "refresh":
        book = Book.objects.using("default").get(pk=given[0])
        book.refresh_from_db()
        return book.title
    assert what == "atomic"
    steps, fails = given
    with suppress(Undone), transaction.atomic():
        run(steps, told)
        if fails:
            raise Undone
    return "left"


for alias in connections:
    if "replica_book" not in connections[alias].introspection.table_names():
        with connections[alias].schema_editor() as editor:
            for model in (Shelf, Tag, Book):
                editor.create_model(model)
for line in sys.stdin:
    command, *arguments = json.loads(line)
    told: Any = []
    if command == "run":
        run(arguments[0], told)
    else:
        told = {"reset": reset, "dump": dump}[command]()
    print(json.dumps(told), flush=True)
