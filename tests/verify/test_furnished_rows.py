"""Rows that are made for empty tables: what code asks for is there, and what may be NULL is not always."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

MODELS = """\
import json
import zlib
from django.db import models

class Event(models.Model):
    organiser = models.ForeignKey("Organiser", null=True, on_delete=models.CASCADE)
    name = models.CharField(max_length=50)
    kept = models.BinaryField()

    def document(self):
        return json.loads(zlib.decompress(self.kept))

class Organiser(models.Model):
    name = models.CharField(max_length=50)

class Role(models.Model):
    name = models.CharField(max_length=50, unique=True)
"""
VIEWS = """\
from django.conf import settings
from django.shortcuts import get_object_or_404
from rest_framework.response import Response
from rest_framework.views import APIView
from notes.models import Event, Role

class EventView(APIView):
    def get(self, request, pk):
        event = get_object_or_404(Event, pk=pk)
        return Response({"by": event.organiser.name, "name": event.name})

class RoleView(APIView):
    def get(self, request):
        return Response([Role.objects.get(name=settings.ROLE_ADMIN).name, Role.objects.get(name="viewer").name])

class DocumentView(APIView):
    def get(self, request, pk):
        return Response(Event.objects.get(pk=pk).document())
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [
    path("events/<int:pk>/", views.EventView.as_view()),
    path("roles/", views.RoleView.as_view()),
    path("documents/<int:pk>/", views.DocumentView.as_view()),
]
"""


def test_views_find_what_they_ask_for(tmp_path: Path) -> None:
    files = {
        "site_/urls.py": URLS, "site_/settings.py": SETTINGS + 'ROLE_ADMIN = "project_admin"\n', "notes/models.py": MODELS,
        "notes/views.py": VIEWS,
    }  # fmt: skip
    site = Site.make(tmp_path / "site", files)
    _, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=60, seconds=20)
    assert differences(report) == []
    found = {o.key: o.statuses for o in report.operations}
    assert found["GET /roles/"]["200"] > 5
    assert found["GET /events/{pk}/"]["200"] > 2  # one without an organiser fails on both sides
    assert found["GET /documents/{pk}/"]["200"] > 5
