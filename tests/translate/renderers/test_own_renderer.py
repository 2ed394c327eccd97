"""A ``JSONRenderer`` of the project with a ``render`` of its own: the same bytes on both sides; or a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.translate.program import translate

RENDERERS = """\
import json
from decimal import Decimal

from django.utils.encoding import smart_str
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


class Envelope(JSONRenderer):
    charset = "utf-8"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        context = renderer_context or {}
        view = context["view"]
        response = context["response"]
        if not hasattr(view, "thing"):
            return super().render(data, accepted_media_type, renderer_context)
        rendered = super().render(data)
        if not rendered:
            return rendered
        data = json.loads(rendered.decode("utf-8"))
        if response.status_code >= 400:
            # One word for all that went wrong.
            data = {"errors": data, "asked": context["request"].method}
        elif isinstance(data, list):
            data = {getattr(view, "things", f"{view.thing}s"): data}
        else:
            data = {view.thing: data}
        return json.dumps(data).encode()


class Wrapped(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        status = renderer_context["response"].status_code
        return super().render({"status": status, "data": data}, accepted_media_type, renderer_context)


class OfTheUser(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        return super().render({"data": data, "by": renderer_context["request"].user.pk})


class OfTheAction(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        return super().render({renderer_context["view"].action: data})


class Text(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        return "text"


class Money:
    pass


class Coin(Money):
    pass


class Worth(Decimal):
    pass


class OwnObjects(JSONEncoder):
    def default(self, obj):
        if isinstance(obj, Money):
            return {"money": True}
        elif isinstance(obj, (Money, Coin)):
            raise TypeError("no")
        return super().default(obj)


class Deeper(OwnObjects):
    def default(self, o):
        if isinstance(o, Coin):
            return None
        else:
            return super().default(o)


class Coded(JSONRenderer):
    encoder_class = Deeper


class Lines(BaseRenderer):
    media_type = "text/csv"
    format = "csv"
    level = 2

    def render(self, data, media_type=None, renderer_context=None):
        if renderer_context["response"].status_code >= 400:
            return "\\n".join(f"{self.format}: {key}" for key in data)
        if isinstance(data, list):
            return "".join([f"{row['id']};{row['title']}\\n" for row in data])
        return None if data is None else str(data["title"])


class Plain(BaseRenderer):
    media_type = "text/plain"
    format = "txt"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return smart_str(data, encoding=self.charset)


class Through(BaseRenderer):
    media_type = "application/octet-stream"
    format = None
    charset = None
    render_style = "binary"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return data


class Dumped(JSONRenderer):
    charset = "utf-8"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        if "ErrorDetail" in str(data):
            return json.dumps({"errors": data})
        return json.dumps({"of": renderer_context["response"].status_code})


class Rounding(JSONEncoder):
    def default(self, obj):
        if isinstance(obj, (Money, Decimal)):
            return float(obj)
        return super().default(obj)


class Subclass(JSONEncoder):
    def default(self, obj):
        if isinstance(obj, Worth):
            return "worth"
        return super().default(obj)


class Everything(JSONEncoder):
    def default(self, obj):
        if isinstance(obj, Money):
            return 1
        return str(obj)


class Falling(JSONEncoder):
    def default(self, obj):
        if isinstance(obj, Money):
            obj = 1
        return super().default(obj)


class Listing(JSONEncoder):
    def iterencode(self, o, _one_shot=False):
        return super().iterencode([o], _one_shot)


class Rounded(JSONRenderer):
    encoder_class = Rounding


class Worthy(JSONRenderer):
    encoder_class = Subclass


class Stringly(JSONRenderer):
    encoder_class = Everything


class Fallen(JSONRenderer):
    encoder_class = Falling


class Listed(JSONRenderer):
    encoder_class = Listing


class Spaced(JSONRenderer):
    compact = False

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return super().render(data)
"""
MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10, unique=True)
"""
VIEWS = """\
import os
from datetime import datetime
from decimal import Decimal

from rest_framework import permissions, serializers, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


class NoteViewSet(viewsets.ModelViewSet):
    thing = "note"
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


class PageViewSet(NoteViewSet):
    thing = "leaf"
    things = "leaves"
    permission_classes = [permissions.IsAdminUser]


class PlainView(APIView):
    def get(self, request):
        return Response({"plain": True, "price": Decimal("1.50"), "at": datetime(2024, 5, 17, 12, 30)})


if os.environ.get("RENDERER") == "Lines":
    from notes.renderers import Dumped, Plain, Through

    class DumpedViewSet(NoteViewSet):
        renderer_classes = [Dumped]
        http_method_names = ["get", "post"]

    PlainView.renderer_classes = [Through]
    PageViewSet.renderer_classes = [Plain]
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
router.register("pages", views.PageViewSet, basename="page")
if hasattr(views, "DumpedViewSet"):
    router.register("dumped", views.DumpedViewSet, basename="dumped")
urlpatterns = [*router.urls, path("plain/", views.PlainView.as_view())]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    settings = SETTINGS + (
        "import os\nREST_FRAMEWORK['DEFAULT_RENDERER_CLASSES'] = "
        '["notes.renderers." + os.environ.get("RENDERER", "Envelope")]\n'
    )
    files = {
        "site_/settings.py": settings, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "notes/renderers.py": RENDERERS,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("renderers"), files)


@pytest.mark.parametrize("renderer", ["Envelope", "Wrapped", "Coded", "Lines"])
def test_every_answer_is_rendered_as_by_the_project(
    site: Site, renderer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RENDERER", renderer)
    program, report = site.explore(
        site.snapshot(RENDERER=renderer), tmp_path / "fastapi", cases=100, seconds=15
    )
    assert not program.refused
    assert differences(report) == []
    seen = {status for operation in report.operations for status in operation.statuses}
    assert {"200", "201", "204", "400", "403", "404"} <= seen
    if renderer == "Lines":
        code = (tmp_path / "fastapi" / "app" / "notes" / "renderers.py").read_text()
        assert code.count("def render_") == 4
        return
    if renderer == "Coded":
        assert not (tmp_path / "fastapi" / "app" / "notes" / "renderers.py").exists()
        return
    code = (tmp_path / "fastapi" / "app" / "notes" / "renderers.py").read_text()
    # One function for each view that it looks at; one for all where it does not.
    assert code.count("def render_") == (3 if renderer == "Envelope" else 1)
    assert ('"leaves"' in code) == (renderer == "Envelope")


@pytest.mark.parametrize(
    ("renderer", "construct"),
    [
        ("OfTheUser", "notes.renderers.OfTheUser.render: user"),
        ("OfTheAction", "view.action"),
        ("Text", "notes.renderers.Text.render"),
        ("Spaced", "notes.renderers.Spaced.compact"),
        *(
            (name, f"notes.renderers.{name}.encoder_class")
            for name in ("Rounded", "Worthy", "Stringly", "Fallen", "Listed")
        ),
    ],
)
def test_what_cannot_be_shown_to_render_the_same_is_refused(
    site: Site, renderer: str, construct: str
) -> None:
    program = translate(site.snapshot(RENDERER=renderer))
    assert not program.native
    assert {r.reasons[0].code for r in program.refused} == {"renderer"}
    assert {r.reasons[0].construct for r in program.refused} == {construct}
