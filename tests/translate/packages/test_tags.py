"""Tags of django-taggit on both sides: what is shown, what is looked up by, what each write leaves in the tables."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.projects.site import SETTINGS, Site

from segue.emit import write
from segue.snapshot.model import Snapshot, Value
from segue.translate.program import translate

MODELS = """\
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from taggit.managers import TaggableManager
from taggit.models import GenericTaggedItemBase, ItemBase, TagBase


class Word(TagBase):
    made = models.DateField(default=timezone.localdate)

    class Meta:
        ordering = [Lower("name").desc(), "-id"]


class Said(GenericTaggedItemBase):
    tag = models.ForeignKey(Word, on_delete=models.CASCADE, related_name="said")


class Loud(GenericTaggedItemBase):
    tag = models.ForeignKey(Word, on_delete=models.CASCADE, related_name="loud")

    def save_base(self, *args, **kwargs):
        self.tag.made = timezone.localdate()
        self.tag.save()
        return super().save_base(*args, **kwargs)


class Note(models.Model):
    title = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.localtime)
    tags = TaggableManager()

    class Meta:
        ordering = [models.F("title").asc(nulls_last=True), "id"]


class Page(models.Model):
    title = models.CharField(max_length=10)
    tags = TaggableManager(blank=True, through="notes.Said")

    def clean(self):
        if self.title == "bad":
            from django.core.exceptions import ValidationError

            raise ValidationError("bad")


class Shout(models.Model):
    title = models.CharField(max_length=10)
    tags = TaggableManager(blank=True, through=Loud)


class Line(models.Model):
    text = models.CharField(max_length=10)
    page = models.ForeignKey(Page, null=True, on_delete=models.SET_NULL)
    tags = TaggableManager(through="notes.LineTag")

    class Meta:
        ordering = ["page__title", "-id"]


class LineTag(ItemBase):
    content_object = models.ForeignKey(Line, on_delete=models.CASCADE)
    tag = models.ForeignKey(Word, on_delete=models.CASCADE, related_name="lines")
"""
VIEWS = """\
from copy import deepcopy

import django_filters
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from taggit.serializers import TaggitSerializer, TagListSerializerField

from notes.models import Line, Note, Page, Shout, Word


class WordIn(django_filters.BaseInFilter, django_filters.CharFilter):
    pass


class ByWord(django_filters.FilterSet):
    tags = WordIn(field_name="tags__name")

    class Meta:
        model = Page
        fields = ["title"]


class CleanSerializer(TaggitSerializer, serializers.ModelSerializer):
    def validate(self, attrs):
        if self.partial:
            copy = deepcopy(self.instance)
            for name, value in attrs.items():
                setattr(copy, name, value)
        else:
            copy = Page(**attrs)
        copy.clean()
        return attrs


class PageSerializer(CleanSerializer):
    tags = TagListSerializerField(required=False)
    like = serializers.PrimaryKeyRelatedField(queryset=Page.objects.all(), required=False, allow_null=True, write_only=True)

    class Meta:
        model = Page
        fields = ["id", "title", "tags", "like"]

    def validate(self, attrs):
        like = None
        if "like" in attrs:
            like = attrs["like"]
            attrs.pop("like")
            if like.title != "bad":
                attrs["title"] = like.title
        errors = {}
        for field in ["title"]:
            if not self.partial and attrs.get(field) == "none":
                errors[field] = "This is no title."
        if errors:
            raise serializers.ValidationError(errors)
        attrs = super().validate(attrs)
        if like is not None:
            attrs["title"] = attrs["title"].upper()
        return attrs


class BackSerializer(serializers.ModelSerializer):
    more = serializers.CharField(required=False, write_only=True)

    class Meta:
        model = Page
        fields = ["id", "title", "more"]

    def validate(self, attrs):
        if "more" in attrs:
            attrs.pop("more")
        attrs["more"] = attrs["title"]
        return attrs


class StampSerializer(BackSerializer):
    def validate(self, attrs):
        if "more" in attrs:
            attrs.pop("more")
        self.stamp(attrs)
        return attrs

    def stamp(self, values):
        values["more"] = "again"


class CopySerializer(serializers.ModelSerializer):
    class Meta:
        model = Page
        fields = ["id", "title"]

    def validate(self, attrs):
        before = deepcopy(self.instance)
        if self.instance is not None and before.title == "bad":
            raise serializers.ValidationError("It was bad.")
        return attrs


class Stamps(mixins.UpdateModelMixin, viewsets.GenericViewSet):
    queryset = Page.objects.order_by("id")
    serializer_class = StampSerializer


class Copies(mixins.CreateModelMixin, viewsets.GenericViewSet):
    queryset = Page.objects.order_by("id")
    serializer_class = CopySerializer


class Backs(mixins.UpdateModelMixin, viewsets.GenericViewSet):
    queryset = Page.objects.order_by("id")
    serializer_class = BackSerializer


class Pages(viewsets.ModelViewSet):
    queryset = Page.objects.order_by("id")
    serializer_class = PageSerializer
    filter_backends = [django_filters.rest_framework.DjangoFilterBackend]
    filterset_class = ByWord

    @action(detail=True)
    def words(self, request, pk=None):
        page = self.get_object()
        return Response({"names": list(page.tags.names()), "slugs": [tag.slug for tag in page.tags.all()]})

    @action(detail=True)
    def lookup(self, request, pk=None):
        return Response({"pages": [p.id for p in Page.objects.filter(tags__name__startswith=pk).distinct().order_by("id")]})

    @action(detail=True)
    def others(self, request, pk=None):
        return Response({"pages": [p.id for p in Page.objects.exclude(tags__name=pk).order_by("id")]})


class NoteSerializer(TaggitSerializer, serializers.ModelSerializer):
    tags = TagListSerializerField(max_length=3)

    class Meta:
        model = Note
        fields = ["id", "title", "tags"]


class Notes(viewsets.ModelViewSet):
    queryset = Note.objects.prefetch_related("tags")
    serializer_class = NoteSerializer


class LineSerializer(TaggitSerializer, serializers.ModelSerializer):
    tags = TagListSerializerField()

    class Meta:
        model = Line
        fields = ["id", "text", "tags"]


class Sorted(viewsets.ReadOnlyModelViewSet):
    serializer_class = LineSerializer

    def get_queryset(self):
        if self.request.query_params.get("all"):
            return Line.objects.all()
        return Line.objects.filter(text__gte="m")


class Lines(viewsets.ModelViewSet):
    queryset = Line.objects.order_by("id")
    serializer_class = LineSerializer


class ShoutSerializer(TaggitSerializer, serializers.ModelSerializer):
    tags = TagListSerializerField(required=False)

    class Meta:
        model = Shout
        fields = ["id", "title", "tags"]


class Shouts(viewsets.ModelViewSet):
    queryset = Shout.objects.order_by("id")
    serializer_class = ShoutSerializer


class WordSerializer(serializers.ModelSerializer):
    class Meta:
        model = Word
        fields = ["id", "name", "slug", "made"]
        read_only_fields = ["slug"]


class Words(viewsets.ModelViewSet):
    queryset = Word.objects.all()
    serializer_class = WordSerializer
    ordering_fields = "name"

    def __enough__(self):
        return True
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import DefaultRouter

from notes import views

router = DefaultRouter()
router.include_root_view = False
for name, view in (("notes", views.Notes), ("pages", views.Pages), ("lines", views.Lines), ("sorted", views.Sorted), ("shouts", views.Shouts), ("words", views.Words), ("backs", views.Backs), ("stamps", views.Stamps), ("copies", views.Copies)):
    router.register(name, view, basename=name)
urlpatterns = [path("", include(router.urls))]
"""
FILL = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from notes.models import Line, Page, Note, Shout
for number in range(4):
    page = Page.objects.create(title=f"page {number}")
    page.tags.add(*"cab"[: number % 4], "Red")
    Line.objects.create(text="lmno"[number], page=page if number % 2 else None)
    Note.objects.create(title="same", pk=page.pk).tags.add("zed", *"ab"[:number])
    Shout.objects.create(title="x", pk=page.pk).tags.add("a", "b")
"""
TABLES = """
import json, sys, sqlite3
db = sqlite3.connect(sys.argv[1])
for table, order in (("taggit_tag", 1), ("taggit_taggeditem", 1), ("notes_word", 1), ("notes_said", 1), ("notes_linetag", 1), ("notes_loud", 1), ("notes_page", 1)):
    print(table, json.dumps(db.execute(f"select * from {table} order by {order}").fetchall()))
"""
LEGACY = """
import django; django.setup()
import json, sys
from django.conf import settings
from django.test import Client
client = Client(raise_request_exception=False)
for method, path, form, body in json.load(sys.stdin):
    if method == "ANY CASE":
        settings.TAGGIT_CASE_INSENSITIVE = True
        continue
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    answer = client.generic(method, path, body, kind)
    print(json.dumps([answer.status_code, answer.content.decode() if answer.status_code < 500 else ""]))
"""
MODERN = """
import json, sys
from app.main import create_app
from app.notes import queries
from segue_bridge.db.tags import Tagging
from starlette.testclient import TestClient
with TestClient(create_app(), raise_server_exceptions=False) as client:
    for method, path, form, body in json.load(sys.stdin):
        if method == "ANY CASE":
            for value in vars(queries).values():
                if isinstance(value, Tagging):
                    object.__setattr__(value, "ignore_case", True)
            continue
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        answer = client.request(method, path, content=body, headers={"content-type": kind})
        print(json.dumps([answer.status_code, answer.text if answer.status_code < 500 else ""]))
"""
NAMES = [
    "a",
    "A",
    "b",
    "Red",
    "red",
    "RED",
    "new",
    "New!",
    "new?",
    "ß",
    "SS",
    "é",
    "E\u0301",
    "!!",
    "??",
    "two words",
    " a",
    "a_1",
    "%",
    "1",
]
ODD: list[Any] = [
    "", "[]", '["a", "q"]', "a, b", '"a"', "{", 1, True, {"a": 1}, None, [1], ["a", None], [""], ["  "], ["a\x00"], [["a"]], ["a", ""],
]  # fmt: skip
Asked = tuple[str, str, bool, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    own = 'import os\nINSTALLED_APPS += ["taggit"]\nDATABASES["default"]["NAME"] = os.environ.get("DB", "db.sqlite3")\n'
    own += "TAGGIT_CASE_INSENSITIVE = False\n"
    files = {
        "site_/settings.py": SETTINGS + own, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("tags") / "site", files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


@pytest.fixture(scope="module")
def filled(site: Site) -> Path:
    setting = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'site_.settings'\n"
    site.run("-c", setting + FILL)
    return site.root / "db.sqlite3"


def _requests(seed: int) -> list[Asked]:
    """Reads of everything, odd input, and writes of names drawn at random, each followed by a look."""
    chosen = random.Random(seed)
    found: list[Asked] = [
        ("GET", path, False, "")
        for path in (
            "/notes/", "/pages/", "/lines/", "/words/", "/words/?ordering=name", "/pages/?tags=a,b", "/pages/?tags=Red", "/pages/?tags=",
            "/sorted/", "/sorted/?all=1", "/pages/2/words/", "/pages/1/", "/pages/a/lookup/", "/shouts/",
        )
    ]  # fmt: skip
    for given in ODD:
        found.append(("POST", "/pages/", False, json.dumps({"title": "odd", "tags": given})))
        found.append(("PATCH", "/notes/1/", False, json.dumps({"tags": given})))
    found += [
        ("POST", "/pages/", True, "title=form&tags=a&tags=b"),
        ("POST", "/pages/", True, "title=form"),
        ("POST", "/pages/", True, "title=form&tags[0]=x&tags[1]=y"),
        ("PATCH", "/pages/1/", True, "title=form"),
        ("PATCH", "/pages/1/", False, '{"title": "bad", "tags": ["a"]}'),
        ("PUT", "/pages/1/", False, '{"title": "put"}'),
        ("PUT", "/pages/1/", False, '{"title": "none"}'),
        ("PATCH", "/pages/1/", False, '{"title": "none"}'),
        ("PUT", "/pages/1/", False, '{"title": "put", "like": 2, "tags": ["b"]}'),
        ("PATCH", "/pages/1/", False, '{"like": 3}'),
        ("POST", "/words/", False, f'{{"name": "Some Words {seed}"}}'),
        ("POST", "/words/", False, f'{{"name": "some words! {seed}"}}'),
        ("POST", "/words/", False, f'{{"name": "some words? {seed}", "made": "2020-02-02"}}'),
        ("PATCH", "/words/1/", False, f'{{"name": "other {seed}"}}'),
        ("POST", "/words/", False, f'{{"name": "other {seed}"}}'),
        ("PATCH", "/pages/1/", False, '{"like": null}'),
        ("POST", "/pages/", False, '{"title": "x", "like": 99}'),
        ("PUT", "/shouts/1/", False, '{"title": "put"}'),
        ("PATCH", "/notes/1/", False, '{"tags": ["a", "b", "c", "d"]}'),
        ("POST", "/notes/", False, '{"title": "none"}'),
    ]
    for number in range(26):
        names = chosen.choices(NAMES, k=chosen.randint(0, 5))
        kind = chosen.choice(["pages", "pages", "notes", "lines"])
        field = "text" if kind == "lines" else "title"
        if number % 3 == 0:
            found.append(("POST", f"/{kind}/", False, json.dumps({field: f"n{number}", "tags": names[:3]})))
        else:
            found.append(
                ("PATCH", f"/{kind}/{chosen.randint(1, 4)}/", False, json.dumps({"tags": names[:3]}))
            )
    found += [
        ("DELETE", "/pages/2/", False, ""),
        ("GET", "/pages/", False, ""),
        ("GET", "/words/", False, ""),
    ]
    return found


def _ask(code: str, folder: Path, requests: list[Asked], **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, input=json.dumps(requests), capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "SEGUE_TEST_FORK": "1", "DJANGO_SETTINGS_MODULE": "site_.settings", "SECRET_KEY": "x", "PYTHONHASHSEED": "0", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _rows(database: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", TABLES, str(database)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def _any_case(snapshot: Snapshot) -> Snapshot:
    values = {**snapshot.settings.values, "TAGGIT_CASE_INSENSITIVE": Value("const", True)}
    return dataclasses.replace(snapshot, settings=dataclasses.replace(snapshot.settings, values=values))


def test_tags_are_shown_and_written_as_taggit_does(
    site: Site, snapshot: Snapshot, filled: Path, tmp_path: Path
) -> None:
    program = translate(snapshot)
    write(program, tmp_path / "out")
    refused = {(r.route_id, r.method): r.reasons[0] for r in program.refused}
    # What validate() takes out and puts in again may be anything.
    back = [refused.pop((f"/{name}/{{pk}}/", m)) for name in ("backs", "stamps") for m in ("PUT", "PATCH")]
    assert {reason.code for reason in back} == {"assign-item"}
    # A copy of None may go on, as on Django.
    assert refused.pop(("/copies/", "POST")).code == "copy"
    assert set(refused) == {("/pages/{pk}/others/", "GET")}
    assert refused["/pages/{pk}/others/", "GET"].code == "tags"
    theirs, ours = tmp_path / "theirs.sqlite3", tmp_path / "ours.sqlite3"
    shutil.copy(filled, theirs)
    shutil.copy(filled, ours)
    requests = [*_requests(7), ("ANY CASE", "", False, ""), *_requests(8)]
    legacy = _ask(LEGACY, site.root, requests, DB=str(theirs))
    shouted = ("POST", "/shouts/", False, '{"title": "x", "tags": ["a"]}')
    *modern, left = _ask(MODERN, tmp_path / "out", [*requests, shouted], DATABASE_URL=f"sqlite:///{ours}")
    made = [asked for asked in requests if asked[1]]
    for asked, one, other in zip(made, legacy, modern, strict=True):
        assert one == other, asked
    assert _rows(theirs) == _rows(ours)
    # The rows of shouts do more when they are saved: only requests that name tags are Django's.
    assert json.loads(left)[0] == 501
    tagging = program.modules["app/notes/queries.py"].decls["PAGE_TAGGING"].code
    any_case = translate(_any_case(snapshot)).modules["app/notes/queries.py"].decls["PAGE_TAGGING"].code
    assert "ignore_case" not in tagging
    assert "ignore_case=True" in any_case
    assert sum(json.loads(one)[0] in (200, 201) for one in legacy) > 80


def test_what_only_a_newer_python_reads_is_refused(snapshot: Snapshot) -> None:
    name = "notes.views.CleanSerializer.validate"
    source = 'def validate(self, attrs):\n    return f"{attrs["x"]}"\n'
    functions = {**snapshot.functions, name: dataclasses.replace(snapshot.functions[name], source=source)}
    versions = dataclasses.replace(snapshot.versions, python="3.99.0")
    if sys.version_info < (3, 12):
        program = translate(dataclasses.replace(snapshot, functions=functions, versions=versions))
        reasons = {(r.route_id, r.method): r.reasons[0].code for r in program.refused}
        assert ("/pages/", "POST") in reasons
        assert ("/pages/", "GET") not in reasons
