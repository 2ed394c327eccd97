"""Format suffixes: view methods that take ``format=`` and those that fail on it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.tiny import MODELS
from tests.projects.site import Site, differences

VIEWS = """\
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = []

    @action(detail=True)
    def short(self, request, pk=None):
        return Response({"title": self.get_object().title})

    @action(detail=True)
    def known(self, request, pk=None, format=None):
        return Response({"title": self.get_object().title})

    @action(detail=False)
    def anything(self, request, **kwargs):
        return Response({"any": 1})

    @action(detail=False)
    def named(self, request, format=None):
        return Response({"format": self.format_kwarg, "given": self.format_kwarg is not None})


class LinkedSerializer(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = Note
        fields = ["url", "title"]


class LinkedViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = LinkedSerializer
    authentication_classes = []
    permission_classes = []
"""
URLS = """\
from rest_framework.routers import DefaultRouter
from notes import views

router = DefaultRouter()
router.register("notes", views.NoteViewSet)
router.register("linked", views.LinkedViewSet, basename="linked")
urlpatterns = router.urls
"""


def test_a_suffix_that_the_method_does_not_take_is_left_to_django(tmp_path: Path) -> None:
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    site = Site.make(tmp_path / "site", files)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=2000)
    assert not [r for r in program.refused if r.route_id != "/"]
    assert differences(report) == []
    left = {o.key.split()[1]: o.unserved for o in report.operations if o.key.startswith("GET ")}
    assert left["/notes/{pk}/short/"] > 0
    routes = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    assert left["/linked/"] > 0  # links of such a request have a suffix, too
    assert left["/linked/{pk}/"] > 0
    assert routes.count("suffix=False") == 1 + 2
