"""``EXCEPTION_HANDLER``: the project's own answer to every error, on both sides; or a refusal."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.snapshot.model import Snapshot, Value
from segue.translate.program import translate

HANDLERS = '''\
import logging

from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler, set_rollback

from notes.views import Sold, Unlucky

logger = logging.getLogger(__name__)


def other_status(exc, context):
    # Clients of the old API expect 422.
    response = exception_handler(exc, context)
    if response is not None and response.status_code == status.HTTP_400_BAD_REQUEST:
        response.status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    elif response is not None:
        code = getattr(exc, "code", "error")
        response.data = {"status": getattr(exc, "status_code", 0), "code": code, "why": str(exc)}
        if hasattr(exc, "get_codes"):
            response.data["codes"] = exc.get_codes()
    return response


def envelope(exc, context):
    """Wrap every error."""
    response = exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        response.data = {"errors": response.data, "codes": exc.get_codes(), "count": len(exc.detail)}
    elif isinstance(exc, (Http404, exceptions.MethodNotAllowed)):
        logger.warning("failed in %s, %s", context.get("view"), context["request"], extra={"status": response.status_code})
        response.data["method"] = context["request"].method
    else:
        response.data["status_code"] = response.status_code
    logger.info("answered %s", response.status_code)
    return response


def own_answer(exc, context):
    if isinstance(exc, DjangoValidationError):
        if hasattr(exc, "message_dict"):
            detail = exc.message_dict
        elif hasattr(exc, "message"):
            detail = exc.message
        elif hasattr(exc, "messages"):
            detail = exc.messages
        else:
            detail = ""
        exc = exceptions.ValidationError(detail=detail)
    if isinstance(exc, exceptions.NotAuthenticated):
        response = Response({"login": "required"}, status=401)
    else:
        response = exception_handler(exc, context)
    if response:
        told(response, exc)
    return response


def told(response, exc):
    detail = None
    if isinstance(response.data, dict):
        detail = response.data.get("detail", None)
    logger.warning(f"Request error: status={response.status_code}, detail={detail}, exc={exc}")
    if detail is None and response.status_code == 401:
        response.data["told"] = len(response.data)


def proposed(exc, context):
    if isinstance(exc, DjangoValidationError):
        exc = exceptions.ValidationError(as_serializer_error(exc))
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    response = exception_handler(exc, context)
    if response is None:
        if isinstance(exc, Sold):
            return Response({"message": exc.message, "extra": exc.left}, status=400)
        elif isinstance(exc, ZeroDivisionError):
            set_rollback()
            return Response({"message": "zero"}, status=400)
        return response
    if isinstance(exc.detail, (list, dict)):
        response.data = {"detail": response.data}
    if isinstance(exc, exceptions.ValidationError):
        response.data["message"] = "Validation error"
        response.data["extra"] = {"fields": response.data["detail"], "codes": exc.get_codes()}
    else:
        response.data["message"] = response.data["detail"]
        response.data["extra"] = {}
    del response.data["detail"]
    return response


def all_kinds(exc, context):
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, DjangoValidationError):
        exc = exceptions.ValidationError(exc.messages)
    elif isinstance(exc, (ZeroDivisionError, ValueError)):
        exc = exceptions.Throttled(wait=2.5)
    response = exception_handler(exc, context)
    if response is None and isinstance(exc, Sold):
        return Response({"error": str(exc), "why": exc.message, "left": exc.left}, status=exc.status_code)
    elif response is None:
        if isinstance(exc, IntegrityError):
            return Response({"error": "conflict"}, status=409)
        logger.error(f"unknown: {exc}", exc_info=True)
        if settings.DEBUG:
            raise exc
        return Response({"error": "unknown: %s" % exc}, status=500)
    return response


def pictured(exc, context):
    response = exception_handler(exc, context)
    if response is None:
        return Response({"error": f"{exc!r}"}, status=500)
    return response


def forbidden(exc, context):
    if isinstance(exc, DjangoValidationError):
        exc = exceptions.NotAuthenticated()
    return exception_handler(exc, context)


def of_one_model(exc, context):
    response = exception_handler(exc, context)
    if response is None and isinstance(exc, Permission.DoesNotExist):
        return Response({"permission": None}, status=410)
    return response


def coded(exc, context):
    response = exception_handler(exc, context)
    if response is None and hasattr(exc, "default_code"):
        return Response({"code": str(exc)}, status=500)
    return response


def its_code(exc, context):
    response = exception_handler(exc, context)
    if response is not None:
        response.data = {"code": getattr(exc, "default_code", "error")}
    return response


def unsure(exc, context):
    response = exception_handler(exc, context)
    if response is not None:
        response.data = {"errors": exc.detail}
    return response


def denied(exc, context):
    response = exception_handler(exc, context)
    if isinstance(exc, exceptions.PermissionDenied):
        response.data = {"no": "way"}
    elif isinstance(exc, exceptions.NotFound):
        response.data = {"none": str(exc.detail)}
    elif isinstance(exc, exceptions.APIException):
        logger.debug(f"API [{exc.status_code}]: {exc.detail}")
        response.data = {"status": exc.status_code, "detail": exc.detail}
    return response


def own_class(exc, context):
    response = exception_handler(exc, context)
    if isinstance(exc, Unlucky):
        response.data = {"luck": False}
    return response


def its_base(exc, context):
    response = exception_handler(exc, context)
    if isinstance(exc, exceptions.ParseError):
        response.data = {"parsed": False}
    return response


def every(exc, context):
    coded(exc, context), pictured(exc, context), forbidden(exc, context), its_code(exc, context), unsure(exc, context)
    own_class(exc, context), its_base(exc, context), view(exc, context), of_one_model(exc, context)
    return recorded(exc, context), told_of(exc, context)


def recorded(exc, context):
    logger.warning("failed", extra={"request": context["request"], "view": context.get("view"), "number": 3})
    logger.exception("failed", extra={"request": context["request"]})
    return exception_handler(exc, context)


def told_of(exc, context):
    logger.error("failed: %s", context["request"])
    return exception_handler(exc, context)


def view(exc, context):
    response = exception_handler(exc, context)
    if response is not None:
        response.data["view"] = context["view"].__class__.__name__
    return response
'''
MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10, unique=True)
    stars = models.IntegerField(null=True)


class Secret(models.Model):
    key = models.UUIDField(null=True)
"""
VIEWS = """\
import logging

from django.core.exceptions import PermissionDenied, ValidationError
from rest_framework import exceptions, permissions, response, serializers, status, viewsets
from rest_framework.decorators import action

from notes.models import Note, Secret


logger = logging.getLogger(__name__)


class Unlucky(exceptions.ParseError):
    status_code = 418
    default_code = "unlucky"


class Sold(Exception):
    status_code = status.HTTP_410_GONE
    default_code = "sold"
    left = None

    def __init__(self, message: str = None, *, left=0):
        self.message = message or f"none left, {self.status_code}"
        if left != 0:
            self.left = {"left": left}
        super().__init__(self.message, left)

    def __str__(self):
        return "<%s>" % self.message


class SoldTwice(Sold):
    def __str__(self):
        return super().__str__() + " again"


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]

    def validate(self, attrs):
        if attrs.get("stars") == 13:
            raise serializers.ValidationError("Not that many.", code="unlucky")
        return attrs


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


    @action(detail=False)
    def lost(self, request):
        raise exceptions.NotFound("gone")

    @action(detail=False)
    def unlucky(self, request):
        raise Unlucky("no luck")


class FailingViewSet(viewsets.ViewSet):
    @action(detail=False)
    def sold(self, request):
        if "twice" in request.query_params:
            raise SoldTwice(left=2)
        raise Sold(request.query_params.get("name"))

    @action(detail=False)
    def share(self, request):
        return response.Response({"each": 12 // int(request.query_params.get("among", 0))})

    @action(detail=False)
    def unclean(self, request):
        raise ValidationError("not like %(this)s", code="unlike", params={"this": "that"})

    @action(detail=False)
    def uncleaner(self, request):
        raise ValidationError(["not", "like that"])

    @action(detail=False, methods=["post"])
    def uncleanest(self, request):
        Note.objects.create(title="undone")
        raise ValidationError({"title": ["not", "like that"], "stars": "none"}, code="unlike")

    @action(detail=False, methods=["post"])
    def full(self, request):
        note = Note(title="a title that is too long", stars=1)
        note.full_clean()
        return response.Response({})

    @action(detail=False, methods=["post"])
    def keep(self, request):
        Note.objects.create(title="kept")
        raise Sold("all of them", left=1)

    @action(detail=False, methods=["post"])
    def halve(self, request):
        try:
            Note.objects.create(title="halved")
            each = 12 // int(request.query_params.get("among", 0))
        except Exception:
            logger.exception("not halved")
            raise
        return response.Response({"each": each})

    @action(detail=False)
    def shut(self, request):
        raise PermissionDenied("closed")

    @action(detail=False)
    def spelled(self, request):
        return response.Response(list(Secret.objects.filter(key=request.query_params.get("key", "none")).values("id")))

    @action(detail=False)
    def lacks(self, request):
        return response.Response(request.query_params["name"])

    @action(detail=False, methods=["post"])
    def twice(self, request):
        Note.objects.create(title="one")
        Note.objects.create(title="one")
        return response.Response({})


class ServedViewSet(viewsets.ViewSet):
    def handle_exception(self, exc):
        if isinstance(exc, ZeroDivisionError):
            exc = exceptions.ValidationError({"among": ["Nobody is there."]})
        elif isinstance(exc, ValueError):
            return response.Response({"among": "no number"}, status=422)
        return super().handle_exception(exc)

    @action(detail=False, methods=["post"])
    def share(self, request):
        Note.objects.create(title="shared")
        return response.Response({"each": 12 // int(request.query_params.get("among", 0))})

    @action(detail=False)
    def sold(self, request):
        if "lost" in request.query_params:
            raise exceptions.NotFound("gone")
        raise Sold(request.query_params.get("name"))


class ClosedViewSet(NoteViewSet):
    permission_classes = [permissions.IsAdminUser]
"""
URLS = """\
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
router.register("failing", views.FailingViewSet, basename="failing")
router.register("served", views.ServedViewSet, basename="served")
router.register("closed", views.ClosedViewSet, basename="closed")
urlpatterns = router.urls
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    settings = (
        SETTINGS
        + 'import os\nREST_FRAMEWORK["EXCEPTION_HANDLER"] = "notes.handlers." + os.environ.get("HANDLER", "envelope")\n'
    )
    settings += 'if os.environ.get("ATOMIC"):\n    DATABASES["default"]["ATOMIC_REQUESTS"] = True\n'
    files = {
        "site_/settings.py": settings, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "notes/handlers.py": HANDLERS,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("handlers"), files)


@pytest.fixture(scope="module")
def all_of_them(site: Site) -> Snapshot:
    """With the source of every handler that is refused."""
    return site.snapshot(HANDLER="every")


def _with(snapshot: Snapshot, handler: str) -> Snapshot:
    """As if ``EXCEPTION_HANDLER`` were ``handler``."""
    values = dict(snapshot.settings.values)
    given = values["REST_FRAMEWORK"]
    pairs = tuple(
        (k, dataclasses.replace(v, name=f"notes.handlers.{handler}") if k.data == "EXCEPTION_HANDLER" else v)
        for k, v in given.pairs
    )
    values["REST_FRAMEWORK"] = dataclasses.replace(given, pairs=pairs)
    return dataclasses.replace(snapshot, settings=dataclasses.replace(snapshot.settings, values=values))


@pytest.mark.parametrize(
    "handler", ["other_status", "envelope", "own_answer", "denied", "all_kinds", "proposed"]
)
def test_every_error_is_answered_as_by_the_handler(
    site: Site, handler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDLER", handler)
    # What the handler answers by itself keeps what the view wrote, and what DRF answers does not.
    atomic = handler in ("own_answer", "proposed")
    monkeypatch.setenv("ATOMIC", "1" if atomic else "")
    program, report = site.explore(
        site.snapshot(HANDLER=handler, ATOMIC="1" if atomic else ""),
        tmp_path / "fastapi",
        cases=175,
        seconds=15,
    )
    assert not program.refused
    assert differences(report) == []
    seen = {status for operation in report.operations for status in operation.statuses}
    validation = "422" if handler == "other_status" else "400"
    assert {
        "200",
        "201",
        "204",
        validation,
        "401" if handler == "own_answer" else "403",
        "404",
    } <= seen
    answered = {o.key: set(o.statuses) for o in report.operations}
    if atomic:
        assert answered["POST /failing/uncleanest/"] >= {"400"}
        assert answered["POST /failing/full/"] >= {"400"}
        assert answered["GET /failing/spelled/"] >= {"200", "400"}
    if handler == "proposed":
        assert answered["POST /failing/keep/"] >= {"400"}
        assert answered["POST /failing/halve/"] >= {"400"}
    if handler == "all_kinds":
        assert {"409", "410", "429"} <= seen
        assert any(o.key == "GET /failing/lacks/" and o.unserved for o in report.operations)
    code = (tmp_path / "fastapi" / "app" / "notes" / "errors.py").read_text()
    assert f"def {handler}(" in code
    assert "error_handler=" in (tmp_path / "fastapi" / "app" / "main.py").read_text()


@pytest.mark.parametrize(
    ("handler", "construct"),
    [
        ("pictured", "f'{exc!r}'"),
        ("coded", "hasattr(exc, 'default_code')"),
        ("forbidden", "exception_handler(exc, context)"),
        ("its_code", "exc.default_code"),
        ("unsure", "exc.detail"),
        ("own_class", "isinstance(Unlucky)"),
        ("its_base", "isinstance(ParseError)"),
        ("of_one_model", "isinstance(exc, Permission.DoesNotExist)"),
        ("view", "context['view'].__class__"),
        ("recorded", "context['request']"),
        ("told_of", "context['request']"),
    ],
)
def test_a_handler_that_cannot_be_shown_to_do_the_same_keeps_every_route(
    all_of_them: Snapshot, handler: str, construct: str
) -> None:
    program = translate(_with(all_of_them, handler))
    assert not program.native
    assert {r.reasons[0].construct for r in program.refused} == {construct}
    assert all(r.reasons[0].file == "notes/handlers.py" and r.reasons[0].line for r in program.refused)


PLAIN_LOGS: dict[str, Any] = {
    "version": 1,
    "formatters": {"plain": {"format": "{levelname} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"]},
}
SEEN_LOGS: list[dict[str, Any]] = [
    {"handlers": {}},
    {"handlers": {"mail": {"class": "django.utils.log.AdminEmailHandler"}}},
    {"handlers": {"own": {"()": "notes.logs.Own"}}},
    {"handlers": {"sent": {"class": "logging.handlers.HTTPHandler"}}},
    {"formatters": {"plain": {"format": "%(message)s %(request)s"}}},
    {"formatters": {"plain": {"class": "notes.logs.Formatter"}}},
    {"filters": {"by": {"()": "notes.logs.Filter"}}},
]


def _logging(snapshot: Snapshot, **changes: Any) -> Snapshot:
    def described(given: Any) -> Value:
        if isinstance(given, dict):
            return Value("dict", pairs=tuple((described(k), described(v)) for k, v in given.items()))
        if isinstance(given, list):
            return Value("list", items=tuple(map(described, given)))
        return Value("const", given)

    values = {**snapshot.settings.values, "LOGGING": described({**PLAIN_LOGS, **changes})}
    settings = dataclasses.replace(snapshot.settings, values=values)
    versions = dataclasses.replace(snapshot.versions, packages={})
    return dataclasses.replace(snapshot, settings=settings, versions=versions)


def test_what_no_handler_of_logs_sees_is_left_out(all_of_them: Snapshot) -> None:
    snapshot = _with(all_of_them, "recorded")
    program = translate(_logging(snapshot))
    assert not [r for r in program.refused if r.reasons[0].code == "logging"]
    code = "\n".join(d.code for m in program.modules.values() for d in m.decls.values())
    assert "extra={'number': 3}" in code
    assert not any(translate(_logging(snapshot, **changes)).native for changes in SEEN_LOGS)
    looked = dataclasses.replace(snapshot.versions, packages={"sentry-sdk": "2.0"})
    assert not translate(dataclasses.replace(_logging(snapshot), versions=looked)).native
