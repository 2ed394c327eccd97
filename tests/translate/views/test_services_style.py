"""Views with serializers of their own inside, services, selectors and helpers, as HackSoft's style guide has them."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

FILES = {
    "site_/settings.py": SETTINGS
    + """\
AUTH_USER_MODEL = "notes.Member"
DATABASES["default"]["ATOMIC_REQUESTS"] = True
REST_FRAMEWORK["EXCEPTION_HANDLER"] = "notes.apis.on_error"
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = []
MIDDLEWARE += ["django_structlog.middlewares.RequestMiddleware"]
""",
    # As the package's, without its logs: it reads who is logged in, and has the session say that nobody has.
    "django_structlog/__init__.py": "",
    "django_structlog/middlewares.py": """\
from django.utils.functional import SimpleLazyObject


class RequestMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        self.bind(request)
        response = self.get_response(request)
        self.bind(request)
        return response

    def bind(self, request):
        accessed = request.session.accessed
        user = request.user
        self.seen = user.pk
        if not accessed:
            def again():
                request.session.accessed = True
                return user

            request.user = SimpleLazyObject(again)
            request.session.accessed = False
""",
    "notes/models.py": """\
import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class MemberManager(BaseUserManager):
    def create_user(self, email, is_active=True, is_admin=False, password=None):
        member = self.model(
            email=self.normalize_email(email.lower()), is_active=is_active, is_admin=is_admin
        )
        if password is not None:
            member.set_password(password)
        else:
            member.set_unusable_password()
        member.full_clean()
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(max_length=40, unique=True)
    is_active = models.BooleanField(default=True)
    is_admin = models.BooleanField(default=False)
    code = models.UUIDField(default=uuid.uuid4)
    objects = MemberManager()
    USERNAME_FIELD = "email"


class Note(models.Model):
    title = models.CharField(max_length=20)
    kind = models.CharField(max_length=5, choices=[("a", "A"), ("b", "B")], default="a")
    stars = models.IntegerField(default=0)
""",
    "notes/services.py": """\
import django_filters
import structlog
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.pagination import LimitOffsetPagination, PageNumberPagination
from rest_framework.response import Response

from notes.models import Member, Note


logger = structlog.get_logger()
tagged = logger.bind(part="notes")


class MemberFilter(django_filters.FilterSet):
    class Meta:
        model = Member
        fields = ("id", "email", "is_admin", "code")


class StarsFilter(django_filters.FilterSet):
    stars = django_filters.RangeFilter()


class NoteFilter(django_filters.FilterSet):
    title = django_filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Note
        fields = ("kind", "stars")


def get_object(model_or_queryset, **kwargs):
    try:
        return get_object_or_404(model_or_queryset, **kwargs)
    except Http404:
        return None


def member_list(*, filters=None):
    filters = filters or {}
    return MemberFilter(filters, Member.objects.order_by("id")).qs


def note_list(request):
    return NoteFilter(request.GET, queryset=Note.objects.order_by("-id")).qs


def notes_like(title):
    return NoteFilter({"title": title, "kind": None}, Note.objects.order_by("id")).qs


def member_get(pk):
    return get_object(Member, pk=pk, is_active=True)


@transaction.atomic
def member_create(*, email: str, is_active: bool = True, is_admin: bool = False, password=None):
    return Member.objects.create_user(email=email, is_active=is_active, is_admin=is_admin, password=password)


@transaction.atomic
def note_create(*, title, stars=3, **more):
    return Note.objects.create(title=title, stars=stars, **more)


class Pages(LimitOffsetPagination):
    default_limit = 2
    max_limit = 3

    def get_paginated_response(self, data):
        return Response({"limit": self.limit, "count": self.count, "next": self.get_next_link(), "found": data})


class Numbers(PageNumberPagination):
    page_size = 2


def paginated(*, pagination_class, serializer_class, queryset, request, view):
    paginator = pagination_class()
    page = paginator.paginate_queryset(queryset, request, view=view)
    if page is not None:
        serializer = serializer_class(page, many=True)
        return paginator.get_paginated_response(serializer.data)
    serializer = serializer_class(queryset, many=True)
    return Response(data=serializer.data)
""",
    "notes/apis.py": """\
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import authentication, exceptions, permissions, serializers, views
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler
import structlog
from structlog.contextvars import bind_contextvars

from notes import services
from notes.models import Member, Note
from notes.services import logger, tagged


def on_error(exc, ctx):
    if isinstance(exc, ValidationError):
        exc = exceptions.ValidationError(as_serializer_error(exc))
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    response = exception_handler(exc, ctx)
    if response is None:
        return response
    if isinstance(exc.detail, (list, dict)):
        response.data = {"detail": response.data}
    return response


class MemberDetailApi(views.APIView):
    class OutputSerializer(serializers.Serializer):
        id = serializers.IntegerField()
        email = serializers.CharField()

    def get(self, request, pk):
        member = services.member_get(pk)
        if member is None:
            raise Http404
        return Response(self.OutputSerializer(member).data)


class MemberListApi(views.APIView):
    class FilterSerializer(serializers.Serializer):
        id = serializers.IntegerField(required=False)
        is_admin = serializers.BooleanField(required=False, allow_null=True, default=None)
        email = serializers.EmailField(required=False)
        code = serializers.UUIDField(required=False)

    class OutputSerializer(serializers.ModelSerializer):
        class Meta:
            model = Member
            fields = ("id", "email", "is_admin")

    def get(self, request):
        filters = self.FilterSerializer(data=request.query_params)
        filters.is_valid(raise_exception=True)
        return services.paginated(
            pagination_class=services.Pages, serializer_class=self.OutputSerializer,
            queryset=services.member_list(filters=filters.validated_data), request=request, view=self,
        )


class MemberCreateApi(views.APIView):
    class InputSerializer(serializers.Serializer):
        email = serializers.EmailField()
        password = serializers.CharField(required=False)

    def post(self, request):
        serializer = self.InputSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        member = services.member_create(**serializer.validated_data)
        return Response(MemberDetailApi.OutputSerializer(member).data)


class LoginApi(views.APIView):
    class InputSerializer(serializers.Serializer):
        email = serializers.EmailField()
        password = serializers.CharField()

    def post(self, request):
        serializer = self.InputSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        member = authenticate(request, **serializer.validated_data)
        if member is None:
            raise exceptions.AuthenticationFailed()
        return Response(MemberDetailApi.OutputSerializer(member).data)


class NoteListApi(views.APIView):
    class OutputSerializer(serializers.ModelSerializer):
        class Meta:
            model = Note
            fields = ("id", "title", "kind", "stars")

    class FilterSerializer(serializers.Serializer):
        title = serializers.CharField(required=False)

    class InputSerializer(serializers.Serializer):
        title = serializers.CharField(max_length=20)
        kind = serializers.ChoiceField(["a", "b"])

    def get(self, request):
        wanted = self.FilterSerializer(data=request.GET)
        wanted.is_valid(raise_exception=True)
        return services.paginated(
            pagination_class=services.Numbers, serializer_class=self.OutputSerializer,
            queryset=services.note_list(request), request=request, view=self,
        )

    def post(self, request):
        serializer = self.InputSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        note = services.note_create(**serializer.validated_data)
        like = services.notes_like(note.title[:2])
        return Response({"id": note.id, "like": [other.id for other in like]})


class Told(authentication.SessionAuthentication):
    def authenticate_header(self, request):
        return "Session"

    def enforce_csrf(self, request):
        return


class MeApi(views.APIView):
    authentication_classes = [Told]
    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        return Response({"id": request.user.pk, "token": bool(request.auth)})

    def post(self, request):
        services.note_create(title="a note")
        raise ValidationError({"title": "never"})


class LoggedApi(views.APIView):
    def get(self, request):
        log = logger.bind(path=request.path, many=True)
        log.info("asked", count=Note.objects.count())
        bind_contextvars(note=7)
        structlog.contextvars.bind_contextvars(other=8)
        logger.bind(lost=True)
        logger.warning("asked %s", "twice", name=request.query_params.get("name"))
        structlog.get_logger().new(a=1).unbind("a").error("no error", exc=None)
        return Response()


class LoggedRowApi(views.APIView):
    def get(self, request):
        tagged.info("asked")
        return Response()


class OrderedApi(views.APIView):
    \"\"\"A cursor, and a page that the request decides about, are refused.\"\"\"

    def get(self, request):
        class_ = services.PageNumberPagination
        page = class_().paginate_queryset(Note.objects.order_by("id"), request, view=self)
        return Response([note.id for note in page])


class SwappedApi(views.APIView):
    \"\"\"What a FilterSet was given has become something else, or has more in it, when it is asked.\"\"\"

    def get(self, request):
        rows = Note.objects.order_by("id")
        found = services.NoteFilter(request.GET, queryset=rows)
        rows = Note.objects.none()
        return Response([note.id for note in found.qs])

    def put(self, request):
        wanted = NoteListApi.FilterSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        wanted.validated_data["kind"] = "a"
        found = services.NoteFilter(wanted.validated_data, Note.objects.order_by("id"))
        return Response([note.id for note in found.qs])

    def post(self, request):
        data = {"title": "a"}
        other = data
        other["kind"] = "b"
        return Response([note.id for note in services.NoteFilter(data, Note.objects.order_by("id")).qs])

    def patch(self, request):
        one = services.Numbers()
        other = services.Numbers()
        ours = one.paginate_queryset(Note.objects.order_by("id"), request)
        theirs = other.paginate_queryset(Note.objects.filter(kind="a").order_by("id"), request)
        return one.get_paginated_response([[note.id for note in ours], [note.id for note in theirs]])


class ForeignApi(views.APIView):
    \"\"\"A range has its values under other names; a page is that of its paginator.\"\"\"

    class StarsSerializer(serializers.Serializer):
        stars_min = serializers.IntegerField(required=False)

    def get(self, request):
        wanted = self.StarsSerializer(data=request.GET)
        wanted.is_valid(raise_exception=True)
        found = services.StarsFilter(wanted.validated_data, Note.objects.order_by("id"))
        return Response([note.id for note in found.qs])

    def put(self, request):
        page = services.Numbers().paginate_queryset(Note.objects.order_by("id"), request)
        return services.Pages().get_paginated_response([note.id for note in page])
""",
    "site_/urls.py": """\
from django.urls import path

from notes import apis

urlpatterns = [
    path("members/", apis.MemberListApi.as_view()),
    path("members/create/", apis.MemberCreateApi.as_view()),
    path("members/<int:pk>/", apis.MemberDetailApi.as_view()),
    path("login/", apis.LoginApi.as_view()),
    path("notes/", apis.NoteListApi.as_view()),
    path("logged/", apis.LoggedApi.as_view()),
    path("tagged/", apis.LoggedRowApi.as_view()),
    path("me/", apis.MeApi.as_view()),
    path("ordered/", apis.OrderedApi.as_view()),
    path("swapped/", apis.SwappedApi.as_view()),
    path("foreign/", apis.ForeignApi.as_view()),
]
""",
}


def test_services_and_selectors_answer_as_they_do(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    site = Site.make(tmp_path / "site", FILES)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=240, seconds=12)
    assert {(r.route_id, r.method): r.reasons[0].code for r in program.refused} == {
        ("/ordered/", "GET"): "paginate",
        ("/tagged/", "GET"): "package-structlog",
        **{("/swapped/", method): "filterset" for method in ("GET", "PUT", "POST")},
        ("/swapped/", "PATCH"): "paginate",
        ("/foreign/", "GET"): "filterset",
        ("/foreign/", "PUT"): "paginate",
    }
    assert differences(report) == []
    seen = {o.key: set(o.statuses) for o in report.operations}
    assert seen["GET /members/"] >= {"200", "400"}
    assert seen["POST /members/create/"] >= {"200", "400"}
    assert seen["GET /members/{pk}/"] >= {"200", "404"}
    assert seen["POST /login/"] >= {"400", "403"}
    assert "200" in seen["GET /notes/"]
    assert seen["POST /notes/"] >= {"200", "400"}
    assert seen["GET /me/"] >= {"200", "401"}
    # Who has a session, which the view does not ask for: Django drops it where it has ended.
    routes = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    resources = {part.split(maxsplit=1)[0]: part.split(")\n")[0] for part in routes.split("\n\n\n")}
    assert "left_to_django=LEFT_TO_DJANGO" in resources["NOTES_URL"]
    assert "left_to_django" not in resources["ME_URL"]
    assert "sessionid" in (tmp_path / "fastapi" / "app" / "access.py").read_text().split("LEFT_TO_DJANGO")[1]
    theirs, mine = (eval(line) for line in site.run("-c", _EVENTS, str(tmp_path / "fastapi")))
    assert len(theirs) == 3
    assert '"structlog==' in (tmp_path / "fastapi" / "pyproject.toml").read_text()
    assert theirs == mine


_EVENTS = """
import os, sys
sys.path[:0] = [sys.argv[1]]
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL="sqlite:///db.sqlite3", SECRET_KEY="x")
import django, structlog
django.setup()
from django.test import Client
from fastapi.testclient import TestClient
from app.main import create_app
events = []
def kept(logger, method, event):
    events.append((method, event))
    raise structlog.DropEvent
structlog.configure(processors=[structlog.contextvars.merge_contextvars, kept])
with TestClient(create_app()) as ours:
    for side in (Client(), ours):
        events.clear()
        structlog.contextvars.clear_contextvars()
        assert side.get("/logged/?name=x").status_code == 200
        print(events)
"""
