"""A wrong URL where the project has a 404 page of its own: Django's to answer, so no difference."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.tiny import MODELS
from tests.projects.site import SETTINGS, Site, differences

VIEWS = """\
from django.http import Http404, HttpResponseNotFound, JsonResponse
from django.shortcuts import get_object_or_404
from rest_framework import serializers, viewsets

from notes.models import Note


def nowhere(request, exception):
    return HttpResponseNotFound("<h1>Lost?</h1>")


def one(request, pk):
    return JsonResponse({"title": get_object_or_404(Note, pk=pk).title})


def late(request):
    Note.objects.create(title="late")
    raise Http404


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = []
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
urlpatterns = [*router.urls, path("one/<int:pk>/", views.one), path("late/", views.late)]
"""
TEMPLATES = """
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
"""
OWN_PAGE = {
    "handler": {"site_/urls.py": URLS + 'handler404 = "notes.views.nowhere"\n'},
    "template": {
        "site_/settings.py": SETTINGS + TEMPLATES,
        "notes/templates/404.html": "<h1>Lost?</h1>",
    },
}


@pytest.mark.parametrize("page", sorted(OWN_PAGE))
def test_an_own_404_page_is_djangos_to_answer(tmp_path: Path, page: str) -> None:
    """The gateway knows no such route and asks Django; the generated service is never asked."""
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS, **OWN_PAGE[page]}
    site = Site.make(tmp_path / "site", files)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=300, seconds=20)
    # Django cannot show its page for what has written already.
    assert [(r.route_id, r.reasons[0].code) for r in program.refused] == [("/late/", "own-error-page")]
    plain = next(o for o in report.operations if o.key == "GET /one/{pk}/")
    assert plain.statuses["200"]
    assert "404" not in plain.statuses
    assert plain.left
    assert sum(o.cases for o in report.operations) >= 200
    assert differences(report) == []
