"""drf-standardized-errors as the handler: every error is one list, on both sides."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.snapshot.model import Value
from segue.translate.program import translate

pytest.importorskip("drf_standardized_errors")

FILES = {
    "site_/settings.py": SETTINGS.replace('"rest_framework", "d', '"rest_framework", "rest_framework.authtoken", "drf_standardized_errors", "d')
    + """\
REST_FRAMEWORK["EXCEPTION_HANDLER"] = "drf_standardized_errors.handler.exception_handler"
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = ["rest_framework.authentication.TokenAuthentication"]
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"seldom": "3/hour"}
DRF_STANDARDIZED_ERRORS = {"NESTED_FIELD_SEPARATOR": "/"}
DATABASES["default"]["ATOMIC_REQUESTS"] = True
""",
    "notes/models.py": """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10, unique=True)
    stars = models.IntegerField(default=0)
    day = models.DateField(null=True)
    kind = models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")], default="a")
""",
    "notes/views.py": """\
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import exceptions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from notes.models import Note


class Seldom(UserRateThrottle):
    scope = "seldom"


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars", "day", "kind"]

    def validate(self, attrs):
        if attrs.get("stars") == 1:
            raise serializers.ValidationError("One is too few.", code="few")
        if attrs.get("stars") == 2:
            raise serializers.ValidationError({"stars": ["Two.", "Really."], "day": "No."})
        return attrs


class PartSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=3)
    numbers = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)


class WholeSerializer(serializers.Serializer):
    parts = PartSerializer(many=True)
    one = PartSerializer(required=False)
    words = serializers.DictField(child=serializers.CharField(max_length=2), required=False)


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("pk")
    serializer_class = NoteSerializer
    permission_classes = [AllowAny]

    @action(detail=True, methods=["post"])
    def fail(self, request, pk=None):
        note = self.get_object()
        Note.objects.create(title=f"{note.pk} again")
        if note.stars == 0:
            raise Http404("Not this one.")
        raise exceptions.ValidationError([["one", "two"], {"three": ["four"]}, "five"])

    @action(detail=False)
    def denied(self, request):
        raise PermissionDenied("Not for you.")

    @action(detail=False, methods=["post"])
    def broken(self, request):
        Note.objects.create(title="broken")
        raise ValueError("unexpected")

    @action(detail=False)
    def missing(self, request):
        return Response({"title": get_object_or_404(Note, title="none").title})

    @action(detail=False, permission_classes=[IsAuthenticated])
    def mine(self, request):
        return Response({"user": request.user.pk})

    @action(detail=False, throttle_classes=[Seldom])
    def seldom(self, request):
        return Response({})


class WholeView(APIView):
    authentication_classes = []

    def post(self, request):
        serializer = WholeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"parts": len(serializer.validated_data["parts"])})
""",
    "site_/urls.py": """\
from django.urls import path
from rest_framework.routers import SimpleRouter

from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
urlpatterns = [*router.urls, path("whole/", views.WholeView.as_view())]
""",
}  # fmt: skip


def test_every_error_is_one_list(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    site = Site.make(root, FILES)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=170, seconds=10)
    assert not program.refused
    assert differences(report) == []
    said = {o.key: o.statuses for o in report.operations}
    for key, status in (
        ("POST /notes/", "400"),
        ("POST /whole/", "400"),
        ("POST /notes/{pk}/fail/", "404"),
        ("GET /notes/mine/", "401"),
        ("GET /notes/denied/", "403"),
        ("POST /notes/broken/", "500"),
    ):
        assert said[key].get(status, 0) > 0, key

    settings = snapshot.settings
    own = Value(
        "dict", pairs=((Value("const", "EXCEPTION_FORMATTER_CLASS"), Value("ref", name="notes.errors.Own")),)
    )
    changed = dataclasses.replace(settings, values={**settings.values, "DRF_STANDARDIZED_ERRORS": own})
    refused = translate(dataclasses.replace(snapshot, settings=changed)).refused
    assert {r.reasons[0].code for r in refused} == {"exception-handler"}
