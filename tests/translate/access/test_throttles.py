"""Rate limits as the project's cache counts them."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

VIEWS = """\
from rest_framework import response, throttling, views


class Few(throttling.AnonRateThrottle):
    rate = "3/day"


class Hello(views.APIView):
    authentication_classes = []
    permission_classes = []
    throttle_classes = [Few]

    def get(self, request):
        return response.Response({"hello": "you"})
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [path("hello/", views.Hello.as_view())]
"""
DUMMY = 'CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}\n'


def test_a_dummy_cache_forgets_every_request(tmp_path: Path) -> None:
    files = {
        "site_/settings.py": SETTINGS + DUMMY,
        "site_/urls.py": URLS,
        "notes/models.py": "",
        "notes/views.py": VIEWS,
    }
    site = Site.make(tmp_path / "site", files)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=60, seconds=20)
    assert not program.refused
    assert differences(report) == []
    (hello,) = report.operations
    assert hello.statuses.get("200", 0) > 3
