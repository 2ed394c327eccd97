"""Fields called as their types are, filters as builtins, relations as what the base class of entities has."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import Site, differences

from segue.translate.free_names import RESERVED
from segue_bridge.db.base import Base

MODELS = """\
import datetime as dt
import uuid

from django.db import models


class Stamp(models.Model):
    title = models.CharField(max_length=20)


class Meeting(models.Model):
    date = models.DateField(null=True, blank=True)
    starts = models.DateField()
    time = models.TimeField(default=dt.time(9, 30))
    ends = models.TimeField(null=True, blank=True)
    datetime = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    timedelta = models.DurationField(null=True, blank=True)
    Decimal = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    price = models.DecimalField(max_digits=5, decimal_places=2, default=1)
    UUID = models.UUIDField(default=uuid.uuid4)
    int = models.IntegerField(null=True, blank=True)
    number = models.IntegerField(default=3)
    str = models.CharField(max_length=20, blank=True)
    bool = models.BooleanField(default=False)
    float = models.FloatField(default=0.5)
    list = models.JSONField(default=list, blank=True)
    Any = models.CharField(max_length=5, blank=True)
    tags = models.ManyToManyField(Stamp, blank=True)


class Due(models.Model):
    date = models.DateField()
    time = models.TimeField()
    datetime = models.DateTimeField()
    Meeting = models.ForeignKey(Meeting, null=True, blank=True, on_delete=models.CASCADE)


class Van(models.Model):
    title = models.CharField(max_length=20)
    loaded = models.ForeignKey(Stamp, null=True, blank=True, on_delete=models.CASCADE, related_name="metadata")
    registry = models.ForeignKey(Stamp, null=True, blank=True, on_delete=models.CASCADE, related_name="vans")
"""
VIEWS = """\
from django_filters import rest_framework as filters
from rest_framework import serializers, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Due, Meeting, Stamp, Van


class MeetingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Meeting
        fields = "__all__"


class MeetingFilter(filters.FilterSet):
    date = filters.DateFilter()
    time = filters.TimeFilter()
    datetime = filters.IsoDateTimeFilter()

    class Meta:
        model = Meeting
        fields = ["date", "time", "datetime", "int", "bool"]


class Meetings(viewsets.ModelViewSet):
    queryset = Meeting.objects.order_by("pk")
    serializer_class = MeetingSerializer
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = MeetingFilter


class DueSerializer(serializers.ModelSerializer):
    class Meta:
        model = Due
        fields = ["id", "date", "time", "datetime", "Meeting"]


class Dues(viewsets.ModelViewSet):
    queryset = Due.objects.order_by("pk")
    serializer_class = DueSerializer


class VanSerializer(serializers.ModelSerializer):
    carries = serializers.CharField(source="loaded.title", read_only=True, default=None)

    class Meta:
        model = Van
        fields = ["id", "title", "loaded", "registry", "carries"]


class Vans(viewsets.ModelViewSet):
    queryset = Van.objects.select_related("loaded").order_by("pk")
    serializer_class = VanSerializer


class StampSerializer(serializers.ModelSerializer):
    class Meta:
        model = Stamp
        fields = ["id", "title", "metadata"]


class Stamps(viewsets.ModelViewSet):
    queryset = Stamp.objects.order_by("pk")
    serializer_class = StampSerializer


class PlainSerializer(serializers.Serializer):
    date = serializers.DateField(required=False)
    last = serializers.DateField(required=False, allow_null=True)
    time = serializers.TimeField(required=False, allow_null=True)
    datetime = serializers.DateTimeField(required=False)
    list = serializers.ListField(child=serializers.IntegerField(), required=False)
    others = serializers.ListField(child=serializers.IntegerField(), required=False)


class Plain(APIView):
    def post(self, request):
        serializer = PlainSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        found = Meeting.objects.filter(date=data.get("date")).count()
        return Response({"found": found, "date": data.get("date"), "time": data.get("time"), "list": data.get("list")})
"""
URLS = """\
from django.urls import path
from notes import views

many, one = {"get": "list", "post": "create"}, {"get": "retrieve", "put": "update", "patch": "partial_update"}
urlpatterns = [
    path("meetings/", views.Meetings.as_view(many)),
    path("meetings/<int:pk>/", views.Meetings.as_view(one)),
    path("dues/", views.Dues.as_view(many)),
    path("dues/<int:pk>/", views.Dues.as_view(one)),
    path("vans/", views.Vans.as_view(many)),
    path("vans/<int:pk>/", views.Vans.as_view(one)),
    path("stamps/", views.Stamps.as_view(many)),
    path("stamps/<int:pk>/", views.Stamps.as_view({"get": "retrieve"})),
    path("plain/", views.Plain.as_view()),
]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {"site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS}
    return Site.make(tmp_path_factory.mktemp("names"), files)


def test_the_service_starts_and_answers_as_django_does(site: Site, tmp_path: Path) -> None:
    output = tmp_path / "fastapi"
    program, report = site.explore(site.snapshot(), output, cases=90, seconds=30)
    assert [(r.method, r.route_id, r.reasons[0].code) for r in program.refused] == [
        ("POST", "/stamps/", "source-write")  # keys of a reverse relation
    ]
    assert differences(report) == []
    seen = {o.key: o.statuses for o in report.operations}
    assert [key for key, statuses in seen.items() if not any(s.startswith("2") for s in statuses)] == []

    schemas = (output / "app/notes/schemas.py").read_text()
    assert "    date: Annotated[date_ | None, Date(null=True)] = UNSET\n" in schemas
    assert "    starts: Annotated[date_, Date()]\n" in schemas
    assert "    number: int\n" in schemas  # of the TypedDict, in which int is a field as well
    assert (
        "    Meeting: Annotated[int | None, Pk(null=True)] = UNSET\n" in schemas
    )  # of a class without a field int
    routes = "".join(file.read_text() for file in (output / "app/notes").glob("*.py"))
    assert 'date = form.date("date")\n' in routes  # nothing calls date() there


def test_all_names_of_the_base_class_are_known() -> None:
    assert {name for name in dir(Base) if not name.startswith("_")} == RESERVED
