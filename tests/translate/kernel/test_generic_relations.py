"""``GenericRelation``: its rows read, counted, prefetched, looked up and made, as Django has them; what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences
from tests.services import Postgres

from segue import verify
from segue.snapshot.model import Snapshot
from segue.translate.program import translate
from segue.verify import ProjectRef

MODELS = """\
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models

class Comment(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveIntegerField()
    content_object = GenericForeignKey("content_type", "object_id")
    text = models.CharField(max_length=20)
    hidden = models.BooleanField(default=False)
    class Meta:
        ordering = ["text", "pk"]

class Label(models.Model):
    kind = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    number = models.CharField(max_length=20)
    about = GenericForeignKey("kind", "number")

class Paper(models.Model):
    title = models.CharField(max_length=20)
    comments = GenericRelation(Comment, related_query_name="paper")
    labels = GenericRelation(Label, content_type_field="kind", object_id_field="number")

class Talk(models.Model):
    title = models.CharField(max_length=20)
    paper = models.ForeignKey(Paper, null=True, on_delete=models.CASCADE)
    comments = GenericRelation(Comment)

class Draft(Paper):
    class Meta:
        proxy = True

class Base(models.Model):
    comments = GenericRelation(Comment)

class Child(Base):
    name = models.CharField(max_length=20)
"""
FILL = """\
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
django.setup()
from notes.models import Comment, Paper, Talk
for n in (1, 2, 3):
    paper = Paper.objects.create(title=f"p{n}")
    talk = Talk.objects.create(title=f"t{n}", paper=paper if n != 2 else None)
    for m in range(n):
        Comment.objects.create(content_object=paper, text=f"z{m}", hidden=m == 1)
        Comment.objects.create(content_object=talk, text=f"a{m}", hidden=m == 0)
"""
VIEWS = """\
from rest_framework import serializers, viewsets, filters
from rest_framework.response import Response
from rest_framework.views import APIView
from django.db.models import Count
from notes.models import Child, Comment, Draft, Label, Paper, Talk

class CommentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Comment
        fields = ["id", "text", "hidden", "object_id"]

class PaperSerializer(serializers.ModelSerializer):
    comments = CommentSerializer(many=True, read_only=True)
    shown = serializers.SerializerMethodField()
    n = serializers.SerializerMethodField()
    class Meta:
        model = Paper
        fields = ["id", "title", "comments", "shown", "n"]
    def get_shown(self, obj):
        return [c.text for c in obj.comments.filter(hidden=False)]
    def get_n(self, obj):
        return obj.comments.count()

class Papers(viewsets.ModelViewSet):
    queryset = Paper.objects.order_by("pk")
    serializer_class = PaperSerializer

class TalkSerializer(serializers.ModelSerializer):
    comments = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    paper = PaperSerializer(read_only=True)
    class Meta:
        model = Talk
        fields = ["id", "title", "comments", "paper"]

class Talks(viewsets.ModelViewSet):
    queryset = Talk.objects.select_related("paper").prefetch_related("comments", "paper__comments").order_by("pk")
    serializer_class = TalkSerializer

class One(APIView):
    def get(self, request):
        paper = Paper.objects.order_by("-pk").first()
        first = paper.comments.first()
        return Response([
            paper.comments.exists(), paper.comments.filter(hidden=True).exists(), first.text if first else None,
            [c.text for c in paper.comments.order_by("-pk")], list(paper.comments.values_list("text", flat=True)),
        ])
    def post(self, request):
        talk = Talk.objects.get(title="t2")
        made = talk.comments.create(text="new", hidden=True, object_id=99)
        again, new = talk.comments.get_or_create(text="new")
        return Response([made.object_id, made.text, new, again.pk == made.pk, talk.comments.count(), CommentSerializer(talk.comments.all(), many=True).data])
    def put(self, request):
        talk = Talk.objects.get(title="t3")
        n = talk.comments.filter(hidden=True).update(text="gone")
        return Response([n, [c.text for c in talk.comments.all()]])
    def delete(self, request):
        paper = Paper.objects.get(title="p3")
        paper.comments.filter(hidden=False).delete()
        return Response([paper.comments.count(), Comment.objects.count()])

class Found(APIView):
    def get(self, request):
        word = request.query_params.get("text", "z1")
        return Response([
            [p.title for p in Paper.objects.filter(comments__text=word).order_by("pk")],
            [t.title for t in Talk.objects.filter(comments__hidden=True, comments__text__startswith="a").distinct().order_by("pk")],
            [t.title for t in Talk.objects.filter(paper__comments__text=word).order_by("pk")],
            Paper.objects.filter(comments__isnull=True).count(),
        ])
    def post(self, request):
        return Response([p.n for p in Paper.objects.annotate(n=Count("comments")).order_by("pk")])
    def put(self, request):
        return Response([p.title for p in Paper.objects.exclude(comments__text="z1")])
    def patch(self, request):
        return Response([c.text for c in Comment.objects.filter(paper__title="p1")])
    def delete(self, request):
        return Response([p.title for p in Paper.objects.order_by("comments__text")])

class Others(APIView):
    def get(self, request):
        return Response([c.content_object.title for c in Comment.objects.all()])
    def post(self, request):
        return Response([d.comments.count() for d in Draft.objects.order_by("pk")])
    def put(self, request):
        return Response([c.comments.count() for c in Child.objects.order_by("pk")])
    def patch(self, request):
        return Response([p.labels.count() for p in Paper.objects.order_by("pk")])
    def delete(self, request):
        paper = Paper.objects.order_by("pk").first()
        paper.comments.add(Comment(text="x"), bulk=False)
        return Response([])

class Narrowed(APIView):
    # A queryset of a related manager makes rows that belong to no object.
    def put(self, request):
        return Response([Paper.objects.get(title="p1").talk_set.all().create(title="x").paper_id])
    def patch(self, request):
        return Response([Paper.objects.get(title="p1").talk_set.all().get_or_create(title="x")[0].paper_id])

class Searched(viewsets.ReadOnlyModelViewSet):
    queryset = Paper.objects.order_by("pk")
    serializer_class = PaperSerializer
    filter_backends = [filters.SearchFilter]
    search_fields = ["comments__text"]
"""
URLS = """\
from django.urls import path
from notes import views
LIST, ONE = {"get":"list","post":"create"}, {"get": "retrieve", "put":"update","patch":"partial_update","delete":"destroy"}
urlpatterns=[
 path("papers/", views.Papers.as_view(LIST)),
 path("papers/<int:pk>/", views.Papers.as_view(ONE)),
 path("talks/", views.Talks.as_view(LIST)),
 path("talks/<int:pk>/", views.Talks.as_view(ONE)),
 path("one/", views.One.as_view()),
 path("found/", views.Found.as_view()),
 path("others/", views.Others.as_view()),
 path("narrowed/", views.Narrowed.as_view()),
 path("searched/", views.Searched.as_view({"get": "list"})),
]
"""
REFUSED = {
    "POST /found/": "generic-relation",
    "PUT /found/": "generic-relation",
    "PATCH /found/": "generic-relation",
    "DELETE /found/": "generic-relation",
    "GET /others/": "generic-relation",
    "POST /others/": "proxy",
    "PUT /others/": "multi-table",
    "PATCH /others/": "generic-relation",
    "DELETE /others/": "related-write",
    "PUT /narrowed/": "related-create",
    "PATCH /narrowed/": "related-create",
}


def _site(root: Path, more: str = "") -> Site:
    files = {
        "site_/settings.py": SETTINGS + more, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
    }  # fmt: skip
    site = Site.make(root, files)
    site.run("-c", FILL)
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return _site(tmp_path_factory.mktemp("generic"))


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_is_refused(snapshot: Snapshot) -> None:
    found = {f"{r.method} {r.route_id}": r.reasons[0].code for r in translate(snapshot).refused}
    assert found == REFUSED


def test_both_sides_answer_alike_and_a_fault_is_found(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    output = tmp_path / "fastapi"
    _, report = site.explore(snapshot, output, cases=24, seconds=20)
    assert differences(report) == []
    seen = {o.key: o.statuses for o in report.operations}
    assert [key for key, statuses in seen.items() if not any(s.startswith("2") for s in statuses)] == []

    queries = output / "app" / "notes" / "queries.py"
    text = queries.read_text()
    wanted = 'key_of(ContentType, "notes", "paper")'
    assert wanted in text
    queries.write_text(text.replace(wanted, 'key_of(ContentType, "notes", "talk")'))
    project = ProjectRef(site.root, output, site.root / ".segue", site.python, snapshot)
    again = verify.explore(project, only=["GET /papers/"], cases=4)
    assert [o.key for o in again.operations if o.differences] == ["GET /papers/"]


def test_postgresql_answers_alike(tmp_path: Path, postgres: Postgres) -> None:
    postgres.create("generic")
    entry = postgres.django("generic")
    site = _site(tmp_path / "site", f'\nDATABASES = {{"default": {entry!r}}}\n')
    _, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=24, seconds=20)
    assert differences(report) == []
