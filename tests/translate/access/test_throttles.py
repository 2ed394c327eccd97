"""Rate limits as the project's cache counts them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

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


SHARED_VIEWS = """\
from rest_framework import response, throttling, views


class Few(throttling.AnonRateThrottle):
    rate = "3/day"
    scope = "hello"


class Many(throttling.UserRateThrottle):
    rate = "50/day"
    scope = "hello"


class Timed(throttling.AnonRateThrottle):
    rate = "3/day"
    timer = lambda self: 0.0


class Elsewhere(throttling.AnonRateThrottle):
    rate = "3/day"
    cache_format = "limit_%(scope)s_%(ident)s"


class Base(views.APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        return response.Response({"hello": "you"})


class Hello(Base):
    throttle_classes = [Few]


class Both(Base):
    throttle_classes = [Many]


class Scoped(Base):
    throttle_classes = [throttling.ScopedRateThrottle]
    throttle_scope = "three"


class Odd(Base):
    throttle_classes = [Timed]


class Other(Base):
    throttle_classes = [Elsewhere]
"""
SHARED_URLS = """\
from django.urls import path
from notes import views

urlpatterns = [path(f"{v.__name__.lower()}/", v.as_view()) for v in (views.Hello, views.Both, views.Scoped, views.Odd, views.Other)]
"""
SHARED_SETTINGS = """\
import os
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"three": "4/hour"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": os.environ.get("CACHE_FOLDER", "kept"), "KEY_PREFIX": "site"}}
"""
ASK = """\
import os, sys
sys.path[:0] = [sys.argv[1]]
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL="sqlite:///db.sqlite3", SECRET_KEY="x", CACHE_FOLDER=sys.argv[2])
import django
django.setup()
from django.test import Client
from fastapi.testclient import TestClient
from app.main import create_app
with TestClient(create_app(), client=("127.0.0.1", 1)) as ours:
    theirs = Client()
    for path in ("/hello/", "/scoped/"):
        print([side.get(path).status_code for side in (theirs, ours, ours, theirs, ours, theirs)])
"""


def test_a_limit_in_a_shared_cache_counts_both_sides_together(tmp_path: Path) -> None:
    """Judged by Django alone, which allows 3 and 4 of 6; then the generated service and Django take turns."""
    files = {
        "site_/settings.py": SETTINGS + SHARED_SETTINGS,
        "site_/urls.py": SHARED_URLS,
        "notes/models.py": "",
        "notes/views.py": SHARED_VIEWS,
    }
    site = Site.make(tmp_path / "site", files)

    script = (
        "from django.test import Client\n"
        "for path in ('/hello/', '/scoped/'): print([Client().get(path).status_code for _ in range(6)])"
    )
    alone = site.run("manage.py", "shell", "--verbosity", "0", "-c", script)
    assert [line.count("200") for line in alone] == [3, 4]
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=200, seconds=15)
    assert differences(report) == []
    assert {o.key for o in report.operations} >= {"GET /hello/", "GET /both/", "GET /scoped/"}
    # A clock and a key of their own are not what the bridge counts by.
    assert {r.route_id.strip("/"): r.reasons[0].code for r in program.refused} == {
        "odd": "throttle",
        "other": "throttle",
    }
    assert site.run("-c", ASK, str(tmp_path / "fastapi"), str(tmp_path / "both")) == alone
