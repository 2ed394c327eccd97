"""``get_permissions`` that asks the database, and permissions made with arguments of the view."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site, differences

FILES = {
    "notes/models.py": """\
from django.contrib.auth import get_user_model
from django.db import models


class Board(models.Model):
    title = models.CharField(max_length=10)
    shared = models.BooleanField(default=False)


class Note(models.Model):
    board = models.ForeignKey(Board, models.CASCADE)
    author = models.ForeignKey(get_user_model(), models.CASCADE)
    title = models.CharField(max_length=10)
""",
    "notes/views.py": """\
from functools import partial

from django.shortcuts import get_object_or_404
from rest_framework import generics, permissions, serializers, viewsets
from rest_framework.response import Response

from notes.models import Board, Note


class IsStaff(permissions.BasePermission):
    def has_permission(self, request, view):
        return request.user.is_staff


class IsAuthor(permissions.BasePermission):
    def __init__(self, queryset):
        super().__init__()
        self.queryset = queryset

    def has_permission(self, request, view):
        return self.queryset.filter(id=view.kwargs.get("pk"), author=request.user).exists()


IsSomebody = IsStaff | permissions.IsAuthenticated


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "board", "title"]


class NoteList(generics.ListCreateAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def get_permissions(self):
        board = get_object_or_404(Board, pk=self.kwargs["board_id"])
        if board.shared and self.request.method == "POST":
            self.permission_classes = [permissions.IsAuthenticated & IsSomebody]
        else:
            self.permission_classes = [IsStaff]
        return super().get_permissions()

    def create(self, request, *args, **kwargs):
        request.data["board"] = self.kwargs["board_id"]
        return super().create(request, args, kwargs)

    def perform_create(self, serializer):
        if self.request.user.is_staff:
            serializer.save(author=self.request.user, title="staff")
        else:
            serializer.save(author=self.request.user)

    def delete(self, request, *args, **kwargs):
        self.get_queryset().filter(pk__in=request.data["ids"]).delete()
        return Response(status=204)


class NoteDetail(generics.RetrieveUpdateDestroyAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    @property
    def board(self):
        return get_object_or_404(Board, pk=self.kwargs["board_id"])

    def get_permissions(self):
        if self.board.shared:
            return [permissions.AllowAny()]
        self.permission_classes = [permissions.IsAuthenticated & partial(IsAuthor, self.queryset)]
        return super().get_permissions()


class Halves(generics.CreateAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    def perform_create(self, serializer):
        if self.request.user.is_staff:
            serializer.save(author=self.request.user)


class ByObject(permissions.BasePermission):
    def has_object_permission(self, request, view, obj):
        return obj.author == request.user


class Torn(generics.RetrieveAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    def get_permissions(self):
        if self.request.query_params.get("mine"):
            return [ByObject()]
        return [permissions.IsAuthenticated()]
""",
    "notes/checks.py": """\
from rest_framework import exceptions, mixins, permissions, viewsets

from notes.models import Note
from notes.views import ByObject, NoteSerializer


class Own(mixins.ListModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def check_permissions(self, request):
        if not request or not (request.user.is_staff or request.user.has_perm("notes.view_note")):
            self.permission_denied(request)


class More(mixins.DestroyModelMixin, viewsets.ReadOnlyModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [ByObject]

    def get_permissions(self):
        return [] if self.action == "list" else [permissions.IsAuthenticated(), ByObject()]

    def check_permissions(self, request):
        # Writing ends where a board is shared.
        if self.action == "list":
            return
        super().check_permissions(request)
        shared = Note.objects.filter(board__shared=True, pk=self.kwargs.get("pk"))
        if request.method == "DELETE" and shared.exists():
            self.permission_denied(request, message="Shared.", code="shared")

    def check_object_permissions(self, request, obj):
        if obj.board.shared and not request.user.is_staff:
            raise exceptions.NotFound("Not yours.")
        return super().check_object_permissions(request, obj)


class Other(mixins.ListModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def get_permissions(self):
        if self.request.query_params.get("mine"):
            return [permissions.IsAuthenticated()]
        return []

    def check_permissions(self, request):
        super().check_permissions(request)
""",
    "notes/said.py": """\
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, generics, permissions

from notes.models import Note
from notes.views import NoteSerializer


class Staff(permissions.BasePermission):
    message = {"error": "Staff only.", "why": [_("Not found."), {"deeper": "no"}]}
    code = "staff"

    def has_permission(self, request, view):
        return request.user.is_staff or request.method == "DELETE"


class Somebody(permissions.BasePermission):
    message = {"error": "Somebody only."}

    def has_permission(self, request, view):
        if request.user.is_authenticated and request.user.is_active:
            return True
        if request.method == "DELETE":
            raise exceptions.AuthenticationFailed({"error": "Log in."})
        raise exceptions.PermissionDenied(self.message)


class Mine(permissions.BasePermission):
    message = ["Not yours.", "Ask."]

    def has_object_permission(self, request, view, obj):
        return obj.author == request.user or request.user.is_active


class Odd(permissions.BasePermission):
    message = {1: "one"}

    def has_permission(self, request, view):
        return request.user.is_staff


class Growing(permissions.BasePermission):
    message = {"error": "Asked."}

    def has_permission(self, request, view):
        self.message["by"] = request.method
        return request.user.is_staff


class Said(generics.RetrieveDestroyAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    permission_classes = [Staff, Mine]


class Raised(generics.RetrieveDestroyAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    permission_classes = [Somebody | Staff]


class OddList(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [Odd]


class GrowingList(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [Growing]


class OwnDenied(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [Staff]

    def permission_denied(self, request, **kwargs):
        raise exceptions.NotFound(kwargs["message"])
""",
    "site_/urls.py": """\
from django.urls import include, path
from notes import checks, said
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("own", checks.Own, "own")
router.register("more", checks.More, "more")
router.register("other", checks.Other, "other")
urlpatterns = [
    path("", include(router.urls)),
    path("boards/<int:board_id>/notes/", views.NoteList.as_view()),
    path("boards/<int:board_id>/notes/<int:pk>/", views.NoteDetail.as_view()),
    path("halves/", views.Halves.as_view()),
    path("torn/<int:pk>/", views.Torn.as_view()),
    path("said/<int:pk>/", said.Said.as_view()),
    path("raised/<int:pk>/", said.Raised.as_view()),
    path("odd/", said.OddList.as_view()),
    path("growing/", said.GrowingList.as_view()),
    path("own-denied/", said.OwnDenied.as_view()),
]
""",
}


def test_permissions_by_what_the_database_says(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    site = Site.make(root, FILES)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=460, seconds=20)
    paths = {r.id: r.path for r in snapshot.routes}
    assert {(r.method, paths[r.route_id]): r.reasons[0].code for r in program.refused} == {
        ("POST", "/halves/"): "serializer-data",
        ("GET", "/torn/{pk}/"): "override-get-permissions",
        ("GET", "/other/"): "override-check-permissions",
        ("GET", "/odd/"): "permission",
        ("GET", "/growing/"): "process-state",
        ("GET", "/own-denied/"): "override-permission-denied",
    }
    assert differences(report) == []
    seen = {o.key: set(o.statuses) for o in report.operations}
    assert {"201", "403", "404"} <= seen["POST /boards/{board_id}/notes/"]
    assert {"200", "403", "404"} <= seen["GET /boards/{board_id}/notes/{pk}/"]
    assert {"403", "500"} <= seen["DELETE /boards/{board_id}/notes/"]
    assert {"200", "403"} <= seen["GET /own/"]
    assert {"200"} <= seen["GET /more/"]
    assert {"200", "403", "404"} <= seen["GET /said/{pk}/"]
    assert {"204", "403", "404"} <= seen["DELETE /said/{pk}/"]
    assert {"200", "403", "404"} <= seen["GET /raised/{pk}/"]
    assert {"204", "404"} <= seen["DELETE /raised/{pk}/"]
    assert {"200", "403", "404"} <= seen["GET /more/{pk}/"]
    assert {"204", "403"} <= seen["DELETE /more/{pk}/"]
    code = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    assert 'if board.shared and call.method == "POST":' in code
