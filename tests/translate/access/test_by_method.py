"""``get_permissions`` that asks for the request's method, and the catch-all page of a frontend behind the API."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site, differences

FILES = {
    "notes/models.py": """\
from django.contrib.auth import get_user_model
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10, unique=True)
""",
    "notes/views.py": """\
from django.http import HttpResponse
from rest_framework import generics, permissions, serializers, views, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def get_permissions(self):
        if self.request.method not in permissions.SAFE_METHODS or self.action == "mine":
            return [permissions.IsAuthenticated()]
        return []

    @action(detail=False)
    def mine(self, request):
        return Response({"mine": True})


class NoteList(generics.ListCreateAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def get_permissions(self):
        if self.request.method == "POST":
            return [permissions.IsAdminUser()]
        if self.request.method in ("GET", "HEAD"):
            return [permissions.AllowAny()]
        return [permissions.IsAuthenticated()]


class Asked(views.APIView):
    permission_classes = [permissions.AllowAny]

    def get_permissions(self):
        return [one() for one in self.permission_classes]


class Locked(Asked):
    def get_permissions(self):
        if self.request.method == "POST":
            self.permission_classes = [permissions.IsAdminUser]
        return super().get_permissions()

    def get(self, request):
        return Response({})

    def post(self, request):
        return Response({})


class IdSerializer(NoteSerializer):
    class Meta(NoteSerializer.Meta):
        fields = ["id"]


class Shortened(NoteList):
    def get_permissions(self):
        if self.request.method == "GET":
            self.serializer_class = IdSerializer
        return super().get_permissions()


def page(request):
    return HttpResponse("a page of the frontend")
""",
    "site_/urls.py": """\
from django.urls import path, re_path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
urlpatterns = [*router.urls, path("list/", views.NoteList.as_view()), path("locked/", views.Locked.as_view()),
               path("short/", views.Shortened.as_view()), re_path(r"^(?:old|new)/list/$", views.NoteList.as_view()),
               re_path(r"^\\d/list/$", views.NoteList.as_view()), re_path(r"^v1.0/list/$", views.NoteList.as_view()),
               path("2fa/list/", views.NoteList.as_view()), re_path(r"^(?:.*)$", views.page)]
""",
}


def test_permissions_by_method(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    site = Site.make(root, FILES)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=260, seconds=15)
    # What get_permissions puts on the view besides is what its handlers find.
    assert {(r.route_id, r.reasons[0].code) for r in program.refused} == {
        ("/short/", "override-get-permissions"), ("/old|new/list/", "url-regex"), ("/\\d/list/", "url-regex"),
        ("/.", "url-regex"),
    }  # fmt: skip
    assert differences(report) == []
    by_operation = {o.key: o.statuses for o in report.operations}
    assert {"200"} <= set(by_operation["GET /notes/"])
    assert {"201", "403"} <= set(by_operation["POST /notes/"])
    assert {"200", "403"} <= set(by_operation["GET /notes/mine/"])
    assert {"201", "403"} <= set(by_operation["POST /list/"])
    # What one definition puts on the view, the next one finds.
    assert {"200", "403"} <= set(by_operation["POST /locked/"])
    code = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    assert 'regex=r"^/v1.0/list/\\Z"' in code  # a dot is any character there
    assert 'if call.method not in ("GET", "HEAD", "OPTIONS"):' in code
