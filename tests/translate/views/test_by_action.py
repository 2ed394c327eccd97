"""``get_queryset`` that depends on the action: each operation has only the part that is its own."""

from __future__ import annotations

from pathlib import Path

from tests.cli.tiny import MODELS
from tests.projects.site import Site, differences

VIEWS = """\
from django.conf import settings
from rest_framework import serializers, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class NoteViewSet(viewsets.ModelViewSet):
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = []

    def get_queryset(self):
        notes = Note.objects.order_by("-id")
        if self.action in ["update", "partial_update"]:
            return notes.filter(stars__gt=1)
        if self.action not in ("list", "destroy"):
            notes = notes.filter(stars__lt=9)
        return notes


class SaysViewSet(viewsets.ViewSet):
    authentication_classes = []

    @action(
        detail=False,
        methods=["post"],
        permission_classes=[IsAdminUser],
        authentication_classes=[SessionAuthentication],
        parser_classes=[FormParser],
    )
    def said(self, request):
        return Response({"said": request.data.get("title")})


class Plain(BaseParser):
    media_type = "text/plain"

    def parse(self, stream, media_type=None, parser_context=None):
        parser_context = parser_context or {}
        return stream.read().decode(parser_context.get("encoding", settings.DEFAULT_CHARSET))


class Vendor(JSONParser):
    media_type = "application/vnd.notes+json"


class Wrapped(JSONParser):
    def parse(self, stream, media_type=None, parser_context=None):
        data = super().parse(stream, media_type, parser_context)
        if isinstance(data, list):
            raise ParseError(f"no lists as {media_type}")
        return {"wrapped": data, "by": parser_context["request"].query_params.get("by")}


class Named(FormParser):
    media_type = "application/x-named"

    def parse(self, stream, media_type=None, parser_context=None):
        return {"title": super().parse(stream, media_type, parser_context).get("title")}


class Files(MultiPartParser):
    def parse(self, stream, media_type=None, parser_context=None):
        return super().parse(stream, media_type, parser_context)


class ParsedView(APIView):
    authentication_classes = []
    permission_classes = []
    parser_classes = [Wrapped, Vendor, Plain, Named]

    def post(self, request):
        return Response({"data": request.data})


class FilesView(ParsedView):
    parser_classes = [Files, JSONParser]

    def post(self, request):
        Note.objects.create(title="before")
        return super().post(request)
"""
SENT = [
    ("application/json", b'{"a": [1, null]}'), ("application/json", b"[]"), ("application/json", b"{"), ("application/json", b""),
    ("application/vnd.notes+json", b'"x"'), ("application/vnd.notes+json; charset=latin-1", b'"\xe4"'), ("text/plain", b"a b"),
    ("text/plain; charset=utf-16", "\u00e4".encode("utf-16")), ("text/plain", b"\xff"), ("text/plain", b""),
    ("application/x-named", b"title=a&title=b%20c"), ("application/x-named", b""), ("application/xml", b"<a/>"), ("", b"a"),
]  # fmt: skip
ASK = (
    f"SENT = {SENT}"
    + """
import os, sys
sys.path[:0] = [sys.argv[1]]
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL="sqlite:///db.sqlite3", SECRET_KEY="x")
import django
django.setup()
from django.test import Client
from fastapi.testclient import TestClient
from app.main import create_app
theirs = Client(raise_request_exception=False)
with TestClient(create_app()) as ours:
    sent = ours.post("/files/", files={"a": b"b"})
    assert sent.status_code == 501 and sent.headers["x-segue-unserved"] == "parser"
    for kind, body in SENT:
        one = theirs.generic("POST", "/parsed/?by=me", body, content_type=kind)
        other = ours.post("/parsed/?by=me", content=body, headers={"content-type": kind})
        print(one.status_code, one.content if one.status_code < 500 else b"")
        print(other.status_code, other.content if other.status_code < 500 else b"")
"""
)
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet, basename="note")
router.register("says", views.SaysViewSet, basename="says")
# What @action says counts where a router makes the URL.
urlpatterns = [*router.urls, path("anybody/", views.SaysViewSet.as_view({"post": "said"})),
    path("parsed/", views.ParsedView.as_view()), path("files/", views.FilesView.as_view())]
"""


def test_each_operation_has_its_own_part(tmp_path: Path) -> None:
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    site = Site.make(tmp_path / "site", files)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=400, seconds=30)
    assert not program.refused
    assert differences(report) == []
    text = "\n".join(file.read_text() for file in (tmp_path / "fastapi" / "app" / "notes").glob("*.py"))
    asked = {o.key: set(o.statuses) for o in report.operations}
    assert {"200", "403", "415"} <= asked["POST /says/said/"]
    assert "200" in asked["POST /anybody/"]
    assert "200" in asked["POST /files/"]
    assert not {"403", "415"} & asked["POST /anybody/"]
    assert " in [" not in text
    assert " in (" not in text
    assert "stars > 1" in text
    assert "stars < 9" in text
    lines = site.run("-c", ASK, str(tmp_path / "fastapi"))
    assert lines[::2] == lines[1::2]
    assert [line.split()[0] for line in lines[::2]] == [
        "200", "400", "400", "200", "200", "200", "200", "200", "500", "200", "200", "200", "415", "415",
    ]  # fmt: skip
