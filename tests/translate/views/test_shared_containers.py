"""Dicts and lists that a process has once: what changes them is refused, by whatever name; copies are translated."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

# Bodies of ``get``. The answer is the same each time:
ALIKE = {
    "listed": "found = list(self.names)\nfound.append('c')\nreturn Response(found)",
    "sliced": "found = self.names[:]\nfound.append('c')\nreturn Response(found)",
    "spread": "found = {**TABLE, 'c': 1}\nfound['d'] = 2\nreturn Response(found)",
    "joined": "found = TABLE | {'c': 1}\nfound['d'] = 2\nreturn Response(found)",
    "ordered": "found = sorted(self.names)\nfound.append('z')\nreturn Response(found)",
    "updated": "found = {}\nfound.update(TABLE)\nfound['x'] = 1\nreturn Response(found)",
    "grown": "return Response(grown(TABLE))",
    "anew": "found = self.names\nfound = [*found, 'q']\nfound.append('r')\nreturn Response(found)",
    "one_by_one": "found = {}\nfor k, v in TABLE.items():\n    found[k] = v\nfound['n'] = 1\nreturn Response(found)",
    "added": "found = self.names + ['a']\nfound.sort()\nreturn Response(found)",
    "branch": "found = dict(a=1)\nif request.query_params.get('q'):\n    found = dict(TABLE)\nfound['t'] = 1\nreturn Response(found)",
    "counted": "total = 0\nnames = self.names\nfor one in names:\n    total += len(one)\nreturn Response(total)",
    "filtered": "found = [n for n in self.names if n != 'a']\nfound.append('b')\nreturn Response(found)",
}
# It is another one the second time:
GROWING = {
    "alias": "found = self.names\nfound.append('x')\nreturn Response(found)",
    "of_module": "found = ROWS\nfound.append('x')\nreturn Response(found)",
    "several": "found, _ = self.names, 1\nfound.append('x')\nreturn Response(found)",
    "property": "self.mine.append('x')\nreturn Response(self.mine)",
    "method": "found = self.own()\nfound['x'] = found.get('x', 0) + 1\nreturn Response(found)",
    "given": "put(xs=self.names, x='y')\nreturn Response(len(self.names))",
    "given_on": "passed_on(ROWS)\nreturn Response(len(ROWS))",
    "walrus": "if (found := self.names):\n    found.append('y')\nreturn Response(self.names)",
    "chosen": "found = self.names if request.method == 'GET' else []\nfound.append('y')\nreturn Response(found)",
    "of_class": "found = Note.KINDS\nfound.append('y')\nreturn Response(found)",
    "plus": "self.names += ['x']\nreturn Response(self.names)",
    "alias_plus": "found = self.names\nfound += ['x']\nreturn Response(found)",
    "first": "found = first(self.names)\nfound.append('z')\nreturn Response(found)",
    "deleted": "del self.names[0]\nreturn Response(self.names)",
    "filled": "h = Helper()\nh.fill(self.names)\nreturn Response(self.names)",
    "kept": "Helper(self.names).more()\nreturn Response(len(self.names))",
    "setting": "found = settings.NAMES\nfound.append('q')\nreturn Response(found)",
    "items": "for row in GROUPS.values():\n    row.append(1)\nreturn Response(GROUPS)",
    "in_a_copy": "found = {**GROUPS, 'y': 1}\nfound['a'].append(1)\nreturn Response(found)",
    "by_name": "found = getattr(self, 'names')\nfound.append('q')\nreturn Response(found)",
    "noted": "found = NOTED\nfound['a'] = found.get('a', 0) + 1\nreturn Response(found)",
    "default": "return Response(defaulted('a'))",
    "cached": "return Response(cached())",
}
VIEWS = """\
from django.conf import settings
from rest_framework.views import APIView
from rest_framework.response import Response
from notes.models import Note

TABLE = {"a": [], "b": []}
GROUPS = {"a": [], "b": []}
ROWS = ["r"]
NOTED = {}

def put(xs, x):
    xs.append(x)

def passed_on(xs):
    put(xs, 1)

def grown(d):
    d = dict(d)
    d["x"] = 1
    return d

def first(xs, ys=None):
    return xs or ys

def defaulted(x, found=[]):
    found.append(x)
    return found

def cached(cache={}):
    cache["n"] = cache.get("n", 0) + 1
    return cache["n"]

class Helper:
    def __init__(self, xs=None):
        self.xs = xs

    def fill(self, xs):
        xs.append("f")

    def more(self):
        self.xs.append("m")
""" + "".join(
    f"""
class V_{name}(APIView):
    names = ["b", "a"]
    table = {{"k": 1}}

    @property
    def mine(self):
        return self.names

    def own(self):
        return self.table

    def get(self, request):
        {body.replace(chr(10), chr(10) + " " * 8)}
"""
    for name, body in {**ALIKE, **GROWING}.items()
)
URLS = (
    "from django.urls import path\nfrom notes import views\nurlpatterns = ["
    + ", ".join(f'path("{name}/", views.V_{name}.as_view())' for name in {**ALIKE, **GROWING})
    + "]\n"
)
TWICE = """\
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
django.setup()
from django.test import Client
client = Client()
from notes.urls_of import NAMES
for name in NAMES:
    print(client.get(f"/{name}/").content == client.get(f"/{name}/").content)
"""


def test_what_changes_a_dict_or_list_of_the_process_is_refused(tmp_path: Path) -> None:
    files = {
        "site_/settings.py": SETTINGS + 'NAMES = ["n"]\n', "site_/urls.py": URLS, "notes/views.py": VIEWS,
        "notes/urls_of.py": f"NAMES = {[*ALIKE, *GROWING]!r}\n",
        "notes/models.py": "from django.db import models\n\nclass Note(models.Model):\n    KINDS = ['k']\n    title = models.TextField()\n",
    }  # fmt: skip
    site = Site.make(tmp_path / "site", files)
    said = site.run("-c", TWICE)
    assert {name for name, same in zip([*ALIKE, *GROWING], said, strict=True) if same == "False"} == set(
        GROWING
    )
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=60, seconds=20)
    assert {r.route_id.strip("/"): r.reasons[0].code for r in program.refused} == dict.fromkeys(
        GROWING, "process-state"
    )
    assert differences(report) == []
    reason = next(r.reasons[0] for r in program.refused if r.route_id == "/given/")
    line = 1 + VIEWS.split("\n").index(" " * 8 + "put(xs=self.names, x='y')")
    assert reason.why == f"It is kept in the memory of the process, and notes/views.py:{line} changes it."
