"""What the services of others write and Segue refused in their first hour: names of users, ``self.queryset``, values that may be None."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.projects.site import Site, differences

from segue.snapshot.model import Snapshot
from segue.translate.program import translate

MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=12)
    subtitle = models.CharField(max_length=12, null=True, blank=True)
    due = models.DateField(null=True, blank=True)
    author = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="notes")
    editor = models.ForeignKey("auth.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="edited")

    class Meta:
        ordering = ["pk"]

    @property
    def edited_by(self):
        return "by " + self.editor.get_full_name()

    @property
    def shouted(self):
        return self.subtitle.upper()


class Page(models.Model):
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="pages")
    text = models.CharField(max_length=12)
"""
VIEWS = """\
from django.contrib.auth.models import User
from django.dispatch import Signal
from django.shortcuts import get_object_or_404
from rest_framework import generics, permissions, serializers, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.response import Response

from notes.models import Note, Page


told, asked = Signal(), Signal()


def write_page(sender, **kwargs):
    number = kwargs.get("number", 3)
    Page.objects.create(note=kwargs["note"], text=f"{kwargs.get('text')} {number}")


def write_signal(sender, **kwargs):
    Page.objects.create(note=kwargs["note"], text="yes" if kwargs.get("signal") else "no")


told.connect(write_page)
asked.connect(write_signal)


class NoteSerializer(serializers.ModelSerializer):
    author_name = serializers.SerializerMethodField()
    author_short = serializers.CharField(source="author.get_short_name", read_only=True)
    editor_name = serializers.CharField(source="editor.get_full_name", read_only=True, default=None)
    editor_login = serializers.CharField(source="editor.get_username", read_only=True)
    edited_by = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["id", "title", "author", "author_name", "author_short", "editor", "editor_name", "editor_login", "edited_by"]

    def get_author_name(self, obj):
        return obj.author.get_full_name() or obj.author.username

    def get_edited_by(self, obj):
        return obj.edited_by if obj.editor_id else ""


class NoteViewSet(viewsets.ModelViewSet):
    serializer_class = NoteSerializer

    def get_queryset(self):
        # Only those that somebody may see.
        self.queryset = Note.objects.select_related("author", "editor")
        if self.action == "list":
            return self.queryset.filter(title__gt="").order_by("-pk")
        return self.queryset

    @action(detail=True)
    def due(self, request, pk=None):
        note = self.get_object()
        try:
            return Response({"due": note.due.isoformat()})
        except AttributeError:
            return Response({"due": "never"})

    @action(detail=True)
    def shout(self, request, pk=None):
        note = self.get_object()
        return Response({"shouted": note.shouted, "title": note.subtitle.title()})

    @action(detail=True, methods=["post"])
    def tell(self, request, pk=None):
        note = self.get_object()
        told.send(sender=Note, note=note, text="told")
        return Response({"pages": note.pages.count()})


class InBranchView(generics.ListAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    def get_queryset(self):
        if self.request.query_params.get("all"):
            self.queryset = Note.objects.order_by("-pk")
        return self.queryset.filter(pk__gt=0)


class ReadView(generics.ListAPIView):
    serializer_class = NoteSerializer

    def get_queryset(self):
        self.queryset = Note.objects.order_by("-pk")
        return self.queryset

    def list(self, request, *args, **kwargs):
        response = super().list(request, *args, **kwargs)
        return Response({"all": response.data, "count": self.queryset.count()})


class PageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Page
        fields = ["id", "note", "text"]

    def create(self, validated_data):
        validated_data["text"] = self.context["first"].username[:12]
        return super().create(validated_data)

    def validate(self, attrs):
        if not attrs.get("text").isalnum():
            raise serializers.ValidationError("Letters and digits only.")
        return attrs


class MayWrite(permissions.BasePermission):
    def has_object_permission(self, request, view, obj):
        if request.method in permissions.SAFE_METHODS:
            return True
        if hasattr(obj, "author"):
            return obj.author == request.user
        elif hasattr(obj, "note"):
            return obj.note.author_id > 0 and hasattr(obj.note, "editor")
        return False


class PageViewSet(viewsets.ModelViewSet):
    queryset = Page.objects.select_related("note").order_by("pk")
    serializer_class = PageSerializer
    permission_classes = [MayWrite]

    def get_serializer_context(self):
        context = {"request": self.request, "format": self.format_kwarg, "view": self}
        if self.request.method == "POST":
            context["first"] = get_object_or_404(User, pk=1)
        return context


class ShoutedSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    by = serializers.CharField(source="edited_by", read_only=True, default="nobody")
    shouted = serializers.CharField(read_only=True, default="none")


class ShoutedView(generics.ListAPIView):
    queryset = Note.objects.all()
    serializer_class = ShoutedSerializer


@api_view(["GET"])
def me(request):
    return Response({"name": request.user.get_full_name(), "short": request.user.get_short_name()})


@api_view(["POST"])
def ask(request, pk):
    asked.send(sender=Note, note=get_object_or_404(Note, pk=pk))
    return Response({})


@api_view(["POST"])
def made(request):
    note = Note(title="new")
    return Response({"has": hasattr(note, "author")})
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter

from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet, basename="note")
router.register("pages", views.PageViewSet)
urlpatterns = [
    *router.urls,
    path("branch/", views.InBranchView.as_view()),
    path("read/", views.ReadView.as_view()),
    path("shouted/", views.ShoutedView.as_view()),
    path("me/", views.me),
    path("ask/<int:pk>/", views.ask),
    path("made/", views.made),
]
"""
REFUSED = {
    "GET /branch/": "assign-attribute",
    "GET /read/": "assign-attribute",
    # What ``Field.get_attribute`` takes for a missing value.
    "GET /shouted/": "nullable",
    "POST /made/": "hasattr",
    # The signal itself is among the keywords, and no code of the service's.
    "POST /ask/{pk}/": "condition",
}


def _refused(snapshot: Snapshot, **changed: str) -> dict[str, str]:
    """The first reason per operation, with other text in the functions that are named."""
    functions = dict(snapshot.functions)
    for name, change in changed.items():
        dotted, (old, new) = f"notes.views.{name.replace('__', '.')}", change.split(" -> ")
        assert old in functions[dotted].source
        source = functions[dotted].source.replace(old, new)
        functions[dotted] = dataclasses.replace(functions[dotted], source=source)
    program = translate(dataclasses.replace(snapshot, functions=functions))
    return {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused}


def test_both_sides_answer_alike(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    snapshot = Site.make(root, files).snapshot()
    program, report = Site(root).explore(snapshot, tmp_path / "fastapi", cases=360)
    assert {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused} == REFUSED
    assert differences(report) == []
    # Whether the column is NULL in all of them is a matter of the rows that are made.
    assert {o.key for o in report.operations if not o.succeeded} <= {"GET /notes/{pk}/shout/"}
    text = (tmp_path / "fastapi" / "app").rglob("*.py")
    assert not any("self.queryset" in file.read_text() for file in text)

    # Where the attribute may be seen by others, or is read before it is set.
    first = "self.queryset = Note.objects.select_related('author', 'editor')".replace("'", '"')
    for change in (
        f"{first} -> {first}; super().get_queryset()",
        f"{first} -> self.queryset = self.queryset.filter(pk=1)",
        f"{first} -> {first}; found = [one for one in self.queryset.order_by('pk')]; queryset = found",
    ):
        assert _refused(snapshot, NoteViewSet__get_queryset=change).keys() > REFUSED.keys()
