"""Field classes of packages and of a project, keys of several columns, two parents, swapped models: what they cost, and what not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue import verify
from segue.snapshot.model import Snapshot
from segue.translate.program import translate
from segue.verify import ProjectRef

MODELS = """\
from django.db import models
from django.db.models.lookups import Contains
from django_extensions.db.models import TimeStampedModel as Switched
from easy_thumbnails import signal_handlers
from model_utils.models import TimeStampedModel
from shortuuid.django_fields import ShortUUIDField


class Stamped(TimeStampedModel):
    title = models.CharField(max_length=20)


class Noted(TimeStampedModel):
    title = models.CharField(max_length=20)

    def save(self, *args, **kwargs):
        self.title = self.title.strip("-")
        super().save(*args, **kwargs)


class Marked(Switched):
    title = models.CharField(max_length=20)


class Slugged(models.Model):
    title = models.CharField(max_length=20)
    slug = models.CharField(max_length=20, editable=False)

    def save(self, force_insert=False, force_update=False, using=None, update_fields=None):
        self.slug = self.title.lower()
        if update_fields is not None and "title" in update_fields:
            update_fields = {"slug"}.union(update_fields)
        super().save(
            force_insert=force_insert, force_update=force_update, using=using, update_fields=update_fields
        )


class Short(models.Model):
    id = ShortUUIDField(primary_key=True)
    code = ShortUUIDField(length=8, max_length=20, prefix="id-", alphabet="abc123", editable=False)


class UpperField(models.CharField):
    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value is None else value.upper()


class TenthsField(models.IntegerField):
    def from_db_value(self, value, expression, connection):
        return None if value is None else value / 10

    def get_prep_value(self, value):
        return None if value is None else int(value * 10)


class GuardedField(models.CharField):
    pass


@GuardedField.register_lookup
class Guarded(Contains):
    def get_prep_lookup(self):
        raise ValueError("not asked")


class Keyed(models.Model):
    code = UpperField(max_length=20, primary_key=True)
    title = models.CharField(max_length=20)


class ToKeyed(models.Model):
    keyed = models.ForeignKey(Keyed, on_delete=models.CASCADE)


class Measure(models.Model):
    tenths = TenthsField(primary_key=True)
    title = models.CharField(max_length=20)


class ToMeasure(models.Model):
    measure = models.ForeignKey(Measure, null=True, on_delete=models.SET_NULL)
    title = models.CharField(max_length=20)


class Quiet(models.Model):
    secret = GuardedField(max_length=20)
    title = models.CharField(max_length=20)


class Seat(models.Model):
    pk = models.CompositePrimaryKey("row", "number")
    row = models.IntegerField()
    number = models.IntegerField()


class Mother(models.Model):
    mother = models.AutoField(primary_key=True)


class Father(models.Model):
    father = models.AutoField(primary_key=True)


class Child(Mother, Father):
    title = models.CharField(max_length=20)


class Toy(models.Model):
    child = models.ForeignKey(Child, null=True, on_delete=models.CASCADE)
    title = models.CharField(max_length=20)


class Swapped(models.Model):
    class Meta:
        swappable = "NOTES_SWAPPED"


class Several(models.Model):
    kinds = models.JSONField(choices=[(["a"], "A"), (["b"], "B")], default=list)
    title = models.CharField(max_length=20)


class Picture(models.Model):
    file = models.FileField(upload_to="p", blank=True)
    title = models.CharField(max_length=20)


models.signals.pre_save.connect(signal_handlers.find_uncommitted_filefields)
models.signals.post_save.connect(signal_handlers.signal_committed_filefields)
"""
# What easy-thumbnails (which needs Pillow) connects for every model; for those that hold files it has something to do.
HANDLERS = """\
from django.db.models.fields.files import FileField
from django.dispatch import Signal

saved_file = Signal()


def find_uncommitted_filefields(sender, instance, **kwargs):
    uncommitted = instance._uncommitted_filefields = []
    for field in sender._meta.fields:
        if isinstance(field, FileField):
            file = getattr(instance, field.name)
            if file and not file._committed:
                uncommitted.append(field.name)


def signal_committed_filefields(sender, instance, **kwargs):
    for name in getattr(instance, "_uncommitted_filefields", ()):
        saved_file.send_robust(sender=sender, fieldfile=getattr(instance, name))
"""
VIEWS = """\
from rest_framework import serializers, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import (
    Child, Keyed, Marked, Measure, Mother, Noted, Picture, Quiet, Seat, Several, Short, Slugged, Stamped, ToKeyed, ToMeasure, Toy,
)


class Moments(APIView):
    def post(self, request):
        row = Stamped.objects.create(title="a")
        return Response({"same": row.created == row.modified})

    def put(self, request):
        row = Stamped.objects.create(title="a")
        row.title = "b"
        row.save()
        return Response({"later": row.modified > row.created})

    def patch(self, request):
        row = Slugged.objects.create(title="Cap")
        row.title = "Other"
        row.save(update_fields=["title"])
        return Response({"slug": row.slug})

    def delete(self, request):
        row = Slugged.objects.create(title="Cap")
        row.title = "Other"
        row.save()
        return Response({"slug": row.slug})


class Keys(APIView):
    def post(self, request):
        Keyed.objects.create(code="abc", title="a")
        ToKeyed.objects.create(keyed_id="abc")
        return Response({})

    def put(self, request):
        row = Short.objects.create()
        return Response({"lengths": [len(row.pk), len(row.code)], "begins": row.code.strip("abc123")})

    def delete(self, request):
        Mother.objects.all().delete()
        return Response(status=204)
"""
SHOWN = {
    "stamped": ("Stamped", ["id", "title", "created"]),
    "noted": ("Noted", ["id", "title", "modified"]),
    "marked": ("Marked", ["id", "title", "modified"]),
    "slugged": ("Slugged", ["id", "title", "slug"]),
    "several": ("Several", ["id", "title"]),
    "toy": ("Toy", ["id", "title"]),
    "quiet": ("Quiet", ["id", "title"]),
    "quiet-secret": ("Quiet", ["id", "title", "secret"]),
    "measure": ("Measure", ["title"]),
    "of-measure": ("ToMeasure", ["id", "title"]),
    "to-measure": ("ToMeasure", ["id", "title", "measure"]),
    "picture": ("Picture", ["id", "title"]),
    "seat": ("Seat", ["row", "number"]),
    "child": ("Child", ["title"]),
}
# Where rows have the column, or the key; objects that are written hold all their columns.
REFUSED = {
    "POST /quiet/": ("field-custom", "secret = GuardedField"),
    "GET /quiet-secret/": ("field-custom", "secret = GuardedField"),
    "POST /quiet-secret/": ("field-custom", "secret = GuardedField"),
    "GET /measure/": ("field-custom", "tenths = TenthsField"),
    "POST /measure/": ("field-custom", "tenths = TenthsField"),
    "POST /of-measure/": ("field-custom", "tenths = TenthsField"),
    "GET /to-measure/": ("field-custom", "tenths = TenthsField"),
    "GET /seat/": ("model-composite-key", "class Seat"),
    "POST /seat/": ("model-composite-key", "class Seat"),
    "POST /child/": ("model-many-parents", "class Child"),
    "DELETE /keys/": ("on-delete", "class Child"),
    "PATCH /moments/": ("update-fields", "    def save(self, force_insert"),
}
IN_VIEWS = {
    "POST /to-measure/": "relation-key",
    "GET /child/": "multi-table",
    "POST /picture/": "signal",
}


def _views() -> str:
    text = VIEWS
    for path, (model, fields) in SHOWN.items():
        name = path.title().replace("-", "")
        text += f"""

class {name}Serializer(serializers.ModelSerializer):
    class Meta:
        model = {model}
        fields = {fields!r}


class {name}Views(viewsets.ModelViewSet):
    queryset = {model}.objects.order_by("pk")
    serializer_class = {name}Serializer
"""
    return text


def _urls() -> str:
    lines = ["from django.urls import path", "from notes import views", "", "urlpatterns = ["]
    for path in SHOWN:
        view = f"views.{path.title().replace('-', '')}Views"
        lines.append(f'    path("{path}/", {view}.as_view({{"get": "list", "post": "create"}})),')
        if path in ("stamped", "noted", "marked", "slugged"):
            lines.append(f'    path("{path}/<int:pk>/", {view}.as_view({{"put": "update"}})),')
    lines += [
        '    path("moments/", views.Moments.as_view()),',
        '    path("keys/", views.Keys.as_view()),',
        "]",
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    settings = SETTINGS + '\nNOTES_SWAPPED = "notes.Toy"\n'
    files = {
        "site_/settings.py": settings,
        "site_/urls.py": _urls(),
        "notes/models.py": MODELS,
        "easy_thumbnails/__init__.py": "",
        "easy_thumbnails/signal_handlers.py": HANDLERS,
        "notes/views.py": _views(),
    }
    return Site.make(tmp_path_factory.mktemp("fields"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_a_field_or_a_key_costs(snapshot: Snapshot) -> None:
    found = {f"{r.method} {r.route_id}": r.reasons[0] for r in translate(snapshot).refused}
    assert {key: reason.code for key, reason in found.items()} == IN_VIEWS | {  # but for these all are native
        key: code for key, (code, _) in REFUSED.items()
    }
    for key, (_, line) in REFUSED.items():
        assert found[key].file == "notes/models.py"
        assert line in MODELS.splitlines()[found[key].line - 1], key


def test_all_else_answers_as_django_does(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    output = tmp_path / "fastapi"
    _, report = site.explore(snapshot, output, cases=150, seconds=30)
    assert differences(report) == []
    seen = {o.key: o.statuses for o in report.operations}
    assert {
        "POST /moments/",
        "PUT /moments/",
        "DELETE /moments/",
        "POST /keys/",
        "PUT /keys/",
        "PUT /noted/{pk}/",
    } <= seen.keys()
    assert [key for key, statuses in seen.items() if not any(s.startswith("2") for s in statuses)] == []

    wrong = output / "app" / "notes" / "models.py"
    text = wrong.read_text()
    assert text.count(', "as_created": "created"') == 2
    assert text.count("write=upper_field_get_prep_value") == 2  # of the key, and of what refers to it
    key, _, rest = text.partition("class ToKeyed")
    rest = rest.replace("Converted(Varchar(20), write=upper_field_get_prep_value)", "Varchar(20)", 1)
    wrong.write_text(f"{key}class ToKeyed{rest}".replace(', "as_created": "created"', ""))
    project = ProjectRef(site.root, output, site.root / ".segue", site.python, snapshot)
    again = verify.explore(project, only=["POST /moments/", "POST /keys/"], cases=10)
    assert {o.key for o in again.operations if o.differences} == {"POST /moments/", "POST /keys/"}
