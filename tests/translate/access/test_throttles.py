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
import time

from django.conf import settings
from rest_framework import permissions, response, throttling, views


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


class Login(throttling.SimpleRateThrottle):
    scope = "login"
    rate = "2/day"

    def get_cache_key(self, request, view):
        if request.method == "OPTIONS":
            return None
        name = str(request.query_params.get("name", "")).lower()
        return self.cache_format % {"scope": self.scope, "ident": f"{self.get_ident(request)}-{name}"}


class Reads(throttling.UserRateThrottle):
    scope = "reads"

    def get_rate(self):
        return getattr(settings, "READS_RATE", "9/day")

    def parse_rate(self, rate):
        return (2, 600)

    def get_ident(self, request):
        return request.META.get("HTTP_X_CLIENT", "nobody")

    def get_cache_key(self, request, view):
        key = super().get_cache_key(request, view)
        return f"{key}-{getattr(view, 'part', 'all')}"

    def allow_request(self, request, view):
        if request.query_params.get("free"):
            return True
        return super().allow_request(request, view)


class Closed(throttling.BaseThrottle):
    def allow_request(self, request, view):
        return "open" in request.query_params

    def wait(self):
        return 7


class Gate(throttling.UserRateThrottle):
    rate = "5/day"

    def allow_request(self, request, view):
        return request.query_params.get("free") == "1"


class Told(throttling.AnonRateThrottle):
    rate = "3/day"

    def throttle_failure(self):
        return True


class ByAction(throttling.AnonRateThrottle):
    rate = "3/day"

    def get_cache_key(self, request, view):
        return f"x{view.action}"


class ByClock(throttling.AnonRateThrottle):
    def get_rate(self):
        return f"{time.time():.0f}/day"


class Nothing(throttling.BaseThrottle):
    pass


class Computed(throttling.UserRateThrottle):
    @property
    def rate(self):
        return "2/day"


class Base(views.APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        return response.Response({"hello": "you"})


class Hello(Base):
    throttle_classes = [Few]


class OddRate(Base):
    throttle_classes = [Computed]


class OddScope(Base):
    throttle_classes = [throttling.ScopedRateThrottle]

    @property
    def throttle_scope(self):
        return "three"


class OddRights(Base):
    @property
    def permission_classes(self):
        return [] if self.request.method == "GET" else [permissions.IsAdminUser]

    def post(self, request):
        return response.Response({})


class OddSet(Base):
    throttle_classes = [throttling.ScopedRateThrottle]
    throttle_scope = "three"

    def get_permissions(self):
        self.throttle_scope = None
        return super().get_permissions()


class Both(Base):
    throttle_classes = [Many]


class Scoped(Base):
    throttle_classes = [throttling.ScopedRateThrottle]
    throttle_scope = "three"


class LoggingIn(Base):
    throttle_classes = [Login]


class Reading(Base):
    throttle_classes = [Reads]
    part = "front"


class Shut(Base):
    throttle_classes = [Closed]


class Gated(Base):
    throttle_classes = [Gate]


class ChosenRate(throttling.AnonRateThrottle):
    scope = "chosen"
    rate = "2/day"


class Chosen(Base):
    throttle_classes = [ChosenRate]

    def get_throttles(self):
        if self.request.method == "POST":
            return [Closed(), ChosenRate()]
        if self.request.method in ("HEAD", "OPTIONS"):
            return []
        return super().get_throttles()

    def post(self, request):
        return response.Response({})


class OddChosen(Base):
    def get_throttles(self):
        return [ChosenRate()] if self.request.user.is_staff else []


class OddTold(Base):
    throttle_classes = [Told]


class OddAction(Base):
    throttle_classes = [ByAction]


class OddClock(Base):
    throttle_classes = [ByClock]


class OddNothing(Base):
    throttle_classes = [Nothing]


class Odd(Base):
    throttle_classes = [Timed]


class Other(Base):
    throttle_classes = [Elsewhere]
"""
SHARED_URLS = """\
from django.urls import path
from notes import views

urlpatterns = [path(f"{v.__name__.lower()}/", v.as_view()) for v in views.Base.__subclasses__()]
"""
SHARED_SETTINGS = """\
import os
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"three": "4/hour"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": os.environ.get("CACHE_FOLDER", "kept"), "KEY_PREFIX": "site"}}
"""
PATHS = (
    "/hello/",
    "/scoped/",
    "/loggingin/?name=A",
    "/loggingin/?name=b",
    "/reading/",
    "/reading/?free=1",
    "/shut/",
    "/gated/",
    "/gated/?free=1",
    "/chosen/",
)
ASK = (
    f"PATHS = {PATHS}"
    + """
import os, sys
sys.path[:0] = [sys.argv[1]]
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL="sqlite:///db.sqlite3", SECRET_KEY="x", CACHE_FOLDER=sys.argv[2])
import django
django.setup()
from django.test import Client
from fastapi.testclient import TestClient
from app.main import create_app
with TestClient(create_app(), client=("127.0.0.1", 1)) as ours:
    theirs = Client(raise_request_exception=False)
    for path in PATHS:
        print([side.get(path).status_code for side in (theirs, ours, ours, theirs, ours, theirs)])
"""
)


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
        f"for path in {PATHS}: print([Client(raise_request_exception=False).get(path).status_code for _ in range(6)])"
    )
    alone = site.run("manage.py", "shell", "--verbosity", "0", "-c", script)
    assert [line.count("200") for line in alone] == [3, 4, 2, 2, 2, 6, 0, 0, 6, 2]
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=200, seconds=15)
    assert differences(report) == []
    assert {o.key for o in report.operations} >= {"GET /hello/", "GET /both/", "GET /scoped/"}
    # A clock and a key of their own are not what the bridge counts by.
    refused = {r.route_id.strip("/"): r.reasons[0] for r in program.refused}
    assert {name: reason.construct for name, reason in refused.items()} == {
        "odd": "notes.views.Timed.<lambda>:19",
        "other": "notes.views.Elsewhere.cache_format",
        "oddtold": "notes.views.Told.throttle_failure",
        "oddaction": "view.action",
        "oddclock": "notes.views.ByClock.get_rate",
        "oddnothing": "notes.views.Nothing",
        "oddrate": "notes.views.Computed.rate",
        # What a property gives without a request, or to the first method, is not what others get.
        "oddscope": "notes.views.OddScope.throttle_scope",
        "oddrights": "notes.views.OddRights.permission_classes",
        "oddset": "self.throttle_scope",
        "oddchosen": "self.request.user.is_staff",
    }
    codes = {
        "throttle", "override-throttle-scope", "override-permission-classes", "assign-attribute", "dynamic-get-throttles",
    }  # fmt: skip
    assert {reason.code for reason in refused.values()} == codes
    assert site.run("-c", ASK, str(tmp_path / "fastapi"), str(tmp_path / "both")) == alone
