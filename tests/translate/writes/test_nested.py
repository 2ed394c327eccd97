"""Serializers that write by themselves: nested get_or_create, clear and add, setattr loops, passwords."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

MODELS = """\
from django.conf import settings
from django.db import models


class Label(models.Model):
    name = models.CharField(max_length=20)
    color = models.CharField(max_length=10, null=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="labels")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], condition=models.Q(color="one"), name="one_of_a_kind")]


class Note(models.Model):
    title = models.CharField(max_length=20)
    stars = models.IntegerField(default=0)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    labels = models.ManyToManyField(Label)


class Saved(models.Model):
    title = models.CharField(max_length=20)

    def save(self, *args, **kwargs):
        self.title = self.title.upper()
        super().save(*args, **kwargs)
"""
VIEWS = """\
from django.contrib.auth import get_user_model
from rest_framework import generics, permissions, serializers, viewsets
from rest_framework.decorators import api_view, permission_classes
from rest_framework.response import Response

from notes.models import Label, Note, Saved


class LabelSerializer(serializers.ModelSerializer):
    class Meta:
        model = Label
        fields = ["id", "name"]


class NoteSerializer(serializers.ModelSerializer):
    labels = LabelSerializer(many=True, required=False)

    class Meta:
        model = Note
        fields = ["id", "title", "stars", "labels"]

    def _label(self, labels, note):
        owner = self.context["request"].user
        for label in labels:
            found, created = Label.objects.get_or_create(owner=owner, **label)
            note.labels.add(found)

    def create(self, validated_data):
        labels = validated_data.pop("labels", [])
        note = Note.objects.create(**validated_data)
        self._label(labels, note)
        return note

    def update(self, instance, validated_data):
        labels = validated_data.pop("labels", None)
        if labels is not None:
            instance.labels.clear()
            self._label(labels, instance)
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save()
        return instance


class Signed:
    permission_classes = [permissions.IsAuthenticated]


class NoteViewSet(Signed, viewsets.ModelViewSet):
    serializer_class = NoteSerializer
    queryset = Note.objects.order_by("id")

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


class ForgetfulSerializer(NoteSerializer):
    # the many-to-many key is still there: Django raises on it
    def update(self, instance, validated_data):
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save()
        return instance


class Forgetful(Signed, generics.UpdateAPIView):
    serializer_class = ForgetfulSerializer
    queryset = Note.objects.order_by("id")


class KeysSerializer(NoteSerializer):
    def create(self, validated_data):
        labels = validated_data.pop("labels", [])
        note = Note(owner=self.context["request"].user)
        for name in validated_data:
            setattr(note, name, validated_data[name])
        note.save()
        self._label(labels, note)
        return note

    def update(self, instance, validated_data):
        validated_data.pop("labels", None)
        for name, value in validated_data.items():
            if value:
                setattr(instance, name, value)
        instance.save()
        return instance


class Keys(Signed, viewsets.ModelViewSet):
    serializer_class = KeysSerializer
    queryset = Note.objects.order_by("id")


class OneByOneSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars", "labels"]

    def update(self, instance, validated_data):
        for name, value in validated_data.items():
            if name == "labels":
                instance.labels.set(value)
            elif name == "stars":
                instance.stars = value
                instance.title = f"{instance.title}{value}"
            else:
                setattr(instance, name, value.strip())
        instance.save()
        return instance


class OneByOne(Signed, generics.UpdateAPIView):
    serializer_class = OneByOneSerializer
    queryset = Note.objects.order_by("id")


class PutInSerializer(OneByOneSerializer):
    # a key that no field gives
    def validate(self, attrs):
        attrs["subtitle"] = "x"
        return attrs


class PutIn(Signed, generics.UpdateAPIView):
    serializer_class = PutInSerializer
    queryset = Note.objects.order_by("id")


class NamedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]

    def update(self, instance, validated_data):
        for name in ("title", "stars"):
            if name in validated_data:
                setattr(instance, name, validated_data[name])
        instance.save()
        return instance


class Named(Signed, generics.UpdateAPIView):
    serializer_class = NamedSerializer
    queryset = Note.objects.order_by("id")


class MeSerializer(serializers.ModelSerializer):
    class Meta:
        model = get_user_model()
        fields = ["username", "password"]
        extra_kwargs = {"password": {"write_only": True, "min_length": 5}}

    def update(self, instance, validated_data):
        password = validated_data.pop("password", None)
        user = super().update(instance, validated_data)
        if password:
            user.set_password(password)
            user.save()
        return user


class Me(Signed, generics.RetrieveUpdateAPIView):
    serializer_class = MeSerializer

    def get_object(self):
        return self.request.user


@api_view(["POST"])
@permission_classes([permissions.IsAuthenticated])
def one(request):
    label, created = Label.objects.get_or_create(
        color="one", name="the one", defaults={"owner": request.user, "color": "one"}
    )
    return Response({"id": label.id, "created": created})


@api_view(["POST"])
@permission_classes([permissions.IsAuthenticated])
def mine(request):
    label, created = request.user.labels.get_or_create(name="mine", color=None)
    return Response({"name": label.name, "created": created, "owner": label.owner_id == request.user.id})


@api_view(["POST"])
def narrowed(request):
    label, created = Label.objects.filter(color="red").get_or_create(name="x")
    return Response({"id": label.id})


@api_view(["POST"])
def saved(request):
    found, created = Saved.objects.get_or_create(title="x")
    return Response({"id": found.id})


@api_view(["POST"])
def looked_up(request):
    label, created = Label.objects.get_or_create(name__iexact="x", defaults={"name": "x"})
    return Response({"id": label.id})
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
router.register("keys", views.Keys, basename="key")
urlpatterns = [
    *router.urls, path("forgetful/<int:pk>/", views.Forgetful.as_view()), path("me/", views.Me.as_view()),
    path("one/", views.one), path("mine/", views.mine), path("narrowed/", views.narrowed), path("saved/", views.saved),
    path("looked/", views.looked_up), path("one-by-one/<int:pk>/", views.OneByOne.as_view()),
    path("put-in/<int:pk>/", views.PutIn.as_view()), path("named/<int:pk>/", views.Named.as_view()),
]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    settings = SETTINGS + 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]\n'
    files = {
        "site_/settings.py": settings,
        "site_/urls.py": URLS,
        "notes/models.py": MODELS,
        "notes/views.py": VIEWS,
    }
    return Site.make(tmp_path_factory.mktemp("nested"), files)


def test_the_same_rows_are_written(site: Site, tmp_path: Path) -> None:
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=700, seconds=60)
    assert {(r.method, r.route_id): r.reasons[0].code for r in program.refused} == {
        ("PUT", "/forgetful/{pk}/"): "dynamic-attributes",
        ("PATCH", "/forgetful/{pk}/"): "dynamic-attributes",
        ("POST", "/narrowed/"): "queryset-get_or_create",
        ("POST", "/saved/"): "overridden-write",
        ("POST", "/looked/"): "queryset-get_or_create",
        ("PUT", "/put-in/{pk}/"): "related-write",
        ("PATCH", "/put-in/{pk}/"): "related-write",
    }
    assert differences(report) == []
    seen = {o.key: o.statuses for o in report.operations}
    for key in (
        "POST /notes/",
        "PUT /notes/{pk}/",
        "PATCH /notes/{pk}/",
        "PATCH /me/",
        "POST /keys/",
        "PUT /keys/{pk}/",
        "PATCH /keys/{pk}/",
        "PUT /one-by-one/{pk}/",
        "PATCH /one-by-one/{pk}/",
        "PATCH /named/{pk}/",
        "POST /one/",
        "POST /mine/",
    ):
        assert seen[key].get("200", 0) + seen[key].get("201", 0) > 1, key
    services = (tmp_path / "fastapi" / "app" / "notes" / "services.py").read_text()
    assert "note = Note(**validated_data)" in services
    assert "assign(instance, validated_data)" in services
