"""What mixins of views ask of them: ``hasattr(self, "action_permissions")``, permissions that are told, columns of whoever asks."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

FILES = {
    "site_/settings.py": SETTINGS + 'AUTH_USER_MODEL = "notes.User"\n',
    "notes/models.py": """\
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    role = models.CharField(max_length=9, default="reader")

    @property
    def shown(self):
        return self.role.title()


class Board(models.Model):
    number = models.IntegerField(default=0)


class Note(models.Model):
    board = models.ForeignKey(Board, models.CASCADE, null=True)
    title = models.CharField(max_length=10)
""",
    "notes/views.py": """\
from rest_framework import generics, mixins, permissions, serializers, viewsets
from rest_framework.response import Response

from notes.models import Note


class Full(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


class Short(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["title"]


class IsWriter(permissions.BasePermission):
    def has_permission(self, request, view):
        return getattr(request.user, "role", None) == "writer"


class IsReader(permissions.BasePermission):
    def has_permission(self, request, view):
        return not hasattr(request.user, "role") or request.user.role == "reader"


class IsShown(permissions.BasePermission):
    def has_permission(self, request, view):
        return getattr(request.user, "shown", None) == "Reader"


class ByAction:
    DEFAULT = permissions.IsAuthenticated

    def get_permissions(self):
        if hasattr(self, "action_permissions") and self.action in self.action_permissions:
            return [permission() for permission in self.action_permissions[self.action]]
        return [self.DEFAULT()]

    def get_serializer_class(self):
        if hasattr(self, "action_serializers") and self.action in self.action_serializers:
            return self.action_serializers[self.action]
        return super().get_serializer_class()


class Notes(viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = Full


class With(ByAction, mixins.ListModelMixin, mixins.CreateModelMixin, Notes):
    DEFAULT = IsReader
    action_permissions = {"list": [permissions.AllowAny], "create": [IsWriter]}
    action_serializers = {"list": Short}


class Without(ByAction, mixins.ListModelMixin, mixins.RetrieveModelMixin, Notes):
    pass


class Told(mixins.ListModelMixin, Notes):
    permission_classes = [permissions.IsAuthenticated, IsReader]

    def get_permissions(self):
        perms = super().get_permissions()
        print(f"User: {self.request.user}, Role: {self.request.user.role}, Permissions: {perms}")
        return perms


class Named(mixins.ListModelMixin, Notes):
    permission_classes = [IsReader]

    def get_permissions(self):
        found = super().get_permissions()
        print("asks", [p.__class__.__name__ for p in found], self.request.user.is_staff)
        return found


class Put(mixins.ListModelMixin, Notes):
    def get_permissions(self):
        if hasattr(self, "limits"):
            return [permissions.IsAdminUser()]
        return [permissions.AllowAny()]

    def list(self, request, *args, **kwargs):
        self.limits = 3
        return super().list(request, *args, **kwargs)


class Computed(mixins.ListModelMixin, Notes):
    permission_classes = [IsShown]


class Printing(generics.GenericAPIView):
    permission_classes = []

    def get(self, request):
        print("role", request.user.role)
        return Response({"a": 1})

    def post(self, request):
        print(int(request.data["name"]))
        return Response({"a": 1})


class Dividing(generics.GenericAPIView):
    queryset = Note.objects.order_by("id")

    def get(self, request, pk):
        note = self.get_object()
        print(10 / (note.board_id - 1), f"{note.title}")
        return Response({"a": note.title})


class Board(mixins.RetrieveModelMixin, Notes):
    def get_queryset(self):
        return Note.objects.filter(board_id=self.kwargs["board"])

    def get_object(self):
        return generics.get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])
""",
    "site_/urls.py": """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
for name in ("With", "Without", "Told", "Named", "Put", "Computed"):
    router.register(name.lower(), getattr(views, name), name.lower())
router.register("boards/(?P<board>[^/.]+)/notes", views.Board, "board")
urlpatterns = [path("", include(router.urls)), path("printing/", views.Printing.as_view()), path("dividing/<int:pk>/", views.Dividing.as_view())]
""",
}


def test_answers_are_djangos(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    site = Site.make(root, FILES)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=90, seconds=10)
    paths = {r.id: r.path for r in snapshot.routes}
    assert {(r.method, paths[r.route_id]): r.reasons[0].code for r in program.refused} == {
        ("GET", "/put/"): "hasattr",
        ("GET", "/computed/"): "getattr",
    }
    assert differences(report) == []
    seen = {o.key: set(o.statuses) for o in report.operations}
    assert {"200"} <= seen["GET /with/"]
    assert {"403"} <= seen["POST /with/"]
    assert {"200", "403"} <= seen["GET /without/"]
    assert {"200", "500"} <= seen["GET /told/"]  # an anonymous user has no role
    assert {"200"} <= seen["GET /named/"]
    assert {"200", "500"} <= seen["GET /printing/"]
    assert {"200", "500"} <= seen["POST /printing/"]
    assert {"200", "500"} <= seen["GET /dividing/{pk}/"]
    assert {"404"} <= seen["GET /boards/{board}/notes/{pk}/"]
