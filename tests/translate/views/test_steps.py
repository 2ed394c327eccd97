"""The steps of ``APIView.dispatch`` that views of the project override: what runs, in which order, for which requests."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site, differences

FILES = {
    "notes/models.py": """\
from django.conf import settings
from django.db import models


class Board(models.Model):
    name = models.CharField(max_length=10)
    closed = models.BooleanField(default=False)
    visits = models.IntegerField(default=0)


class Note(models.Model):
    title = models.CharField(max_length=10)
    stars = models.IntegerField(default=0)
    board = models.ForeignKey(Board, models.CASCADE)
""",
    "notes/serializers.py": """\
from rest_framework import serializers

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]
""",
    "notes/steps.py": """\
from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import F
from django.http import Http404
from django.utils.crypto import get_random_string
from django.utils.dateparse import parse_date, parse_duration, parse_time
from rest_framework import generics, mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotAuthenticated, PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticatedOrReadOnly
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Board, Note
from notes.serializers import NoteSerializer


class Pages(LimitOffsetPagination):
    default_limit = 3


class Base(
    mixins.ListModelMixin, mixins.CreateModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]


class Counted(Base):
    \"\"\"Every visit is counted, and closed boards are shown to nobody.\"\"\"

    def initial(self, request, *args, **kwargs):
        \"\"\"Count it.\"\"\"
        super().initial(request, *args, **kwargs)
        Board.objects.filter(pk=1).update(visits=F("visits") + 1)
        if request.query_params.get("early"):
            return
        if Board.objects.filter(closed=True).exists() and not request.user.is_staff:
            raise PermissionDenied("Closed.")


class Inner(Base):
    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if Board.objects.filter(closed=True).exists() and not request.user.is_staff:
            raise PermissionDenied("Closed.")


class Outer(Inner):
    def initial(self, request, *args, **kwargs):
        super(Outer, self).initial(request, *args, **kwargs)
        if "outer" in request.query_params:
            raise ValidationError({"outer": [request.method, self.action]})


class Early(Counted):
    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if "outer" in request.query_params:
            raise ValidationError("It goes on all the same.")


class Twice(Base):
    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action == "create" and Note.objects.count() > 3:
            raise Http404


class TwiceMore(Twice):
    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action == "destroy":
            raise ValidationError("Nothing is thrown away.")


class OnBoard(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = []

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.board = get_object_or_404(Board, pk=kwargs["board"])
        if self.board.closed and request.method not in ("GET", "HEAD"):
            raise PermissionDenied("Closed.")

    def get_queryset(self):
        return super().get_queryset().filter(board=self.board)

    def perform_create(self, serializer):
        serializer.save(board=self.board)

    def destroy(self, request, *args, **kwargs):
        note = self.get_object()
        note.delete()
        return Response({"gone": note.title, "from": self.board.name})


class Named(APIView):
    permission_classes = []

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        request.board = get_object_or_404(Board, pk=self.kwargs["board"])

    def get(self, request, board):
        return Response({"name": request.board.name, "pk": board})

    def post(self, request, *args, **kwargs):
        request.board.name = "posted"
        request.board.save()
        return Response({"name": request.board.name}, status=201)


class Plain(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = []

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.least = len(request.query_params.get("least", ""))

    def get_queryset(self):
        return Note.objects.filter(stars__gte=self.least).order_by("id")


def limit(request):
    return len(request.query_params.get("q", ""))


def noting(function):
    return function


class Shaded(mixins.CreateModelMixin, viewsets.GenericViewSet):
    # ``limit`` of its initial is the module's, and a local of these handlers.
    permission_classes = []

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.most = limit(request)

    def list(self, request, *args, **kwargs):
        limit = 2
        return Response([limit, self.most])

    def create(self, request, *args, **kwargs):
        def limit(request):
            return 3

        return Response([limit(request), self.most])


class Wrapped(APIView):
    permission_classes = []

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.most = limit(request)

    def get(self, request):
        @noting
        def limited(request):
            return 4

        return Response([limited(request), self.most])


class Checked(Base):
    permission_classes = []

    def check_permissions(self, request):
        if request.query_params.get("let"):
            return
        super().check_permissions(request)
        if not request.user.is_authenticated:
            self.permission_denied(request, message="Not you.")


class Mixed:
    \"\"\"What services raise is no server error.\"\"\"

    def handle_exception(self, exc):
        if isinstance(exc, ValueError):
            return Response({"value": "wrong", "method": self.request.method}, status=400)
        if isinstance(exc, DjangoValidationError):
            return super().handle_exception(ValidationError(exc.messages))
        if isinstance(exc, ZeroDivisionError):
            exc = NotAuthenticated()
        return super().handle_exception(exc)


class Few(Mixed, viewsets.ViewSet):
    permission_classes = [IsAuthenticatedOrReadOnly]

    @action(detail=False, methods=["post"])
    def value(self, request):
        Board.objects.filter(pk=1).update(visits=F("visits") + 1)
        raise ValueError("no")

    @action(detail=False)
    def key(self, request):
        return Response(request.query_params["name"])

    @action(detail=False)
    def gone(self, request):
        raise Http404


class Failing(Few):
    @action(detail=False)
    def invalid(self, request):
        raise DjangoValidationError(["one", "two"])

    @action(detail=False)
    def zero(self, request):
        return Response(1 // int(request.query_params.get("by", 0)))

    @action(detail=False)
    def denied(self, request):
        raise PermissionDenied("No.")


class Told(Few):
    def handle_exception(self, exc):
        response = super().handle_exception(exc)
        response.data = {"errors": response.data}
        if response.status_code == 404:
            response.status_code = 410
        return response


class Logged(Few):
    authentication_classes = []
    permission_classes = []

    def handle_exception(self, exc):
        if not isinstance(exc, APIException):
            Board.objects.filter(pk=1).update(visits=F("visits") + 10)
        return APIView.handle_exception(self, exc)


class Counting(Few):
    permission_classes = []

    def handle_exception(self, exc):
        if isinstance(exc, (ValueError, KeyError)):
            Board.objects.filter(pk=1).update(visits=F("visits") + 10)
            return Response({"boards": Board.objects.count(), "who": str(self.request.user.pk)}, status=409)
        return super(Mixed, self).handle_exception(exc)


def get_first_matching_attr(obj, *attrs, default=None):
    for attr in attrs:
        if hasattr(obj, attr):
            return getattr(obj, attr)
    return default


def get_error_message(exc):
    if hasattr(exc, "message_dict"):
        return exc.message_dict
    error_msg = get_first_matching_attr(exc, "message", "messages")
    if isinstance(error_msg, list):
        error_msg = ", ".join(error_msg)
    if error_msg is None:
        error_msg = str(exc)
    return error_msg


class SoldOut(Exception):
    def __init__(self, name):
        self.message = f"no {name}"
        super().__init__(self.message)


class ApiErrorsMixin:
    _expected = {
        ValueError: ValidationError,
        DjangoValidationError: ValidationError,
        PermissionError: PermissionDenied,
        LookupError: PermissionDenied,
        KeyError: ValidationError,
    }

    @property
    def expected_exceptions(self):
        return self._expected

    def handle_exception(self, exc):
        if isinstance(exc, tuple(self.expected_exceptions.keys())):
            drf_exception_class = self.expected_exceptions[exc.__class__]
            drf_exception = drf_exception_class(get_error_message(exc))
            return super().handle_exception(drf_exception)
        return super().handle_exception(exc)


class Expected(ApiErrorsMixin, viewsets.ViewSet):
    permission_classes = []

    @property
    def expected_exceptions(self):
        return {**super().expected_exceptions, SoldOut: ValidationError}

    @action(detail=False)
    def invalid(self, request):
        if "dict" in request.query_params:
            raise DjangoValidationError({"a": ["one", "two"]})
        raise DjangoValidationError(["one", "two"])

    @action(detail=False)
    def plain(self, request):
        raise DjangoValidationError("one")

    @action(detail=False)
    def denied(self, request):
        raise PermissionError("No.")

    @action(detail=False)
    def value(self, request):
        return Response(int(request.query_params.get("by", "none")))

    @action(detail=False)
    def encoded(self, request):
        return Response("é".encode("ascii"))

    @action(detail=False)
    def behind(self, request):
        raise KeyError("one")

    @action(detail=False)
    def sold(self, request):
        raise SoldOut("tea")


class Worse(ValueError):
    pass


class Derived(viewsets.ViewSet):
    \"\"\"The dict names the base before the class behind it.\"\"\"

    permission_classes = []
    _expected = {ValueError: ValidationError, Worse: PermissionDenied}

    def handle_exception(self, exc):
        if isinstance(exc, tuple(self._expected)):
            return super().handle_exception(self._expected[type(exc)]("expected"))
        return super().handle_exception(exc)

    @action(detail=False)
    def worse(self, request):
        raise Worse("so")

    @action(detail=False)
    def value(self, request):
        return Response(int(request.query_params.get("by", "none")))

    @action(detail=False)
    def encoded(self, request):
        return Response("é".encode("ascii"))


class Expecting(viewsets.ViewSet):
    permission_classes = []
    expected_exceptions = {ValueError: ValidationError, LookupError: ValidationError}

    @action(detail=False)
    def encoded(self, request):
        return Response("é".encode("ascii"))

    @action(detail=False)
    def lacking(self, request):
        return Response(request.query_params["name"])


class NotLookedUp(Expecting):
    \"\"\"It expects these and what is behind them.\"\"\"

    def handle_exception(self, exc):
        if isinstance(exc, tuple(self.expected_exceptions)):
            return super().handle_exception(ValidationError("expected"))
        return super().handle_exception(exc)


class LookedUpLate(Expecting):
    \"\"\"What stands before the look-up is done before the KeyError.\"\"\"

    def handle_exception(self, exc):
        if isinstance(exc, tuple(self.expected_exceptions)):
            Board.objects.filter(pk=1).update(visits=F("visits") + 10)
            if "early" in self.request.query_params:
                return Response("early", status=409)
            cls = self.expected_exceptions[exc.__class__]
            return super().handle_exception(cls("expected"))
        return super().handle_exception(exc)


class LookedUpPerhaps(Expecting):
    def handle_exception(self, exc):
        if isinstance(exc, tuple(self.expected_exceptions)):
            if "kept" in self.request.query_params:
                return super().handle_exception(self.expected_exceptions[exc.__class__]("kept"))
            return super().handle_exception(ValidationError("expected"))
        return super().handle_exception(exc)


class Unmade(Expecting):
    expected_exceptions = {ObjectDoesNotExist: ValidationError}

    def handle_exception(self, exc):
        if isinstance(exc, tuple(self.expected_exceptions)):
            return super().handle_exception(self.expected_exceptions[exc.__class__]("expected"))
        return super().handle_exception(exc)


class ByAction(Few):
    \"\"\"What it reaches asks for the action.\"\"\"

    @property
    def busy(self):
        return self.action in ("value", "other")

    def told(self):
        return {"action": self.action, "busy": self.busy}

    def handle_exception(self, exc):
        if isinstance(exc, (ValueError, KeyError, Http404)):
            return Response(self.told(), status=409 if self.busy else 422)
        return super().handle_exception(exc)


class ActionOfNone(APIView):
    permission_classes = []

    def told(self):
        return {"action": self.action}

    def handle_exception(self, exc):
        return Response(self.told(), status=409)

    def get(self, request):
        raise Http404


def page(found):
    if not found:
        raise Http404


class PagingBelow(Few):
    def handle_exception(self, exc):
        if isinstance(exc, ValueError):
            page(Board.objects.filter(closed=True).exists())
        return super().handle_exception(exc)


class PagingFound(Few):
    def handle_exception(self, exc):
        if isinstance(exc, ValueError):
            return Response({"name": get_object_or_404(Board, pk=77).name}, status=400)
        return super().handle_exception(exc)


class PagingMade(Few):
    def handle_exception(self, exc):
        if isinstance(exc, ValueError):
            error = Http404("gone")
            raise error
        return super().handle_exception(exc)


class PagingAgain(Few):
    def handle_exception(self, exc):
        if isinstance(exc, Http404):
            raise
        return super().handle_exception(exc)


class NoPage(Few):
    def handle_exception(self, exc):
        if isinstance(exc, ValueError):
            exc = Http404("gone")
        return super().handle_exception(exc)


class Paging(Few):
    def handle_exception(self, exc):
        if isinstance(exc, ValueError):
            raise Http404
        return super().handle_exception(exc)


def wrapped(response):
    if isinstance(response.data, list):
        return {"results": response.data}
    return response.data


class Grants:
    def __init__(self, *args, **kwargs):
        if hasattr(super(), "list"):
            self.list = self._list
        if hasattr(super(), "retrieve"):
            self.retrieve = self._retrieve
        if not hasattr(super(), "destroy"):
            self.list = self.nothing
        super().__init__(*args, **kwargs)

    def _list(self, request, *args, **kwargs):
        response = super().list(request, args, kwargs)
        response.data = wrapped(response)
        response.data["grants"] = [self.action, request.user.is_staff]
        return response

    def _retrieve(self, request, *args, **kwargs):
        return Response({"title": self.get_object().title, "grants": self.action})


class Granted(Grants, Base):
    pagination_class = Pages

    @action(detail=False)
    def again(self, request):
        return self.list(request)

    def create(self, request, *args, **kwargs):
        response = super().create(request, *args, **kwargs)
        if request.query_params.get("short"):
            response.data = {"id": response.data["id"]}
            response.status_code = 202
        response.data["made"] = True
        return response

    def destroy(self, request, *args, **kwargs):
        response = super().destroy(request, *args, **kwargs)
        response.status_code = 200
        response.data = {"deleted": True}
        return response


class Typed(viewsets.ViewSet):
    permission_classes = []

    def list(self, request):
        response = Response([])
        response.content_type = "application/vnd.notes+json"
        return response


class Detailed(Grants, mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = []


class AsksOthers(BasePermission):
    def has_permission(self, request, view):
        if IsAdminUser().has_permission(request, view) and AllowAny().has_permission(request, view):
            return True
        return IsAuthenticatedOrReadOnly().has_permission(request, view) and "off" not in request.query_params


class Swapped(generics.ListCreateAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [AsksOthers]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.get = self.shown

    def shown(self, request, *args, **kwargs):
        return Response({"method": request.method, "notes": self.list(request).data})


class Keeping(Base):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.kept = []


class Replacing(Base):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.get_queryset = self.few

    def few(self):
        return Note.objects.all()[:2]


class Loads(APIView):
    permission_classes = []
    board = None

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.load()

    def load(self):
        self.board = Board.objects.filter(closed=False).order_by("id").first()

    def get(self, request):
        return Response({"found": self.board is not None})


class Superb(Loads):
    def get(self, request):
        return Response({"best": self.best(), "board": self.title()})

    def title(self):
        return self.board.name if self.board is not None else ""

    def best(self):
        superuser = Note.objects.order_by("-stars", "id").first()
        if superuser is None:
            return ""
        return superuser.title


class Before(Base):
    def initial(self, request, *args, **kwargs):
        self.board = get_object_or_404(Board, pk=1)
        super().initial(request, *args, **kwargs)


class Written(Base):
    def initial(self, request, *args, **kwargs):
        self.perform_authentication(request)
        self.check_permissions(request)


class Returning(Base):
    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method == "PUT":
            return
        self.kept = 3

    def list(self, request, *args, **kwargs):
        return Response(self.kept)


class AsksBoard(BasePermission):
    def has_permission(self, request, view):
        return view.board is None


class Asked(Base):
    permission_classes = [AsksBoard]
    board = None

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.board = get_object_or_404(Board, pk=1)


class HandsOn(Base):
    # Hooks that are DRF's, and an action with two methods of its own.
    def initialize_request(self, request, *args, **kwargs):
        return super().initialize_request(request, *args, **kwargs)

    def get_parsers(self):
        "As they are."
        return super().get_parsers()

    def http_method_not_allowed(self, request, *args, **kwargs):
        return super().http_method_not_allowed(request, *args, **kwargs)

    @action(detail=True, methods=["post"])
    def star(self, request, pk=None):
        note = self.get_object()
        note.stars += 1
        note.save()
        return Response({"stars": note.stars})

    @star.mapping.delete
    def unstar(self, request, pk=None):
        note = self.get_object()
        note.stars = 0
        note.save()
        return Response(status=204)

    @action(detail=False)
    def told(self, request):
        texts = ["2020-02-03", "2020-2-3", "20200203", "x", ""]
        hours = [parse_time("10:11"), parse_time("x"), parse_duration("1 02:03:04"), parse_duration("P1D"), parse_duration("x")]
        size = get_random_string(length=request.query_params.get("n", "").count("1") + 2, allowed_chars="a")
        return Response({"days": [parse_date(t) for t in texts], "hours": [str(h) for h in hours], "size": size, "long": len(get_random_string(12))})

    @action(detail=False, url_path="asked-for")
    def asked_for(self, request):
        try:
            return Response(parse_date(request.query_params.get("day", "2020-02-30")))
        except ValueError:
            return Response("no day", 400)


class HandsLess(Base):
    def initialize_request(self, request, *args, **kwargs):
        return super().initialize_request(request)
""",
    "site_/urls.py": """\
from django.urls import include, path
from notes import steps as views
from rest_framework.routers import SimpleRouter

router, boards = SimpleRouter(), SimpleRouter()
for name in "Granted Typed Detailed Keeping Replacing Counted Outer Early Checked Twice TwiceMore Before Written Returning Asked".split():
    router.register(name.lower(), getattr(views, name), name)
for name in (
    "Failing Expected Told Logged Counting Paging PagingBelow PagingFound PagingMade PagingAgain Shaded NoPage Derived NotLookedUp"
    " LookedUpLate LookedUpPerhaps Unmade ByAction HandsOn HandsLess"
).split():
    router.register(name.lower(), getattr(views, name), name)
boards.register("notes", views.OnBoard, "onboard")
urlpatterns = [
    *router.urls, path("boards/<int:board>/", include(boards.urls)), path("named/<int:board>/", views.Named.as_view()),
    path("plain/", views.Plain.as_view()), path("swapped/", views.Swapped.as_view()), path("loads/", views.Loads.as_view()), path("wrapped/", views.Wrapped.as_view()),
    path("actionofnone/", views.ActionOfNone.as_view()),
    path("superb/", views.Superb.as_view()),
]
""",
}

REFUSED = {
    "before": "override-initial",
    "written": "override-initial",
    "returning": "override-initial",
    "early": "override-initial",
    "asked": "assign-attribute",
    "typed": "assign-attribute",
    "logged": "unknown-call",
    "keeping": "override-init",
    "replacing": "override-init",
    "paging": "override-handle-exception",
    "pagingbelow": "override-handle-exception",
    "pagingfound": "override-handle-exception",
    "pagingmade": "override-handle-exception",
    "pagingagain": "override-handle-exception",
    "lookedupperhaps": "override-handle-exception",
    "unmade": "override-handle-exception",
    "actionofnone": "view-attribute",
    "shaded": "override-initial",
    "wrapped": "nested-function",
    "handsless": "override-initialize-request",
}


def test_steps_of_dispatch(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "site", FILES)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=370, seconds=30)
    paths = {r.id: r.path for r in snapshot.routes}
    refused = {(r.method, paths[r.route_id]): r.reasons[0] for r in program.refused}
    codes = {name: {r.code for (_, p), r in refused.items() if p.startswith(f"/{name}/")} for name in REFUSED}
    assert codes == {name: {code} for name, code in REFUSED.items()}, refused
    assert {p.split("/")[1] for _, p in refused} == set(REFUSED), refused
    assert differences(report) == []
    seen = {o.key: set(o.statuses) for o in report.operations}
    assert {"200", "404"} <= seen["GET /named/{board}/"]
    assert {"201", "404"} <= seen["POST /named/{board}/"]
    assert {"200", "403"} <= seen["GET /counted/"]
    assert {"400", "403"} <= seen["POST /failing/value/"]
    assert "400" in seen["GET /failing/invalid/"]
    assert "403" in seen["GET /failing/zero/"]
    assert "500" in seen["GET /failing/key/"]
    assert "410" in seen["GET /told/gone/"]
    for name, status in (
        ("invalid", "400"),
        ("plain", "400"),
        ("sold", "400"),
        ("encoded", "500"),
    ):
        assert status in seen[f"GET /expected/{name}/"], name
    for name, status in (
        ("derived/worse", "403"),
        ("derived/value", "400"),
        ("derived/encoded", "500"),
        ("notlookedup/encoded", "400"),
        ("notlookedup/lacking", "400"),
        ("lookeduplate/encoded", "500"),
        ("byaction/gone", "422"),
        ("byaction/key", "422"),
        ("nopage/gone", "404"),
    ):
        assert status in seen[f"GET /{name}/"], name
    assert "409" in seen["POST /byaction/value/"]
    assert "404" in seen["POST /nopage/value/"]
    # Python's own texts are Django's to tell.
    left = {o.key for o in report.operations if o.unserved}
    assert {f"GET /expected/{name}/" for name in ("behind", "denied", "value")} <= left
    assert "409" in seen["POST /counting/value/"]
    assert "200" in seen["DELETE /granted/{pk}/"]
    assert "409" in seen["GET /counting/key/"]
    assert {"200", "403"} <= seen["GET /checked/"]
    assert "400" in seen["DELETE /twicemore/{pk}/"]
    for key in ("GET /granted/", "GET /granted/again/", "GET /detailed/{pk}/", "GET /swapped/"):
        assert "200" in seen[key], key
    for key in ("POST /handson/{pk}/star/", "GET /handson/told/", "GET /handson/asked-for/"):
        assert "200" in seen[key], key
    assert "204" in seen["DELETE /handson/{pk}/star/"]
    assert "400" in seen["GET /handson/asked-for/"]
    assert "200" in seen["GET /loads/"]
    assert "200" in seen["GET /superb/"]
    assert {"200", "404"} <= seen["GET /boards/{board}/notes/{pk}/"]
    assert {"201", "404"} <= seen["POST /boards/{board}/notes/"]
