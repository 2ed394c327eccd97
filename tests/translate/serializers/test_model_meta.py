"""What code asks ``Model._meta``: loops over the columns are written out, names are known; what is not known is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.projects.site import Site, differences

from segue.snapshot.model import Snapshot
from segue.target.ir import Program
from segue.translate.program import translate
from segue.verify.evidence import Report

MODELS = """\
from django.db import models

SECRET = ["password", "secret", "api_key"]
HIDDEN = {"created", "code"}


class Audited(models.Model):
    class Meta:
        abstract = True

    def state(self):
        \"\"\"What the record of a change holds.\"\"\"
        data = {}
        for field in self._meta.fields:
            if field.name in HIDDEN or field.name in SECRET or "thumb" in field.name:
                continue
            if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
                continue
            value = getattr(self, field.name, None)
            if isinstance(field, models.ForeignKey):
                data[field.name] = value.pk if value else None
            elif isinstance(field, models.FileField):
                data[field.name] = value.name if value else None
            elif isinstance(field, models.UUIDField):
                data[field.name] = str(value) if value else None
            else:
                data[field.name] = str(value)
        return data

    def as_dict(self):
        return {f.name: str(getattr(self, f.attname)) for f in self._meta.fields if f.name != "secret"}

    def names(self):
        return [f.name for f in self._meta.concrete_fields if isinstance(f, models.CharField)]

    def tells(self):
        return {f.attname: [f.get_internal_type(), f.verbose_name, f.is_relation, f.many_to_one] for f in self._meta.fields}

    def has_text(self):
        return any(f.value_from_object(self) == "x" for f in self._meta.fields if isinstance(f, models.CharField))

    def walks(self):
        names = (f.name for f in self._meta.fields)
        return {"first": next(f.name for f in self._meta.fields if f.null), "all": list(names), "again": list(names)}

    def described(self):
        meta = self._meta
        names = [meta.label, meta.label_lower, meta.app_label, meta.model_name, meta.object_name, meta.db_table]
        return {"names": names, "verbose": str(meta.verbose_name), "pk": meta.pk.name, "one": meta.get_field("size").column}


class Shelf(models.Model):
    name = models.CharField(max_length=20)


class Record(Audited):
    title = models.CharField("What it is called", max_length=20)
    secret = models.CharField(max_length=20, default="s")
    code = models.CharField(max_length=20, default="c")
    key = models.UUIDField(null=True, blank=True)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True, blank=True)
    cover = models.FileField(null=True, blank=True)
    size = models.IntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    last = models.JSONField(default=dict, editable=False)
"""
VIEWS = """\
from django.forms.models import model_to_dict
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from notes.models import Record


class RecordSerializer(serializers.ModelSerializer):
    class Meta:
        model = Record
        fields = ["id", "title", "key", "shelf", "size", "last"]
        read_only_fields = ["last"]


class RecordViewSet(viewsets.ModelViewSet):
    queryset = Record.objects.order_by("pk")
    serializer_class = RecordSerializer

    @action(detail=True)
    def state(self, request, pk=None):
        return Response(self.get_object().state())

    @action(detail=True)
    def as_dict(self, request, pk=None):
        return Response(self.get_object().as_dict())

    @action(detail=True)
    def names(self, request, pk=None):
        return Response(self.get_object().names())

    @action(detail=True)
    def tells(self, request, pk=None):
        return Response(self.get_object().tells())

    @action(detail=True)
    def has_text(self, request, pk=None):
        return Response(self.get_object().has_text())

    @action(detail=True)
    def walks(self, request, pk=None):
        return Response(self.get_object().walks())

    @action(detail=True)
    def described(self, request, pk=None):
        return Response(self.get_object().described())

    @action(detail=True)
    def plain(self, request, pk=None):
        return Response([model_to_dict(self.get_object(), exclude=["cover"]), model_to_dict(self.get_object(), ["title"])])

    def perform_update(self, serializer):
        before = serializer.instance.state()
        row = serializer.save()
        after = row.state()
        row.last = {key: [before.get(key), after.get(key)] for key in sorted(before) if before.get(key) != after.get(key)}
        row.save(update_fields=["last"])
"""
URLS = """\
from rest_framework.routers import SimpleRouter
from notes import views
router = SimpleRouter()
router.register("records", views.RecordViewSet)
urlpatterns = router.urls
"""
READS = ("as_dict", "described", "has_text", "names", "plain", "state", "tells", "walks")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Program, Report, Path]:
    root = tmp_path_factory.mktemp("meta")
    site = Site.make(
        root / "site", {"notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS}
    )
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, root / "out", cases=160, seconds=20)
    return snapshot, program, report, root / "out"


def test_both_sides_say_the_same(asked: tuple[Snapshot, Program, Report, Path]) -> None:
    _, program, report, output = asked
    assert not program.refused
    assert not differences(report)
    said = {o.key: o.statuses for o in report.operations}
    for name in READS:
        assert said[f"GET /records/{{pk}}/{name}/"].get("200", 0) > 0, name
    for method in ("PUT", "PATCH"):
        assert said[f"{method} /records/{{pk}}/"].get("200", 0) > 0, method
    services = (output / "app" / "notes" / "services.py").read_text()
    assert "_meta" not in services
    assert "api_key" not in services  # decided while translating


def _refused(snapshot: Snapshot, method: str, body: str) -> str:
    name = f"notes.models.Audited.{method}"
    source = f"def {method}(self):\n    {body}\n"
    functions = {
        key: dataclasses.replace(f, source=source) if key.endswith(f".{method}") and "models" in key else f
        for key, f in snapshot.functions.items()
    }
    assert functions[name].source == source
    program = translate(dataclasses.replace(snapshot, functions=functions))
    return next((r.reasons[0].why for r in program.refused if r.route_id == f"/records/{{pk}}/{method}/"), "")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return [getattr(f, 'help_text', '') for f in self._meta.fields]", "does not know whether"),
        ("return [f.db_index for f in self._meta.fields]", "does not know this"),
        ("return [f.auto_now for f in self._meta.fields]", "does not know this"),
        ("return [f.name for f in self._meta.fields if getattr(self, f.attname)]", "A request decides"),
        ("return [f.name for f in self._meta.get_fields()]", "does not know this"),
        ("return [a.name + b.name for a in self._meta.fields for b in self._meta.fields]", "one plain loop"),
        ("return self._meta.get_field('nothing').name", "no column"),
        ("return [[f for f in 'ab'] for f in self._meta.fields]", "Another variable"),
        ("return [sorted('ab', key=lambda f: f) for f in self._meta.fields]", "Another variable"),
        (
            "from django.forms.models import model_to_dict\n    return model_to_dict(self, fields='title')",
            "within this text",
        ),
    ],
)
def test_what_segue_does_not_know_is_refused(
    asked: tuple[Snapshot, Program, Report, Path], body: str, why: str
) -> None:
    assert why in _refused(asked[0], "names", body)
