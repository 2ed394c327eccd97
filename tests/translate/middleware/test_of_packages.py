"""Middleware of other packages that keeps the request or its user for whoever asks: known by name or proved, and readers refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.snapshot.model import Snapshot
from segue.translate.program import translate

MIDDLEWARE = [
    "crum.CurrentRequestUserMiddleware",
    "django_currentuser.middleware.ThreadLocalUserMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "log_request_id.middleware.RequestIDMiddleware",
    "request_id.middleware.RequestIdMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "notes.middleware.Own",
    "notes.middleware.InContext",
    "notes.middleware.First",
]
MORE = f"""
import os
INSTALLED_APPS += ["auditlog", "silk"]
MIDDLEWARE = ["silk.middleware.SilkyMiddleware", *MIDDLEWARE, *{MIDDLEWARE!r}]
PERMISSIONS_POLICY = {{"geolocation": ["self", "https://a.test"], "camera": [], "fullscreen": "*"}}
if os.environ.get("UNREAD"):
    PERMISSIONS_POLICY["camera"] = dict.fromkeys(["self", "https://b.test"])
if os.environ.get("ID_HEADER"):
    REQUEST_ID_RESPONSE_HEADER = os.environ["ID_HEADER"]
"""
OWN = """\
import threading
from contextvars import ContextVar

from django.utils.deprecation import MiddlewareMixin

from notes.models import Plain

_local = threading.local()
_user = ContextVar("user", default=None)


def current_user():
    return getattr(_local, "user", None)


class Own:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        _local.request = request
        setattr(_local, "user", getattr(request, "user", None))
        try:
            return self.get_response(request)
        finally:
            del _local.request


class First(MiddlewareMixin):
    def process_request(self, request):
        host = request.get_host().split(":")[0]
        if not host:
            request.first = None
            return
        try:
            first = Plain.objects.filter(title__gt="").order_by("id").first()
        except Exception:
            first = None
        request.first = first


def InContext(get_response):
    def middleware(request):
        token = _user.set(request.user)
        response = get_response(request)
        _user.reset(token)
        return response

    return middleware
"""
MODELS = """\
from auditlog.registry import auditlog
from django.db import models
from django_currentuser.db.models import CurrentUserField


class Note(models.Model):
    title = models.CharField(max_length=9)
    by = CurrentUserField(on_update=True)


class Watched(models.Model):
    title = models.CharField(max_length=9)


class Plain(models.Model):
    title = models.CharField(max_length=9)


auditlog.register(Watched)
"""
VIEWS = """\
from crum import get_current_user as of_crum
from django_currentuser.middleware import get_current_user
from log_request_id import local
from rest_framework import serializers, viewsets
from rest_framework.response import Response
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import APIException, ParseError
from rest_framework.permissions import BasePermission
from rest_framework.views import APIView

from notes.middleware import _user, current_user
from notes.models import Note, Plain, Watched


def serializer(of):
    class Serializer(serializers.ModelSerializer):
        class Meta:
            model = of
            fields = ["id", "title"]

    return Serializer


class Notes(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = serializer(Note)


class Watching(viewsets.ModelViewSet):
    queryset = Watched.objects.order_by("id")
    serializer_class = serializer(Watched)
    authentication_classes = []


class Plains(viewsets.ModelViewSet):
    queryset = Plain.objects.order_by("id")
    serializer_class = serializer(Plain)
    authentication_classes = []


class Asks(APIView):
    def get(self, request):
        return Response({"user": get_current_user() is None})

    def post(self, request):
        return Response({"user": of_crum() is None})

    def put(self, request):
        return Response({"id": local.request_id})

    def patch(self, request):
        return Response({"id": request.request_id, "other": getattr(request, "id", None)})

    def delete(self, request):
        return Response({"user": current_user() is None})


class AsksContext(APIView):
    def get(self, request):
        return Response({"user": _user.get() is None})

    def post(self, request):
        return Response({"id": getattr(request, "request_id", None)})


class Guarded(APIView):
    authentication_classes = []

    def get(self, request, pk):
        try:
            note = Plain.objects.get(pk=pk)
        except Exception:
            return Response({"gone": True}, status=404)
        return Response({"title": note.title, "first": request.first.title if request.first else None})

    def post(self, request, pk):
        try:
            size = int(request.data.get("size", 4))
            note = Plain.objects.get(pk=pk)
        except Exception as error:
            return Response({"error": str(error)}, status=400)
        return Response({"title": note.title, "size": size})

    def put(self, request, pk):
        Plain.objects.create(title="put")
        try:
            note = Plain.objects.get(pk=pk)
        except Exception:
            return Response({"gone": True}, status=404)
        return Response({"title": note.title})

    def delete(self, request, pk):
        for word in ("a", "b"):
            try:
                Plain.objects.get(title=word)
            except Exception:
                Plain.objects.filter(pk=pk).delete()
        return Response(None)


    def patch(self, request, pk):
        try:
            note = get_object_or_404(Plain, pk=pk)
            if "no" in request.query_params:
                raise ParseError("No.")
        except APIException:
            return Response({"caught": True}, status=409)
        return Response({"title": note.title})


class Ordered(APIView):
    authentication_classes = []

    def get(self, request, pk):
        try:
            note = get_object_or_404(Plain, pk=pk)
        except APIException:
            raise
        except Exception:
            return Response({"gone": True}, status=400)
        return Response({"title": note.title})


class Noting(BasePermission):
    def has_permission(self, request, view):
        Plain.objects.create(title="noted")
        return True


class Noted(Guarded):
    authentication_classes = []
    permission_classes = [Noting]
    http_method_names = ["get", "post"]


class Where(APIView):
    authentication_classes = []

    def get(self, request, word):
        return Response(
            {
                "path": request.path,
                "info": request._request.path_info,
                "full": request.get_full_path(),
                "host": request.get_host(),
                "secure": request.is_secure(),
                "scheme": request.scheme,
            }
        )

    def post(self, request, word):
        try:
            Plain.objects.get(title=word)
        except Plain.DoesNotExist as error:
            error = str(error)
            raise serializers.ValidationError(error)
        return Response(None)
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from notes import views

router = SimpleRouter()
router.register("notes", views.Notes, "note")
router.register("watched", views.Watching, "watched")
router.register("plain", views.Plains, "plain")
urlpatterns = [path("", include(router.urls)), path("asks/", views.Asks.as_view()), path("context/", views.AsksContext.as_view()), path("where/<str:word>/", views.Where.as_view()), path("where/here/", views.Where.as_view(), {"word": "there"}), path("where/<int:word>/", views.Where.as_view()), path("guarded/<int:pk>/", views.Guarded.as_view()), path("noted/<int:pk>/", views.Noted.as_view()), path("ordered/<int:pk>/", views.Ordered.as_view())]
"""
REFUSED = {
    "GET /where/here/": "unreachable", "POST /where/here/": "unreachable", "POST /where/{word}/#2": "unreachable", "GET /where/{word}/#2": "unreachable",
    "POST /notes/": "package-django-currentuser", "PUT /notes/{pk}/": "package-django-currentuser",
    "PATCH /notes/{pk}/": "package-django-currentuser", "POST /watched/": "package-django-auditlog", "PUT /watched/{pk}/": "package-django-auditlog",
    "PATCH /watched/{pk}/": "package-django-auditlog", "DELETE /watched/{pk}/": "package-django-auditlog", "GET /asks/": "package-django-currentuser",
    "POST /asks/": "package-django-crum", "PUT /asks/": "unknown-global", "PATCH /asks/": "request",
    # Its permission has written something, and Django would do that again.
    "POST /noted/{pk}/": "broad-except",
    # Http404 is no APIException, and goes on to the clause behind.
    "GET /ordered/{pk}/": "except",
    "DELETE /asks/": "getattr", "GET /context/": "unknown-global", "POST /context/": "getattr",
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/settings.py": SETTINGS + MORE, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "notes/middleware.py": OWN,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("of_packages"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_who_reads_what_they_keep_is_refused(snapshot: Snapshot) -> None:
    refused = translate(snapshot).refused
    assert {f"{r.method} {r.route_id}": r.reasons[0].code for r in refused} == REFUSED


def test_the_rest_answers_as_django_does(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    _, report = site.explore(snapshot, tmp_path, cases=80, seconds=6)
    assert differences(report) == []
    # Somebody who is logged in has read the session, and what a view without sessions answers them is Django's.
    assert {o.key for o in report.operations if any(s.startswith("2") for s in o.statuses)} >= {
        "GET /notes/", "GET /plain/", "POST /plain/", "DELETE /plain/{pk}/", "GET /watched/", "GET /where/{word}/",
        "GET /guarded/{pk}/",
    }  # fmt: skip
    routes = (tmp_path / "app" / "notes" / "routes.py").read_text()
    assert "permissions-policy" in routes
    assert "reads_session=True" in routes
    guarded = next(o for o in report.operations if o.key == "GET /guarded/{pk}/")
    assert "404" in guarded.statuses
    assert not guarded.unserved  # what is not there is caught as on Django
    assert next(o for o in report.operations if o.key == "POST /guarded/{pk}/").unserved
    assert "404" in next(o for o in report.operations if o.key == "PATCH /guarded/{pk}/").statuses
    # django-silk writes a row for each request to Django, which would be a difference.
    assert "silk.middleware.SilkyMiddleware" in (tmp_path / "PORTING.md").read_text()


def test_an_id_on_every_answer_is_refused_by_name(site: Site) -> None:
    program = translate(site.snapshot(ID_HEADER="X-Request-ID"))
    assert not program.native
    assert all(
        "django-log-request-id writes the id" in r.reasons[0].why
        for r in program.refused
        if r.reasons[0].code != "unreachable"
    )


def test_a_policy_that_cannot_be_read_is_refused(site: Site) -> None:
    program = translate(site.snapshot(UNREAD="1"))
    assert not program.native
    assert all(
        "cannot read PERMISSIONS_POLICY" in r.reasons[0].why
        for r in program.refused
        if r.reasons[0].code != "unreachable"
    )
