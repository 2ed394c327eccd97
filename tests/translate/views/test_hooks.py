"""Hooks of ``GenericAPIView`` that the project overrides: ``get_serializer``, ``get_serializer_context``,
input that no column takes."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site, differences

FILES = {
    "notes/models.py": """\
from django.conf import settings
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10)
    stars = models.IntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)

    @property
    def mood(self):
        return "fine" if self.stars else "sad"

    @mood.setter
    def mood(self, value):
        self.stars = len(value)
""",
    "notes/serializers.py": """\
from rest_framework import serializers

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class MoodSerializer(NoteSerializer):
    mood = serializers.CharField(required=False)

    class Meta(NoteSerializer.Meta):
        fields = ["id", "title", "mood"]


class LoudSerializer(NoteSerializer):
    def to_representation(self, instance):
        return {**super().to_representation(instance), "title": instance.title.upper()}


class SeenSerializer(NoteSerializer):
    mine = serializers.SerializerMethodField()
    seen = serializers.SerializerMethodField()

    class Meta(NoteSerializer.Meta):
        fields = ["id", "title", "stars", "mine", "seen"]

    def get_mine(self, note):
        return note.author == self.context["asking"]

    def get_seen(self, note):
        parts = [str(self.context.get("lang", "none")), self.context.get("other", "other"), self.context["verb"]]
        if "short" in self.context and self.context["short"]:
            parts.append("short")
        return " ".join(parts) + str(self.context["request"].user.is_staff) + self.context["view"].action

    def validate_title(self, value):
        if value == self.context["verb"]:
            raise serializers.ValidationError(f"Not {self.context['lang']}.")
        return value
""",
    "notes/views.py": """\
from rest_framework import generics, mixins, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from notes.models import Note
from notes.serializers import LoudSerializer, MoodSerializer, NoteSerializer, SeenSerializer


class Base(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = []


class Passed(Base):
    def get_serializer(self, *args, **kwargs):
        serializer = super().get_serializer(*args, **kwargs)
        return serializer


class Moody(Base):
    serializer_class = MoodSerializer

    def perform_update(self, serializer):
        if self.get_object().title == "stuck" and not serializer.validated_data.get("mood"):
            raise ValidationError("It stays as it is.")
        serializer.save()


class Chosen(Base):
    def get_serializer(self, *args, **kwargs):
        if self.action == "list":
            return LoudSerializer(*args, **kwargs)
        serializer_class = self.get_serializer_class()
        kwargs["context"] = self.get_serializer_context()
        kwargs.setdefault("partial", self.request.method == "PUT")
        return serializer_class(*args, **kwargs)


class Named(generics.RetrieveUpdateAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = []

    def get_serializer(self, instance=None, data=empty, many=False, partial=False):
        if self.request.method == "PUT":
            return super().get_serializer(instance, data=data, partial=True)
        return super().get_serializer(instance=instance, data=data, many=many, partial=partial)


class Seen(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = SeenSerializer
    permission_classes = []

    def get_serializer_context(self):
        context = super().get_serializer_context()
        verb = "read" if self.request.method == "GET" else "write"
        context["asking"] = self.request.user
        context.update({"verb": verb, "lang": self.request.query_params.get("lang", "en")})
        return context


class Shorter(mixins.ListModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = SeenSerializer

    def get_serializer_context(self):
        return {"request": self.request, "view": self, "asking": self.request.user, "verb": "see", "lang": None}


class Shortest(Shorter):
    def get_serializer_context(self):
        return {**super().get_serializer_context(), "short": "short" in self.request.GET}


class Asking(Shorter):
    def get_serializer_context(self):
        context = super().get_serializer_context()
        context["other"] = Note.objects.count()
        return context


class Changed(mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def get_serializer(self, *args, **kwargs):
        serializer = super().get_serializer(*args, **kwargs)
        serializer.fields["title"].read_only = True
        return serializer


class Elsewhere(mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    get_serializer_context = Seen.get_serializer_context

    def retrieve(self, request, *args, **kwargs):
        from rest_framework.response import Response

        return Response(SeenSerializer(self.get_object(), context={"request": request}).data)
""",
    "site_/urls.py": """\
from django.urls import path
from notes import views
from rest_framework.routers import SimpleRouter

router = SimpleRouter()
for name in ("passed", "moody", "chosen", "seen", "shorter", "shortest", "asking", "changed", "elsewhere"):
    router.register(name, getattr(views, name.title()), name)
urlpatterns = [*router.urls, path("named/<int:pk>/", views.Named.as_view())]
""",
}


def test_overridden_hooks(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "site", FILES)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=260, seconds=8)
    paths = {r.id: r.path for r in snapshot.routes}
    refused = {(r.method, paths[r.route_id]): r.reasons[0].code for r in program.refused}
    kept = {k: v for k, v in refused.items() if k[1].split("/")[1] in ("asking", "changed", "elsewhere")}
    assert set(refused) == set(kept), refused
    assert kept.pop(("GET", "/elsewhere/{pk}/")) == "serializer-context"
    assert kept == {
        ("GET", "/asking/"): "override-get-serializer-context",
        ("GET", "/changed/{pk}/"): "no-rule",
    }
    assert differences(report) == []
    seen = {o.key: set(o.statuses) for o in report.operations}
    assert "200" in seen["GET /shortest/"]
    for prefix in ("passed", "chosen", "seen"):
        assert "201" in seen[f"POST /{prefix}/"]
        assert "200" in seen[f"GET /{prefix}/"]
        assert "200" in seen[f"PUT /{prefix}/{{pk}}/"], seen
    assert "200" in seen["PUT /named/{pk}/"]
    assert "200" in seen["PATCH /moody/{pk}/"]
    left = {o.key for o in report.operations if o.unserved and "moody" in o.key}
    assert {"POST /moody/", "PUT /moody/{pk}/", "PATCH /moody/{pk}/"} <= left
