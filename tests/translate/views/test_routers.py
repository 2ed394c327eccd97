"""``DATABASE_ROUTERS`` that read from a replica: accepted where they say so of everything, and followed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

from segue.emit.write import render_program
from segue.translate.program import translate

FOLLOWED = {
    "Replica": "replica",
    "Chosen": "other",
    "ChosenByName": "replica",
    "Static": "replica",
    "Silent": "",
    "Sole": "",
    "Silent Replica": "replica",
    "Replica ByModel": "replica",  # the first one has said it
}
REFUSED = (
    "ByModel", "ByHint", "Unrelated", "Forbidding", "HalfRelated", "NotWriting", "ElsewhereWriting", "Nowhere", "Held", "Wrapped",
    "Loaded", "Shadowed", "Silent ByModel", "Sole ElsewhereWriting", "Forbidding Replica", "NotWriting Silent",
)  # fmt: skip


def test_what_is_accepted_is_what_django_does() -> None:
    asked = [name.split() for name in (*FOLLOWED, *REFUSED)]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("routers_child.py"))],
        input="".join(json.dumps(names) + "\n" for names in asked), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = dict(
        zip((" ".join(names) for names in asked), map(json.loads, done.stdout.splitlines()), strict=True)
    )
    for name, (judged, *_) in found.items():
        assert bool(judged["problem"]) == (name in REFUSED), (name, judged)
    for name, alias in FOLLOWED.items():
        judged, reads, writes, related = found[name]
        assert judged["replica"] == alias
        if not alias:
            assert reads in (["default"], ["default", "replica"]), (
                name
            )  # a row's own database, which is the default
            continue
        assert set(reads) <= {"replica", "other", "default"}
        assert alias in reads
        assert writes == ["default"]
        assert related


MODELS = """\
from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)


class Note(models.Model):
    title = models.CharField(max_length=20, unique=True)
    tags = models.ManyToManyField(Tag, blank=True)
"""
VIEWS = """\
from django.shortcuts import get_object_or_404
from rest_framework import response, serializers, views, viewsets

from notes.models import Note, Tag


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "tags"]


class Notes(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


class Named(views.APIView):
    def post(self, request, name):
        tag, made = Tag.objects.get_or_create(name=name)
        note = get_object_or_404(Note, pk=1)
        note.tags.add(tag)
        return response.Response({"made": made, "tags": note.tags.count(), "there": Note.objects.count()})


class Written(views.APIView):
    def get(self, request):
        return response.Response(Note.objects.using("default").count())

    def post(self, request):
        return response.Response(Note.objects.db_manager("default").count())
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.Notes)
urlpatterns = [path("", include(router.urls)), path("named/<str:name>/", views.Named.as_view()), path("written/", views.Written.as_view())]
"""
MORE = """\
import os
DATABASES["default"]["NAME"] = os.environ.get("DEFAULT_FILE", "db.sqlite3")
DATABASES["replica"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("REPLICA_FILE", "replica.sqlite3")}
DATABASE_ROUTERS = ["site_.routers.Replicated"]
"""
ROUTERS = """\
class Replicated:
    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, obj1, obj2, **hints):
        return True

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return True
"""
ROWS = """\
from notes.models import Note, Tag
for alias, titles, tags in (("default", ["d", "both", "d3"], ["x", "written"]), ("replica", ["r", "both", "r3", "r4"], ["x", "read"])):
    for n, title in enumerate(titles, 1): Note.objects.using(alias).create(pk=n, title=title)
    for n, tag in enumerate(tags, 1): Tag.objects.using(alias).create(pk=n, name=tag)
    Note.objects.using(alias).get(pk=2).tags.through.objects.using(alias).create(note_id=2, tag_id=1)
"""
DIALOG = """\
import json, os, sys
output, side, folder = sys.argv[1:]
default, replica = folder + "/db.sqlite3", folder + "/replica.sqlite3"
sys.path.insert(0, output)
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DEFAULT_FILE=default, REPLICA_FILE=replica, SECRET_KEY="x",
                  DATABASE_URL="sqlite:///" + default, REPLICA_URL="sqlite:///" + replica)
import django
django.setup()
from django.test import Client
from fastapi.testclient import TestClient
from app.main import create_app
STEPS = [
    ("get", "/notes/", None), ("get", "/notes/4/", None), ("post", "/notes/", {"title": "d", "tags": []}), ("post", "/notes/", {"title": "r", "tags": []}),
    ("post", "/notes/", {"title": "new", "tags": [1, 2]}), ("get", "/notes/4/", None), ("put", "/notes/2/", {"title": "other", "tags": [2]}),
    ("patch", "/notes/1/", {"title": "r3"}), ("patch", "/notes/1/", {"title": "fresh"}), ("delete", "/notes/4/", None), ("delete", "/notes/3/", None),
    ("post", "/named/read/", {}), ("post", "/named/written/", {}), ("post", "/named/x/", {}), ("get", "/notes/", None),
]
with TestClient(create_app(), raise_server_exceptions=False) as ours:
    for method, path, body in STEPS:
        if side == "django":
            found = getattr(Client(raise_request_exception=False), method)(path, **({"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}))
        else:
            found = ours.request(method, path, **({"json": body} if body is not None else {}))
        assert "x-segue-unserved" not in found.headers, path
        print(method, path, found.status_code, found.content.decode() if found.status_code < 500 else "")
from notes.models import Note, Tag
for alias in ("default", "replica"):
    print(alias, list(Note.objects.using(alias).order_by("pk").values_list()), list(Tag.objects.using(alias).order_by("pk").values_list()),
          sorted(Note.tags.through.objects.using(alias).values_list("note_id", "tag_id")))
"""


def test_reads_and_writes_go_where_djangos_go(tmp_path: Path) -> None:
    files = {
        "site_/settings.py": SETTINGS + MORE, "site_/routers.py": ROUTERS, "site_/urls.py": URLS, "notes/models.py": MODELS,
        "notes/views.py": VIEWS,
    }  # fmt: skip
    site = Site.make(tmp_path / "site", files)
    shutil.copy(site.root / "db.sqlite3", site.root / "replica.sqlite3")
    site.run("manage.py", "shell", "--verbosity", "0", "-c", ROWS)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=30, seconds=4)
    assert differences(report) == []
    assert {(r.method, r.reasons[0].code) for r in program.refused if r.route_id == "/written/"} == {
        ("GET", "using"),
        ("POST", "using"),
    }
    assert {r.route_id for r in program.refused} == {"/written/"}
    told = []
    for side in ("django", "fastapi"):
        folder = tmp_path / f"of {side}"
        folder.mkdir()
        for name in ("db.sqlite3", "replica.sqlite3"):
            shutil.copy(site.root / name, folder / name)
        told.append(site.run("-c", DIALOG, str(tmp_path / "fastapi"), side, str(folder)))
    assert told[0] == told[1]
    assert '"r4"' in told[0][0]  # reads are the replica's
    assert "'fresh'" in told[0][-2]  # and writes are not
    assert "'fresh'" not in told[0][-1]


ARCHIVED = """
DATABASES = {"archive": {"ENGINE": "django.db.backends.postgresql", "NAME": "archive"}, **DATABASES}
"""
UNORDERED = """\
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Tag


class Names(APIView):
    def get(self, request):
        return Response([tag.name for tag in Tag.objects.all()])

    def post(self, request):
        return Response([tag.name for tag in Tag.objects.distinct("name")])
"""


def test_a_database_that_is_listed_before_the_default_decides_nothing(tmp_path: Path) -> None:
    """The order of rows, what SQLite has not, and the driver are those of ``default``."""
    urls = "from django.urls import path\nfrom notes.views import Names\nurlpatterns = [path('names/', Names.as_view())]\n"
    files = {
        "site_/settings.py": SETTINGS + ARCHIVED, "site_/urls.py": urls, "notes/models.py": MODELS, "notes/views.py": UNORDERED,
    }  # fmt: skip
    snapshot = Site.make(tmp_path / "site", files).snapshot()
    first, second = snapshot.settings.databases
    assert (first.alias, second.alias) == ("archive", "default")
    swapped = replace(snapshot, settings=replace(snapshot.settings, databases=(second, first)))
    program, other = translate(snapshot), translate(swapped)
    assert [(r.method, r.reasons[0].code) for r in program.refused] == [("POST", "distinct-on")]
    assert render_program(program) == render_program(other)
