"""Countries of django-countries on both sides: shown, chosen, looked up, saved as Django normalises them; what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences
from tests.services import Postgres

from segue import verify
from segue.snapshot.model import Snapshot
from segue.translate.program import translate
from segue.verify import ProjectRef

MODELS = """\
from django.db import models
from django_countries.fields import CountryField

class Address(models.Model):
    city = models.CharField(max_length=20)
    country = CountryField()
    other = CountryField(null=True, blank=True)
    third = CountryField(blank=True, default="FR")

class Many(models.Model):
    city = models.CharField(max_length=20)
    countries = CountryField(multiple=True)
"""
VIEWS = """\
from rest_framework import serializers, viewsets, filters
from rest_framework.response import Response
from rest_framework.views import APIView
from django_filters.rest_framework import DjangoFilterBackend
from django_countries.serializers import CountryFieldMixin
from notes.models import Address, Many

class AddressSerializer(serializers.ModelSerializer):
    code = serializers.SerializerMethodField()
    class Meta:
        model = Address
        fields = ["id", "city", "country", "other", "code"]
    def get_code(self, obj):
        if obj.other:
            return f"{obj.other}/{obj.country.code}"
        return str(obj.country)

class Addresses(viewsets.ModelViewSet):
    queryset = Address.objects.order_by("pk")
    serializer_class = AddressSerializer
    filterset_fields = ["country"]
    filter_backends = [DjangoFilterBackend, filters.OrderingFilter]
    ordering_fields = ["country"]

class ThirdSerializer(serializers.ModelSerializer):
    class Meta:
        model = Address
        fields = ["id", "city", "country", "third"]

class Thirds(viewsets.ModelViewSet):
    queryset = Address.objects.order_by("pk")
    serializer_class = ThirdSerializer

class Asked(APIView):
    def get(self, request):
        wanted = request.query_params.get("country", "")
        return Response([a.country.code for a in Address.objects.filter(country=wanted).order_by("pk")])
    def post(self, request):
        a = Address.objects.create(city="x", country="nl")
        b = Address.objects.create(city="y", country="")
        c = Address.objects.create(city="y", country="zz", other="DE")
        a.third = "be"
        a.save()
        return Response([a.country.code, str(b.country), c.country.code, bool(b.country), bool(a.country), a.third.code, c.other is None, a.other is None,
            Address.objects.filter(country__in=["nl", "NL"]).count(), b.third.code])

class Names(APIView):
    def get(self, request):
        return Response([a.country.name for a in Address.objects.order_by("pk")])
    def post(self, request):
        return Response([a.get_country_display() for a in Address.objects.order_by("pk")])
    def put(self, request):
        return Response({"n": Address.objects.filter(country__icontains="land").count()})
    def patch(self, request):
        return Response(list(Address.objects.order_by("pk").values("country")))
    def delete(self, request):
        return Response({"c": Address.objects.order_by("pk").first().country})

class MixedSerializer(CountryFieldMixin, serializers.ModelSerializer):
    class Meta:
        model = Address
        fields = ["id", "country"]

class Mixed(viewsets.ModelViewSet):
    queryset = Address.objects.order_by("pk")
    serializer_class = MixedSerializer

class ManySerializer(serializers.ModelSerializer):
    class Meta:
        model = Many
        fields = ["id", "city", "countries"]

class Manys(viewsets.ModelViewSet):
    queryset = Many.objects.order_by("pk")
    serializer_class = ManySerializer
"""
URLS = """\
from django.urls import path
from notes import views
LIST, ONE = {"get":"list","post":"create"}, {"get": "retrieve", "put":"update","patch":"partial_update"}
urlpatterns=[
 path("addresses/", views.Addresses.as_view(LIST)),
 path("addresses/<int:pk>/", views.Addresses.as_view(ONE)),
 path("thirds/", views.Thirds.as_view(LIST)),
 path("thirds/<int:pk>/", views.Thirds.as_view(ONE)),
 path("asked/", views.Asked.as_view()),
 path("names/", views.Names.as_view()),
 path("mixed/", views.Mixed.as_view(LIST)),
 path("manys/", views.Manys.as_view(LIST)),
]
"""
REFUSED = {
    "GET /names/": "no-rule",
    "POST /names/": "country",
    "PUT /names/": "field-custom",
    "PATCH /names/": "country",
    "DELETE /names/": "country",
    "GET /mixed/": "package-django-countries",
    "POST /mixed/": "package-django-countries",
    "GET /manys/": "package-django-countries",
    "POST /manys/": "package-django-countries",
}


def _site(root: Path, more: str = "") -> Site:
    files = {
        "site_/settings.py": SETTINGS + '\nINSTALLED_APPS += ["django_countries"]\nCOUNTRIES_FIRST = ["NL"]\n' + more,
        "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
    }  # fmt: skip
    return Site.make(root, files)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return _site(tmp_path_factory.mktemp("countries"))


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_is_refused(snapshot: Snapshot) -> None:
    found = {f"{r.method} {r.route_id}": r.reasons[0].code for r in translate(snapshot).refused}
    assert found == REFUSED


def test_both_sides_answer_alike_and_a_fault_is_found(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    output = tmp_path / "fastapi"
    _, report = site.explore(snapshot, output, cases=100, seconds=40)
    assert differences(report) == []
    seen = {o.key: o.statuses for o in report.operations}
    assert [key for key, statuses in seen.items() if not any(s.startswith("2") for s in statuses)] == []

    models = output / "app" / "notes" / "models.py"
    text = models.read_text()
    assert text.count("Country(2, COUNTRIES)") == 3
    models.write_text(
        text.replace("Country(2, COUNTRIES)", "Country(2, frozenset())")
    )  # codes stay as they were given
    project = ProjectRef(site.root, output, site.root / ".segue", site.python, snapshot)
    again = verify.explore(project, only=["POST /asked/"], cases=4)
    assert [o.key for o in again.operations if o.differences] == ["POST /asked/"]


def test_postgresql_answers_alike(tmp_path: Path, postgres: Postgres) -> None:
    postgres.create("countries")
    entry = postgres.django("countries")
    site = _site(tmp_path / "site", f'\nDATABASES = {{"default": {entry!r}}}\n')
    _, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=60, seconds=20)
    assert differences(report) == []
