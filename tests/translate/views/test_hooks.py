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


class WishedDefault:
    requires_context = True

    def __call__(self, serializer_field):
        return serializer_field.context["request"].wished


class TiedSerializer(NoteSerializer):
    stars = serializers.HiddenField(default=WishedDefault())


class StarsDefault:
    requires_context = True

    def __call__(self, serializer_field):
        request = serializer_field.context["request"]
        if request.original.stars > 2:
            raise serializers.ValidationError("It has enough.")
        return request.original.stars + 1


class AskingDefault(serializers.CurrentUserDefault):
    def __call__(self, serializer_field):
        return super().__call__(serializer_field)


class CountedDefault:
    def __call__(self):
        return Note.objects.count()


class CopiedSerializer(NoteSerializer):
    stars = serializers.HiddenField(default=StarsDefault())
    author = serializers.HiddenField(default=AskingDefault())

    class Meta(NoteSerializer.Meta):
        fields = ["id", "title", "stars", "author"]

    def validate_title(self, value):
        if value == self.context["request"].original.title:
            raise serializers.ValidationError("That is the other one.")
        return value


class CountedSerializer(NoteSerializer):
    stars = serializers.IntegerField(default=CountedDefault())


class Keeping:
    def __call__(self):
        self.asked = True
        return 1


class KeepingSerializer(NoteSerializer):
    stars = serializers.HiddenField(default=Keeping())
""",
    "notes/views.py": """\
from rest_framework import generics, mixins, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import BasePermission

from notes.models import Note
from notes.serializers import (
    CopiedSerializer, CountedSerializer, KeepingSerializer, LoudSerializer, MoodSerializer, NoteSerializer, SeenSerializer,
    TiedSerializer,
)


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


class Readonly(generics.ListCreateAPIView):
    http_method_names = ["get"]
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


class Turned(generics.ListCreateAPIView):
    http_method_names = ["options", "post", "get", "put"]
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


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


class Lacking(mixins.ListModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    @property
    def event(self):
        return getattr(self.request, "event", None)

    def get_serializer_context(self):
        return {**super().get_serializer_context(), "slug": self.event.slug}


class Guarded(Lacking):
    def get_serializer_context(self):
        context = {"request": self.request, "view": self}
        if self.event:
            context["slug"] = self.event.slug
        return context


class Changed(mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def get_serializer(self, *args, **kwargs):
        serializer = super().get_serializer(*args, **kwargs)
        serializer.fields["title"].read_only = True
        return serializer


class Tied(Base):
    serializer_class = TiedSerializer

    def create(self, request, *args, **kwargs):
        request.wished = len(request.query_params.get("wish", ""))
        return super().create(request, *args, **kwargs)


class Counted(Base):
    serializer_class = CountedSerializer


class Copied(mixins.CreateModelMixin, generics.GenericAPIView):
    queryset = Note.objects.all()
    serializer_class = CopiedSerializer

    def post(self, request, pk):
        self.request.original = get_object_or_404(Note, pk=pk)
        request.key = pk
        pk = 0
        return self.create(request)

    def perform_create(self, serializer):
        title = f"{self.request.key}{self.request.original.title[:3]}{serializer.validated_data['title'][:3]}"
        serializer.save(title=title[:10])


class Posted(mixins.CreateModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.all()
    serializer_class = TiedSerializer


class Branching(Posted):
    def create(self, request, *args, **kwargs):
        if "wish" in request.query_params:
            request.wished = 3
        return super().create(request, *args, **kwargs)


class Helped(Posted):
    def remember(self, request):
        request.wished = 3

    def create(self, request, *args, **kwargs):
        self.remember(request)
        return super().create(request, *args, **kwargs)


class Late(Posted):
    def create(self, request, *args, **kwargs):
        request.wished = 3
        for text in request.query_params.getlist("wish"):
            request.wished = len(text)
        return super().create(request, *args, **kwargs)


class Replaced(Posted):
    def create(self, request, *args, **kwargs):
        request.version = request.wished = 1
        return super().create(request, *args, **kwargs)


class Permitting(BasePermission):
    def has_permission(self, request, view):
        request.wished = 3
        return True


class Permitted(Posted):
    permission_classes = [Permitting]


class Kept(Posted):
    serializer_class = KeepingSerializer


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
names = "passed moody chosen seen shorter shortest asking lacking guarded changed elsewhere tied counted"
for name in (names + " branching helped late replaced permitted kept").split():
    router.register(name, getattr(views, name.title()), name)
urlpatterns = [
    *router.urls, path("named/<int:pk>/", views.Named.as_view()), path("copied/<int:pk>/", views.Copied.as_view()),
    path("readonly/", views.Readonly.as_view()), path("turned/", views.Turned.as_view()),
    path("given/", views.Turned.as_view(http_method_names=["get", "head"])),
    path("loud/", views.Turned.as_view(http_method_names=["GET"])),
]
""",
}


REFUSED = [
    "asking",
    "lacking",
    "changed",
    "elsewhere",
    "replaced",
    "kept",
]


def test_overridden_hooks(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "site", FILES)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=560, seconds=40)
    paths = {r.id: r.path for r in snapshot.routes}
    refused = {(r.method, paths[r.route_id]): r.reasons[0].code for r in program.refused}
    kept = {k: v for k, v in refused.items() if k[1].split("/")[1] in REFUSED}
    assert set(refused) == set(kept), refused
    assert kept.pop(("GET", "/elsewhere/{pk}/")) == "serializer-context"
    assert kept == {
        # Nothing puts an event there: an AttributeError in Django, whoever asks for the slug.
        ("GET", "/lacking/"): "no-rule",
        ("GET", "/changed/{pk}/"): "no-rule",
        ("POST", "/replaced/"): "assign-attribute",
        ("POST", "/kept/"): "assign-attribute",
    }
    assert differences(report) == []
    seen = {o.key: set(o.statuses) for o in report.operations}
    assert "200" in seen["GET /shortest/"]
    assert "200" in seen["GET /guarded/"]
    assert {"201", "400"} <= seen["POST /tied/"]
    assert "200" in seen["PATCH /tied/{pk}/"]
    assert "500" in seen["PUT /tied/{pk}/"], (
        "nothing puts there what its default reads: an AttributeError in Django"
    )
    assert {"201", "400", "404"} <= seen["POST /copied/{pk}/"]
    for name in ("counted", "helped", "late", "permitted"):
        assert "201" in seen[f"POST /{name}/"], name
    assert "500" in seen["POST /branching/"], "without a wish nothing puts there what its default reads"
    for prefix in ("passed", "chosen", "seen"):
        assert "201" in seen[f"POST /{prefix}/"]
        assert "200" in seen[f"GET /{prefix}/"]
        assert "200" in seen[f"PUT /{prefix}/{{pk}}/"], seen
    assert "200" in seen["PUT /named/{pk}/"]
    # http_method_names without head or options, and in an order of its own: what Allow says, and 405
    assert {"200", "405"} <= seen["GET /readonly/"]
    assert "201" in seen["POST /turned/"]
    assert {"200", "405"} <= seen["GET /given/"]
    assert "GET /loud/" not in seen, "Django looks for get"
    assert "200" in seen["PATCH /moody/{pk}/"]
    left = {o.key for o in report.operations if o.unserved and "moody" in o.key}
    assert {"POST /moody/", "PUT /moody/{pk}/", "PATCH /moody/{pk}/"} <= left
