"""``get_queryset`` that depends on the action: each operation has only the part that is its own."""

from __future__ import annotations

from pathlib import Path

from tests.cli.tiny import MODELS
from tests.projects.site import Site, differences

VIEWS = """\
from rest_framework import serializers, viewsets

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
"""
URLS = """\
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet, basename="note")
urlpatterns = router.urls
"""


def test_each_operation_has_its_own_part(tmp_path: Path) -> None:
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    site = Site.make(tmp_path / "site", files)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=600, seconds=30)
    assert not program.refused
    assert differences(report) == []
    text = "\n".join(file.read_text() for file in (tmp_path / "fastapi" / "app" / "notes").glob("*.py"))
    assert " in [" not in text
    assert " in (" not in text
    assert "stars > 1" in text
    assert "stars < 9" in text
