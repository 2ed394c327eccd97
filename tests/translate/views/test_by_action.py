"""``get_queryset`` that depends on the action: each operation has only the part that is its own."""

from __future__ import annotations

from pathlib import Path

from tests.cli.tiny import MODELS
from tests.projects.site import Site, differences

VIEWS = """\
from rest_framework import serializers, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.parsers import FormParser
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class NoteViewSet(viewsets.ModelViewSet):
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = []

    def get_queryset(self):
        notes = Note.objects.order_by("-id")
        if self.action in ["update", "partial_update"]:
            return notes.filter(stars__gt=1)
        if self.action not in ("list", "destroy"):
            notes = notes.filter(stars__lt=9)
        return notes


class SaysViewSet(viewsets.ViewSet):
    authentication_classes = []

    @action(
        detail=False,
        methods=["post"],
        permission_classes=[IsAdminUser],
        authentication_classes=[SessionAuthentication],
        parser_classes=[FormParser],
    )
    def said(self, request):
        return Response({"said": request.data.get("title")})
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet, basename="note")
router.register("says", views.SaysViewSet, basename="says")
# What @action says counts where a router makes the URL.
urlpatterns = [*router.urls, path("anybody/", views.SaysViewSet.as_view({"post": "said"}))]
"""


def test_each_operation_has_its_own_part(tmp_path: Path) -> None:
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    site = Site.make(tmp_path / "site", files)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=400, seconds=30)
    assert not program.refused
    assert differences(report) == []
    text = "\n".join(file.read_text() for file in (tmp_path / "fastapi" / "app" / "notes").glob("*.py"))
    asked = {o.key: set(o.statuses) for o in report.operations}
    assert {"200", "403", "415"} <= asked["POST /says/said/"]
    assert "200" in asked["POST /anybody/"]
    assert not {"403", "415"} & asked["POST /anybody/"]
    assert " in [" not in text
    assert " in (" not in text
    assert "stars > 1" in text
    assert "stars < 9" in text
