"""A small stock keeper on PostgreSQL: locks, counters, a read that is written back, a pair of locks, a unique name."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from tests.projects.site import SETTINGS, Site
from tests.services import Postgres

from segue.emit import write
from segue.translate.program import translate
from segue.verify import ProjectRef

MODELS = """\
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=40, unique=True)
    count = models.IntegerField(default=100)
    hits = models.IntegerField(default=0)
    reads = models.IntegerField(default=0)
"""
VIEWS = """\
from django.db import transaction
from django.db.models import F
from rest_framework import generics, serializers
from rest_framework.decorators import api_view
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from notes.models import Item


class ItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["id", "name", "count"]


class Items(generics.ListCreateAPIView):
    queryset = Item.objects.order_by("id")
    serializer_class = ItemSerializer


@api_view(["POST"])
def take(request, item_id):
    with transaction.atomic():
        item = get_object_or_404(Item.objects.select_for_update(), pk=item_id)
        item.count = item.count - 1
        item.save(update_fields=["count"])
    return Response({"count": item.count})


@api_view(["POST"])
def hit(request, item_id):
    Item.objects.filter(pk=item_id).update(hits=F("hits") + 1)
    return Response(status=204)


@api_view(["POST"])
def read(request, item_id):
    item = get_object_or_404(Item, pk=item_id)
    item.reads = item.reads + 1
    item.save(update_fields=["reads"])
    return Response(status=204)


@api_view(["POST"])
def move(request, item, item_pk):
    with transaction.atomic():
        giving = get_object_or_404(Item.objects.select_for_update(), pk=item)
        taking = get_object_or_404(Item.objects.select_for_update(), pk=item_pk)
        giving.count = giving.count - 1
        giving.save(update_fields=["count"])
        taking.count = taking.count + 1
        taking.save(update_fields=["count"])
    return Response(status=204)
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [
    path("items/", views.Items.as_view()),
    path("items/<int:item_id>/take/", views.take),
    path("items/<int:item_id>/hit/", views.hit),
    path("items/<int:item_id>/read/", views.read),
    path("move/<int:item>/<int:item_pk>/", views.move),
]
"""
OPEN = """
REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
                  "DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": []}
"""


def build(folder: Path, postgres: Postgres, name: str) -> ProjectRef:
    """The project in ``folder``, on a database called ``name``, and its translation."""
    postgres.create(name)
    database = f"DATABASES = {{'default': {postgres.django(name)!r}}}"
    site = Site.make(
        folder / "site",
        {
            "site_/settings.py": f"{SETTINGS}{database}{OPEN}",
            "site_/urls.py": URLS,
            "notes/models.py": MODELS,
            "notes/views.py": VIEWS,
        },
    )
    snapshot = site.snapshot()
    write(translate(snapshot), folder / "fastapi")
    return ProjectRef(site.root, folder / "fastapi", folder / ".segue", site.python, snapshot)


def with_fault(project: ProjectRef, folder: Path, changes: dict[str, str]) -> ProjectRef:
    """The same with these texts in its generated code replaced, wherever they stand."""
    output = Path(shutil.copytree(project.output, folder / "faulty"))
    for old, new in changes.items():
        files = [f for f in output.rglob("*.py") if old in f.read_text(encoding="utf-8")]
        assert files, f"{old!r} is not in the generated code"
        for file in files:
            file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return dataclasses.replace(project, output=output)
