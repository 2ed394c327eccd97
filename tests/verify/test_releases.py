"""Releases of Django and DRF that answer otherwise than the newest, explored in environments of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.environment import ensure_environment
from segue.translate.program import translate

MODELS = """\
from django.db import models


class Place(models.Model):
    name = models.CharField(max_length=20)
    height = models.FloatField(null=True, blank=True)
    street = models.CharField(max_length=20)
    number = models.IntegerField()
    flag = models.BooleanField(default=False)

    class Meta:
        unique_together = [("street", "number")]


class Seat(models.Model):
    row = models.IntegerField(null=True)
    column = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["row", "column"], name="seat_once")]
"""
VIEWS = """\
from rest_framework import filters, serializers, viewsets

from notes.models import Place, Seat


class PlaceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Place
        fields = "__all__"


class SeatSerializer(serializers.ModelSerializer):
    class Meta:
        model = Seat
        fields = "__all__"


class PlaceViewSet(viewsets.ModelViewSet):
    queryset = Place.objects.order_by("id")
    serializer_class = PlaceSerializer
    authentication_classes = []
    permission_classes = []
    filter_backends = [filters.SearchFilter]


class SeatViewSet(viewsets.ModelViewSet):
    queryset = Seat.objects.order_by("id")
    serializer_class = SeatSerializer
    authentication_classes = []
    permission_classes = []
    filter_backends = [filters.SearchFilter]
    search_fields = ["=row"]
"""
URLS = """\
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("places", views.PlaceViewSet)
router.register("seats", views.SeatViewSet)
urlpatterns = router.urls
"""
RENAMED_VIEWS = """\

class HouseSerializer(serializers.ModelSerializer):
    no = serializers.IntegerField(source="number")

    class Meta:
        model = Place
        fields = ["id", "street", "no", "flag"]


class HouseViewSet(PlaceViewSet):
    serializer_class = HouseSerializer
"""
FILES = {
    "site_/settings.py": SETTINGS,
    "site_/urls.py": URLS,
    "notes/models.py": MODELS,
    "notes/views.py": VIEWS,
}


def python(tmp_path_factory: pytest.TempPathFactory, django: str, drf: str) -> Path:
    wanted = [f"Django=={django}.*", f"djangorestframework=={drf}.*", "django-filter", "pytz", "setuptools"]
    return ensure_environment(tmp_path_factory.mktemp("release") / "venv", wanted)


def test_release_3_15_on_django_4_2(tmp_path_factory: pytest.TempPathFactory) -> None:
    """NaN is a number there, and NULL counts in another way in unique-together constraints."""
    root = tmp_path_factory.mktemp("old")
    files = {
        **FILES,
        "notes/views.py": VIEWS + RENAMED_VIEWS,
        "site_/urls.py": URLS.replace(
            "urlpatterns", 'router.register("houses", views.HouseViewSet, "house")\nurlpatterns'
        ),
    }
    site = Site.make(root / "site", files, python(tmp_path_factory, "4.2", "3.15"))
    program, report = site.explore(site.snapshot(), root / "fastapi", cases=1000)
    # 3.15 does not look whether "number" changes where the field is "no".
    assert {(r.method, r.reasons[0].code) for r in program.refused} == {
        (method, "unique-together") for method in ("POST", "PUT", "PATCH")
    }
    assert len(program.refused) == 3
    assert all("source has another name" in r.reasons[0].why for r in program.refused)
    assert "changed_only=True" in (root / "fastapi" / "app" / "notes" / "validation.py").read_text()
    assert sum(o.cases for o in report.operations) >= 800
    assert differences(report) == []


def test_the_newest_release_searched_with_and_without_fields(tmp_path: Path) -> None:
    """``SearchFilter`` refuses NUL also where the view has no ``search_fields``."""
    site = Site.make(tmp_path / "site", FILES)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=500)
    assert not program.refused
    assert differences(report) == []


def test_release_3_14_is_not_translated(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("older")
    site = Site.make(root / "site", FILES, python(tmp_path_factory, "4.2", "3.14"))
    program = translate(site.snapshot())
    assert not program.native
    assert {(r.reasons[0].code, r.reasons[0].construct[:27]) for r in program.refused} == {
        ("release", "djangorestframework 3.14.0")
    }
