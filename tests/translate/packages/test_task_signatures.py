"""Celery's signatures in a project's views: the messages of both sides are the same, or the view is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue import verify
from segue.snapshot.model import Snapshot
from segue.translate.program import translate
from segue.verify import ProjectRef

SITE_SETTINGS = """
import os
CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
CELERY_RESULT_BACKEND = os.environ.get("RESULTS", "redis://127.0.0.1:9/1")
CELERY_TASK_DEFAULT_PRIORITY = 4
CELERY_TIMEZONE = "Europe/Berlin"
CELERY_RESULT_EXPIRES = 60
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = ["rest_framework.authentication.SessionAuthentication"]
"""
CELERY = """\
from celery import Celery

app = Celery("site_")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
"""
TASKS = """\
from celery import shared_task


@shared_task
def tell(pk, text="a"):
    return pk


@shared_task(bind=True, queue="slow", ignore_result=True, name="notes.slowly")
def slowly(self, pk):
    return pk


@shared_task
def total(numbers, more=0):
    return sum(numbers)


@shared_task(typing=False)
def complain(*args, **kwargs):
    pass
"""
MODELS = """\
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10)

    class Meta:
        ordering = ["id"]
"""
VIEWS = """\
import celery
from celery import chain, chord, group
from datetime import datetime, timedelta, timezone as zones
from django.db import transaction
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Note
from notes.tasks import complain, slowly, tell, total


class Options(APIView):
    def post(self, request):
        tell.apply_async((1,), eta=datetime(2030, 1, 1, tzinfo=zones.utc), expires=datetime(2030, 2, 1, tzinfo=zones.utc))
        tell.apply_async([2], {"text": "b"}, link=slowly.si(3), link_error=[complain.s(text="x"), complain.si()])
        tell.apply_async((3,), headers={"mark": "m"}, retry=True, retry_policy={"max_retries": 1}, task_id="own")
        result = tell.apply_async((4,), serializer="yaml", time_limit=9, ignore_result=True, priority=4, shadow="s")
        tell.delay(("a", "b"), text="pair")
        return Response({"id": result.id})

    def put(self, request):
        soon = timezone.now() + timedelta(days=1)
        tell.apply_async((5,), eta=soon)
        return Response({})

    def patch(self, request):
        signature = tell.s(request.data["pk"], text="z")
        signature.set(queue="third")
        signature.link(slowly.si(1))
        answer = signature.apply_async(countdown=3)
        return Response({"id": answer.task_id})

    def delete(self, request):
        tell.s(text="y").delay(8)
        tell.s(text="y").apply_async((9,), countdown=1)
        tell.signature((1,), {"text": "c"}, immutable=True, queue="own").on_error(complain.s()).delay()
        return Response({})


class Chains(APIView):
    def post(self, request):
        with transaction.atomic():
            note = Note.objects.create(title="x")
            chain(tell.s(note.pk), slowly.s(), tell.si(note.pk, text=note.title)).apply_async(countdown=5)
            transaction.on_commit(lambda: (tell.s(note.pk) | tell.s(text="c")).delay())
        return Response({"id": note.pk})

    def put(self, request):
        steps = [tell.s(1), slowly.si(2).set(queue="other", priority=1)]
        jobs = chain(*[tell.s(1)]) if False else chain(steps)
        jobs()
        return Response({})

    def patch(self, request):
        work = tell.si(1) | slowly.si(2)
        work.apply_async(link_error=complain.s())
        return Response({})

    def delete(self, request):
        return Response({"id": chain(tell.s(1), tell.s()).apply_async().id})


class Groups(APIView):
    def post(self, request):
        group(tell.s(note.pk, text=note.title) for note in Note.objects.all()).apply_async()
        return Response({})

    def put(self, request):
        jobs = group([tell.s(n) for n in range(3)])
        jobs.apply_async(countdown=2, queue="fast")
        group(slowly.s(1), chain(tell.s(2), tell.s()))()
        return Response({"id": group(tell.s(1), tell.s(2)).delay().id})

    def patch(self, request):
        jobs = celery.group([slowly.si(note.pk) for note in Note.objects.filter(title__contains="a")])
        jobs.delay()
        return Response({})


class Chords(APIView):
    def post(self, request):
        chord([tell.s(1), tell.s(2)], total.s(more=3)).apply_async()
        chord([tell.s(1), tell.s(2)])(total.s())
        return Response({})

    def put(self, request):
        chain(group(tell.s(1), tell.s(2)), total.s(), tell.s(text="sum")).delay()
        (group(tell.s(1), tell.s(2)) | total.s()).apply_async(countdown=1)
        return Response({})


class Unlike(APIView):
    def get(self, request):
        jobs = group(tell.s(note.pk) for note in Note.objects.all())
        Note.objects.create(title="later")
        jobs.apply_async()
        return Response({})

    def post(self, request):
        tell.s(Note.objects.first()).delay()
        return Response({})

    def put(self, request):
        return Response({"here": tell.s(1)()})

    def patch(self, request):
        tell.s(**request.data).delay()
        return Response({})

    def delete(self, request):
        return Response({"id": chain([tell.si(n.pk) for n in Note.objects.all()]).apply_async().id})


class Unknown(APIView):
    def get(self, request):
        tell.chunks([(1,), (2,)], 10).apply_async()
        return Response({})

    def post(self, request):
        tell.apply_async((1,), link=request.data["link"])
        return Response({})

    def put(self, request):
        tell.apply_async((1,), serializer=request.data["serializer"])
        return Response({})

    def patch(self, request):
        jobs = group(tell.s(note.pk) for note in Note.objects.all())
        Note.objects.create(title="later")
        chain(tell.si(1), jobs).apply_async()
        return Response({})

    def delete(self, request):
        group(tell.s(), tell.s()).apply_async((1,))
        return Response({})
"""
PLAIN = """\
from rest_framework.decorators import api_view
from rest_framework.response import Response

from notes.tasks import tell as celerys_tell


@api_view(["POST"])
def tell(request):
    celerys_tell.s(1).apply_async(countdown=1)
    return Response({})
"""
URLS = """\
from django.urls import path

from notes import plain, views

urlpatterns = [path("tell/", plain.tell)] + [
    path(f"{name.lower()}/", getattr(views, name).as_view())
    for name in ("Options", "Chains", "Groups", "Chords", "Unlike", "Unknown")
]
"""
METHODS = ("POST", "PUT", "PATCH", "DELETE")
REFUSED = {f"{method} /{name}/" for name in ("unlike", "unknown") for method in ("GET", *METHODS)}
NATIVE = {f"{method} /{name}/" for name in ("options", "chains") for method in METHODS} | {
    "POST /tell/", "POST /groups/", "PUT /groups/", "PATCH /groups/", "POST /chords/", "PUT /chords/",
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/settings.py": SETTINGS + SITE_SETTINGS, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "site_/__init__.py": "from .celery import app\n", "site_/celery.py": CELERY, "notes/tasks.py": TASKS,
        "notes/plain.py": PLAIN,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("signatures"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_both_sides_send_the_same(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    _, report = site.explore(snapshot, tmp_path / "fastapi", cases=120, seconds=12)
    assert differences(report) == []
    assert {o.key for o in report.operations} == NATIVE
    seen = {o.key: o.statuses for o in report.operations}
    assert [key for key, statuses in seen.items() if not any(s.startswith("2") for s in statuses)] == []
    tasks = (tmp_path / "fastapi" / "app" / "tasks.py").read_text()
    assert "result_backend=settings.celery_result_backend" in tasks

    # What a worker would do later is compared too.
    routes = tmp_path / "fastapi" / "app" / "notes" / "routes.py"
    text = routes.read_text()
    for right, wrong in (
        ('text="sum"', 'text="some"'),
        ("total.s(more=3)", "total.s(more=4)"),
    ):
        assert right in text
        text = text.replace(right, wrong)
    routes.write_text(text)
    project = ProjectRef(site.root, tmp_path / "fastapi", site.root / ".segue", site.python, snapshot)
    again = verify.explore(project, only=["POST /chords/", "PUT /chords/"], cases=6)
    assert {o.key for o in again.operations if o.differences} == {"POST /chords/", "PUT /chords/"}


def test_what_cannot_be_sent_as_it_is_there_is_refused(snapshot: Snapshot) -> None:
    program = translate(snapshot)
    found = {f"{r.method} {r.route_id}": r.reasons[0] for r in program.refused}
    assert found.keys() == REFUSED, {k: v for k, v in found.items() if k not in REFUSED}
    assert {reason.code for reason in found.values()} == {"package-celery", "task"}


def test_chords_need_results_that_both_sides_reach(site: Site) -> None:
    program = translate(site.snapshot(RESULTS="file:///tmp/results"))
    found = {f"{r.method} {r.route_id}": r.reasons[0] for r in program.refused}
    assert found.keys() - REFUSED == {"POST /chords/", "PUT /chords/"}
    assert "results" in found["POST /chords/"].why
