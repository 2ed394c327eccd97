"""Third-party packages as their documentation shows them: translated and equal on both sides, or refused by their name."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue import verify
from segue.snapshot.model import Snapshot
from segue.target.ir import Program
from segue.translate.packages.known import PACKAGES, PREFIX
from segue.translate.program import translate
from segue.verify import ProjectRef

PAGE = Path(__file__).parents[3] / "docs" / "packages.md"
SITE_SETTINGS = """
import os
CELERY_BROKER_URL = "redis://:only-for-tests@127.0.0.1:9/0"
CELERY_TASK_ROUTES = {"notes.tasks.*": {"queue": "notes"}}
CELERY_RESULT_BACKEND = "django-db"
CELERY_TASK_ALWAYS_EAGER = bool(os.environ.get("EAGER"))
INSTALLED_APPS += ["taggit", "simple_history", "waffle", "django_celery_results"]
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = ["rest_framework.authentication.SessionAuthentication"]
"""
MODELS = """\
from django.db import models
from polymorphic.models import PolymorphicModel
from simple_history.models import HistoricalRecords
from taggit.managers import TaggableManager


class Note(models.Model):
    title = models.CharField(max_length=10)

    class Meta:
        ordering = ["id"]


class Line(models.Model):
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="lines")
    text = models.CharField(max_length=10)

    class Meta:
        ordering = ["id"]


class Told(models.Model):
    title = models.CharField(max_length=10)
    tags = TaggableManager()
    history = HistoricalRecords()


class Writer(models.Model):
    title = models.CharField(max_length=10)


class Piece(PolymorphicModel):
    sort = "piece"
    title = models.CharField(max_length=10)
    writer = models.ForeignKey(Writer, null=True, on_delete=models.SET_NULL)

    @property
    def is_loud(self):
        return False

    @property
    def heading(self):
        return self.prefix() + self.title

    def prefix(self):
        return self.sort[:2]

    def __str__(self):
        return self.title


class Song(Piece):
    sort = "song"
    length = models.IntegerField()

    @property
    def heading(self):
        return self.prefix() + "!"

    @property
    def is_loud(self):
        return self.length > 10


class LiveSong(Song):
    sort = "live"
    place = models.CharField(max_length=10)

    def __str__(self):
        return f"{self.title} in {self.place}"


class Talk(Piece):
    sort = "talk"
    speaker = models.ForeignKey(Writer, null=True, on_delete=models.SET_NULL, related_name="talks")


class Mark(models.Model):
    piece = models.ForeignKey(Piece, on_delete=models.CASCADE, related_name="marks")
    text = models.CharField(max_length=10)

    class Meta:
        ordering = ["-id"]


class Review(models.Model):
    piece = models.ForeignKey(Piece, on_delete=models.CASCADE, related_name="reviews")
    text = models.CharField(max_length=10)

    def save(self, *args, **kwargs):
        if getattr(self.piece, "length", 0) > 10 or self.piece.is_loud:
            self.text = self.piece.sort
        super().save(*args, **kwargs)


class Renaming(models.Model):
    piece = models.ForeignKey(Piece, on_delete=models.CASCADE, related_name="renamings")

    def save(self, *args, **kwargs):
        self.piece.title = "new"
        super().save(*args, **kwargs)
"""
CELERY = """\
from celery import Celery

app = Celery("site_")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
"""
TASKS = """\
from celery import shared_task


@shared_task
def tell(pk, text="a"):
    return pk


@shared_task(bind=True, queue="slow", ignore_result=True, name="notes.slowly")
def slowly(self, pk):
    return pk


@shared_task(bind=True)
def report(self, pk, kind, *, since=None, **rest):
    return pk


@shared_task(typing=False)
def unchecked(pk):
    return pk
"""
VIEWS = """\
import httpx
import requests
import waffle
from celery.result import AsyncResult
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from drf_writable_nested.serializers import WritableNestedModelSerializer
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_nested.viewsets import NestedViewSetMixin
from rest_polymorphic.serializers import PolymorphicSerializer
from taggit.serializers import TaggitSerializer, TagListSerializerField
from waffle.decorators import waffle_flag

from notes.models import Line, LiveSong, Mark, Note, Piece, Renaming, Review, Song, Talk, Told, Writer
from notes.tasks import report, slowly, tell, unchecked


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


class LineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Line
        fields = ["id", "text"]


class NestedSerializer(WritableNestedModelSerializer):
    lines = LineSerializer(many=True)

    class Meta:
        model = Note
        fields = ["id", "title", "lines"]


class ToldSerializer(serializers.ModelSerializer):
    class Meta:
        model = Told
        fields = ["id", "title"]


class TaggedSerializer(TaggitSerializer, serializers.ModelSerializer):
    tags = TagListSerializerField()

    class Meta:
        model = Told
        fields = ["id", "title", "tags"]


@method_decorator(name="list", decorator=swagger_auto_schema(operation_description="All of them"))
class Notes(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    @swagger_auto_schema(responses={204: "gone"})
    def destroy(self, request, *args, **kwargs):
        return super().destroy(request, *args, **kwargs)

    @method_decorator(transaction.atomic)
    def update(self, request, *args, **kwargs):
        return super().update(request, *args, **kwargs)


@method_decorator(name="create", decorator=swagger_auto_schema(operation_description="A new one"))
class Wrapped(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    @transaction.atomic(durable=True)
    def create(self, request, *args, **kwargs):
        return super().create(request, *args, **kwargs)

    @method_decorator(transaction.atomic(durable=True))
    def destroy(self, request, *args, **kwargs):
        return super().destroy(request, *args, **kwargs)

    @method_decorator(cache_page(60))
    def list(self, request, *args, **kwargs):
        return super().list(request, *args, **kwargs)


class Lines(viewsets.ModelViewSet):
    serializer_class = LineSerializer

    def get_queryset(self):
        return Line.objects.filter(note=self.kwargs["note_pk"])

    def perform_create(self, serializer):
        serializer.save(note_id=self.kwargs["note_pk"])


class MixedSerializer(LineSerializer):
    parent_lookup_kwargs = {"note_pk": "note__pk"}

    class Meta:
        model = Line
        fields = ["id", "text", "note"]


class MixedLines(NestedViewSetMixin, viewsets.ModelViewSet):
    queryset = Line.objects.all()
    serializer_class = MixedSerializer


class OddLines(NestedViewSetMixin, viewsets.ReadOnlyModelViewSet):
    queryset = Line.objects.all()
    serializer_class = LineSerializer

    def _get_parent_lookup_kwargs(self):
        return {"note_pk": "note__pk" if self.request.user.is_staff else "note__title"}


class Nested(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NestedSerializer


class ToldView(viewsets.ModelViewSet):
    queryset = Told.objects.order_by("id")
    serializer_class = ToldSerializer


class TaggedView(viewsets.ModelViewSet):
    queryset = Told.objects.order_by("id")
    serializer_class = TaggedSerializer


class MarkSerializer(serializers.ModelSerializer):
    class Meta:
        model = Mark
        fields = ["text"]


class PieceSerializer(serializers.ModelSerializer):
    writer = serializers.CharField(source="writer.title", default=None, read_only=True)
    marks = MarkSerializer(many=True, read_only=True)
    text = serializers.SerializerMethodField()

    class Meta:
        model = Piece
        fields = ["id", "title", "is_loud", "writer", "marks", "text"]

    def get_text(self, piece):
        return f"<{piece}>"


class SongSerializer(PieceSerializer):
    class Meta(PieceSerializer.Meta):
        model = Song
        fields = [*PieceSerializer.Meta.fields, "length"]


class AnyPieceSerializer(PolymorphicSerializer):
    resource_type_field_name = "sort"
    model_serializer_mapping = {Piece: PieceSerializer, Song: SongSerializer}


class TalkSerializer(serializers.ModelSerializer):
    speaker = serializers.CharField(source="speaker.title", default=None)

    class Meta:
        model = Talk
        fields = ["id", "speaker"]


class EveryPieceSerializer(PolymorphicSerializer):
    model_serializer_mapping = {Piece: PieceSerializer, Talk: TalkSerializer}


class OnlySongsSerializer(PolymorphicSerializer):
    model_serializer_mapping = {Song: SongSerializer}


class ReadPieces(viewsets.ReadOnlyModelViewSet):
    queryset = Piece.objects.order_by("id")
    serializer_class = AnyPieceSerializer


class Pieces(viewsets.ModelViewSet):
    queryset = Piece.objects.order_by("id")
    serializer_class = AnyPieceSerializer


class EveryPiece(ReadPieces):
    serializer_class = EveryPieceSerializer


class OnlySongs(ReadPieces):
    serializer_class = OnlySongsSerializer


class SomePieces(APIView):
    def delete(self, request):
        gone = Piece.objects.filter(title__contains="e", pk__in=request.data["ids"])
        for piece in gone:
            piece.delete()
        return Response({"gone": len(request.data["ids"])})


class PiecesAtOnce(APIView):
    def delete(self, request):
        Piece.objects.filter(pk__in=request.data["ids"]).delete()
        return Response({})

    def patch(self, request):
        Mark.objects.get(pk=request.data["mark"]).piece.delete()
        return Response({})

    def get(self, request):
        song = Song(title="x", length=2)
        song.save()
        return Response({})

    def post(self, request):
        Song.objects.bulk_create([Song(title="x", length=2)])
        return Response({})

    def put(self, request):
        Writer.objects.get(pk=request.data["writer"]).delete()
        return Response({})


class ReviewSerializer(serializers.ModelSerializer):
    class Meta:
        model = Review
        fields = ["id", "text"]


class Reviews(viewsets.ModelViewSet):
    queryset = Review.objects.order_by("id")
    serializer_class = ReviewSerializer

    def perform_create(self, serializer):
        serializer.save(piece=Piece.objects.order_by("-id").first())


class ByClass(APIView):
    def get(self, request):
        found = Piece.objects.order_by("id")
        return Response(
            [
                [p.title, p.is_loud, p.sort, p.heading, getattr(p, "length", None), getattr(p, "place", p.title)]
                for p in found
            ]
        )

    def post(self, request):
        Renaming.objects.create(piece=Piece.objects.get(pk=request.data["piece"]))
        return Response({})

    def put(self, request):
        return Response([getattr(p, "is_loud", None) for p in Piece.objects.order_by("id")])

    def patch(self, request):
        return Response([getattr(m.piece, "length", None) for m in Mark.objects.all()])

    def delete(self, request):
        return Response([hasattr(p, "length") for p in Piece.objects.order_by("id")])


class AskedClass(APIView):
    def get(self, request):
        return Response([p._meta.label for p in Piece.objects.order_by("id")])

    def post(self, request):
        return Response([ContentType.objects.get_for_model(p).model for p in Piece.objects.order_by("id")])


class Others(APIView):
    def get(self, request):
        return Response(requests.get("http://127.0.0.1:9/x", timeout=3).json())

    def post(self, request):
        return Response({"status": httpx.post("http://127.0.0.1:9/x", json={}).status_code})

    def put(self, request):
        return Response({"new": waffle.switch_is_active("new")})

    @method_decorator(waffle_flag("new"))
    def delete(self, request):
        return Response({})

    def patch(self, request):
        told = Told.objects.get(pk=1)
        return Response([h.title for h in told.history.all()])


class Sent(APIView):
    def get(self, request):
        result = slowly.apply_async(args=[1], countdown=5)
        return Response({"id": result.id})

    def post(self, request):
        with transaction.atomic():
            note = Note.objects.create(title="x")
            tell.delay(note.pk)
            transaction.on_commit(lambda: tell.delay(note.pk, text=note.title))
        return Response({"id": note.pk})

    def put(self, request):
        slowly.apply_async((2,), queue=None, priority=3)
        return Response({})


class SentByClients(APIView):
    def post(self, request):
        pk = request.data.pop("pk")
        return Response({"id": tell.delay(pk, **request.data).task_id})

    def put(self, request):
        kind = request.data.pop("kind")
        report.delay(1, kind=kind, **request.data)
        return Response({"kind": kind})


class ResultOf(APIView):
    def get(self, request, pk):
        task = AsyncResult(pk)
        ready = task.ready()
        error = ready and not task.successful()
        return Response(
            {
                "id": task.id,
                "state": tell.AsyncResult(pk).status,
                "ready": ready,
                "failed": task.failed(),
                "result": task.result if ready and not error else None,
                "error": {"text": str(task.result)} if error else None,
            }
        )

    def post(self, request, pk):
        Note.objects.create(title="x")
        return Response({"result": str(AsyncResult(pk).result)})

    def put(self, request, pk):
        return Response({"result": AsyncResult(pk).get(timeout=1)})


class NotSentByClients(APIView):
    def post(self, request):
        unchecked.delay(**request.data)
        return Response({})

    def put(self, request):
        tell.delay(request.data)
        return Response({})


class NotSent(APIView):
    def get(self, request):
        tell.delay()
        return Response({})

    def post(self, request):
        tell.delay(Note.objects.first())
        return Response({})

    def put(self, request):
        tell.apply_async((1,), producer=None)
        return Response({})

    def patch(self, request):
        return Response({"ready": tell.delay(1).ready()})

    def delete(self, request):
        arguments = [1, 2, 3]
        tell.apply_async(arguments)
        return Response({})
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from rest_framework_nested.routers import NestedSimpleRouter

from notes import views

router = SimpleRouter()
router.register("notes", views.Notes)
router.register("wrapped", views.Wrapped, basename="wrapped")
router.register("nested", views.Nested, basename="nested")
router.register("told", views.ToldView, basename="told")
router.register("tagged", views.TaggedView, basename="tagged")
router.register("pieces", views.Pieces, basename="pieces")
router.register("reviews", views.Reviews, basename="reviews")
router.register("every", views.EveryPiece, basename="every")
router.register("songs", views.OnlySongs, basename="songs")
lines = NestedSimpleRouter(router, "notes", lookup="note")
lines.register("lines", views.Lines, basename="lines")
lines.register("mixed", views.MixedLines, basename="mixed")
lines.register("odd", views.OddLines, basename="odd")
urlpatterns = [path("", include(router.urls)), path("", include(lines.urls)), path("others/", views.Others.as_view()),
               path("some-pieces/", views.SomePieces.as_view()), path("at-once/", views.PiecesAtOnce.as_view()),
               path("by-class/", views.ByClass.as_view()),
               path("asked-class/", views.AskedClass.as_view()),
               path("sent/", views.Sent.as_view()), path("not-sent/", views.NotSent.as_view()),
               path("by-clients/", views.SentByClients.as_view()), path("not-by-clients/", views.NotSentByClients.as_view()),
               path("results/<str:pk>/", views.ResultOf.as_view())]
"""
# Operation → (distribution, line of the project's source that the refusal stands at).
REFUSED = {
    "POST /nested/": ("drf-writable-nested", "class Nested("),
    "PUT /nested/{pk}/": ("drf-writable-nested", "class Nested("),
    "PATCH /nested/{pk}/": ("drf-writable-nested", "class Nested("),
    "POST /told/": ("django-simple-history", "class ToldView("),
    "PUT /told/{pk}/": ("django-simple-history", "class ToldView("),
    "PATCH /told/{pk}/": ("django-simple-history", "class ToldView("),
    "DELETE /told/{pk}/": ("django-simple-history", "class ToldView("),
    "POST /tagged/": ("django-simple-history", "class TaggedView("),
    "PUT /tagged/{pk}/": ("django-simple-history", "class TaggedView("),
    "PATCH /tagged/{pk}/": ("django-simple-history", "class TaggedView("),
    "DELETE /tagged/{pk}/": ("django-simple-history", "class TaggedView("),
    "POST /others/": ("httpx", "httpx.post("),
    "PUT /others/": ("django-waffle", "waffle.switch_is_active("),
    "DELETE /others/": ("django-waffle", "@method_decorator(waffle_flag("),
    "PATCH /others/": ("django-simple-history", "told.history"),
    "GET /not-sent/": ("celery", "tell.delay()"),
    "POST /not-sent/": ("celery", "tell.delay("),
    "PUT /not-sent/": ("celery", "tell.apply_async("),
    "PATCH /not-sent/": ("celery", "tell.delay(1).ready()"),
    "DELETE /not-sent/": ("celery", "tell.apply_async(arguments)"),
    "PUT /results/{pk}/": ("celery", "AsyncResult(pk).get("),
    "POST /not-by-clients/": ("celery", "unchecked.delay("),
    "PUT /not-by-clients/": ("celery", "tell.delay(request.data)"),
}
# A class with a relation of its own, and one without a serializer; deletions of objects whose class is not known; properties that may
# raise what getattr() catches, rows joined to others, whether something is there, a change behind a relation.
POLYMORPHIC = {
    "POST /by-class/": "signal",
    "GET /asked-class/": "polymorphic",
    "POST /asked-class/": "polymorphic",
    "PUT /by-class/": "polymorphic",
    "PATCH /by-class/": "polymorphic",
    "DELETE /by-class/": "polymorphic",
    "GET /every/": "polymorphic",
    "GET /every/{pk}/": "polymorphic",
    "GET /songs/": "polymorphic",
    "GET /songs/{pk}/": "polymorphic",
    "DELETE /at-once/": "polymorphic",
    "PATCH /at-once/": "polymorphic",
    "GET /at-once/": "multi-table",
    "POST /at-once/": "multi-table",
}
# A result that may be left to Django after a row was written; Django's own decorators with arguments: not seen through.
DJANGO = POLYMORPHIC | {
    "POST /results/{pk}/": "task-result",
    "GET /notes/{note_pk}/odd/": "override-get-parent-lookup-kwargs",
    "GET /notes/{note_pk}/odd/{pk}/": "override-get-parent-lookup-kwargs",
    "GET /wrapped/": "decorator",
    "POST /wrapped/": "atomic",
    "DELETE /wrapped/{pk}/": "decorator",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/settings.py": SETTINGS + SITE_SETTINGS, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "site_/__init__.py": "from .celery import app\n", "site_/celery.py": CELERY, "notes/tasks.py": TASKS,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("packages"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


@pytest.fixture(scope="module")
def program(snapshot: Snapshot) -> Program:
    return translate(snapshot)


def test_a_refusal_names_the_package_its_version_and_the_line_of_the_project(program: Program) -> None:
    sources = {"notes/views.py": VIEWS.splitlines(), "notes/models.py": MODELS.splitlines()}
    found = {f"{r.method} {r.route_id}": r.reasons[0] for r in program.refused}
    assert found.keys() == REFUSED.keys() | DJANGO.keys(), {
        k: v for k, v in found.items() if k not in REFUSED | DJANGO
    }
    for key, (distribution, line) in REFUSED.items():
        reason = found[key]
        assert reason.code == PREFIX + distribution, key
        assert f"{distribution} {version(distribution)}" in reason.why
        assert line in sources[reason.file][reason.line - 1], key
    assert {key: found[key].code for key in DJANGO} == DJANGO


def test_what_is_translated_answers_as_django_does(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    _, report = site.explore(snapshot, tmp_path / "fastapi", cases=400, seconds=15)
    assert differences(report) == []
    seen = {o.key: o.statuses for o in report.operations}
    assert {
        "GET /notes/",
        "DELETE /notes/{pk}/",
        "PUT /notes/{pk}/",
        "GET /notes/{note_pk}/lines/{pk}/",
        "POST /notes/{note_pk}/mixed/",
        "GET /notes/{note_pk}/mixed/{pk}/",
        "GET /pieces/",
        "GET /pieces/{pk}/",
        "DELETE /pieces/{pk}/",
        "POST /pieces/",
        "PUT /pieces/{pk}/",
        "PATCH /pieces/{pk}/",
        "DELETE /some-pieces/",
        "PUT /at-once/",
        "GET /by-class/",
        "POST /reviews/",
        "PUT /reviews/{pk}/",
        "PATCH /reviews/{pk}/",
    } <= seen.keys()
    assert [key for key, statuses in seen.items() if not any(s.startswith("2") for s in statuses)] == []

    wrong = tmp_path / "fastapi" / "app" / "notes" / "routes.py"
    wrong.write_text(wrong.read_text().replace('"notes.slowly", [1]', '"notes.slowly", [3]'))
    project = ProjectRef(site.root, tmp_path / "fastapi", site.root / ".segue", site.python, snapshot)
    again = verify.explore(project, only=["GET /sent/"], cases=5)
    assert ("effects.(tasks)[0][1][0]", 1, 3) in [
        path for o in again.operations for d in o.differences for path in d.paths
    ]


def test_what_select_related_joins_is_of_the_class_that_was_asked_for(snapshot: Snapshot) -> None:
    view = snapshot.functions["notes.views.Others.get"]
    joins = replace(view, source=view.source + "    Mark.objects.select_related('piece')\n")
    program = translate(replace(snapshot, functions={**snapshot.functions, view.name: joins}))
    found = {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused}
    assert found.keys() - (REFUSED | DJANGO).keys() == {
        "POST /reviews/",
        "PUT /reviews/{pk}/",
        "PATCH /reviews/{pk}/",
    }
    assert found["POST /reviews/"] == "polymorphic"


def test_tasks_that_run_inside_of_the_request_are_refused(site: Site) -> None:
    program = translate(site.snapshot(EAGER="1"))
    found = {r.method: r.reasons[0] for r in program.refused if r.route_id == "/sent/"}
    assert found.keys() == {"GET", "POST", "PUT"}
    assert all("task_always_eager is set" in reason.why for reason in found.values())


def test_the_page_says_what_the_table_says() -> None:
    rows = re.findall(r"^\| (\S+) \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [row for row in rows if row[0] not in ("package", "---")] == [
        (p.distribution, p.does, p.instead) for p in PACKAGES
    ]
