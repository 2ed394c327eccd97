"""A refused operation: its brief, a port by hand, and what regeneration, the ledger and verification make of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.projects.site import Site, differences

from segue import verify
from segue.assess.brief import brief
from segue.emit import write
from segue.ledger import Ledger, State
from segue.ledger.transitions import after_generate
from segue.translate.program import translate
from segue.verify import ProjectRef
from segue.verify.explore import explored

FILES = {
    "notes/models.py": """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10, unique=True)
    weight = models.IntegerField(default=1)
""",
    "notes/views.py": """\
import statistics

from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Note


def middle(weights):
    # The median, as the shop asked.
    return statistics.median_low(weights) if weights else None


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "weight"]


class NoteList(generics.ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


class Middle(APIView):
    def get(self, request):
        return Response({"middle": middle(list(Note.objects.values_list("weight", flat=True)))})
""",
    "site_/urls.py": """\
from django.urls import path
from notes import views

urlpatterns = [path("notes/", views.NoteList.as_view()), path("middle/", views.Middle.as_view())]
""",
}
PORT = '''

MIDDLE_URL = Resource("/middle/", name="Middle", methods=("GET",), authentication=AUTHENTICATION)


@router.get(MIDDLE_URL)
async def middle(call: Call) -> Response:
    """notes.views.Middle.get, ported by hand."""
    weights = await rows(call.db, select(Note.weight))
    values = [weight for (weight,) in weights]
    return call.reply({"middle": statistics.median_low(values) if values else None})
'''


def test_a_port_by_hand(tmp_path: Path) -> None:
    root, output, base = tmp_path / "site", tmp_path / "fastapi", tmp_path / "base"
    root.mkdir()
    site = Site.make(root, FILES)
    snapshot = site.snapshot()
    program = translate(snapshot)
    write(program, output, base=base)
    (refused,) = program.refused
    assert (refused.method, refused.route_id) == ("GET", "/middle/")

    manifest_file = output / "segue-manifest.json"
    manifest = json.loads(manifest_file.read_text())
    route = next(r for r in snapshot.routes if r.id == "/middle/")
    project = ProjectRef(root, output, root / ".segue", site.python, snapshot)
    _, asked = explored(project, only={"GET /middle/"}, cases=20, seconds=300, seed=1, against="django")
    text = brief(
        snapshot, route, route.operations[0], refused.reasons, manifest,
        output=output, recorded=asked["answers"]["GET /middle/"],
    )  # fmt: skip
    assert "# GET /middle/" in text
    assert f"({refused.reasons[0].place})" in text
    assert "# The median, as the shop asked." in text
    assert "class Meta" not in text
    assert "The nearest of them, GET /notes/, in `app/notes/routes.py`:" in text
    assert "async def note_list(call: Call) -> Response:" in text
    assert "NOTES_URL = Resource(" in text
    assert re.search(r'`GET /middle/` as \w+: \*\*200\*\*\n\n```json\n\{\n  "middle": \d', text)
    assert "`app.notes.models.Note` is the model `notes.models.Note`" in text

    routes = output / "app" / "notes" / "routes.py"
    imports = (
        "import statistics\n\nfrom sqlalchemy import select\nfrom starlette.responses import Response\n\n"
        "from app.access import AUTHENTICATION\nfrom app.notes.models import Note\nfrom segue_bridge.db.reads import rows\n"
    )
    first, future, rest = routes.read_text().partition("from __future__ import annotations\n")
    routes.write_text(first + future + "\n" + imports + rest + PORT)
    manifest["operations"].append(
        {"route": "/middle/", "method": "GET", "module": "app.notes.routes", "function": "middle",
         "legacy": "notes.views.Middle", "place": "notes/views.py:26"}
    )  # fmt: skip
    manifest_file.write_text(json.dumps(manifest, indent=1))

    write(translate(snapshot), output, base=base)
    assert "ported by hand" in routes.read_text()
    kept = json.loads(manifest_file.read_text())["operations"]
    assert {o["function"] for o in kept} == {"middle", "note_list"}

    book = after_generate(
        Ledger({}),
        snapshot,
        program,
        digests=("a", "b"),
        at="now",
        ported={"GET /middle/": "app.notes.routes.middle"},
    )
    entry = book.entries["GET /middle/"]
    assert entry.state is State.TRANSLATED
    assert entry.function == "app.notes.routes.middle"

    report = verify.explore(project, only=["GET /middle/"], cases=40)
    assert differences(report) == []
    assert {"200"} <= set(report.operations[0].statuses)
    routes.write_text(routes.read_text().replace("statistics.median_low(values) if", "min(values) + 1000 if"))
    report = verify.explore(project, only=["GET /middle/"], cases=40)
    assert differences(report)
