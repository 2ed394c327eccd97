"""Nested serializers that are made with arguments of their own: they have other fields than their class, on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.snapshot.model import Snapshot
from segue.translate.context import Context
from segue.translate.serializers.metadata import info

# drf-flex-fields comes as source only, so that this does what its mixin does to fields, under its name.
FLEX = """\
EXPAND_PARAM, FIELDS_PARAM, OMIT_PARAM = "expand", "fields", "omit"


class FlexFieldsSerializerMixin(object):
    expandable_fields = {}

    def __init__(self, *args, **kwargs):
        expand = list(kwargs.pop(EXPAND_PARAM, []))
        fields = list(kwargs.pop(FIELDS_PARAM, []))
        omit = list(kwargs.pop(OMIT_PARAM, []))
        parent = kwargs.pop("parent", None)
        super(FlexFieldsSerializerMixin, self).__init__(*args, **kwargs)
        self.parent = parent
        self._flex_options_base = {"expand": expand, "fields": fields, "omit": omit}

    def to_representation(self, instance):
        return super().to_representation(instance)

    def get_fields(self):
        fields = super().get_fields()
        options = self._flex_options_base
        for name in list(fields):
            if name in options["omit"] or (options["fields"] and name not in options["fields"]):
                fields.pop(name)
        for name in options["expand"]:
            cls, settings = self.expandable_fields[name]
            fields[name] = cls(context=self.context, **settings)
        return fields
"""
MODELS = """\
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=40)
    code = models.CharField(max_length=8, default="c")


class Note(models.Model):
    title = models.CharField(max_length=40)
    secret = models.CharField(max_length=40, default="s")
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="notes")
    readers = models.ManyToManyField(Author, related_name="read")

    class Meta:
        unique_together = [("title", "secret")]
"""
VIEWS = """\
from rest_flex_fields.serializers import FlexFieldsSerializerMixin
from rest_framework import generics, serializers, viewsets
from notes.models import Author, Note


class DynamicFieldsModelSerializer(serializers.ModelSerializer):
    # as DRF's documentation has it
    def __init__(self, *args, **kwargs):
        # Don't pass the 'fields' arg up to the superclass
        fields = kwargs.pop('fields', None)

        # Instantiate the superclass normally
        super().__init__(*args, **kwargs)

        if fields is not None:
            # Drop any fields that are not specified in the `fields` argument.
            allowed = set(fields)
            existing = set(self.fields)
            for field_name in existing - allowed:
                self.fields.pop(field_name)


class Without(serializers.ModelSerializer):
    def __init__(self, *args, exclude=(), **kwargs):
        super(Without, self).__init__(*args, **kwargs)
        if exclude:
            for name in exclude:
                del self.fields[name]


class Limited(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        self.limit = kwargs.pop("limit", 3)
        super().__init__(*args, **kwargs)

    def to_representation(self, instance):
        return {"name": instance.name[: self.limit]}

    class Meta:
        model = Author
        fields = ["name"]


class Fixed(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        self.who = kwargs.get("context", {}).get("who")
        super().__init__(*args, **kwargs)

    class Meta:
        model = Author
        fields = ["name"]


class AuthorSerializer(DynamicFieldsModelSerializer):
    class Meta:
        model = Author
        fields = ["id", "name", "code"]


class LineSerializer(DynamicFieldsModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "secret"]


class WithoutSerializer(Without):
    class Meta:
        model = Author
        fields = ["id", "name", "code"]


class NoteSerializer(DynamicFieldsModelSerializer):
    author = AuthorSerializer(read_only=True, fields=("id", "name"))
    again = AuthorSerializer(source="author", read_only=True)
    readers = AuthorSerializer(many=True, read_only=True, fields=["code"])
    others = WithoutSerializer(source="readers", many=True, read_only=True, exclude=["id"])

    class Meta:
        model = Note
        fields = ["id", "title", "author", "again", "readers", "others"]


class DeepSerializer(serializers.ModelSerializer):
    notes = NoteSerializer(many=True, read_only=True, fields=["title", "readers"])
    read = NoteSerializer(many=True, read_only=True, fields=["title", "readers"])

    class Meta:
        model = Author
        fields = ["id", "notes", "read"]


class Writing(serializers.ModelSerializer):
    def create(self, validated_data):
        notes = validated_data.pop("notes", [])
        author = Author.objects.create(**validated_data)
        for note in notes:
            Note.objects.create(author=author, **note)
        return author

    def update(self, instance, validated_data):
        notes = validated_data.pop("notes", [])
        instance.name = validated_data.get("name", instance.name)
        instance.save()
        for note in notes:
            Note.objects.create(author=instance, **note)
        return instance


class WriteSerializer(Writing):
    notes = LineSerializer(many=True, required=False, fields=("id", "title"))

    class Meta:
        model = Author
        fields = ["id", "name", "notes"]


class FlexLine(FlexFieldsSerializerMixin, serializers.ModelSerializer):
    expandable_fields = {"author": (AuthorSerializer, {"fields": ["name"]})}

    class Meta:
        model = Note
        fields = ["id", "title", "secret"]


class FlexWriteSerializer(Writing):
    notes = FlexLine(many=True, required=False, omit=["secret"])

    class Meta:
        model = Author
        fields = ["id", "name", "notes"]


class FlexSerializer(FlexFieldsSerializerMixin, serializers.ModelSerializer):
    notes = FlexLine(many=True, read_only=True, fields=["title", "author"], expand=["author"])
    lines = FlexLine(source="notes", many=True, read_only=True)

    class Meta:
        model = Author
        fields = ["id", "notes", "lines"]


class LimitedNote(serializers.ModelSerializer):
    author = Limited(limit=1)

    class Meta:
        model = Note
        fields = ["author"]


class FixedNote(serializers.ModelSerializer):
    author = Fixed(read_only=True, context={"who": "ada"})

    class Meta:
        model = Note
        fields = ["author"]


class Notes(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


class Deep(viewsets.ReadOnlyModelViewSet):
    queryset = Author.objects.order_by("id")
    serializer_class = DeepSerializer


class Authors(viewsets.ModelViewSet):
    queryset = Author.objects.order_by("id")
    serializer_class = WriteSerializer


class FlexAuthors(Authors):
    serializer_class = FlexWriteSerializer


class Flex(Deep):
    serializer_class = FlexSerializer


class LimitedNotes(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = LimitedNote


class FixedNotes(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = FixedNote


class Given(generics.ListAPIView):
    queryset = Author.objects.order_by("id")
    serializer_class = AuthorSerializer

    def get_serializer(self, *args, **kwargs):
        kwargs["fields"] = ["name"]
        return super().get_serializer(*args, **kwargs)
"""
URLS = """\
from django.urls import path
from notes import views
from rest_framework.routers import SimpleRouter

router = SimpleRouter()
router.register("notes", views.Notes, "note")
router.register("deep", views.Deep, "deep")
router.register("authors", views.Authors, "author")
router.register("flexauthors", views.FlexAuthors, "flexauthor")
router.register("flex", views.Flex, "flex")
urlpatterns = [
    *router.urls,
    path("limited/", views.LimitedNotes.as_view()),
    path("fixed/", views.FixedNotes.as_view()),
    path("given/", views.Given.as_view()),
]
"""
OPTIONS = """\
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
import django
django.setup()
from notes import views
from rest_framework.metadata import SimpleMetadata
from rest_framework.utils.encoders import JSONEncoder
names = ["NoteSerializer", "WriteSerializer", "FlexWriteSerializer", "FlexSerializer"]
print(json.dumps({n: SimpleMetadata().get_serializer_info(getattr(views, n)()) for n in names}, cls=JSONEncoder))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS, "site_/settings.py": SETTINGS,
        "rest_flex_fields/__init__.py": "", "rest_flex_fields/serializers.py": FLEX,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("arguments"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_both_sides_have_the_fields_of_the_object(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=320)
    assert {r.route_id: r.reasons[0].code for r in program.refused} == {
        "/limited/": "serializer-arguments",
        "/fixed/": "serializer-arguments",
        "/given/": "call-arguments",
    }
    assert differences(report) == []
    for operation in report.operations:
        assert operation.cases - operation.unserved > 5


def test_options_tell_the_fields_of_the_object(site: Site, snapshot: Snapshot) -> None:
    django = json.loads(site.run("-c", OPTIONS)[-1])
    assert len(django) == 4
    for name, told in django.items():
        assert info(Context(snapshot), f"notes.views.{name}") == told
