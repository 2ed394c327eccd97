"""Rate limits as the project's cache counts them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.projects.site import SETTINGS, Site

from segue.translate.program import translate

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
    script = "from django.test import Client; print([Client().get('/hello/').status_code for _ in range(5)])"
    asked = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", script],
        cwd=site.root, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert asked.stdout.strip() == str([200] * 5)
    program = translate(site.snapshot())
    assert not program.refused
    routes = program.modules["app/notes/routes.py"].decls.values()
    assert any("Resource(" in d.code for d in routes)
    assert not any("throttles=" in d.code for d in routes)
