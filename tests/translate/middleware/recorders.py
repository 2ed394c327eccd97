"""A small project whose middleware writes rows and asks who it was, and both of its sides asked the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.tiny import MANAGE

MIDDLEWARE = '''\
import json
import logging
import threading
import time
import uuid
from contextvars import ContextVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils import timezone, translation
from django.utils.deprecation import MiddlewareMixin

from notes.models import AccessLog, ApiKey, Blocked, Note, Site

logger = logging.getLogger(__name__)
_local = threading.local()
current_user = ContextVar("current_user", default=None)


def get_client_ip(request):
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    if forwarded:
        ip = forwarded.split(",")[0].strip()
    else:
        ip = request.META.get("REMOTE_ADDR")
    return ip


class Base:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


class AccessLogs(Base):
    """Writes a row for each request, after it."""

    def __call__(self, request):
        start = time.time()
        response = self.get_response(request)
        duration = round((time.time() - start) * 1000, 2)
        user = request.user if request.user.is_authenticated else None
        AccessLog.objects.create(
            user=user, path=request.path, method=request.method, status=response.status_code,
            ip=get_client_ip(request), agent=request.META.get("HTTP_USER_AGENT", "")[:20], duration=duration,
        )
        return response


class SafeLogs(Base):
    """The same, and never fails."""

    def __call__(self, request):
        response = self.get_response(request)
        try:
            user = getattr(request, "user", None)
            AccessLog.objects.create(
                user=user if user and user.is_authenticated else None, path=request.path, method=request.method,
                status=response.status_code, ip=get_client_ip(request),
            )
        except Exception as e:
            logger.error("not logged: %s", e)
        return response


class GuardedLogs(Base):
    """get_response never raises in Django: no handler is ever come to from it, and every request from ``finally``."""

    def __call__(self, request):
        try:
            response = self.get_response(request)
        except Exception as e:
            return JsonResponse({"error": str(e)}, status=500)
        else:
            AccessLog.objects.create(path=request.path, method="ELSE", status=response.status_code)
        return response


class FinallyLogs(Base):
    def __call__(self, request):
        try:
            return self.get_response(request)
        finally:
            AccessLog.objects.create(path=request.path, method="LAST")


class LateFinally(Base):
    """What comes before get_response may fail."""

    def __call__(self, request):
        status = 0
        try:
            start = int(request.GET.get("start", "0"))
            response = self.get_response(request)
            status = response.status_code
            return response
        finally:
            AccessLog.objects.create(path=request.path, method="LAST", status=status)


class Marked(Base):
    """On every answer, the page of an error included."""

    def __call__(self, request):
        response = self.get_response(request)
        response["X-Marked"] = "yes"
        return response


class MixinLogs(MiddlewareMixin):
    def process_request(self, request):
        request._started = time.time()

    def process_response(self, request, response):
        if request.method in ("POST", "PUT", "PATCH", "DELETE") and response.status_code < 400:
            AccessLog.objects.create(path=request.path, method=request.method, status=response.status_code)
        if hasattr(request, "_started"):
            response["X-Time"] = "yes" if time.time() - request._started < 100 else "no"
        return response


class EarlyLogs(Base):
    def __call__(self, request):
        AccessLog.objects.create(path=request.path, method=request.method, ip=get_client_ip(request))
        return self.get_response(request)


class EarlyMixinLogs(MiddlewareMixin):
    def process_request(self, request):
        log = AccessLog(path=request.path, method=request.method)
        log.save()


class LastSeen(Base):
    def __call__(self, request):
        if request.user.is_authenticated:
            get_user_model().objects.filter(pk=request.user.pk).update(last_login=timezone.now())
        return self.get_response(request)


class LateSeen(MiddlewareMixin):
    def process_response(self, request, response):
        if request.user.is_authenticated:
            get_user_model().objects.filter(pk=request.user.pk).update(last_login=timezone.now())
        return response


class SavesUser(Base):
    def __call__(self, request):
        response = self.get_response(request)
        if request.user.is_authenticated:
            request.user.last_login = timezone.now()
            request.user.save(update_fields=["last_login"])
        return response


class Timing(Base):
    def __call__(self, request):
        start = time.time()
        response = self.get_response(request)
        response["X-Response-Time"] = f"{time.time() - start:.0f}"
        return response


class RequestId(Base):
    def __call__(self, request):
        request.request_id = request.headers.get("X-Request-ID") or str(uuid.uuid4())
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id
        return response


class KeySetting(Base):
    def __call__(self, request):
        if request.path.startswith("/api/"):
            key = request.headers.get("X-API-Key")
            if not key or key != settings.SERVICE_KEY:
                return JsonResponse({"error": "Invalid API key"}, status=401)
        return self.get_response(request)


class KeyRow(Base):
    def __call__(self, request):
        key = request.headers.get("X-API-Key")
        if not key:
            return JsonResponse({"error": "No key"}, status=401)
        try:
            request.api_key = ApiKey.objects.get(key=key, active=True)
        except ApiKey.DoesNotExist:
            return JsonResponse({"error": "Wrong key"}, status=403)
        return self.get_response(request)


class KeyUses(Base):
    """Counts the uses of a key."""

    def __call__(self, request):
        key = ApiKey.objects.filter(key=request.headers.get("X-API-Key", "")).first()
        if key is not None:
            key.uses += 1
            key.save()
        return self.get_response(request)


class Maintenance(Base):
    def __call__(self, request):
        if getattr(settings, "MAINTENANCE", False) and not request.path.startswith("/admin/"):
            return JsonResponse({"detail": "Back soon."}, status=503)
        return self.get_response(request)


class MaintenanceRow(Base):
    def __call__(self, request):
        site = Site.objects.first()
        if site and site.closed:
            return JsonResponse({"detail": "Back soon."}, status=503)
        return self.get_response(request)


class BlockedAddress(Base):
    def __call__(self, request):
        if Blocked.objects.filter(ip=get_client_ip(request)).exists():
            return HttpResponseForbidden("Blocked.")
        return self.get_response(request)


class Errors(Base):
    def process_exception(self, request, exception):
        logger.exception("failed")
        return JsonResponse({"error": "Internal server error"}, status=500)


class ErrorsByPath(Base):
    def process_exception(self, request, exception):
        if request.path.startswith("/api/") and request.path != "/api/perhaps/":
            return JsonResponse({"error": "Internal server error", "path": request.path}, status=500)


class ByZero(Base):
    def process_exception(self, request, exception):
        if isinstance(exception, ZeroDivisionError):
            return JsonResponse({"error": "by zero"}, status=422)


class ThreadUser(Base):
    def __call__(self, request):
        _local.user = getattr(request, "user", None)
        try:
            return self.get_response(request)
        finally:
            _local.user = None


class ContextUser(Base):
    def __call__(self, request):
        token = current_user.set(request.user if request.user.is_authenticated else None)
        try:
            response = self.get_response(request)
        finally:
            current_user.reset(token)
        return response


class Envelope(MiddlewareMixin):
    def process_response(self, request, response):
        if response.get("Content-Type") == "application/json":
            response.content = json.dumps({"data": json.loads(response.content)})
        return response


class RateLimit(Base):
    def __call__(self, request):
        key = f"rate:{get_client_ip(request)}"
        count = cache.get(key, 0)
        if count >= 100:
            return JsonResponse({"error": "Too many requests"}, status=429)
        cache.set(key, count + 1, 60)
        return self.get_response(request)


class HandCors(Base):
    def __call__(self, request):
        response = self.get_response(request)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Allow-Headers"] = "*"
        return response


class OpenedUnlessDone(Base):
    def __call__(self, request):
        response = self.get_response(request)
        if "Access-Control-Allow-Origin" not in response:
            response["Access-Control-Allow-Origin"] = "*"
        return response


class SecureHeaders(MiddlewareMixin):
    def process_response(self, request, response):
        response["X-Content-Type-Options"] = "nosniff"
        response["X-Frame-Options"] = "DENY"
        response["Referrer-Policy"] = "same-origin"
        if not settings.DEBUG:
            response["Strict-Transport-Security"] = "max-age=31536000"
        return response


class Frames(Base):
    def __call__(self, request):
        response = self.get_response(request)
        response.setdefault("X-Frame-Options", request.headers.get("X-Frame", "DENY"))
        return response


class ViewNames(Base):
    def process_view(self, request, view_func, view_args, view_kwargs):
        logger.info("%s %s", view_func.__name__, view_kwargs)
        return None


class Agents(Base):
    def __call__(self, request):
        agent = request.META.get("HTTP_USER_AGENT", "").lower()
        if any(bot in agent for bot in ["curl", "wget"]):
            return HttpResponseForbidden("No bots")
        return self.get_response(request)


class ReadOnly(Base):
    def __call__(self, request):
        if request.method not in ("GET", "HEAD", "OPTIONS") and settings.READ_ONLY:
            return JsonResponse({"detail": "Read only."}, status=503)
        return self.get_response(request)


class JsonOnly(Base):
    def __call__(self, request):
        if request.method in ["POST", "PUT", "PATCH"]:
            if request.content_type != "application/json":
                return JsonResponse({"error": "Use JSON"}, status=415)
        return self.get_response(request)


class Queries(Base):
    def __call__(self, request):
        before = len(connection.queries)
        response = self.get_response(request)
        logger.debug("%s queries", len(connection.queries) - before)
        return response


class BodyLogs(Base):
    def __call__(self, request):
        if request.method in ("POST", "PUT"):
            logger.info("body %s", request.body.decode("utf-8")[:100])
        response = self.get_response(request)
        logger.info("answer %s", response.content[:100])
        return response


class CookieToken(Base):
    def __call__(self, request):
        token = request.COOKIES.get("access_token")
        if token and "HTTP_AUTHORIZATION" not in request.META:
            request.META["HTTP_AUTHORIZATION"] = f"Token {token}"
        return self.get_response(request)


class AdminOnly(Base):
    def __call__(self, request):
        if request.path.startswith("/admin/") and not request.user.is_staff:
            AccessLog.objects.create(path=request.path, method=request.method)
            return HttpResponseForbidden()
        return self.get_response(request)


class NotFoundJson(Base):
    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code == 404 and request.path.startswith("/api/"):
            return JsonResponse({"error": "Not found"}, status=404)
        return response


class ErrorJson(Base):
    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code >= 500:
            return JsonResponse({"error": "Something broke"}, status=500)
        return response


class CacheHeaders(Base):
    def __call__(self, request):
        response = self.get_response(request)
        if request.method == "GET" and response.status_code == 200:
            response["Cache-Control"] = "public, max-age=60"
        else:
            response["Cache-Control"] = "no-store"
        return response


class HostTenant(Base):
    def __call__(self, request):
        host = request.get_host().split(":")[0]
        request.tenant = Note.objects.filter(title=host.split(".")[0]).first()
        return self.get_response(request)


class LoginWall(Base):
    EXEMPT = ("/api/login/", "/admin/")

    def __call__(self, request):
        if not request.user.is_authenticated and not request.path.startswith(self.EXEMPT):
            return JsonResponse({"detail": "Log in."}, status=401)
        return self.get_response(request)


class Slow(Base):
    def __call__(self, request):
        start = time.monotonic()
        response = self.get_response(request)
        taken = time.monotonic() - start
        if taken > 1:
            logger.warning("%s %s took %.2f", request.method, request.get_full_path(), taken)
        return response


class Audits(Base):
    def __call__(self, request):
        response = self.get_response(request)
        if request.method not in ("GET", "HEAD", "OPTIONS") and request.user.is_authenticated:
            match = request.resolver_match
            AccessLog.objects.create(
                user=request.user, path=match.view_name if match else "", method=request.method, status=response.status_code
            )
        return response


class UpdatesRow(Base):
    def __call__(self, request):
        response = self.get_response(request)
        if request.user.is_authenticated:
            AccessLog.objects.update_or_create(user=request.user, defaults={"path": request.path, "method": "x"})
        return response


class ReadsUser(Base):
    """Reads a row of settings, and who is logged in."""

    def __call__(self, request):
        request.site = Site.objects.first()
        if request.user.is_authenticated:
            request.shown = request.user.username
        else:
            request.shown = "nobody"
        return self.get_response(request)


class UserZone(Base):
    def __call__(self, request):
        if request.user.is_authenticated:
            timezone.activate(request.user.first_name)
        else:
            timezone.deactivate()
        return self.get_response(request)


class Rounds(MiddlewareMixin):
    def process_response(self, request, response):
        if hasattr(response, "data") and isinstance(response.data, dict):
            response.data["version"] = 1
        return response


class SkipsPaths(Base):
    SKIP = ["/static/", "/media/", "/admin/"]

    def __call__(self, request):
        if any(request.path.startswith(p) for p in self.SKIP):
            return self.get_response(request)
        response = self.get_response(request)
        if response.status_code >= 400:
            AccessLog.objects.create(path=request.get_full_path(), method=request.method, status=response.status_code)
        return response
'''
MODELS = """\
from django.conf import settings
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=40, unique=True)
    stars = models.PositiveSmallIntegerField(default=0)


class AccessLog(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    path = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    status = models.PositiveSmallIntegerField(default=0)
    ip = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=100, blank=True)
    duration = models.FloatField(default=0)
    at = models.DateTimeField(auto_now_add=True)


class ApiKey(models.Model):
    key = models.CharField(max_length=40, unique=True)
    active = models.BooleanField(default=True)
    uses = models.PositiveIntegerField(default=0)


class Blocked(models.Model):
    ip = models.GenericIPAddressField(unique=True)


class Site(models.Model):
    closed = models.BooleanField(default=False)
"""
SETTINGS = """\
import os

SECRET_KEY = "x"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "site_.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
                  "rest_framework", "rest_framework.authtoken", "notes"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *("notes.middleware." + name for name in os.environ.get("MIDDLEWARE", "").split()),
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SITE_DB", "db.sqlite3")}}
SERVICE_KEY = "open sesame"
READ_ONLY = False
MAINTENANCE = False
"""
VIEWS = '''\
from rest_framework import authentication, permissions, serializers, views, viewsets
from rest_framework.response import Response

from notes.models import AccessLog, Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]
    authentication_classes = [authentication.TokenAuthentication]


class Who(views.APIView):
    permission_classes = [permissions.AllowAny]
    authentication_classes = [authentication.SessionAuthentication]

    def get(self, request):
        return Response({"who": request.user.username})

    def post(self, request):
        return Response({"who": request.user.username})


class Perhaps(views.APIView):
    """A user or None."""

    permission_classes = [permissions.AllowAny]
    authentication_classes = [authentication.TokenAuthentication]

    def get(self, request):
        user = request.user if request.user.is_authenticated else None
        log = AccessLog.objects.create(user=user, path="perhaps", method="GET")
        sent = {"from": request.META.get("REMOTE_ADDR"), "asked": request.META["QUERY_STRING"], "named": "REMOTE_ADDR" in request.META}
        return Response({"id": log.user_id, "none": user is None, "name": user.username if user else "-", **sent})

    def put(self, request):
        user = None
        if request.user.is_authenticated:
            user = request.user
        AccessLog.objects.create(user=user, path="perhaps", method="PUT")
        return Response(self.told(user))

    def patch(self, request):
        user = request.user
        if not user.is_authenticated:
            user = None
        return Response(self.told(user))

    def delete(self, request):
        return Response({"n": int(request.query_params.get("n", "none"))})

    def told(self, user):
        return {"logs": AccessLog.objects.filter(user=user).count(), "name": user.username if user is not None else "-"}


class Breaks(views.APIView):
    permission_classes = [permissions.AllowAny]
    authentication_classes = [authentication.TokenAuthentication]

    def get(self, request):
        return Response({"n": 1 / int(request.query_params.get("by", "0"))})
'''
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
urlpatterns = [path("api/", include(router.urls)), path("api/who/", views.Who.as_view()), path("api/perhaps/", views.Perhaps.as_view()), path("api/breaks/", views.Breaks.as_view())]
"""
SEED = """\
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
import django
django.setup()
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.authtoken.models import Token
from notes.models import ApiKey, Blocked, Note, Site
user = get_user_model().objects.create(username="ann", first_name="Europe/Berlin")
Token.objects.create(user=user, key="t0ken")
gone = get_user_model().objects.create(username="gone", is_active=False)
Token.objects.create(user=gone, key="t0ken2")
for title in ("beta", "alpha"):
    Note.objects.create(title=title)
ApiKey.objects.create(key="k1")
Blocked.objects.create(ip="10.0.0.9")
client = Client()
client.force_login(user)
user.last_login = None
user.save()
print(client.cookies["sessionid"].value)
"""
ROWS = """\
import sqlite3

TABLES = {
    "notes_accesslog": "user_id, path, method, status, ip, agent", "notes_apikey": "key, uses", "notes_note": "title, stars",
    "auth_user": "username, last_login IS NOT NULL",
}


def rows(name):
    db = sqlite3.connect(name)
    found = {t: [list(r) for r in db.execute(f"SELECT {c} FROM {t} ORDER BY id")] for t, c in TABLES.items()}
    db.execute("DELETE FROM notes_accesslog")
    db.execute("UPDATE auth_user SET last_login = NULL")
    db.commit()
    db.close()
    return found
"""
LEGACY = """\
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
import django
django.setup()
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
setup_test_environment(debug=False)
out = []
for one in json.load(sys.stdin):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies.load(one.get("cookies", {}))
    with CaptureQueriesContext(connection) as queries:
        answer = client.generic(one["method"], one["path"], one.get("body", ""), one.get("type", "application/json"), headers=one.get("headers", {}))
    out.append({"status": answer.status_code, "headers": {k.lower(): v for k, v in answer.items()},
                "body": answer.content.decode(), "queries": len(queries), "rows": rows(os.environ["SITE_DB"])})
json.dump(out, sys.stdout)
"""
MODERN = """\
import json, os, sys
from starlette.testclient import TestClient
from app.main import create_app
app = create_app()
client = TestClient(app, follow_redirects=False, raise_server_exceptions=False, client=("127.0.0.1", 50000))
out = []
with client:
    for one in json.load(sys.stdin):
        client.cookies.clear()
        for name, value in one.get("cookies", {}).items():
            client.cookies.set(name, value)
        answer = client.request(one["method"], one["path"], content=one.get("body"), headers={"content-type": one.get("type", "application/json"), "host": "testserver", "user-agent": "", **one.get("headers", {})})
        out.append({"status": answer.status_code, "headers": dict(answer.headers), "body": answer.text, "rows": rows(os.environ["SITE_DB"])})
json.dump(out, sys.stdout)
"""


NAMES = [n for n in re.findall(r"^class (\w+)\(", MIDDLEWARE, re.M) if n != "Base"]
"""Its middlewares."""


def create(root: Path) -> Path:
    """The project with its migrated database."""
    files = {
        "manage.py": MANAGE, "site_/__init__.py": "", "site_/settings.py": SETTINGS, "site_/urls.py": URLS,
        "notes/__init__.py": "", "notes/models.py": MODELS, "notes/views.py": VIEWS, "notes/middleware.py": MIDDLEWARE,
        "notes/migrations/__init__.py": "",
    }  # fmt: skip
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    prepare = "import sys\nfrom django.core.management import execute_from_command_line as run\n"
    prepare += "run(['', 'makemigrations', 'notes', '-v0'])\nrun(['', 'migrate', '-v0'])\n"
    environment = "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'site_.settings'\n"
    key = _run(root, environment + prepare + SEED, "", SITE_DB="db.sqlite3")
    (root / "key.txt").write_text(key.strip())
    return root


def _run(root: Path, code: str, text: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env={**os.environ, "SEGUE_TEST_FORK": "1", **environment}, input=text, capture_output=True, text=True, timeout=90, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def session(root: Path) -> dict[str, str]:
    """The cookie of somebody who is logged in."""
    return {"sessionid": (root / "key.txt").read_text()}


def both(
    root: Path, generated: Path, middleware: list[str], requests: list[dict[str, Any]], **environment: str
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(Django's answer, FastAPI's) for each request, with the rows that it left behind; each side has its own copy of the database."""
    copies = [root / "legacy.sqlite3", generated / "modern.sqlite3"]
    for copy in copies:
        shutil.copy(root / "db.sqlite3", copy)
    text = json.dumps(requests)
    of_django = {"MIDDLEWARE": " ".join(middleware), "SITE_DB": str(copies[0]), **environment}
    of_service = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{copies[1]}",
        "SECRET_KEY": "x",
        "SITE_DB": str(copies[1]),
    }
    legacy = json.loads(_run(root, ROWS + LEGACY, text, **of_django))
    modern = json.loads(_run(generated, ROWS + MODERN, text, **of_service))
    return list(zip(legacy, modern, strict=True))
