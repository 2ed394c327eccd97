"""Views and actions that have the name of what they call: a method of the model, a loader, a function of the bridge."""

from __future__ import annotations

import re
from pathlib import Path

from tests.projects.site import Site, differences

MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10)
    closed = models.BooleanField(default=False)

    def close(self):
        self.closed = True
        self.save()


class Marks(models.Model):
    # Rows of a local "marks" are "marks_rows", and so would be what loads them.
    text = models.CharField(max_length=10)
"""
VIEWS = """\
from rest_framework import serializers, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.response import Response

from notes.models import Marks, Note


@api_view(["GET"])
def count(request):
    return Response({"notes": Note.objects.count()})


@api_view(["GET"])
def marks(request):
    marks = Marks.objects.order_by("id")
    return Response([[mark.text for mark in marks], len(marks)])


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "closed"]


class NoteViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    @action(detail=True, methods=["post"])
    def close(self, request, pk=None):
        note = self.get_object()
        note.close()
        return Response(self.serializer_class(note).data)

    # What the generated code calls its loaders, presenters and the like.
    @action(detail=False)
    def rows(self, request):
        return Response(self.get_serializer(self.get_queryset(), many=True).data)

    @action(detail=True, methods=["post"])
    def entities(self, request, pk=None):
        note = self.get_object()
        note.closed = True
        note.save()
        return Response({"closed": note.closed})

    @action(detail=False)
    def read(self, request):
        return Response(self.get_serializer(self.get_queryset(), many=True).data)
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views
from site_ import api

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
router.register("others", api.NoteViewSet, basename="other")
urlpatterns = [path("count/", views.count), path("marks/", views.marks), *router.urls]
"""


def test_an_action_called_like_what_it_calls(tmp_path: Path) -> None:
    files = {"site_/urls.py": URLS, "site_/api.py": VIEWS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    site = Site.make(tmp_path / "site", files)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=60, seconds=20)
    assert not program.refused
    assert differences(report) == []
    closing = [operation for operation in report.operations if "close" in operation.key]
    assert len(closing) == 2
    assert all("200" in operation.statuses for operation in report.operations)
    for file in (tmp_path / "fastapi" / "app").rglob("routes.py"):
        text = file.read_text()
        imported = set(re.findall(r"^from app\S+ import (\w+)$", text, re.M))
        assert not imported & set(re.findall(r"^async def (\w+)", text, re.M))
