"""Filter backends and forms of the project's own, search fields that are none, orders by relations."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import Site, differences

from segue.snapshot.model import Snapshot

MODELS = """\
from django.db import models
from django.utils.functional import cached_property


class Author(models.Model):
    name = models.CharField(max_length=40)
    born = models.IntegerField(default=1900)

    class Meta:
        ordering = ["born", "name"]


class Place(models.Model):
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["-name"]


class Note(models.Model):
    title = models.CharField(max_length=40)
    stars = models.IntegerField(null=True)
    author = models.ForeignKey(Author, models.CASCADE, null=True)
    place = models.ForeignKey(Place, models.CASCADE, null=True)

    @property
    def plain(self):
        return self.title

    @cached_property
    def kept(self):
        return self.title
"""
VIEWS = """\
from django.forms import ModelMultipleChoiceField
from django_filters import rest_framework as filters
from rest_framework import exceptions, generics, serializers
from rest_framework.filters import OrderingFilter, SearchFilter

from notes.models import Author, Note, Place


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars", "author"]


class PlainSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "plain"]


class KeptSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "kept"]


class Quiet(filters.DjangoFilterBackend):
    def filter_queryset(self, request, queryset, view):
        try:
            return super().filter_queryset(request, queryset, view)
        except exceptions.ValidationError:
            return queryset.none()


class Loud(filters.DjangoFilterBackend):
    def filter_queryset(self, request, queryset, view):
        return super().filter_queryset(request, queryset, view).filter(stars__gt=1)


class ByName(ModelMultipleChoiceField):
    def _check_values(self, value):
        return self.queryset.filter(name__in=value)


class AlwaysFirst(ModelMultipleChoiceField):
    def clean(self, value):
        return self.queryset.order_by("id")[:1]


class ByNameFilter(filters.ModelMultipleChoiceFilter):
    field_class = ByName


class AlwaysFirstFilter(filters.ModelMultipleChoiceFilter):
    field_class = AlwaysFirst


class Notes(filters.FilterSet):
    author = ByNameFilter(queryset=Author.objects.all())

    class Meta:
        model = Note
        fields = ["author", "stars"]


def new_enough(request, version):
    if request.version is None:
        return True
    return request.version >= version


class Dropping(filters.FilterSet):
    class Meta:
        model = Note
        fields = ["stars", "title"]

    @property
    def form(self):
        form = super().form
        for name in ("title", "other"):
            if not new_enough(self.request, "2"):
                if name in form.fields:
                    del form.fields[name]
        return form


class Adding(filters.FilterSet):
    class Meta:
        model = Note
        fields = ["stars"]

    @property
    def form(self):
        form = super().form
        form.fields["stars"].initial = 2
        return form


class First(filters.FilterSet):
    author = AlwaysFirstFilter(queryset=Author.objects.all())

    class Meta:
        model = Note
        fields = ["author"]


class Narrowing(filters.FilterSet):
    author = filters.ModelChoiceFilter(queryset=Author.objects.none())
    place = filters.ModelChoiceFilter(queryset=Place.objects.none())

    class Meta:
        model = Note
        fields = ["author", "place", "stars"]

    def __init__(self, *args, since=1800, **kwargs):
        super().__init__(*args, **kwargs)
        request = kwargs.get("request")
        if request:
            for name in ("author",):
                self.filters[name].queryset = Author.objects.filter(born__gt=since)
        self.filters["place"].extra["queryset"] = Place.objects.exclude(name="").order_by("id")


class Failing(filters.FilterSet):
    author = filters.ModelChoiceFilter(queryset=Author.objects.none())

    class Meta:
        model = Note
        fields = ["author"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # nobody has an address where nobody is logged in
        self.filters["author"].queryset = Author.objects.filter(name=kwargs["request"].user.email)


class Requiring(filters.FilterSet):
    author = filters.ModelChoiceFilter(queryset=Author.objects.none())

    class Meta:
        model = Note
        fields = ["author"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["author"].extra["required"] = True


class Asking(filters.FilterSet):
    author = filters.ModelChoiceFilter(queryset=Author.objects.none())

    class Meta:
        model = Note
        fields = ["author"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        first = Author.objects.get(pk=1)
        self.filters["author"].queryset = Author.objects.filter(born=first.born)


class Base(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


class ByBackend(Base):
    filter_backends = [Quiet]
    filterset_class = Notes


class ByLoud(Base):
    filter_backends = [Loud]
    filterset_class = Notes


class ByDropping(Base):
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = Dropping


class ByAdding(Base):
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = Adding


class ByNarrowing(Base):
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = Narrowing


class ByFailing(Base):
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = Failing


class ByRequiring(Base):
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = Requiring


class ByAsking(Base):
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = Asking


class ByFirst(Base):
    filter_backends = [Quiet]
    filterset_class = First


class BySearch(Base):
    filter_backends = [SearchFilter, OrderingFilter]
    search_fields = ["title", "nothing_like_it"]
    ordering_fields = ["author", "stars"]


class ByPlace(Base):
    filter_backends = [OrderingFilter]
    ordering_fields = ["place", "title"]
    ordering = "author"


class ByPlain(Base):
    filter_backends = [OrderingFilter]
    serializer_class = PlainSerializer


class ByKept(Base):
    filter_backends = [OrderingFilter]
    serializer_class = KeptSerializer
"""
NAMES = (
    "Narrowing",
    "Failing",
    "Requiring",
    "Asking",
    "Backend",
    "Loud",
    "Dropping",
    "Adding",
    "First",
    "Search",
    "Place",
    "Plain",
    "Kept",
)
URLS = "from django.urls import path\nfrom notes import views\n\nurlpatterns = [\n"
URLS += "".join(f'    path("{n.lower()}/", views.By{n}.as_view()),\n' for n in NAMES) + "]\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {"notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS}
    return Site.make(tmp_path_factory.mktemp("left"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_only_some_parameters_need_is_left_with_them(
    site: Site, snapshot: Snapshot, tmp_path: Path
) -> None:
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=360)
    assert {r.route_id: r.reasons[0].code for r in program.refused} == {
        "/loud/": "filter-backend",
        "/adding/": "filterset-override",
        "/first/": "filter",
        "/failing/": "filterset-override",  # whoever is not logged in gets an error of Django's
        "/requiring/": "filterset-override",  # without the parameter the form is invalid
        "/asking/": "filterset-override",
    }
    assert differences(report) == []
    notes = {o.route_id: sorted(n.split("=")[0] for n in o.notes) for o in program.native if o.notes}
    assert notes == {
        "/backend/": ["?author", "?stars"],
        "/narrowing/": ["?author", "?place"],
        "/dropping/": ["?stars", "?title"],
        "/search/": ["?search"],
        "/place/": ["?ordering"],
        "/kept/": ["?ordering"],  # order_by() of what is no column fails; properties DRF itself leaves out
    }
    by_author = next(o for o in report.operations if o.key == "GET /search/")
    assert by_author.cases - by_author.unserved > 20
