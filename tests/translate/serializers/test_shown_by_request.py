"""Fields that some requests are not shown, fields and links with code of their own, on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.snapshot.model import Snapshot

MODELS = """\
from django.conf import settings
from django.db import models
from django.urls import reverse


class Plain(models.CharField):
    def from_db_value(self, value, *args, **kwargs):
        return self.to_python(value)


class Loud(models.CharField):
    def from_db_value(self, value, expression, connection):
        return value and value.upper()


class Author(models.Model):
    name = models.CharField(max_length=40)
    code = Plain(max_length=8, default="c")
    loud = Loud(max_length=8, default="l")


class Note(models.Model):
    title = models.CharField(max_length=40)
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="notes")
    editor = models.ForeignKey(Author, models.CASCADE, related_name="edited")
    readers = models.ManyToManyField(Author, related_name="read")
    secret = models.BooleanField(default=False)

    def get_absolute_url(self):
        return reverse("note-page", kwargs={"author": self.editor.name, "title": self.title})

    def byline(self):
        if settings.DEBUG:
            return "debug"
        return "by " + self.author.name

    def first_of_author(self):
        return self.author.notes.order_by("id").first().title
"""
VIEWS = """\
from collections import OrderedDict
import email.parser

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework import generics, serializers
from rest_framework.relations import HyperlinkedIdentityField
from rest_framework.reverse import reverse as rest_reverse
from rest_framework.versioning import URLPathVersioning

from notes.models import Author, Note


class Versions(URLPathVersioning):
    allowed_versions = ["1.0", "1.1", "1.2"]
    default_version = "1.2"


def newer(request, version):
    if not request.version:
        return True
    return request.version.split(".") >= version.split(".")


class Versioned(serializers.ModelSerializer):
    def to_representation(self, instance):
        request = self.context.get("request")
        for version in getattr(self.Meta, "since", {}):
            if not newer(request, version):
                for field in self.Meta.since[version]:
                    if field in self.fields:
                        del self.fields[field]
        data = super().to_representation(instance)
        return data


class Shown(serializers.PrimaryKeyRelatedField):
    def use_pk_only_optimization(self):
        return False

    def to_representation(self, value):
        return self._Serializer(context=self.context).to_representation(value)


class ShownAuthor(Shown):
    class _Serializer(Versioned):
        class Meta:
            model = Author
            fields = ["id", "name", "code"]
            since = {"1.1": ["code"]}


class KeyOnly(serializers.PrimaryKeyRelatedField):
    def to_representation(self, value):
        return {"pk": value.pk, "name": value.name}


class Shout(serializers.CharField):
    mark = "!"

    def __init__(self, times=1, **kwargs):
        self.times = times
        super().__init__(**kwargs)

    def to_representation(self, value):
        return value.upper() + self.mark * self.times


class PairLink(HyperlinkedIdentityField):
    def __init__(self, view_name, mapping, **kwargs):
        self.mapping = mapping
        super().__init__(view_name, **kwargs)

    def get_url(self, obj, view_name, request, format):
        if hasattr(obj, "pk") and obj.pk in (None, ""):
            return None
        kwargs = {}
        for argument, attribute in self.mapping.items():
            kwargs[argument] = getattr(obj, attribute)
        return self.reverse(view_name, kwargs=kwargs, request=request, format=format)


class NoteSerializer(Versioned):
    author = ShownAuthor(read_only=True)
    readers = ShownAuthor(many=True, read_only=True)
    title = Shout(times=2)
    url = PairLink("api-pair", mapping={"editor_id": "editor_id", "pk": "id"})
    page = serializers.SerializerMethodField()
    absolute = serializers.SerializerMethodField()
    api = serializers.SerializerMethodField()
    headers = serializers.SerializerMethodField()

    def get_page(self, note):
        return note.get_absolute_url()

    def get_absolute(self, note):
        return self.context["request"].build_absolute_uri(note.get_absolute_url())

    def get_api(self, note):
        return rest_reverse("api-pair", kwargs={"editor_id": note.editor_id, "pk": note.id})

    def get_headers(self, note):
        found = OrderedDict()
        parsed = email.parser.Parser().parsestr("Subject: " + note.title, True)
        found["subject"] = parsed.get("Subject", "")
        return found

    class Meta:
        model = Note
        fields = ["id", "title", "author", "readers", "url", "page", "absolute", "api", "headers", "secret"]
        since = {"1.1": ["readers", "page"], "1.2": ["headers"]}


class NullSerializer(serializers.ModelSerializer):
    by = serializers.SerializerMethodField()
    first = serializers.SerializerMethodField()

    def get_by(self, note):
        return note.byline()

    def get_first(self, note):
        return note.first_of_author()

    class Meta:
        model = Note
        fields = ["id", "by", "first"]


class SourceSerializer(serializers.ModelSerializer):
    by = serializers.CharField(source="byline", read_only=True)

    class Meta:
        model = Note
        fields = ["id", "by"]


class ByRowSerializer(serializers.ModelSerializer):
    def to_representation(self, instance):
        if instance.secret:
            self.fields.pop("title", None)
        return super().to_representation(instance)

    class Meta:
        model = Note
        fields = ["id", "title"]


class FirstSerializer(Versioned):
    def to_representation(self, instance):
        if self.context["request"].query_params.get("short"):
            self.fields.pop("secret", None)
        return super().to_representation(instance)

    class Meta:
        model = Note
        fields = ["id", "title", "secret"]
        since = {"1.1": ["title"]}


class RowThenVersionSerializer(Versioned):
    def to_representation(self, instance):
        if instance.secret:
            for field in ("author", "editor"):
                if field in self.fields:
                    del self.fields[field]
        return super().to_representation(instance)

    class Meta:
        model = Note
        fields = ["id", "title", "author", "editor", "secret"]
        since = {"1.1": ["title", "editor"]}


class AroundSerializer(serializers.ModelSerializer):
    notes = ByRowSerializer(many=True, read_only=True)

    class Meta:
        model = Author
        fields = ["id", "notes"]


class UncheckedSerializer(serializers.ModelSerializer):
    def to_representation(self, instance):
        if self.context["request"].query_params.get("short"):
            del self.fields["title"]
        return super().to_representation(instance)

    class Meta:
        model = Note
        fields = ["id", "title"]


class PoppedSerializer(serializers.ModelSerializer):
    def to_representation(self, instance):
        if self.context["request"].query_params.get("short"):
            self.fields.pop("title", None)
        return super().to_representation(instance)

    class Meta:
        model = Note
        fields = ["id", "title"]


class KeyOnlySerializer(serializers.ModelSerializer):
    editor = KeyOnly(read_only=True)

    class Meta:
        model = Note
        fields = ["id", "editor"]


class LoudSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ["id", "loud"]


class Base(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    versioning_class = Versions


class Notes(Base):
    queryset = Note.objects.select_related("author", "editor").prefetch_related("readers").order_by("id")
    serializer_class = NoteSerializer


class Pair(generics.RetrieveAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    versioning_class = Versions


class ByTitle(generics.RetrieveAPIView):
    serializer_class = NoteSerializer

    def get_object(self):
        queryset = Note.objects.select_related("author", "editor").prefetch_related("readers")
        try:
            obj = queryset.get(id=int(self.kwargs["pk"]))
        except (ValueError, Note.DoesNotExist):
            obj = get_object_or_404(queryset, title=self.kwargs["pk"])
        self.kwargs["pk"] = obj.id
        self.check_object_permissions(self.request, obj)
        return obj


class Nulls(Base):
    queryset = Note.objects.select_related("author").order_by("id")
    serializer_class = NullSerializer


class Sources(Base):
    serializer_class = SourceSerializer


class ByRow(Base):
    serializer_class = ByRowSerializer


class ByRowOne(generics.RetrieveUpdateAPIView):
    queryset = Note.objects.all()
    serializer_class = ByRowSerializer


class Firsts(Base):
    serializer_class = FirstSerializer


class RowThenVersion(Base):
    serializer_class = RowThenVersionSerializer


class Around(generics.ListAPIView):
    queryset = Author.objects.prefetch_related("notes").order_by("id")
    serializer_class = AroundSerializer


class Unchecked(Base):
    serializer_class = UncheckedSerializer


class Popped(Base):
    serializer_class = PoppedSerializer


class KeyOnlies(Base):
    serializer_class = KeyOnlySerializer


class Louds(generics.ListAPIView):
    queryset = Author.objects.order_by("id")
    serializer_class = LoudSerializer


def page(request, author, title):
    return HttpResponse("x")
"""
URLS = """\
from django.urls import include, path, re_path
from notes import views

api = [
    path("notes/", views.Notes.as_view(), name="api-notes"),
    path("notes/<int:editor_id>/<int:pk>/", views.Pair.as_view(), name="api-pair"),
    path("nulls/", views.Nulls.as_view()),
    path("sources/", views.Sources.as_view()),
    path("byrow/", views.ByRow.as_view()),
    path("unchecked/", views.Unchecked.as_view()),
    path("firsts/", views.Firsts.as_view()),
    path("rowthenversion/", views.RowThenVersion.as_view()),
    path("popped/", views.Popped.as_view()),
    path("keyonly/", views.KeyOnlies.as_view()),
]
urlpatterns = [
    re_path(r"^api/(?:(?P<version>(1.0|1.1|1.2))/)?", include(api)),
    path("bytitle/<str:pk>/", views.ByTitle.as_view()),
    path("byrow/<int:pk>/", views.ByRowOne.as_view()),
    path("around/", views.Around.as_view()),
    path("louds/", views.Louds.as_view()),
    path("page/<str:author>/<str:title>/", views.page, name="note-page"),
]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS, "site_/settings.py": SETTINGS + "DEBUG = True\n",
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("shown"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_both_sides_show_alike(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=420)
    assert {r.route_id: r.reasons[0].code for r in program.refused} == {
        "/api/sources/": "nullable",
        "/around/": "serializer-fields",
        "/api/unchecked/": "serializer-fields",
        "/api/keyonly/": "field-output",
    }
    assert differences(report) == []
    for operation in report.operations:
        assert operation.cases - operation.unserved > 15
        assert operation.statuses.get("200", 0) > 2
    text = (tmp_path / "fastapi" / "app" / "notes" / "presenters.py").read_text()
    assert 'if "headers" not in hidden:' in text
    routes = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    assert "hidden: set[str] = set()" in routes
