"""Authentication classes that the project wrote: both sides let the same requests in, and answer the rest alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.snapshot.model import Snapshot
from segue.translate.program import translate

MODELS = """\
from django.contrib.auth.models import User
from django.db import models


class ApiKey(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    key = models.CharField(max_length=40, unique=True)
    active = models.BooleanField(default=True)
    uses = models.IntegerField(default=0)
"""
AUTH = """\
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions
from rest_framework.authentication import get_authorization_header
from notes.models import ApiKey


class ByKey(authentication.BaseAuthentication):
    realm = "keys"

    def authenticate(self, request):
        key = request.META.get("HTTP_X_API_KEY")
        if not key:
            return None
        try:
            found = ApiKey.objects.select_related("user").get(key=key)
        except ApiKey.DoesNotExist:
            raise exceptions.AuthenticationFailed(_("No such key."))
        if not found.active or not found.user.is_active:
            raise exceptions.AuthenticationFailed("The key is switched off.")
        found.uses = found.uses + 1
        found.save(update_fields=["uses"])
        return (found.user, found)

    def authenticate_header(self, request):
        return 'Key realm="%s"' % self.realm


class NewModel(authentication.TokenAuthentication):
    model = ApiKey
    keyword = "Key"


class OwnCredentials(authentication.TokenAuthentication):
    def authenticate_credentials(self, key):
        found = ApiKey.objects.filter(key=key, active=True).select_related("user").first()
        if found is None:
            raise exceptions.AuthenticationFailed("Wrong.")
        return found.user, None


class Words(authentication.BaseAuthentication):
    words = [w.lower().encode() for w in ["Key", "Bearer"]]

    def authenticate(self, request):
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() not in self.words:
            return None
        if len(parts) != 2:
            raise exceptions.AuthenticationFailed("Two words, please.")
        try:
            key = parts[1].decode()
        except UnicodeError:
            raise exceptions.AuthenticationFailed("Odd letters.")
        return self.find(key)

    def find(self, key):
        found = ApiKey.objects.select_related("user").filter(key=key).first()
        if found is None:
            return None
        return (found.user, None)


class Staff(Words):
    def authenticate(self, request):
        result = super().authenticate(request)
        if result is None:
            return None
        user, auth = result
        if not user.is_staff:
            raise exceptions.PermissionDenied("Staff only.")
        return user, auth


class NoCsrf(authentication.SessionAuthentication):
    def enforce_csrf(self, request):
        return

    def authenticate_header(self, request):
        return "Session"


class Circle(authentication.BaseAuthentication):
    def authenticate(self, request):
        if request.user.is_staff:
            return None
        return None


class Nobody(authentication.BaseAuthentication):
    def authenticate(self, request):
        return (None, None)


class FromBody(authentication.BaseAuthentication):
    def authenticate(self, request):
        return (ApiKey.objects.get(key=request.META["HTTP_X_API_KEY"]).pk, None)
"""
WAYS = ("ByKey", "NewModel", "OwnCredentials", "Words", "Staff", "NoCsrf")
ASKING = ("Keyed", "NoneKept", "Leaves", "LeavesFirst")
REFUSED = {
    "Circle": "authentication",
    "Nobody": "authentication",
    "FromBody": "authentication",
    "TwoWays": "request-auth",
    "LeavesLate": "text-of",
    "LeavesThen": "left-late",
    "LeavesAgain": "left-late",
}
MOMENT = "datetime(2024, 5, 17, 12, 30, 1, 250, tzinfo=timezone.utc)"
# What a view may return besides DRF's Response, and the status of that.
PLAIN = {
    "text": ('HttpResponse("Grüße", content_type="text/plain")', "200"),
    "json": (f'JsonResponse({{"é": [1.5, None], "at": {MOMENT}, "price": Decimal("1.50")}})', "200"),
    "list": ("JsonResponse([1, 2], safe=False, status=202)", "202"),
    "unsafe": ("JsonResponse([1, 2])", "500"),
    "bad": ('HttpResponseBadRequest(b"no <b>way</b>")', "400"),
    "away": ('HttpResponseRedirect("/elsewhere/?a=1")', "302"),
    "home": ('redirect("https://example.org/home")', "302"),
    "empty": ("HttpResponse(status=204)", "204"),
}
VIEWS = """\
from datetime import datetime, timezone
from decimal import Decimal

from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from rest_framework import permissions, response, views
from notes import auth
from notes.models import ApiKey


class Base(views.APIView):
    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        return response.Response({"name": request.user.username, "staff": request.user.is_staff})


def told(request):
    return request.auth.key[:1] if request.auth else "-"


class UsedOnce(permissions.BasePermission):
    def has_permission(self, request, view):
        return not request.auth or request.auth.uses < 40


class Keyed(Base):
    permission_classes = [UsedOnce]
    authentication_classes = [auth.ByKey]

    def get(self, request):
        if not request.auth:
            return response.Response({"auth": None})
        return response.Response({"uses": request.auth.uses, "of": request.auth.user.username, "key": told(request)})


class NoneKept(Base):
    permission_classes = [permissions.AllowAny]
    authentication_classes = [auth.OwnCredentials]

    def get(self, request):
        return response.Response({"auth": request.auth, "key": told(request)})


class Rarely(permissions.BasePermission):
    def has_permission(self, request, view):
        if not ApiKey.objects.exists():
            ApiKey.objects.bulk_create([ApiKey(key=str(request.user))], update_conflicts=True, unique_fields=["key"], update_fields=["uses"])
        return True


class Leaves(Base):
    authentication_classes = [auth.OwnCredentials]
    permission_classes = [Rarely]


def made(request):
    if request.query_params.get("new"):
        ApiKey.objects.bulk_create([ApiKey(key=str(request.user))], update_conflicts=True, unique_fields=["key"], update_fields=["uses"])
        return 1
    return 0


class LeavesFirst(Base):
    authentication_classes = [auth.OwnCredentials]

    def get(self, request):
        found = made(request)
        ApiKey.objects.filter(key="gone").update(uses=2)
        return response.Response({"made": found})


class LeavesThen(LeavesFirst):
    def get(self, request):
        ApiKey.objects.filter(key="gone").update(uses=2)
        return response.Response({"made": made(request)})


class LeavesAgain(LeavesFirst):
    def get(self, request):
        found = []
        for key in ("one", "two"):
            found.append(made(request))
            ApiKey.objects.filter(key=key).update(uses=2)
        return response.Response({"made": found})


class LeavesLate(Leaves):
    # Its key has been counted by then, and Django would count it again.
    authentication_classes = [auth.ByKey]


class TwoWays(Base):
    authentication_classes = [auth.ByKey, auth.NewModel]

    def get(self, request):
        return response.Response({"uses": request.auth.uses})


class Posting(Base):
    def post(self, request):
        return response.Response({"name": request.user.username})

""" + "".join(
    f"\nclass {w}({'Posting' if w == 'NoCsrf' else 'Base'}):\n    authentication_classes = [auth.{w}]\n"
    for w in (*WAYS, *REFUSED)
    if w not in ("TwoWays", "LeavesLate", "LeavesThen", "LeavesAgain")
)
PLAIN_VIEWS = "".join(
    f"\n\nclass Plain{n}(views.APIView):\n    permission_classes = authentication_classes = []\n\n"
    f"    def get(self, request):\n        return {code}\n"
    for n, (code, _) in PLAIN.items()
)
URLS = (
    "from django.urls import path\nfrom notes import views\n\nurlpatterns = ["
    + ", ".join(f'path("{w.lower()}/", views.{w}.as_view())' for w in (*WAYS, *ASKING, *REFUSED))
    + "".join(f', path("{n}/", views.Plain{n}.as_view())' for n in PLAIN)
    + "]\n"
)
FILES = {
    "site_/settings.py": SETTINGS + 'import os\nMIDDLEWARE += os.environ.get("MORE", "").split()\n',
    "site_/urls.py": URLS,
    "notes/models.py": MODELS,
    "notes/auth.py": AUTH,
    "notes/views.py": VIEWS + PLAIN_VIEWS,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.make(tmp_path_factory.mktemp("own"), FILES)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_is_refused_names_the_class(snapshot: Snapshot) -> None:
    program = translate(snapshot)
    found = {r.route_id.strip("/"): r.reasons[0] for r in program.refused if r.method == "GET"}
    assert {k: v.code for k, v in found.items()} == {k.lower(): v for k, v in REFUSED.items()}
    assert all(
        r.line and "notes/auth.py" in r.file
        for k, r in found.items()
        if k not in ("twoways", "leaveslate", "leavesthen", "leavesagain")
    )


def test_a_key_that_is_counted_is_not_counted_again_for_a_status(site: Site) -> None:
    """Middleware that acts on a 404 has Django do the request of GET again, once it is known that it is one."""
    name = "django.middleware.common.BrokenLinkEmailsMiddleware"
    program = translate(site.snapshot(MORE=name))
    native = {o.route_id for o in program.native if o.method == "GET"}
    assert {"/owncredentials/", "/words/", "/text/"} <= native
    refused = {r.route_id: r.reasons[0].why for r in program.refused if r.method == "GET"}
    assert all(name in refused[way] for way in ("/bykey/", "/keyed/"))


def test_both_sides_let_the_same_requests_in(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    _, report = site.explore(snapshot, tmp_path / "fastapi", cases=200, seconds=8)
    assert differences(report) == []
    met = {o.key: set(o.statuses) for o in report.operations}
    for way in WAYS:
        assert "200" in met[f"GET /{way.lower()}/"], (way, met)
        assert met[f"GET /{way.lower()}/"] & {"401", "403"}, (way, met)
    for way in ASKING:
        assert "200" in met[f"GET /{way.lower()}/"], (way, met)
    for name, (_, status) in PLAIN.items():
        assert status in met[f"GET /{name}/"], (name, met)
