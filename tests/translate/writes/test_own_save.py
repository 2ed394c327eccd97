"""A model's own ``save``: what it does before ``super().save()`` runs wherever Django saves; anything else is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.projects.site import Site, differences

from segue.refusal import Refused
from segue.snapshot.model import Snapshot
from segue.target.ir import Program
from segue.translate.context import Context
from segue.translate.models.problems import value_problem
from segue.translate.program import translate
from segue.translate.rules.own_save import own_save, tried_again, watched_files
from segue.verify.evidence import Report

MODELS = """\
import hashlib
import json
import random
import zlib

from django.db import IntegrityError, models
from django.utils.functional import cached_property

EMPTY = zlib.compress(json.dumps({}).encode("utf8"))


class Key(models.UUIDField):
    # what a project that has used MariaDB keeps
    def db_type(self, connection):
        if connection.vendor == "mysql":
            return "char(32)"
        return super().db_type(connection)

    def get_db_prep_value(self, value, connection, prepared=False):
        value = super().get_db_prep_value(value, connection, prepared)
        if value is not None and connection.vendor == "mysql":
            value = value.hex
        return value


class Timed(models.Model):
    class Meta:
        abstract = True

    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True, blank=True)
    lasted = models.DurationField(null=True, blank=True)

    def save(self, *args, **kwargs):
        # only once both are there
        if self.started is not None and self.ended is not None:
            self.lasted = self.ended - self.started
        return super().save(*args, **kwargs)


class Mark(models.Model):
    name = models.CharField(max_length=20)


class Run(Timed):
    marks = models.ManyToManyField(Mark)
    title = models.CharField(max_length=20)
    packed = models.BinaryField(default=EMPTY)
    key = Key(null=True, blank=True)


class Step(models.Model):
    run = models.ForeignKey(Run, models.CASCADE)
    title = models.CharField(max_length=20)
    slug = models.CharField(max_length=40, editable=False, default="")
    loud = models.BooleanField(blank=True)

    class Meta:
        unique_together = [("run", "title")]

    @property
    def volume(self):
        return "unknown" if self.loud is None else "known"

    def save(self, force_insert=False, force_update=False, using=None, update_fields=None):
        self.slug = hashlib.sha1(self.title.encode("utf8")).hexdigest()
        if self.loud is None:  # which the column never is
            self.loud = len(self.title) > 3
        super().save(force_insert=force_insert, force_update=force_update, using=using, update_fields=update_fields)


class Coded:
    _code_property = "code"

    def assign_code(self):
        self.code = "R%s" % random.random()

    def save(self, *args, **kwargs):
        # it never fails
        for __ in range(3):
            if not getattr(self, self._code_property, None):
                self.assign_code()
            try:
                return super().save(*args, **kwargs)
            except IntegrityError:
                setattr(self, self._code_property, None)


class Quiet:
    def save(self, *args, **kwargs):
        return super().save(*args, **kwargs)


class Ticket(Coded, Quiet, models.Model):
    place = models.IntegerField(default=1)
    code = models.CharField(max_length=20)

    class Meta:
        unique_together = [("place", "code")]


class Swept:
    @cached_property
    def _file_fields(self):
        return [f.name for f in self._meta.fields if isinstance(f, models.FileField)]

    def save(self, *args, **kwargs):
        update_fields = kwargs.get("update_fields")
        if not self.pk or (update_fields and not set(self._file_fields) & set(update_fields)):
            return super().save(*args, **kwargs)
        try:
            before = self.__class__.objects.get(pk=self.pk)
        except Exception:
            return super().save(*args, **kwargs)
        for field in self._file_fields:
            if old := getattr(before, field):
                new = getattr(self, field)
                if new and old.path != new.path:
                    Mark.objects.create(name="replaced")
        return super().save(*args, **kwargs)


class Leaflet(Swept, models.Model):
    title = models.CharField(max_length=20)
    document = models.FileField(null=True, blank=True, upload_to="leaflets")
"""
VIEWS = """\
import json
import zlib

from rest_framework import generics, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response

from notes.models import EMPTY, Leaflet, Mark, Run, Step, Ticket


class Packed(serializers.JSONField):
    def to_representation(self, value):
        return json.loads(zlib.decompress(value).decode("utf8"))

    def to_internal_value(self, data):
        return zlib.compress(json.dumps(data).encode("utf8"))


class RunSerializer(serializers.ModelSerializer):
    packed = Packed(default=EMPTY)
    counts = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = ["id", "title", "started", "ended", "lasted", "packed", "key", "counts"]

    def get_counts(self, obj):
        counts = {}
        kinds = ["step", "missing"]
        for kind in kinds:
            if not hasattr(obj, kind + "_set"):
                continue
            known = getattr(obj, "known_%s" % kind, None)
            counts[kind] = known if known is not None else getattr(obj, kind + "_set").count()
        return counts


class MarkSerializer(serializers.ModelSerializer):
    class Meta:
        model = Mark
        fields = ["id", "name"]


class MarkedRunSerializer(serializers.ModelSerializer):
    marks = MarkSerializer(many=True, read_only=True)

    class Meta:
        model = Run
        fields = ["title", "marks"]


class MarkedStepSerializer(serializers.ModelSerializer):
    run = MarkedRunSerializer(read_only=True)

    class Meta:
        model = Step
        fields = ["id", "run"]


class MarkedSteps(generics.RetrieveAPIView):
    # run_marks is the name of the loader and of what it loads
    queryset = Step.objects.all()
    serializer_class = MarkedStepSerializer


class StepSerializer(serializers.ModelSerializer):
    loud = serializers.BooleanField(allow_null=True, default=None)

    class Meta:
        model = Step
        fields = ["id", "run", "title", "slug", "loud"]

    def get_unique_together_validators(self):
        # nobody minds
        return []

    def update(self, instance, validated_data):
        instance.title = validated_data.get("title", instance.title)
        instance.loud = validated_data.get("loud")
        if instance.loud is None:
            instance.title = instance.title.upper()
        instance.save()
        return instance


class RunViewSet(viewsets.ModelViewSet):
    queryset = Run.objects.order_by("pk")
    serializer_class = RunSerializer


class StepViewSet(viewsets.ModelViewSet):
    queryset = Step.objects.order_by("pk")
    serializer_class = StepSerializer

    @action(detail=True, methods=["post"])
    def rename(self, request, pk=None):
        step = self.get_object()
        step.title = "Renamed"
        step.save()
        return Response({"slug": step.slug})

    @action(detail=True, methods=["post"])
    def twice(self, request, pk=None):
        step = self.get_object()
        before = step.volume
        step.loud = {"yes": True, "no": False}.get(step.title)
        after = step.volume
        step.save()
        return Response({"before": before, "after": after})

    @action(detail=True, methods=["post"])
    def partly(self, request, pk=None):
        step = self.get_object()
        step.title = "Partly"
        step.save(update_fields=["title"])
        return Response({"slug": step.slug})

    @action(detail=True, methods=["post"])
    def another(self, request, pk=None):
        step = self.get_object()
        other = Step.objects.create(run=step.run, title="Another")
        return Response({"slug": other.slug})
"""
VIEWS += """

class TicketSerializer(serializers.ModelSerializer):
    class Meta:
        model = Ticket
        fields = ["id", "code"]


class TicketViewSet(viewsets.ModelViewSet):
    queryset = Ticket.objects.order_by("pk")
    serializer_class = TicketSerializer

    def perform_create(self, serializer):
        mark = Mark.objects.order_by("pk").first()
        if mark and not mark.name:
            mark.name = "used"
            mark.save()
        serializer.save()


class ByKey(serializers.Field):
    def to_internal_value(self, data):
        return Leaflet.objects.get(pk=data).document

    def to_representation(self, value):
        return value.name if value else None


class LeafletSerializer(serializers.ModelSerializer):
    document = ByKey(required=False)

    class Meta:
        model = Leaflet
        fields = ["id", "title", "document"]

    def create(self, validated_data):
        document = validated_data.pop("document", None)
        leaflet = super().create(validated_data)
        if document:
            leaflet.document.save("copy.txt", document, save=True)
        return leaflet

    def update(self, instance, validated_data):
        document = validated_data.pop("document", None)
        leaflet = super().update(instance, validated_data)
        if document:
            leaflet.document.update(document)  # no file of Django's has it
        return leaflet


class LeafletViewSet(viewsets.ModelViewSet):
    queryset = Leaflet.objects.order_by("pk")
    serializer_class = LeafletSerializer


class SentLeafletSerializer(serializers.ModelSerializer):
    class Meta:
        model = Leaflet
        fields = ["id", "title", "document"]


class SentLeaflets(viewsets.ModelViewSet):
    http_method_names = ["post", "put", "patch"]
    queryset = Leaflet.objects.order_by("pk")
    serializer_class = SentLeafletSerializer


class LateLeaflet(generics.UpdateAPIView):
    http_method_names = ["put"]
    queryset = Leaflet.objects.order_by("pk")
    serializer_class = LeafletSerializer

    def perform_update(self, serializer):
        Mark.objects.create(name="late")
        serializer.save()


class Late(generics.CreateAPIView):
    queryset = Ticket.objects.order_by("pk")
    serializer_class = TicketSerializer

    def perform_create(self, serializer):
        Mark.objects.create(name="late")
        serializer.save()


class Pages(PageNumberPagination):
    page_size = 2


class OwnMarksSerializer(serializers.ModelSerializer):
    class Meta:
        model = Run
        fields = ["id", "marks"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance and not isinstance(self.instance, list) and self.instance.pk:
            self.fields["marks"].queryset = self.instance.marks.all()


class OwnMarks(viewsets.ModelViewSet):
    queryset = Run.objects.order_by("pk")
    serializer_class = OwnMarksSerializer
    pagination_class = Pages


class NoPages(generics.ListAPIView):
    # a queryset has no key
    queryset = Run.objects.order_by("pk")
    serializer_class = OwnMarksSerializer
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter

from notes import views

router = SimpleRouter()
router.register("runs", views.RunViewSet)
router.register("steps", views.StepViewSet)
router.register("tickets", views.TicketViewSet)
router.register("leaflets", views.LeafletViewSet)
router.register("sent", views.SentLeaflets, basename="sent")
router.register("own", views.OwnMarks, basename="own")
urlpatterns = [
    *router.urls, path("marked/<int:pk>/", views.MarkedSteps.as_view()), path("late/", views.Late.as_view()),
    path("late/<int:pk>/", views.LateLeaflet.as_view()),
    path("unpaged/", views.NoPages.as_view()),
]
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Program, Report, Path]:
    root = tmp_path_factory.mktemp("saves")
    site = Site.make(
        root / "site", {"notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS}
    )
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, root / "out", cases=350, seconds=30)
    return snapshot, program, report, root / "out"


def test_both_sides_leave_the_same_rows(asked: tuple[Snapshot, Program, Report, Path]) -> None:
    _, program, report, output = asked
    assert {(r.method, r.route_id): r.reasons[0].code for r in program.refused} == {
        ("POST", "/late/"): "left-late",  # something is written before
        ("PUT", "/late/{pk}/"): "model-save",
        ("GET", "/unpaged/"): "serializer-init",
    }
    assert not differences(report)
    said = {o.key: o.statuses for o in report.operations}
    for key in (
        "POST /runs/",
        "POST /steps/",
        "POST /tickets/",
        "POST /own/",
        "POST /leaflets/",
        "POST /sent/",
    ):
        assert said[key].get("201", 0) > 0, key
    for key in ("PATCH /runs/{pk}/", "PUT /steps/{pk}/", "GET /marked/{pk}/", "PUT /tickets/{pk}/", "PUT /leaflets/{pk}/", "PATCH /leaflets/{pk}/", "PATCH /sent/{pk}/", "GET /own/", "GET /own/{pk}/", "POST /steps/{pk}/rename/", "POST /steps/{pk}/partly/",
                "POST /steps/{pk}/another/"):  # fmt: skip
        assert said[key].get("200", 0) > 0, key
    services = (output / "app" / "notes" / "services.py").read_text()
    assert "def prepare_run(" in services
    assert "# only once both are there" in services


_CODED = "notes.models.Coded.save"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("except IntegrityError:", "except Exception:"),
        ("range(3)", "range(0)"),
        ("range(3)", "range(self.pk)"),
        ("if not getattr(self, self._code_property, None):", "if not getattr(self, self._other, None):"),
        ("if not getattr(self, self._code_property, None):", "if not self.place:"),
        ("if not getattr(self, self._code_property, None):", "if self.code:"),
        ("return super().save(*args, **kwargs)", "return super().save()"),
        ("return super().save(*args, **kwargs)", "super().save(*args, **kwargs)"),
    ],
)
def test_another_way_to_try_again_is_refused(
    asked: tuple[Snapshot, Program, Report, Path], before: str, after: str
) -> None:
    snapshot = asked[0]
    function = snapshot.functions[_CODED]
    assert before in function.source
    assert tried_again(Context(snapshot), "notes.Ticket") == ("code",)
    changed = dataclasses.replace(function, source=function.source.replace(before, after))
    functions = {**snapshot.functions, _CODED: changed}
    assert tried_again(Context(dataclasses.replace(snapshot, functions=functions)), "notes.Ticket") is None


_SWEPT = "notes.models.Swept.save"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("old.path != new.path", "old.path == new.path"),
        ("old.path != new.path", "old.path != new.name"),
        ("old.path != new.path", "old.size != new.size"),
        ("if new and old", "if new or old"),
        ("if new and old", "if not new and old"),
        # Without a file there is no path: ``ValueError``.
        (
            "        if old := getattr(before, field):\n            new = getattr(self, field)\n            if new and old",
            "        old = getattr(before, field)\n        new = getattr(self, field)\n        if old.path != new.path:\n            if old",
        ),
        ("new = getattr(self, field)", "new = getattr(before, field)"),
        ("new = getattr(self, field)", "new = getattr(self, 'title')"),
        ("get(pk=self.pk)", "get(pk=1)"),
        ("except Exception:", "except ValueError:"),
        ("for field in self._file_fields:", "for field in ('document', 'title'):"),
        ("new = getattr(self, field)", "new = getattr(self, field); self.title = 'x'"),
    ],
)
def test_a_save_that_does_more_than_to_act_on_replaced_files_is_refused(
    asked: tuple[Snapshot, Program, Report, Path], before: str, after: str
) -> None:
    snapshot = asked[0]
    function = snapshot.functions[_SWEPT]
    assert before in function.source
    assert watched_files(Context(snapshot), "notes.Leaflet") == [("document",)]
    changed = dataclasses.replace(function, source=function.source.replace(before, after))
    ctx = Context(dataclasses.replace(snapshot, functions={**snapshot.functions, _SWEPT: changed}))
    assert watched_files(ctx, "notes.Leaflet") == []
    with pytest.raises(Refused, match="Saving the model runs it"):
        own_save(ctx, "notes.Leaflet", files=True)


_SAVE = "def save(self, *args, **kwargs):\n    "


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (_SAVE + "if self.title:\n        return\n    super().save(*args, **kwargs)", "return before"),
        (_SAVE + "super().save(*args, **kwargs)\n    self.title = 'x'\n    self.save()", "saves or deletes the object again"),
        (_SAVE + "super().save(*args, **kwargs)\n    return self", "returns something"),
        (
            _SAVE + "if self.title:\n        old = self.title\n    super().save(*args, **kwargs)\n    if self.title:\n        print(old)",
            "on some ways only",
        ),
        (_SAVE + "super().save(*args, **kwargs)\n    if kwargs:\n        self.title = 'x'", "looks at its argument kwargs"),
        (_SAVE + "if self.title:\n        super().save(*args, **kwargs)", "does not call"),
        (_SAVE + "super().save()", "does not call super().save(...)"),
        (_SAVE + "super().save(*args)", "does not call super().save(...)"),
        (_SAVE + "super().save(*args, update_fields=None, **kwargs)", "does not call super().save(...)"),
        (_SAVE + "kwargs.pop('x', None)\n    super().save(*args, **kwargs)", "looks at its argument kwargs"),
        (_SAVE + "self.run.save()\n    super().save(*args, **kwargs)", "saves something itself"),
        (_SAVE + "self.slug = str(self)\n    super().save(*args, **kwargs)", "more of an object without a row"),
        ("def save(self, loud=False, **kwargs):\n    super().save(**kwargs)", "does not call super().save(...)"),
    ],
)  # fmt: skip
def test_another_shape_is_refused(
    asked: tuple[Snapshot, Program, Report, Path], source: str, why: str
) -> None:
    snapshot = asked[0]
    changed = dataclasses.replace(snapshot.functions["notes.models.Step.save"], source=source + "\n")
    functions = {**snapshot.functions, changed.name: changed}
    program = translate(dataclasses.replace(snapshot, functions=functions))
    refused = {f"{r.method} {r.route_id}": r.reasons[0] for r in program.refused}
    reason = refused["POST /steps/"]
    assert (reason.code, reason.construct, reason.file) == ("model-save", "Step.save", "notes/models.py")
    assert why in reason.why


@pytest.mark.parametrize(
    "body",
    [
        "if connection.vendor == 'sqlite':\n        return 'text'\n    return super().db_type(connection)",
        "if connection.vendor != 'mysql':\n        return 'text'\n    return super().db_type(connection)",
        "if connection.features.x:\n        return 'text'\n    return super().db_type(connection)",
        "return super().rel_db_type(connection)",
        "return 'uuid'",
    ],
)
def test_a_column_that_is_another_one_here_is_refused(
    asked: tuple[Snapshot, Program, Report, Path], body: str
) -> None:
    snapshot = asked[0]
    source = f"def db_type(self, connection):\n    {body}\n"
    changed = dataclasses.replace(snapshot.functions["notes.models.Key.db_type"], source=source)
    functions = {**snapshot.functions, changed.name: changed}
    field = next(f for f in snapshot.models["notes.Run"].fields if f.name == "key")
    assert value_problem(Context(snapshot), field, writing=True) is None
    problem = value_problem(Context(dataclasses.replace(snapshot, functions=functions)), field)
    assert problem is not None
    assert "makes its own column" in problem.why
