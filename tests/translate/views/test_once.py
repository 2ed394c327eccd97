"""``cached_property``: what an object has computed stays with it, and is asked for once."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site, differences

from segue import verify

MODELS = """\
from functools import cached_property
from django.db import models
from django.utils.functional import cached_property as dj_cached
class Tag(models.Model):
    name = models.CharField(max_length=20)
class Note(models.Model):
    title = models.CharField(max_length=50)
    stars = models.IntegerField(default=0)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="kids")
    tags = models.ManyToManyField(Tag)
    @cached_property
    def shouted(self):
        return self.title.upper()
    @dj_cached
    def tag_names(self):
        return [t.name for t in self.tags.order_by("pk")]
    @cached_property
    def top(self):
        return self.kids.order_by("-stars", "pk").first()
    @property
    def plain(self):
        return self.stars + 1
    @cached_property
    def big(self):
        return self.stars > 2
"""
VIEWS = """\
from functools import cached_property
from django.shortcuts import get_object_or_404
from rest_framework import serializers, viewsets, generics
from rest_framework.views import APIView
from rest_framework.response import Response
from rest_framework.decorators import action
from notes.models import Note, Tag

class NoteSerializer(serializers.ModelSerializer):
    names = serializers.SerializerMethodField()
    class Meta:
        model = Note
        fields = ["id", "title", "stars", "shouted", "tag_names", "names", "big"]
    def get_names(self, obj):
        return len(obj.tag_names)

class Notes(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("pk")
    serializer_class = NoteSerializer

class Starred(APIView):
    @cached_property
    def note(self):
        return get_object_or_404(Note, pk=self.kwargs["pk"])
    def get(self, request, pk):
        return Response({"t": self.note.title, "s": self.note.stars})
    def post(self, request, pk):
        self.note.stars += 1
        self.note.save()
        return Response({"s": self.note.stars})

class Kids(generics.ListAPIView):
    serializer_class = NoteSerializer
    @cached_property
    def parent(self):
        return get_object_or_404(Note, pk=self.kwargs["pk"])
    def get_queryset(self):
        return self.parent.kids.order_by("pk")
    def list(self, request, *args, **kwargs):
        answer = super().list(request, *args, **kwargs)
        answer["X-Parent"] = self.parent.title
        return answer

class Changed(APIView):
    def get(self, request, pk):
        n = get_object_or_404(Note, pk=pk)
        first = n.top
        a = n.big
        n.stars = 5
        return Response({"top": first.title if first else None, "again": n.top.title if n.top else "", "a": a, "big": n.big})

class Renamed(APIView):
    def get(self, request, pk):
        n = get_object_or_404(Note, pk=pk)
        before = n.shouted
        n.title = "other"
        n.save()
        return Response({"a": before, "b": n.shouted})

class Other(APIView):
    def get(self, request, pk):
        n = get_object_or_404(Note, pk=pk)
        n.title = "other"
        return Response({"b": n.shouted})

class Service:
    def __init__(self, user, pk):
        self.user = user
        self.pk = pk
    @cached_property
    def note(self):
        return Note.objects.filter(pk=self.pk).first()
    def title(self):
        return self.note.title if self.note else "none"

class Served(APIView):
    def get(self, request, pk):
        s = Service(request.user, pk)
        return Response({"t": s.title(), "n": s.note.stars if s.note else 0})

class Wanted(generics.RetrieveAPIView):
    serializer_class = NoteSerializer
    @cached_property
    def wanted(self):
        return Note.objects.filter(stars__gt=1)
    def get_queryset(self):
        return self.wanted.order_by("pk")

class Beneath(generics.CreateAPIView):
    serializer_class = NoteSerializer
    queryset = Note.objects.all()
    @cached_property
    def parent(self):
        return Note.objects.filter(title=self.request.data.get("title")).first()
    def perform_create(self, serializer):
        serializer.save(parent=self.parent)

class Keys(APIView):
    @cached_property
    def ids(self):
        return list(Note.objects.order_by("pk").values_list("pk", flat=True))
    def get(self, request):
        return Response({"ids": self.ids, "n": len(self.ids)})

class First(APIView):
    @cached_property
    def note(self):
        return Note.objects.order_by("pk").first()
    def get(self, request):
        if self.note is None:
            return Response({"none": True})
        return Response(NoteSerializer(self.note).data)

class Cleared(APIView):
    def get(self, request, pk):
        n = get_object_or_404(Note, pk=pk)
        x = n.tag_names
        n.tags.clear()
        return Response({"x": x, "y": n.tag_names})

class Deleted(APIView):
    def get(self, request, pk):
        n = get_object_or_404(Note, pk=pk)
        del n.shouted
        return Response({"x": n.shouted})
class Fresh(APIView):
    def get(self, request, pk):
        n = get_object_or_404(Note, pk=pk)
        x = n.shouted
        n.refresh_from_db()
        return Response({"x": n.shouted, "y": x})
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.Notes)
urlpatterns = [
    *router.urls,
    path("starred/<int:pk>/", views.Starred.as_view()),
    path("kids/<int:pk>/", views.Kids.as_view()),
    path("changed/<int:pk>/", views.Changed.as_view()),
    path("renamed/<int:pk>/", views.Renamed.as_view()),
    path("other/<int:pk>/", views.Other.as_view()),
    path("served/<int:pk>/", views.Served.as_view()),
    path("wanted/<int:pk>/", views.Wanted.as_view()),
    path("beneath/", views.Beneath.as_view()),
    path("keys/", views.Keys.as_view()),
    path("first/", views.First.as_view()),
    path("cleared/<int:pk>/", views.Cleared.as_view()),
    path("deleted/<int:pk>/", views.Deleted.as_view()),
    path("fresh/<int:pk>/", views.Fresh.as_view()),
]
"""
# Read, then something changes, then read again: Django's object has what it was.
REFUSED = {
    "GET /changed/{pk}/": "read-order", "GET /renamed/{pk}/": "read-order", "GET /cleared/{pk}/": "read-order",
    "GET /deleted/{pk}/": "del", "GET /fresh/{pk}/": "refresh-from-db",
}  # fmt: skip


def test_what_is_computed_once_is_asked_for_once(tmp_path: Path) -> None:
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    site = Site.make(tmp_path / "site", files)
    output = tmp_path / "fastapi"
    program, report = site.explore(site.snapshot(), output, cases=250, seconds=30)
    assert {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused} == REFUSED
    assert differences(report) == []
    found = {o.key: o for o in report.operations}
    assert [o.key for o in report.operations if o.excess_queries] == []
    assert {"200", "404"} <= set(found["GET /starred/{pk}/"].statuses)
    assert "200" in found["POST /starred/{pk}/"].statuses
    for file in output.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "@once\n" in text:
            file.write_text(text.replace("@once\n", ""), encoding="utf-8")
    snapshot = site.snapshot()
    project = verify.ProjectRef(site.root, output, site.root / ".segue", site.python, snapshot)
    again = verify.explore(project, cases=150, seconds=300)
    excess = {o.key for o in again.operations if o.excess_queries}
    assert {
        "GET /notes/",
        "GET /kids/{pk}/",
        "GET /keys/",
        "GET /first/",
        "GET /served/{pk}/",
        "POST /beneath/",
    } <= excess
