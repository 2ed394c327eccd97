"""``@lru_cache`` and ``@cache``: kept where a value computed before is that of now, refused where it is the process's."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site, differences

MODELS = """\
from django.db import models
class Note(models.Model):
    title = models.CharField(max_length=50)
    stars = models.IntegerField(default=0)
"""
VIEWS = """\
from functools import lru_cache, cache
from rest_framework.views import APIView
from rest_framework.response import Response
from django.conf import settings
from notes.models import Note
from notes import tools
LABELS = {"a": "A"}

@lru_cache
def square(n):
    return n * n

@lru_cache(maxsize=None)
def label(kind):
    'What it is called.'
    return LABELS.get(kind, "?")

@cache
def both(a, b=2):
    return square(a) + b

@lru_cache
def count():
    return Note.objects.count()

@lru_cache
def opts():
    return ["a"]

@lru_cache
def setting():
    return settings.ROOT_URLCONF

@lru_cache
def moment():
    import time
    return time.time() > 0

class Squares(APIView):
    def get(self, request, n):
        return Response({"n": square(n), "l": label(request.query_params.get("l", "a")), "b": both(n), "c": both(a=n, b=3)})

class Counted(APIView):
    def get(self, request):
        return Response(count())

class Opened(APIView):
    def get(self, request):
        found = opts()
        found.append("b")
        return Response(found)

class Named(APIView):
    def get(self, request):
        return Response(setting())

class Timed(APIView):
    def get(self, request):
        return Response(moment())

class Twice(APIView):
    @lru_cache
    def twice(self, n):
        return n * 2
    def get(self, request, n):
        return Response(self.twice(n))

class Words(APIView):
    def get(self, request, n):
        return Response(tools.word(n))

class Options(APIView):
    def get(self, request):
        return Response({"o": opts()})

class Forgotten(APIView):
    def get(self, request, n):
        square.cache_clear()
        return Response({"o": square(n)})
"""
TOOLS = """\
from functools import lru_cache
@lru_cache(maxsize=128)
def word(n: int) -> str:
    return "x" * min(n, 5)
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [
    path("squares/<int:n>/", views.Squares.as_view()),
    path("counted/", views.Counted.as_view()),
    path("opened/", views.Opened.as_view()),
    path("named/", views.Named.as_view()),
    path("timed/", views.Timed.as_view()),
    path("twice/<int:n>/", views.Twice.as_view()),
    path("words/<int:n>/", views.Words.as_view()),
    path("options/", views.Options.as_view()),
    path("forgotten/<int:n>/", views.Forgotten.as_view()),
]
"""
REFUSED = {
    "/counted/": "decorator", "/opened/": "decorator", "/timed/": "decorator", "/options/": "decorator", "/twice/{n}/": "call",
    "/forgotten/{n}/": "unknown-global",
}  # fmt: skip


def test_what_computes_is_kept_and_what_the_process_remembers_is_refused(tmp_path: Path) -> None:
    files = {
        "site_/urls.py": URLS,
        "notes/models.py": MODELS,
        "notes/views.py": VIEWS,
        "notes/tools.py": TOOLS,
    }
    site = Site.make(tmp_path / "site", files)
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=60, seconds=20)
    assert {r.route_id: r.reasons[0].code for r in program.refused} == REFUSED
    assert differences(report) == []
    assert all("200" in o.statuses for o in report.operations)
    text = (tmp_path / "fastapi" / "app" / "notes" / "services.py").read_text(encoding="utf-8")
    for decorator in (
        "@lru_cache\ndef square(",
        "@lru_cache(maxsize=None)\ndef label(",
        "@cache\ndef both(",
        "@lru_cache(maxsize=128)\n",
    ):
        assert decorator in text
