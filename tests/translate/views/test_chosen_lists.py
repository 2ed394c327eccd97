"""Views that choose their renderers and whether they page, for users of a model of their own: as Django answers, or refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.projects.site import Site, differences

from segue.snapshot.model import Snapshot
from segue.translate.program import translate

SETTINGS = """\
SECRET_KEY = "x"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "site_.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
                  "rest_framework", "notes"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
AUTH_USER_MODEL = "notes.Person"
AUTHENTICATION_BACKENDS = ["notes.backends.ByHeader"]
REST_FRAMEWORK = {"PAGE_SIZE": 2}
SILENCED_SYSTEM_CHECKS = ["auth.E003", "auth.W004"]
"""
BACKENDS = """\
from django.contrib.auth.backends import ModelBackend


class ByHeader(ModelBackend):
    def authenticate(self, request, remote_user):
        return None
"""
MODELS = """\
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class People(BaseUserManager):
    pass


class Person(PermissionsMixin):
    # no password: somebody else checks it
    username = models.CharField(max_length=20, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []
    objects = People()

    @property
    def is_authenticated(self):
        return True

    @property
    def is_anonymous(self):
        return False

    def has_perm(self, perm, obj=None):
        general = super().has_perm(perm)
        if general:
            return True
        if obj and getattr(obj, "owner", None) == self:
            return True
        return general


class Note(models.Model):
    title = models.CharField(max_length=10)
"""
VIEWS = """\
from rest_framework import authentication, generics, pagination, permissions, renderers, serializers, viewsets

from notes.models import Note


class Plain(renderers.BrowsableAPIRenderer):
    def render_form_for_serializer(self, serializer):
        return ""


class Csv(renderers.BaseRenderer):
    media_type = "text/csv"
    format = "csv"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return "csv"


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


class Pages(pagination.PageNumberPagination):
    page_size = 2
    page_size_query_param = "page_size"


class Chosen:
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    pagination_class = Pages
    permission_classes = [permissions.DjangoModelPermissionsOrAnonReadOnly]

    def get_renderers(self):
        found = []
        for renderer in self.renderer_classes:
            if isinstance(renderer(), renderers.BrowsableAPIRenderer):
                found.append(Plain())
            else:
                found.append(renderer())
        return found


class NoteViewSet(Chosen, viewsets.ModelViewSet):
    def paginate_queryset(self, queryset):
        # everything at once, unless a page is asked for
        asked = self.request and self.request.GET.get(Pages.page_size_query_param, None)
        renderer = self.request.accepted_renderer if hasattr(self.request, "accepted_renderer") else None
        if asked is not None or not renderer or isinstance(renderer, renderers.BrowsableAPIRenderer):
            return super().paginate_queryset(queryset)
        return None


class FirstView(Chosen, generics.ListAPIView):
    def paginate_queryset(self, queryset):
        if "all" in self.request.query_params:
            return
        return super().paginate_queryset(queryset)


class Other(Chosen, generics.ListAPIView):
    def get_renderers(self):
        return [renderers.JSONRenderer(), Csv()]


class ByAction(Chosen, viewsets.ModelViewSet):
    def get_renderers(self):
        if self.action == "list":
            return [renderers.JSONRenderer(), Plain()]
        return [Plain(), renderers.JSONRenderer()]


class ByUser(Chosen, generics.ListAPIView):
    def get_renderers(self):
        return super().get_renderers() if self.request.user.is_staff else [renderers.JSONRenderer()]


class Sliced(Chosen, generics.ListAPIView):
    def paginate_queryset(self, queryset):
        return [note for note in queryset if note.title]
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
router.register("actions", views.ByAction, basename="action")
urlpatterns = [
    *router.urls,
    path("first/", views.FirstView.as_view()),
    path("other/", views.Other.as_view()),
    path("user/", views.ByUser.as_view()),
    path("sliced/", views.Sliced.as_view()),
]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/settings.py": SETTINGS, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "notes/backends.py": BACKENDS,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("chosen"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_is_chosen_is_answered_as_django_does(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=450)
    native = {(o.method, o.route_id) for o in program.native}
    assert native == {
        ("GET", "/notes/"), ("POST", "/notes/"), ("GET", "/notes/{pk}/"), ("PUT", "/notes/{pk}/"),
        ("PATCH", "/notes/{pk}/"), ("DELETE", "/notes/{pk}/"), ("GET", "/first/"),
    }  # fmt: skip
    assert differences(report) == []
    assert all(o.cases > 20 for o in report.operations)
    access = (tmp_path / "fastapi" / "app" / "access.py").read_text()
    assert "session_hash=False" in access
    assert "BasicAuthentication(IDENTITY, None)" in access
    routes = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    assert 'call.query.get("page_size"' in routes


@pytest.mark.parametrize(
    ("route", "code"),
    [
        ("/other/", "override-get-renderers"),
        ("/actions/", "override-get-renderers"),
        ("/user/", "dynamic-get-renderers"),
        ("/sliced/", ""),
    ],
)
def test_what_is_not_seen_through_is_refused(snapshot: Snapshot, route: str, code: str) -> None:
    program = translate(snapshot)
    assert route not in {o.route_id for o in program.native}
    reasons = [r.reasons[0] for r in program.refused if r.route_id == route]
    assert reasons
    assert all(r.place.startswith("notes/") for r in reasons)
    assert not code or {r.code for r in reasons} == {code}


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        ("return super().has_perm(perm)", True),
        ("return super().has_perm(perm, obj)", True),
        ("if obj is not None:\n        return True\n    return super().has_perm(perm, obj=obj)", True),
        ("if super().has_perm(perm):\n        return True\n    return obj is not None", True),
        ("return super().has_perm(perm) or self.is_staff", False),
        ("return not super().has_perm(perm)", False),
        ("return super().has_perm('notes.' + perm)", False),
        ("if obj is None:\n        return True\n    return super().has_perm(perm)", False),
        ("perm = perm.lower()\n    return super().has_perm(perm)", False),
        ("return True", False),
    ],
)
def test_permissions_of_the_users_own(snapshot: Snapshot, body: str, accepted: bool) -> None:
    name = "notes.models.Person.has_perm"
    own = dataclasses.replace(
        snapshot.functions[name], source=f"def has_perm(self, perm, obj=None):\n    {body}\n"
    )
    program = translate(dataclasses.replace(snapshot, functions={**snapshot.functions, name: own}))
    assert ("/notes/" in {o.route_id for o in program.native}) is accepted
    if not accepted:
        refused = {r.reasons[0].construct for r in program.refused if r.route_id == "/notes/"}
        assert refused == {"notes.Person.has_perm"}
