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
from rest_framework.permissions import BasePermission
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

class PlainSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]

class Base(APIView):
    @cached_property
    def note(self):
        return get_object_or_404(Note, pk=self.kwargs["pk"])
    def told(self):
        return {"t": self.note.title, "s": self.note.stars}
    def grow(self):
        self.note.stars += 1
        self.note.save()

class Grown(Base):
    def post(self, request, pk):
        before = self.told()
        self.grow()
        return Response({"b": before, "a": self.told()})

class Few(BasePermission):
    def has_permission(self, request, view):
        return view.note.stars < 100

class Allowed(Base):
    permission_classes = [Few]
    def post(self, request, pk):
        self.note.title = "new"
        self.note.save(update_fields=["title"])
        return Response(PlainSerializer(self.note).data)

class Behind(Base):
    def post(self, request, pk):
        a = self.note.title
        Note.objects.filter(pk=pk).update(title="other")
        return Response({"a": a, "b": self.note.title})

class Saved(Base):
    def post(self, request, pk):
        a = self.note.title
        s = PlainSerializer(self.note, data={"title": "sss", "stars": 4})
        s.is_valid(raise_exception=True)
        s.save()
        return Response({"a": a, "b": self.note.title, "d": s.data})

class Gone(Base):
    def delete(self, request, pk):
        a = self.note.title
        self.note.delete()
        return Response({"a": a, "b": self.note.title, "pk": self.note.pk})

class Beside(Base):
    def post(self, request, pk):
        n = Note.objects.get(pk=self.note.pk)
        n.title = "zzz"
        n.save()
        return Response({"b": self.note.title})

class Listed(Base):
    @cached_property
    def kids(self):
        return list(self.note.kids.order_by("pk"))
    def post(self, request, pk):
        x = len(self.kids)
        Note.objects.create(title="k", parent=self.note)
        return Response({"x": x, "y": len(self.kids), "t": [k.title for k in self.kids]})

class Numbered(Base):
    @cached_property
    def count(self):
        return self.note.kids.count()
    def post(self, request, pk):
        x = self.count
        Note.objects.create(title="k", parent=self.note)
        return Response({"x": x, "y": self.count})

class Latest(generics.UpdateAPIView):
    serializer_class = PlainSerializer
    @cached_property
    def first(self):
        return Note.objects.order_by("pk").first()
    def get_queryset(self):
        return Note.objects.filter(pk__gte=self.first.pk)
    def perform_update(self, serializer):
        serializer.save()
        Note.objects.filter(pk=self.first.pk).update(stars=9)
    def update(self, request, *args, **kwargs):
        r = super().update(request, *args, **kwargs)
        return Response({"d": r.data, "f": self.first.stars})
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
    path("grown/<int:pk>/", views.Grown.as_view()),
    path("allowed/<int:pk>/", views.Allowed.as_view()),
    path("behind/<int:pk>/", views.Behind.as_view()),
    path("saved/<int:pk>/", views.Saved.as_view()),
    path("gone/<int:pk>/", views.Gone.as_view()),
    path("beside/<int:pk>/", views.Beside.as_view()),
    path("listed/<int:pk>/", views.Listed.as_view()),
    path("numbered/<int:pk>/", views.Numbered.as_view()),
    path("latest/<int:pk>/", views.Latest.as_view()),
]
"""
# Read, then something changes, then read again: Django's object has what it was.
REFUSED = {
    "GET /changed/{pk}/": "read-order", "GET /renamed/{pk}/": "read-order", "GET /cleared/{pk}/": "read-order",
    "GET /deleted/{pk}/": "del", "GET /fresh/{pk}/": "refresh-from-db",
    # Some columns are read here and the whole object there: two answers of the database, where Django's object is one.
    "POST /allowed/{pk}/": "read-order", "PUT /latest/{pk}/": "read-order", "PATCH /latest/{pk}/": "read-order",
}  # fmt: skip


def test_what_is_computed_once_is_asked_for_once(tmp_path: Path) -> None:
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    site = Site.make(tmp_path / "site", files)
    output = tmp_path / "fastapi"
    program, report = site.explore(site.snapshot(), output, cases=260, seconds=30)
    assert {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused} == REFUSED
    assert differences(report) == []
    found = {o.key: o for o in report.operations}
    assert [o.key for o in report.operations if o.excess_queries] == []
    assert {k for k, o in found.items() if not {"200", "201", "204"} & set(o.statuses)} == set()
    for file in output.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "@once\n" in text:
            file.write_text(text.replace("@once\n", ""), encoding="utf-8")
    snapshot = site.snapshot()
    project = verify.ProjectRef(site.root, output, site.root / ".segue", site.python, snapshot)
    # Without it: the same rows, asked for once more.
    doubled = ["GET /notes/", "GET /kids/{pk}/", "GET /keys/", "GET /first/", "GET /served/{pk}/"]
    again = verify.explore(project, only=doubled, cases=40, seconds=300)
    assert {o.key for o in again.operations if o.excess_queries} == set(doubled)
