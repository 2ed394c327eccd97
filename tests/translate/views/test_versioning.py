"""Versions in the path, in the query and in Accept, links that carry them, code that looks at ``request.version``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.translate.program import translate

MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE)
"""
VIEWS = """\
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, generics, serializers, versioning
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from notes.models import Note


class Query(versioning.QueryParameterVersioning):
    default_version = "1"
    allowed_versions = ["1", "2"]
    version_param = "v"


class Accept(versioning.AcceptHeaderVersioning):
    default_version = "1"
    allowed_versions = ["1", "2"]


class Limited(versioning.URLPathVersioning):
    default_version = "1.0"
    allowed_versions = ["1.0", "1.1"]


class Odd(versioning.URLPathVersioning):
    def determine_version(self, request, *args, **kwargs):
        return "7"


class Lenient(DjangoFilterBackend):
    def filter_queryset(self, request, queryset, view):
        try:
            return super().filter_queryset(request, queryset, view)
        except exceptions.ValidationError:
            return queryset.none()


def newer(request, version):
    if not request.version:
        return True
    return request.version.split(".") >= version.split(".")


class Links(PageNumberPagination):
    page_size = 2
    max_page_size = 3
    page_size_query_param = "size"

    def last(self):
        here = self.request.build_absolute_uri()
        return replace_query_param(here, self.page_query_param, self.page.paginator.num_pages)

    def get_paginated_response(self, data):
        links = []
        following, before = self.get_next_link(), self.get_previous_link()
        if following is not None:
            links.append(f'<{following}>; rel="next"')
        if before is not None:
            links.append(f'<{before}>; rel="prev"')
        links.append(f'<{self.last()}>; rel="last"')
        headers = {"Link": ", ".join(links)} if links else {}
        return Response(data, headers=headers)


class Cut(Links):
    def get_page_size(self, request):
        return 1


class NoteSerializer(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = Note
        fields = ["url", "id", "title", "parent"]
        extra_kwargs = {"url": {"view_name": "note"}, "parent": {"view_name": "note"}}

    def to_representation(self, instance):
        data = super().to_representation(instance)
        if not newer(self.context["request"], "1.1"):
            del data["title"]
        return data


class NoteList(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    filter_backends = [Lenient]
    pagination_class = Links


class CutList(NoteList):
    pagination_class = Cut


class NoteDetail(generics.RetrieveAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    filter_backends = [Lenient]


class Which(APIView):
    def get(self, request, *args, **kwargs):
        return Response({"version": request.version})


class Root(APIView):
    def get(self, request, *args, **kwargs):
        return Response({"notes": reverse("notes", request=request)})


class ByPath(Which):
    versioning_class = Limited


class ByQuery(Which):
    versioning_class = Query


class ByAccept(Which):
    versioning_class = Accept


class ByItself(Which):
    versioning_class = Odd
"""
URLS = """\
from django.urls import include, path, re_path
from notes import views

inner = [
    path("", views.Root.as_view()),
    path("notes/", views.NoteList.as_view(), name="notes"),
    path("notes/<int:pk>/", views.NoteDetail.as_view(), name="note"),
    path("which/", views.ByPath.as_view()),
]
urlpatterns = [
    re_path(r"^api/(?:(?P<version>(1.0|1.1|2.0))/)?", include(inner)),
    path("query/", views.ByQuery.as_view()),
    path("accept/", views.ByAccept.as_view()),
    path("cut/", views.CutList.as_view()),
    path("odd/", views.ByItself.as_view()),
    re_path(r"^loose/(?:(?P<version>[a-z]+)/)?(?P<rest>[a-z]+)/$", views.Which.as_view()),
]
"""
REST = """\
REST_FRAMEWORK["DEFAULT_VERSIONING_CLASS"] = "rest_framework.versioning.URLPathVersioning"
"""
FILES: Mapping[str, str] = {
    "notes/models.py": MODELS,
    "notes/views.py": VIEWS,
    "site_/urls.py": URLS,
    "site_/settings.py": SETTINGS + REST,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.make(tmp_path_factory.mktemp("versioned"), FILES)


def test_versions_and_their_links_are_django_s(site: Site, tmp_path: Path) -> None:
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=320, seconds=16)
    reasons = {r.route_id: r.reasons[0].code for r in program.refused}
    assert reasons == {"/odd/": "versioning", "/cut/": "pagination", "/loose/{rest}/": "url-regex"}
    assert differences(report) == []
    statuses = {o.key: set(o.statuses) for o in report.operations}
    assert {"200", "404"} <= statuses["GET /api/notes/{pk}/"]
    # 2.0 is in the URL but not allowed
    assert {"200", "404"} <= statuses["GET /api/which/"]
    assert "200" in statuses["GET /api/notes/"]
    links = (tmp_path / "fastapi" / "app" / "notes" / "links.py").read_text()
    assert 'versioned="/api/{version}/notes/{pk}/"' in links


def test_where_a_link_is_not_plain_it_is_refused(site: Site) -> None:
    urls = URLS.replace(
        'path("query/"', 'path("also/<int:pk>/", views.NoteDetail.as_view(), name="note"), path("query/"'
    )
    (site.root / "site_" / "urls.py").write_text(urls)
    program = translate(site.snapshot())
    reasons = {r.route_id: r.reasons[0] for r in program.refused}
    assert reasons["/api/notes/{pk}/"].code == "hyperlink"
    assert reasons["/api/notes/{pk}/"].why == "2 URLs have this name."
