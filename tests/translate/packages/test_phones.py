"""Phone numbers of django-phonenumber-field on both sides: columns, serializer fields, look-ups, code that asks them, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences
from tests.services import Postgres

from segue import verify
from segue.emit import write
from segue.snapshot.model import Snapshot
from segue.translate.program import translate
from segue.verify import ProjectRef

MODELS = """\
from django.db import models
from phonenumber_field.modelfields import PhoneNumberField


class Person(models.Model):
    name = models.CharField(max_length=20)
    phone = PhoneNumberField()
    mobile = PhoneNumberField(region="BE", null=True, blank=True, unique=True)
    office = PhoneNumberField(blank=True, default="020 1234567", max_length=32)

    @property
    def pretty(self):
        return self.phone.as_international

    @property
    def text(self):
        return f"{self.name}: {self.phone}"


class Desk(models.Model):
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    called = models.CharField(max_length=40)


class Kiosk(models.Model):
    phone = PhoneNumberField()


class Line(models.Model):
    number = PhoneNumberField(primary_key=True)


class LoudField(PhoneNumberField):
    def get_prep_value(self, value):
        return super().get_prep_value(value)


class Loud(models.Model):
    phone = LoudField()
    name = models.CharField(max_length=20)


class Careful(models.Model):
    phone = PhoneNumberField()

    def save(self, *args, **kwargs):
        self.full_clean()
        super().save(*args, **kwargs)
"""
VIEWS = """\
from django_filters.rest_framework import DjangoFilterBackend
from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import filters, serializers, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Careful, Desk, Kiosk, Line, Loud, Person


class PersonSerializer(serializers.ModelSerializer):
    national = serializers.SerializerMethodField()

    class Meta:
        model = Person
        fields = ["id", "name", "phone", "mobile", "office", "national", "text"]

    def get_national(self, obj):
        if obj.mobile:
            return obj.mobile.as_national
        return None


class People(viewsets.ModelViewSet):
    queryset = Person.objects.order_by("pk")
    serializer_class = PersonSerializer
    filterset_fields = ["phone", "mobile"]
    search_fields = ["office", "name"]
    filter_backends = [DjangoFilterBackend, filters.SearchFilter, filters.OrderingFilter]
    ordering_fields = ["phone"]


class OwnSerializer(serializers.ModelSerializer):
    phone = PhoneNumberField()
    mobile = PhoneNumberField(region="NL", required=False, allow_null=True, error_messages={"invalid": "What is this?"})

    class Meta:
        model = Person
        fields = ["id", "name", "phone", "mobile"]

    def validate_phone(self, value):
        if value.country_code == 44:
            raise serializers.ValidationError("Not from Britain: %s" % value)
        return value


class Own(viewsets.ModelViewSet):
    queryset = Person.objects.order_by("pk")
    serializer_class = OwnSerializer


class Asked(APIView):
    def get(self, request):
        wanted = request.query_params.get("phone", "")
        people = Person.objects.filter(phone=wanted).order_by("pk")
        return Response([
            {"id": p.pk, "same": p.phone == wanted, "none": p.mobile is None, "valid": bool(p.office) and p.office.is_valid()}
            for p in people
        ])

    def post(self, request):
        person = Person.objects.create(name="x", phone="020 1234567", mobile=None)
        shown = {"phone": str(person.phone), "office": f"{person.office}", "raw": person.phone.raw_input}
        person.phone = "call me"
        person.save()
        person.refresh_from_db()
        shown["again"] = str(person.phone)
        Person.objects.filter(pk=person.pk).update(phone="0201234568")
        shown["found"] = Person.objects.filter(phone__in=["+31201234568", "1"]).count()
        shown["alike"] = Person.objects.filter(phone__startswith="020").count()
        other = Person.objects.create(name="y", phone=person.phone)
        shown["other"] = other.phone.as_e164
        return Response(shown)

    def put(self, request):
        return Response({"found": Person.objects.filter(phone=request.data["phone"]).count()})


class SentSerializer(serializers.Serializer):
    to = PhoneNumberField()
    copy = PhoneNumberField(region="FR", required=False, allow_blank=True)


class Sent(APIView):
    def post(self, request):
        serializer = SentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"to": serializer.validated_data["to"].as_rfc3966, "shown": serializer.data["to"]})


class Raw(APIView):
    def get(self, request):
        return Response({"phone": Person.objects.order_by("pk").first().phone})

    def post(self, request):
        return Response(list(Person.objects.order_by("pk").values("phone")))

    def put(self, request):
        return Response({"found": Person.objects.filter(phone__iexact="020").count()})

    def patch(self, request):
        return Response({"found": Person.objects.filter(phone=20).count()})


class DeskSerializer(serializers.ModelSerializer):
    called = PhoneNumberField()

    class Meta:
        model = Desk
        fields = ["id", "person", "called"]


class Desks(viewsets.ModelViewSet):
    queryset = Desk.objects.order_by("pk")
    serializer_class = DeskSerializer


class PrettySerializer(serializers.ModelSerializer):
    class Meta:
        model = Person
        fields = ["id", "pretty"]


class Pretty(viewsets.ModelViewSet):
    queryset = Person.objects.order_by("pk")
    serializer_class = PrettySerializer


class LineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Line
        fields = ["number"]


class Lines(viewsets.ModelViewSet):
    queryset = Line.objects.order_by("pk")
    serializer_class = LineSerializer


class LoudSerializer(serializers.ModelSerializer):
    class Meta:
        model = Loud
        fields = ["phone"]


class Louds(viewsets.ModelViewSet):
    queryset = Loud.objects.order_by("pk")
    serializer_class = LoudSerializer


class KioskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Kiosk
        fields = ["id", "phone"]


class Kiosks(viewsets.ModelViewSet):
    queryset = Kiosk.objects.order_by("pk")
    serializer_class = KioskSerializer


class CarefulSerializer(serializers.ModelSerializer):
    class Meta:
        model = Careful
        fields = ["id", "phone"]


class Carefuls(viewsets.ModelViewSet):
    queryset = Careful.objects.order_by("pk")
    serializer_class = CarefulSerializer
"""
URLS = """\
from django.urls import path

from notes import views

LIST, ONE = {"get": "list", "post": "create"}, {"put": "update", "patch": "partial_update"}
urlpatterns = [
    path("people/", views.People.as_view(LIST)),
    path("people/<int:pk>/", views.People.as_view(ONE)),
    path("own/", views.Own.as_view(LIST)),
    path("own/<int:pk>/", views.Own.as_view(ONE)),
    path("asked/", views.Asked.as_view()),
    path("sent/", views.Sent.as_view()),
    path("raw/", views.Raw.as_view()),
    path("desks/", views.Desks.as_view({"post": "create"})),
    path("pretty/", views.Pretty.as_view({"get": "list"})),
    path("kiosks/", views.Kiosks.as_view(LIST)),
    path("lines/", views.Lines.as_view({"get": "list"})),
    path("louds/", views.Louds.as_view(LIST)),
    path("carefuls/", views.Carefuls.as_view(LIST)),
]
"""
REFUSED = {
    "GET /raw/": "phone-number",
    "POST /raw/": "phone-number",
    "PUT /raw/": "text-lookup",
    "PATCH /raw/": "lookup-value",
    "POST /desks/": "field-type",
    "GET /pretty/": "phone-number",
    "GET /lines/": "field-custom",
    "GET /louds/": "package-django-phonenumber-field",
    "POST /louds/": "package-django-phonenumber-field",
    "POST /carefuls/": "full-clean",
}
OWN = """
INSTALLED_APPS += ["phonenumber_field"]
PHONENUMBER_DEFAULT_REGION = "NL"
PHONENUMBER_DB_FORMAT = "INTERNATIONAL"
PHONENUMBER_DEFAULT_FORMAT = "RFC3966"
"""


def _site(root: Path, more: str = "") -> Site:
    files = {
        "site_/settings.py": SETTINGS + OWN + more, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
    }  # fmt: skip
    return Site.make(root, files)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return _site(tmp_path_factory.mktemp("phones"))


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_is_refused(snapshot: Snapshot) -> None:
    program = translate(snapshot)
    found = {f"{r.method} {r.route_id}": r.reasons[0] for r in program.refused}
    assert {key: reason.code for key, reason in found.items()} == REFUSED


def test_both_sides_answer_alike_and_a_fault_is_found(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    output = tmp_path / "fastapi"
    _, report = site.explore(snapshot, output, cases=100, seconds=40)
    assert differences(report) == []
    seen = {o.key: o.statuses for o in report.operations}
    assert [key for key, statuses in seen.items() if not any(s.startswith("2") for s in statuses)] == []
    assert "dependencies = [" in (metadata := (output / "pyproject.toml").read_text())
    assert f'"phonenumbers=={snapshot.versions.packages["phonenumbers"]}"' in metadata

    constant = output / "app" / "phones.py"
    constant.write_text(constant.read_text().replace('stored="INTERNATIONAL", ', ""))
    project = ProjectRef(site.root, output, site.root / ".segue", site.python, snapshot)
    again = verify.explore(project, only=["POST /people/", "GET /people/"], cases=10)
    assert [o.key for o in again.operations if o.differences]


def test_postgresql_answers_alike(tmp_path: Path, postgres: Postgres) -> None:
    postgres.create("phones")
    entry = postgres.django("phones")
    site = _site(tmp_path / "site", f'\nDATABASES = {{"default": {entry!r}}}\n')
    _, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=60, seconds=20)
    assert differences(report) == []


def test_releases_that_convert_otherwise_are_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    import dataclasses

    for release, refused in (("7.1.0", True), ("8.1.0", True), ("8.2.0", False), ("10.0.0", True)):
        packages = {**snapshot.versions.packages, "django-phonenumber-field": release}
        other = dataclasses.replace(
            snapshot, versions=dataclasses.replace(snapshot.versions, packages=packages)
        )
        found = {f"{r.method} {r.route_id}": r.reasons[0].code for r in translate(other).refused}
        assert (found.get("GET /people/") == "field-custom") is refused, release
    packages = {**snapshot.versions.packages, "django-phonenumber-field": "7.3.0"}
    old = dataclasses.replace(snapshot, versions=dataclasses.replace(snapshot.versions, packages=packages))
    write(translate(old), tmp_path)
    assert (
        'ValidPhone(PHONES, code="invalid_phone_number")' in (tmp_path / "app/notes/schemas.py").read_text()
    )
