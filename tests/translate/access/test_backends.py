"""``AUTHENTICATION_BACKENDS``, ``perms_map`` and the user model's flags: seen through, or refused; never guessed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.cli.tiny import MODELS
from tests.projects.site import Site, differences

from segue.snapshot.model import Snapshot, Value
from segue.translate.program import translate

BACKENDS = """\
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import User


class LockedOut(ModelBackend):
    # what packages that count failed logins do
    def authenticate(self, request, username=None, password=None, **kwargs):
        return None


class Silent(BaseBackend):
    def authenticate(self, request, ticket=None):
        return None


class ByTicket(BaseBackend):
    def authenticate(self, request, *, ticket, **kwargs):
        return None


class ByAnything(BaseBackend):
    def authenticate(self, request, **credentials):
        return None


class OwnUsers(ModelBackend):
    def get_user(self, user_id):
        return None


class ByKey(ModelBackend):
    # what mozilla-django-oidc's has, and many a project's
    def get_user(self, user_id):
        try:
            return User.objects.get(pk=user_id)
        except User.DoesNotExist:
            return None


class OfStaff(ModelBackend):
    def get_user(self, user_id):
        try:
            return User.objects.get(pk=user_id, is_staff=True)
        except User.DoesNotExist:
            return None


class Generous(BaseBackend):
    def has_perm(self, user_obj, perm, obj=None):
        return True


class ByGroup(ModelBackend):
    def _get_group_permissions(self, user_obj):
        return []


class Strict(ModelBackend):
    def user_can_authenticate(self, user):
        return user.is_staff
"""
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
AUTHENTICATION_BACKENDS = ["notes.backends.ByKey", "notes.backends.LockedOut", "django.contrib.auth.backends.ModelBackend",
                           "notes.backends.Silent"]
ALL = ["notes.backends." + name for name in ("ByTicket", "ByAnything", "OwnUsers", "OfStaff", "Generous", "ByGroup", "Strict")]
import os
if os.environ.get("ALL"):
    AUTHENTICATION_BACKENDS += ALL
"""
VIEWS = """\
from django.db.models import Q
from django.http import Http404
from rest_framework import authentication, generics, permissions, serializers

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class Readers(permissions.DjangoModelPermissions):
    perms_map = {
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s", "auth.view_user"],
        "OPTIONS": [],
        "POST": ["%(app_label)s.add_%(model_name)s"],
        "PATCH": ["%(app_label)s.change_%(model_name)s"],
    }


class Computed(permissions.DjangoModelPermissions):
    def get_required_permissions(self, method, model_cls):
        return []


class Base:
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


class ForUsers(Base, generics.ListAPIView):
    authentication_classes = [authentication.SessionAuthentication]
    permission_classes = [permissions.IsAuthenticated]


class ByPassword(Base, generics.ListAPIView):
    authentication_classes = [authentication.BasicAuthentication]
    permission_classes = [permissions.IsAuthenticated]


class ByPermission(Base, generics.ListCreateAPIView):
    authentication_classes = [authentication.SessionAuthentication]
    permission_classes = [Readers]


class OneByPermission(Base, generics.RetrieveUpdateAPIView):
    authentication_classes = [authentication.SessionAuthentication]
    permission_classes = [Readers | permissions.IsAdminUser]


class ByQueryset(generics.ListCreateAPIView):
    serializer_class = NoteSerializer
    authentication_classes = [authentication.SessionAuthentication]
    permission_classes = [Readers]

    def get_queryset(self):
        notes = Note.objects.order_by("id")
        shown = Note.objects.filter(stars__gte=2) if self.request.user.is_staff else []
        return notes.filter(Q(pk__in=shown) | Q(stars__lt=2))


class ByAskedQueryset(generics.ListCreateAPIView):
    serializer_class = NoteSerializer
    authentication_classes = [authentication.SessionAuthentication]
    permission_classes = [permissions.DjangoModelPermissionsOrAnonReadOnly]

    def get_queryset(self):
        if self.kwargs["most"] > 1:
            raise Http404
        if not Note.objects.filter(stars__gte=self.kwargs["most"]).exists():
            raise Http404("no such notes")
        return Note.objects.filter(stars__gte=self.kwargs["most"]).order_by("id")


class ByUsersQueryset(generics.ListCreateAPIView):
    serializer_class = NoteSerializer
    authentication_classes = [authentication.SessionAuthentication]
    permission_classes = [permissions.DjangoModelPermissionsOrAnonReadOnly]

    def get_queryset(self):
        return Note.objects.exclude(title=self.request.user.email).order_by("id")


class ByComputed(Base, generics.ListAPIView):
    authentication_classes = [authentication.SessionAuthentication]
    permission_classes = [Computed]
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [
    path("users/", views.ForUsers.as_view()),
    path("password/", views.ByPassword.as_view()),
    path("permission/", views.ByPermission.as_view()),
    path("permission/<int:pk>/", views.OneByPermission.as_view()),
    path("by_queryset/", views.ByQueryset.as_view()),
    path("by_asked/<int:most>/", views.ByAskedQueryset.as_view()),
    path("by_users/", views.ByUsersQueryset.as_view()),
    path("by_format/<str:format>/", views.ByQueryset.as_view()),
    path("computed/", views.ByComputed.as_view()),
]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/settings.py": SETTINGS, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "notes/backends.py": BACKENDS,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("backends"), files)


@pytest.fixture(scope="module")
def everything(site: Site) -> Snapshot:
    return site.snapshot(ALL="1")


def verdicts(snapshot: Snapshot, backends: Sequence[str]) -> dict[str, str]:
    """Path → ``native``, or the construct of the first reason, for GET."""
    items = tuple(Value("const", data=b if "." in b else f"notes.backends.{b}") for b in backends)
    values = {**snapshot.settings.values, "AUTHENTICATION_BACKENDS": Value("list", items=items)}
    changed = dataclasses.replace(snapshot, settings=dataclasses.replace(snapshot.settings, values=values))
    program = translate(changed)
    found = {o.route_id: "native" for o in program.native if o.method == "GET"}
    return found | {r.route_id: r.reasons[0].construct for r in program.refused if r.method == "GET"}


MODEL = "django.contrib.auth.backends.ModelBackend"


@pytest.mark.parametrize(
    ("backends", "users", "password", "permission"),
    [
        ([MODEL], "native", "native", "native"),
        ([MODEL, "Silent"], "native", "native", "native"),
        ([MODEL, "ByTicket"], "native", "native", "native"),
        ([MODEL, "ByAnything"], "native", "notes.backends.ByAnything.authenticate", "native"),
        (["LockedOut", MODEL], "native", "notes.backends.LockedOut.authenticate", "native"),
        # nobody gets in by a password where no backend takes one
        (["Silent"], "native", "native", "ModelBackend"),
        (["OwnUsers", MODEL], "native", "native", "native"),
        (["ByKey", MODEL], "native", "native", "native"),
        (["OfStaff"], "notes.backends.OfStaff.get_user", "native", "notes.backends.OfStaff.get_user"),
        (
            ["Strict"],
            "notes.backends.Strict.get_user",
            "notes.backends.Strict.authenticate",
            "notes.backends.Strict.get_user",
        ),
        ([MODEL, "Generous"], "native", "native", "notes.backends.Generous.has_perm"),
        ([MODEL, "ByGroup"], "native", "native", "notes.backends.ByGroup.has_perm"),
        ([MODEL, "missing.Backend"], "native", "missing.Backend", "missing.Backend"),
    ],
)
def test_each_backend_is_judged_by_what_it_changes(
    everything: Snapshot, backends: list[str], users: str, password: str, permission: str
) -> None:
    found = verdicts(everything, backends)
    assert found["/users/"] == users
    assert found["/password/"] == password
    assert found["/permission/"] == permission
    assert found["/computed/"] == (
        "notes.views.Computed.get_required_permissions"
        if permission == users == "native"
        else found["/computed/"]
    )
    assert found["/computed/"] != "native"


def test_a_flag_that_is_a_property_of_the_user_model_is_refused(everything: Snapshot) -> None:
    label = everything.settings.user_model
    model = everything.models[label]
    cls = everything.classes[model.cls]
    for flag, path in (
        ("is_staff", "/permission/{pk}/"),
        ("is_active", "/users/"),
        ("is_superuser", "/permission/"),
    ):
        own = dataclasses.replace(cls, methods={**cls.methods, flag: f"accounts.models.User.{flag}"})
        fields = tuple(f for f in model.fields if f.attname != flag)
        changed = dataclasses.replace(
            everything,
            classes={**everything.classes, model.cls: own},
            models={**everything.models, label: dataclasses.replace(model, fields=fields)},
        )
        assert verdicts(changed, [MODEL])[path] == f"{label}.{flag}"


def test_what_is_accepted_answers_as_django_does(site: Site, tmp_path: Path) -> None:
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=440)
    assert {(o.method, o.route_id) for o in program.native} == {
        ("GET", "/users/"), ("GET", "/permission/"), ("POST", "/permission/"),
        ("GET", "/by_queryset/"), ("POST", "/by_queryset/"), ("GET", "/by_asked/{most}/"), ("POST", "/by_asked/{most}/"),
        ("GET", "/by_users/"), ("POST", "/by_users/"),
        ("GET", "/permission/{pk}/"), ("PUT", "/permission/{pk}/"), ("PATCH", "/permission/{pk}/"),
    }  # fmt: skip
    assert differences(report) == []
    assert {o.key: o.cases for o in report.operations if o.cases < 20} == {}


def test_people_with_single_permissions_are_asked(site: Site, tmp_path: Path) -> None:
    """Own permissions and those of a group: each is let in where Django lets it in, and nowhere else."""
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=380, seconds=40)
    assert {o.route_id for o in program.native} >= {"/permission/", "/permission/{pk}/"}
    assert differences(report) == []
    note = next(n for n in report.notes if n.startswith("personas: "))
    assert "granted view and change" in note
    assert "granted add and delete by group" in note
    asked = {o.key: o.statuses for o in report.operations}
    for key in ("GET /permission/", "POST /permission/", "PATCH /permission/{pk}/"):
        assert asked[key].get("403", 0) > 2, key
        assert asked[key].get("200", 0) + asked[key].get("201", 0) > 2, key
