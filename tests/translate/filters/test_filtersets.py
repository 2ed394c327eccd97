"""FilterSets of every kind of filter, asked on both sides with good, edge and bad values."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import Site, differences

from segue.snapshot.model import Snapshot

MODELS = """\
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=40)


class Note(models.Model):
    title = models.CharField(max_length=40)
    subtitle = models.CharField(max_length=40, null=True)
    stars = models.IntegerField(null=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    weight = models.FloatField(default=0)
    day = models.DateField(null=True)
    at = models.DateTimeField(null=True)
    clock = models.TimeField(null=True)
    done = models.BooleanField(default=False)
    key = models.UUIDField(null=True)
    author = models.ForeignKey(Author, models.CASCADE, null=True)
    readers = models.ManyToManyField(Author, related_name="read")
"""
VIEWS = """\
import django_filters
from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from notes.models import Author, Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class NumberInFilter(filters.BaseInFilter, filters.NumberFilter):
    pass


class TextInFilter(filters.BaseInFilter, filters.CharFilter):
    pass


class DayRangeFilter(filters.BaseRangeFilter, filters.DateFilter):
    pass


class NumberPairFilter(filters.BaseRangeFilter, filters.NumberFilter):
    pass


class Loud(filters.CharFilter):
    def filter(self, qs, value):
        return super().filter(qs, value.upper())


class Several(filters.FilterSet):
    stars = NumberInFilter(field_name="stars", lookup_expr="in")
    not_stars = NumberInFilter(field_name="stars", lookup_expr="in", exclude=True)
    titles = TextInFilter(field_name="title", lookup_expr="in")
    not_titles = TextInFilter(field_name="subtitle", lookup_expr="in", exclude=True)
    days = DayRangeFilter(field_name="day", lookup_expr="range")
    prices = NumberPairFilter(field_name="price", lookup_expr="range")
    not_prices = NumberPairFilter(field_name="price", lookup_expr="range", exclude=True)
    reader_names = TextInFilter(field_name="readers__name", lookup_expr="in", distinct=True)


class Ranges(filters.FilterSet):
    stars = filters.RangeFilter()
    price = filters.RangeFilter(exclude=True)
    weight = filters.RangeFilter()
    at = filters.DateFromToRangeFilter()
    moment = filters.DateTimeFromToRangeFilter(field_name="at")
    iso = filters.IsoDateTimeFromToRangeFilter(field_name="at")
    clock = filters.TimeRangeFilter()


class Texts(filters.FilterSet):
    title = filters.CharFilter(max_length=5, strip=False)
    word = filters.CharFilter(field_name="title", lookup_expr="icontains", min_length=2)
    subtitle = filters.CharFilter(lookup_expr="iexact")


class Parts(filters.FilterSet):
    month = filters.NumberFilter(field_name="at", lookup_expr="month")
    not_day = filters.NumberFilter(field_name="day__day", exclude=True)

    class Meta:
        model = Note
        fields = {
            "at": ["year", "day", "date", "date__gte", "hour__lt", "week_day"], "day": ["year__gt", "quarter", "iso_week_day"],
            "clock": ["hour", "minute__gte"],
        }


class Rows(filters.FilterSet):
    others = filters.ModelMultipleChoiceFilter(field_name="author", queryset=Author.objects.all(), exclude=True)

    class Meta:
        model = Note
        fields = {"readers": ["exact"], "author": ["exact"]}


class AllOf(filters.FilterSet):
    readers = filters.ModelMultipleChoiceFilter(queryset=Author.objects.all(), conjoined=True)


class Overridden(filters.FilterSet):
    title = Loud()


class Strange(filters.FilterSet):
    at = filters.DateTimeFilter(input_formats=["%d.%m.%Y"])


class Hidden(filters.FilterSet):
    title = filters.CharFilter(widget=django_filters.widgets.CSVWidget)


class Base(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    filter_backends = [filters.DjangoFilterBackend]


class OneByParts(generics.RetrieveAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = Parts


class OneOfYear(generics.RetrieveAPIView):
    serializer_class = NoteSerializer

    def get_queryset(self):
        return self.of_year(Note.objects.all())  # the year before: 1 asks for year 0

    def of_year(self, notes):
        year = self.request.query_params.get("year", "")
        return notes.filter(at__year=int(year) - 1) if year.isdigit() else notes


class ByFields(Base):
    filterset_fields = {
        "stars": ["in", "range", "isnull", "gte"], "author": ["in", "exact"], "title": ["in", "startswith"],
        "day": ["in", "range"], "key": ["in"], "price": ["in", "lt"], "clock": ["range"],
    }
"""
CLASSES = ("Several", "Ranges", "Texts", "Parts", "Rows", "AllOf", "Overridden", "Strange", "Hidden")
VIEWS += "".join(f"\n\nclass By{name}(Base):\n    filterset_class = {name}\n" for name in CLASSES)
URLS = "from django.urls import path\nfrom notes import views\n\nurlpatterns = [\n"
URLS += "".join(f'    path("{n.lower()}/", views.By{n}.as_view()),\n' for n in (*CLASSES, "Fields"))
URLS += '    path("parts/<pk>/", views.OneByParts.as_view()),\n    path("year/<pk>/", views.OneOfYear.as_view()),\n]\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {"notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS}
    return Site.make(tmp_path_factory.mktemp("filters"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_both_sides_filter_alike_and_what_is_overridden_is_refused(
    site: Site, snapshot: Snapshot, tmp_path: Path
) -> None:
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=2300)
    assert {r.route_id: r.reasons[0].construct for r in program.refused} == {
        "/overridden/": "Loud.filter",
        "/hidden/": "Hidden.title",
    }
    assert {o.route_id for o in program.native} == {
        "/several/", "/ranges/", "/texts/", "/parts/", "/parts/{pk}/", "/year/{pk}/", "/rows/", "/fields/", "/strange/", "/allof/",
    }  # fmt: skip
    assert differences(report) == []
    left = {o.route_id: o.notes for o in program.native if o.notes}
    assert {route: [n.split(":")[0] for n in notes] for route, notes in left.items()} == {
        "/strange/": ["?at="],
        "/allof/": ["?readers="],
    }
    unserved = {o.key: o.unserved for o in report.operations if o.unserved}
    assert set(unserved) == {"GET /strange/", "GET /allof/"}
    for operation in report.operations:
        if operation.unserved:
            continue
        assert operation.cases > 100
        assert operation.statuses.get("200", 0) > 40
        if operation.key != "GET /year/{pk}/":  # no form: it has nothing to say of its parameters
            assert operation.statuses.get("400", 0) > 10
