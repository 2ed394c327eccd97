"""A service that takes images asks for Pillow: without it every value of an ``ImageField`` would be a 500."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.projects.site import Site

from segue.emit import write
from segue.translate.program import translate

VIEWS = """\
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView


class Given(serializers.Serializer):
    picture = serializers.{field}(required=False)


class Pictures(APIView):
    def post(self, request):
        given = Given(data=request.data)
        given.is_valid(raise_exception=True)
        return Response({{"given": "picture" in given.validated_data}})
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [path("pictures/", views.Pictures.as_view())]
"""


def test_only_services_that_take_images_ask_for_pillow(tmp_path: Path) -> None:
    asked = {}
    for field in ("ImageField", "FileField"):
        files = {"notes/models.py": "", "notes/views.py": VIEWS.format(field=field), "site_/urls.py": URLS}
        program = translate(Site.make(tmp_path / field, files).snapshot())
        assert [o.method for o in program.native] == ["POST"]
        write(program, tmp_path / f"{field} out")
        project = tomllib.loads((tmp_path / f"{field} out" / "pyproject.toml").read_text(encoding="utf-8"))
        asked[field] = [d for d in project["project"]["dependencies"] if d.startswith("segue-bridge")]
    assert asked == {"ImageField": ["segue-bridge[images]"], "FileField": ["segue-bridge"]}
