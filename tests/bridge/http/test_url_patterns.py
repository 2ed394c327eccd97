"""``UrlPattern.reverse`` gives what ``django.urls.reverse`` gives for the same pattern and arguments."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from segue_bridge.http.links import NoReverseMatch, UrlPattern

PATTERNS = {
    "page": ("/page/{author}/{title}/", r"^/page/(?P<author>[^/]+)/(?P<title>[^/]+)/\Z"),
    "number": ("/number/{pk}/", r"^/number/(?P<pk>[0-9]+)/\Z"),
    "any": ("/any/{rest}", r"^/any/(?P<rest>.+)\Z"),
    "root": ("/{rest}", r"^/(?P<rest>.+)\Z"),
    "word": ("/word/{word}/", r"^/word/(?P<word>[a-z]{2,4})/$"),
}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("page", {"author": "a b", "title": "x@y.z"}),
    ("page", {"author": "ä", "title": "50%"}),
    ("page", {"author": "a/b", "title": "x"}),
    ("page", {"author": "", "title": "x"}),
    ("page", {"author": "<a>", "title": "!$&'()*+,;=:~?#[]"}),
    ("number", {"pk": 7}),
    ("number", {"pk": -7}),
    ("any", {"rest": "a/b//c?d"}),
    ("any", {"rest": ""}),
    ("root", {"rest": "/evil.example"}),
    ("word", {"word": "abc"}),
    ("word", {"word": "ABC"}),
    ("word", {"word": "abc\n"}),
]
_DJANGO = """\
import json, sys
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__)
import django
django.setup()
from django.http import HttpResponse
from django.urls import NoReverseMatch, path, re_path, reverse
def view(request, **kwargs): return HttpResponse()
urlpatterns = [
    path("page/<str:author>/<str:title>/", view, name="page"), path("number/<int:pk>/", view, name="number"),
    path("any/<path:rest>", view, name="any"), re_path("^word/(?P<word>[a-z]{2,4})/$", view, name="word"),
    path("<path:rest>", view, name="root"),
]
out = []
for name, given in json.loads(sys.argv[1]):
    try:
        out.append(reverse(name, kwargs=given))
    except NoReverseMatch:
        out.append(None)
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def expected() -> list[str | None]:
    done = subprocess.run(
        [sys.executable, "-c", _DJANGO, json.dumps(CASES)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: list[str | None] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("number", range(len(CASES)))
def test_as_django_reverses(expected: list[str | None], number: int) -> None:
    name, given = CASES[number]
    pattern = UrlPattern(*PATTERNS[name])
    if expected[number] is None:
        with pytest.raises(NoReverseMatch):
            pattern.reverse(**given)
    else:
        assert pattern.reverse(**given) == expected[number]
