"""Plain views of Django's, without DRF: what they answer, to whom, and what stands around them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

MODELS = """\
from django.contrib.auth.models import User
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10)
    stars = models.IntegerField(default=0)
    owner = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="notes")
"""
NATIVE = """\
import json

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required, permission_required, user_passes_test
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin, UserPassesTestMixin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import (
    Http404, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from notes.models import Note


def show(note):
    return {"id": note.pk, "title": note.title, "stars": note.stars}


def index(request):
    \"\"\"All notes.\"\"\"
    notes = Note.objects.order_by("id")
    if request.GET.get("title"):
        notes = notes.filter(title__icontains=request.GET["title"])
    return JsonResponse({"notes": [show(n) for n in notes]})


@require_GET
def detail(request, pk):
    return JsonResponse(show(get_object_or_404(Note, pk=pk)))


@login_required
def mine(request):
    return JsonResponse({"me": request.user.username, "notes": request.user.notes.count()})


@csrf_exempt
@require_POST
def hook(request):
    try:
        data = json.loads(request.body)
    except json.JSONDecodeError:
        return HttpResponseBadRequest("no JSON")
    note = Note.objects.create(title=str(data["title"])[:10], stars=1)
    return JsonResponse({"id": note.pk}, status=201)


@require_http_methods(["GET", "POST"])
def both(request):
    if request.method == "POST":
        title = request.POST.get("title", "").strip()
        if not title:
            return JsonResponse({"error": "title", "sent": request.content_type}, status=400)
        Note.objects.create(title=title[:10])
        return redirect("/notes/")
    return HttpResponse("ok", content_type="text/plain")


@csrf_exempt
def switch(request, pk):
    note = get_object_or_404(Note, pk=pk)
    if request.method == "DELETE":
        note.delete()
        return HttpResponse(status=204)
    elif request.method == "PATCH":
        note.stars += 1
        note.save()
        return JsonResponse(show(note), json_dumps_params={"indent": 1})
    elif request.method == "GET":
        return JsonResponse(show(note))
    return HttpResponseNotAllowed(["GET", "PATCH", "DELETE"])


@permission_required("notes.change_note", raise_exception=True)
def guarded(request):
    return JsonResponse({"ok": True})


@permission_required("notes.change_note")
def sent_away(request):
    return JsonResponse({"ok": True})


def is_boss(user):
    return user.is_authenticated and user.is_staff


@login_required
@user_passes_test(is_boss, login_url="/enter/?a=b c", redirect_field_name="back")
def tested(request):
    return JsonResponse({"ok": True})


@user_passes_test(lambda user: user.is_authenticated and user.is_staff)
def by_lambda(request):
    return JsonResponse({"ok": True})


@user_passes_test(is_boss)
def by_boss(request):
    return JsonResponse({"ok": True})


class Passing(UserPassesTestMixin, View):
    raise_exception = True

    def test_func(self):
        return self.request.user.is_superuser

    def get(self, request):
        return JsonResponse({"ok": 1})


@csrf_exempt
@require_POST
def enter(request):
    user = authenticate(request, username=request.POST.get("username"), password=request.POST.get("password"))
    if user is None:
        return JsonResponse({"error": "Nobody"}, status=403)
    login(request, user)
    return JsonResponse({"me": request.user.username})


def leave(request):
    logout(request)
    return HttpResponse("bye")


@never_cache
@login_required
@require_safe
def fresh(request):
    return JsonResponse({"fresh": True})


@cache_control(max_age=60, public=True)
@vary_on_headers("Accept-Language", "X-Other")
def kept(request):
    return JsonResponse({"kept": True})


@transaction.atomic
def atomic(request):
    note = Note.objects.create(title="a")
    if request.GET.get("fail"):
        raise ValueError("fail")
    return JsonResponse({"id": note.pk})


def denied(request):
    if request.GET.get("no"):
        raise PermissionDenied
    if request.GET.get("gone"):
        raise Http404("gone")
    return JsonResponse({"somebody": request.user.is_authenticated})


def sometimes(request):
    if request.GET.get("who"):
        return JsonResponse({"user": request.user.username})
    return JsonResponse({"user": None})


class Notes(View):
    def get(self, request):
        return JsonResponse([show(n) for n in Note.objects.order_by("-id")], safe=False)

    def post(self, request):
        data = json.loads(request.body.decode("utf-8"))
        note = Note(title=str(data.get("title", "x"))[:10])
        note.save()
        return JsonResponse(self.shown(note), status=201)

    def shown(self, note):
        return {"id": note.pk}


class OneNote(LoginRequiredMixin, View):
    def get(self, request, *args, **kwargs):
        note = get_object_or_404(Note, pk=self.kwargs["pk"])
        return JsonResponse({"title": note.title, "me": self.request.user.username})

    def delete(self, request, pk):
        get_object_or_404(Note, pk=pk).delete()
        return HttpResponse(status=204)


class Permitted(PermissionRequiredMixin, View):
    permission_required = "notes.add_note"

    def get(self, request):
        return JsonResponse({"ok": 1})


@method_decorator([csrf_exempt, login_required], name="dispatch")
class Decorated(View):
    http_method_names = ["get", "post", "options"]

    def get(self, request):
        return JsonResponse({"ok": 1})

    def post(self, request):
        return HttpResponse(request.content_type)


class OwnDispatch(View):
    @method_decorator(csrf_exempt)
    def dispatch(self, *args, **kwargs):
        return super().dispatch(*args, **kwargs)

    @method_decorator(login_required)
    def get(self, request):
        return JsonResponse({"me": request.user.pk})


def away(request):
    return redirect("detail", pk=3)


def away_by_path(request):
    return HttpResponseRedirect(reverse("detail", kwargs={"pk": 3}))
"""
REFUSED = """\
from asyncio import sleep

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.generic import TemplateView

from notes.views import is_boss


def page(request):
    return render(request, "page.html", {})


class Shown(TemplateView):
    template_name = "page.html"


@ensure_csrf_cookie
def cookie(request):
    return JsonResponse({})


@cache_page(60)
def cached(request):
    return JsonResponse({})


class Own(View):
    def dispatch(self, request, *args, **kwargs):
        if "x" in request.GET:
            return HttpResponse("x")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        return JsonResponse({})


class Setup(View):
    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.x = 1

    def get(self, request):
        return JsonResponse({})


def nothing(request):
    if request.GET.get("x"):
        return JsonResponse({})


def of_session(request):
    return JsonResponse({"x": request.session.get("x")})


def data_of_drf(request):
    return JsonResponse({"x": request.data})


def handed(request):
    return JsonResponse({"boss": later(request.user, request.GET.get("x"))})


def later(user, x):
    return bool(x) and is_boss(user)


async def waits(request):
    await sleep(0)
    return JsonResponse({})
"""
URLS = """\
from django.contrib.auth.decorators import login_required
from django.urls import path

from notes import refused as r
from notes import views as v

urlpatterns = [
    path("notes/", v.index), path("notes/<int:pk>/", v.detail, name="detail"), path("mine/", v.mine), path("hook/", v.hook),
    path("both/", v.both), path("switch/<int:pk>/", v.switch), path("guarded/", v.guarded), path("sent/", v.sent_away),
    path("tested/", v.tested), path("fresh/", v.fresh), path("kept/", v.kept), path("atomic/", v.atomic),
    path("denied/", v.denied), path("sometimes/", v.sometimes), path("list/", v.Notes.as_view()),
    path("list/<int:pk>/", v.OneNote.as_view()), path("permitted/", v.Permitted.as_view()),
    path("decorated/", v.Decorated.as_view()), path("own/", v.OwnDispatch.as_view()), path("away/", v.away),
    path("by-lambda/", v.by_lambda), path("by-boss/", v.by_boss), path("passing/", v.Passing.as_view()), path("enter/", v.enter),
    path("leave/", v.leave), path("by-path/", v.away_by_path), path("wrapped/", login_required(v.index)),
    path("r/page/", r.page), path("r/shown/", r.Shown.as_view()), path("r/cookie/", r.cookie), path("r/cached/", r.cached),
    path("r/own/", r.Own.as_view()), path("r/setup/", r.Setup.as_view()), path("r/nothing/", r.nothing),
    path("r/session/", r.of_session), path("r/data/", r.data_of_drf), path("r/handed/", r.handed), path("r/waits/", r.waits),
    path("r/lambda/", lambda request: r.JsonResponse({})),
]
"""
CODES = {
    "/r/cookie/": "view-decorator", "/r/cached/": "view-decorator", "/r/own/": "override-dispatch", "/r/setup/": "override-setup",
    "/r/nothing/": "response", "/r/session/": "no-rule", "/r/data/": "request", "/r/handed/": "late-user", "/r/waits/": "async-source",
    "/r/lambda/": "no-source",
}  # fmt: skip
# What each operation must have answered, so that the comparison is no empty one.
ANSWERED = {
    "GET /notes/": {"200"}, "GET /notes/{pk}/": {"200", "404", "405"}, "GET /mine/": {"200", "302"}, "POST /hook/": {"201", "400", "405", "500"},
    "POST /both/": {"302", "400"}, "PATCH /switch/{pk}/": {"200", "404"}, "DELETE /switch/{pk}/": {"204", "404"},
    "GET /guarded/": {"200", "403"}, "GET /sent/": {"200", "302"}, "GET /tested/": {"200", "302"}, "GET /fresh/": {"200", "302", "405"},
    "GET /kept/": {"200"}, "GET /atomic/": {"200", "500"}, "GET /denied/": {"200", "403", "404"}, "GET /sometimes/": {"200"},
    "POST /list/": {"201", "500"}, "GET /list/{pk}/": {"200", "302", "404"}, "DELETE /list/{pk}/": {"204", "302"},
    "GET /permitted/": {"200", "302", "403"}, "GET /decorated/": {"200", "302", "405"}, "POST /decorated/": {"200", "302"},
    "GET /own/": {"200", "302"}, "GET /away/": {"302"}, "GET /by-path/": {"302"}, "GET /wrapped/": {"200", "302"},
    "GET /by-lambda/": {"200", "302"}, "GET /by-boss/": {"200", "302"}, "GET /passing/": {"200", "403"}, "GET /leave/": {"200"},
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "notes/models.py": MODELS,
        "notes/views.py": NATIVE,
        "notes/refused.py": REFUSED,
        "site_/urls.py": URLS,
        "site_/settings.py": SETTINGS.replace(
            "MIDDLEWARE = [", 'MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware",'
        ),
    }
    return Site.make(tmp_path_factory.mktemp("plain") / "site", files)


@pytest.mark.parametrize("cases", [450, 2400])
def test_both_sides_answer_alike(site: Site, tmp_path: Path, cases: int) -> None:
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=cases)
    assert {r.route_id: r.reasons[0].code for r in program.refused} == CODES
    assert not differences(report)
    answered = {o.key: set(o.statuses) for o in report.operations}
    assert [key for key in ANSWERED if not answered[key] & {"200", "201", "204", "302"}] == []
    missing = {key: wanted - answered[key] for key, wanted in ANSWERED.items() if wanted - answered[key]}
    assert not missing or cases < 1000
