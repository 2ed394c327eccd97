"""Serializers that reach themselves in a method field: topics below a topic, replies to a note."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site, differences

FILES = {
    "notes/models.py": """\
from django.db import models


class Topic(models.Model):
    name = models.CharField(max_length=10)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")


class Note(models.Model):
    title = models.CharField(max_length=10)
    topic = models.ForeignKey(Topic, models.CASCADE, null=True)
    hidden = models.BooleanField(default=False)
    answers = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="replies")
""",
    "notes/views.py": """\
from django.db.models import Value
from rest_framework import serializers, views, viewsets
from rest_framework.response import Response

from notes.models import Note, Topic


class TopicSerializer(serializers.ModelSerializer):
    children = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = ["id", "name", "parent", "children"]

    def get_children(self, obj):
        if obj.children.exists():
            return TopicSerializer(obj.children.all(), many=True).data
        return []


class NoteSerializer(serializers.ModelSerializer):
    replies = serializers.SerializerMethodField()
    topic = TopicSerializer(read_only=True)
    link = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["id", "title", "topic", "answers", "hidden", "replies", "link"]

    def get_replies(self, obj):
        shown = obj.replies.filter(hidden=False).order_by("-id")
        return NoteSerializer(shown, many=True, context=self.context).data

    def get_link(self, obj):
        return self.context["request"].build_absolute_uri("/notes/%s/" % obj.pk)


class Marked(serializers.ModelSerializer):
    mark = serializers.IntegerField(read_only=True)
    children = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = ["id", "mark", "children"]

    def get_children(self, obj):
        return Marked(obj.children.all(), many=True).data


class Up(serializers.ModelSerializer):
    above = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = ["id", "above"]

    def get_above(self, obj):
        return Up(obj.parent).data if obj.parent else None


class Topics(viewsets.ModelViewSet):
    queryset = Topic.objects.filter(parent=None).order_by("id")
    serializer_class = TopicSerializer


class Notes(viewsets.ModelViewSet):
    queryset = Note.objects.select_related("topic").order_by("id")
    serializer_class = NoteSerializer


class MarkedTopics(viewsets.ReadOnlyModelViewSet):
    queryset = Topic.objects.annotate(mark=Value(1)).order_by("id")
    serializer_class = Marked


class Prefetched(viewsets.ReadOnlyModelViewSet):
    queryset = Topic.objects.prefetch_related("children").order_by("id")
    serializer_class = TopicSerializer


class UpTopics(viewsets.ReadOnlyModelViewSet):
    queryset = Topic.objects.order_by("id")
    serializer_class = Up


class One(views.APIView):
    permission_classes = []

    def get(self, request, pk):
        topic = Topic.objects.filter(pk=pk).first()
        if topic is None:
            return Response({}, status=404)
        return Response({"topic": TopicSerializer(topic).data})
""",
    "site_/urls.py": """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("topics", views.Topics)
router.register("notes", views.Notes)
router.register("marked", views.MarkedTopics, "marked")
router.register("prefetched", views.Prefetched, "prefetched")
router.register("up", views.UpTopics, "up")
urlpatterns = [path("", include(router.urls)), path("one/<int:pk>/", views.One.as_view())]
""",
}


def test_they_are_presented_by_functions_that_call_themselves(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    site = Site.make(root, FILES)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=110, seconds=12)
    paths = {r.id: r.path for r in snapshot.routes}
    assert {(paths[r.route_id], r.reasons[0].code) for r in program.refused} == {
        ("/up/", "recursion"),
        ("/up/{pk}/", "recursion"),
    }
    assert differences(report) == []
    seen = {o.key: set(o.statuses) for o in report.operations}
    assert {"200"} <= seen["GET /one/{pk}/"]
    assert {"200"} <= seen["GET /notes/"] & seen["GET /topics/"] & seen["GET /notes/{pk}/"]
    assert {"201"} <= seen["POST /notes/"] & seen["POST /topics/"]
    code = (tmp_path / "fastapi" / "app" / "notes" / "presenters.py").read_text()
    assert "return [await present_topic(db, row) for row in rows]" in code
    assert "return [await present_note(call, db, row) for row in rows]" in code
    assert "for row in obj.children]" in code  # prefetched
