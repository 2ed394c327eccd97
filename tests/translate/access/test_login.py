"""Logins that begin on one side and go on on the other: every step is answered as if Django had answered all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

MODELS = """\
import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Try(models.Model):
    name = models.CharField(max_length=40)
"""
BACKENDS = """\
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.core.exceptions import PermissionDenied
from django.db.models import Q

from notes.models import Try

UserModel = get_user_model()


class Counts(BaseBackend):
    def authenticate(self, request, username=None, password=None):
        Try.objects.create(name=str(username)[:40])
        return None


class ByMail(ModelBackend):
    def authenticate(self, request, username=None, password=None, **kwargs):
        if request is None:
            return None
        if username is None:
            mail = kwargs.get("mail", "nobody")
            username = kwargs.get(UserModel.USERNAME_FIELD) or mail
        if username is None or password is None:
            return
        try:
            user = UserModel.objects.get(Q(email__iexact=username))
        except UserModel.DoesNotExist:
            UserModel().set_password(password)
            return None
        except UserModel.MultipleObjectsReturned:
            user = UserModel.objects.filter(email__iexact=username).order_by("username").first()
        if user is not None and user.check_password(password) and self.user_can_authenticate(user):
            return user

    def get_user(self, user_id):
        try:
            return UserModel.objects.get(pk=user_id)
        except UserModel.DoesNotExist:
            return None


class Stops(ModelBackend):
    def authenticate(self, request, ticket):
        raise PermissionDenied


class StopsBelow(ModelBackend):
    def authenticate(self, request, card):
        deny(card)


def deny(card):
    if card != "none":
        raise PermissionDenied
"""
VIEWS = """\
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.forms import SetPasswordForm
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Person


@api_view(["POST"])
@permission_classes([AllowAny])
def enter(request):
    user = authenticate(request, username=request.data.get("username"), password=request.data.get("password"))
    if user is None:
        return Response({"detail": "Nobody has that name and password."}, status=400)
    login(request, user)
    return Response({"id": user.pk, "me": request.user.username})


class Leave(APIView):
    def post(self, request):
        logout(request)
        return Response({"gone": True})


class Change(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request):
        user = request.user
        user.set_password(request.data.get("new", "unset"))
        user.save()
        update_session_auth_hash(request, user)
        return Response(status=204)


class Me(APIView):
    def get(self, request):
        return Response({"name": request.user.username, "known": request.user.is_authenticated})


class Gone(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request):
        logout(request)
        return Response({"name": request.user.username, "known": request.user.is_authenticated})


class Keep(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request):
        may = request.user.has_perm("notes.change_person")
        update_session_auth_hash(request, Person.objects.get(username="ann"))
        return Response({"may": may})


class Again(APIView):
    def post(self, request):
        login(request, Person.objects.get(username="ann"), backend="django.contrib.auth.backends.ModelBackend")
        return Response({"name": request.user.username})


class Raw(APIView):
    def post(self, request):
        login(request._request, Person.objects.get(username="ann"))
        return Response({"name": request.user.username})


class Every(APIView):
    def post(self, request):
        [login(request, person) for person in Person.objects.all()]
        return Response({})


class Perhaps(APIView):
    def post(self, request):
        person = Person.objects.get(username="ann")
        request.data.get("sure") and login(request, person)
        return Response({})


class Deny(APIView):
    def post(self, request):
        request.data.get("sure") or self.permission_denied(request)
        return Response({})


class Mark(APIView):
    def post(self, request):
        request.mark = 1
        request.data.get("sure") and setattr(request, "mark", 2)
        return Response({"mark": request.mark})


class Stop(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request):
        user = request.user
        user.is_active = False
        user.save()
        return Response({"name": request.user.username})


class Mail(APIView):
    permission_classes = [AllowAny]

    def post(self, request):
        user = authenticate(request, mail=request.data.get("username"), password=request.data.get("password"))
        return Response({"found": user is not None})


class Ticket(APIView):
    def post(self, request):
        return Response({"known": authenticate(request, ticket="x") is not None})


class Card(APIView):
    def post(self, request):
        return Response({"known": authenticate(request, card="x") is not None})


class Bare(APIView):
    def post(self, request):
        user = authenticate(username=request.data.get("username"), password=request.data.get("password"))
        return Response({"known": user is not None})


class Below(APIView):
    def get(self, request):
        return Response({"has": hasattr(request._request, "data")})

    def post(self, request):
        return Response({"sent": request._request.query_params.get("x")})


class Idle(APIView):
    def get(self, request):
        me = request.user
        mail = me.email
        return Response({"idle": True})


class RenewSerializer(serializers.Serializer):
    new_password1 = serializers.CharField(allow_blank=True)
    new_password2 = serializers.CharField(allow_blank=True)

    def validate(self, attrs):
        self.form = SetPasswordForm(user=self.context["request"].user, data=attrs)
        if not self.form.is_valid():
            raise serializers.ValidationError(self.form.errors)
        return attrs


class Renew(APIView):
    permission_classes = [IsAuthenticated]

    def patch(self, request):
        serializer = RenewSerializer(data=request.data, partial=True, context={"request": request})
        serializer.is_valid(raise_exception=True)
        return Response({"renewed": True})


class Several(APIView):
    def post(self, request):
        for name in ("ann", "bob"):
            user = authenticate(request, username=name, password="x")
            if user is not None:
                login(request, user)
        return Response({})
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [
    path("enter/", views.enter),
    path("leave/", views.Leave.as_view()),
    path("change/", views.Change.as_view()),
    path("me/", views.Me.as_view()),
    path("gone/", views.Gone.as_view()),
    path("keep/", views.Keep.as_view()),
    path("again/", views.Again.as_view()),
    path("several/", views.Several.as_view()),
    path("raw/", views.Raw.as_view()),
    path("every/", views.Every.as_view()),
    path("perhaps/", views.Perhaps.as_view()),
    path("deny/", views.Deny.as_view()),
    path("mark/", views.Mark.as_view()),
    path("stop/", views.Stop.as_view()),
    path("ticket/", views.Ticket.as_view()),
    path("card/", views.Card.as_view()),
    path("bare/", views.Bare.as_view()),
    path("renew/", views.Renew.as_view()),
    path("idle/", views.Idle.as_view()),
    path("below/", views.Below.as_view()),
    path("mail/", views.Mail.as_view()),
]
"""
MORE_SETTINGS = """\
import os
DATABASES["default"]["NAME"] = os.environ.get("DATABASE_FILE", "db.sqlite3")
MIDDLEWARE.insert(2, "django.middleware.csrf.CsrfViewMiddleware")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = ["rest_framework.authentication.SessionAuthentication"]
AUTH_USER_MODEL = "notes.Person"
AUTHENTICATION_BACKENDS = ["notes.backends.Stops", "notes.backends.StopsBelow", "notes.backends.Counts", "notes.backends.ByMail", "django.contrib.auth.backends.ModelBackend"]
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_AGE = 1000
SESSION_COOKIE_AGE = 2000
"""
PEOPLE = """\
from django.contrib.auth.models import Permission
from notes.models import Person
for name in ("ann", "bob"): Person.objects.create_user(name, f"{name}@there.org", f"{name}-secret")
Person.objects.get(username="ann").user_permissions.add(Permission.objects.get(codename="change_person"))
"""
# Two browsers; a step is (browser, method, path, body, what the header says: the cookie's token, one that was replaced, or none).
DIALOG = """\
import json, os, random, shutil, sys, tempfile
folder, output, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
database = os.path.join(tempfile.mkdtemp(dir=folder), "db.sqlite3")
shutil.copy("db.sqlite3", database)
sys.path.insert(0, output)
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_FILE=database, DATABASE_URL="sqlite:///" + database, SECRET_KEY="x")
import django
django.setup()
from http.cookies import SimpleCookie
from django.test import Client
from fastapi.testclient import TestClient
from app.main import create_app

IN = lambda name, password=None: {"username": name, "password": password or f"{name}-secret"}
RENEWED = [("later", "later"), ("later", "now"), ("", ""), ("", "now"), ("later", ""), ("later",), ()]
STEPS = [
    (0, "get", "/me/", None, ""), (0, "post", "/enter/", IN("ann", "wrong"), ""), (0, "post", "/enter/", IN("ann"), ""),
    (0, "get", "/me/", None, ""), (1, "post", "/enter/", IN("ann"), ""), (0, "post", "/change/", {"new": "n1"}, ""),
    (0, "post", "/change/", {"new": "n1"}, "good"), (0, "get", "/me/", None, ""), (1, "get", "/me/", None, ""),
    (1, "post", "/enter/", IN("bob"), ""), (1, "post", "/change/", {"new": "n2"}, "old"), (1, "get", "/me/", None, ""),
    (0, "post", "/enter/", IN("bob"), ""), (0, "post", "/enter/", IN("bob"), "good"), (0, "get", "/me/", None, ""),
    (0, "post", "/enter/", IN("ann", "n1"), "good"), (0, "post", "/change/", {"new": "n3"}, "old"),
    (1, "post", "/leave/", {}, ""), (1, "post", "/leave/", {}, "good"), (1, "get", "/me/", None, ""), (1, "post", "/leave/", {}, ""),
    (0, "post", "/enter/", IN("ann", "n1"), "good"), (0, "get", "/me/", None, ""), (0, "get", "/me/", None, "broken"),
    (0, "get", "/me/", None, ""), (0, "post", "/keep/", {}, "good"), (0, "get", "/me/", None, ""),
    (0, "post", "/gone/", {}, "good"), (0, "get", "/me/", None, ""),
    (0, "post", "/again/", {}, ""), (0, "get", "/me/", None, ""), (0, "post", "/keep/", {}, "good"),
    (1, "post", "/enter/", IN("bob"), ""), (1, "post", "/keep/", {}, "good"), (1, "get", "/me/", None, ""),
    (0, "get", "/me/", None, ""),
    (0, "post", "/enter/", IN("BOB@there.org", "bob-secret"), "good"), (0, "get", "/me/", None, ""),
    (1, "post", "/enter/", IN("bob@there.org", "ann-secret"), "good"), (1, "post", "/enter/", IN("nobody@there.org"), "good"),
    (0, "post", "/stop/", {}, "good"), (0, "get", "/me/", None, ""), (1, "get", "/me/", None, ""),
    (1, "post", "/enter/", IN("bob@there.org", "bob-secret"), ""),
    (1, "post", "/mail/", IN("ann@there.org", "n1"), ""), (1, "post", "/mail/", IN("bob", "bob-secret"), ""),
]
pick, jars, old = random.Random(seed), ({}, {}), {0: "", 1: ""}

def told(header):
    (name, morsel), = SimpleCookie(header).items()
    shown = {k: v for k, v in morsel.items() if v and k != "expires"}
    return name, morsel.value, shown

def ask(theirs, ours, step):
    browser, method, path, body, token = step
    jar = jars[browser]
    if token == "broken":
        jar["csrftoken"] = "no token"
    cookies = "; ".join(f"{k}={v}" for k, v in jar.items())
    headers = {"cookie": cookies} if cookies else {}
    if token in ("good", "old"):
        headers["x-csrftoken"] = jar.get("csrftoken", "") if token == "good" else old[browser]
    kept = jar.get("csrftoken", "")
    if seed == 0 or (seed > 1 and pick.random() < 0.5):
        given = {"HTTP_" + k.upper().replace("-", "_"): v for k, v in headers.items()}
        found = getattr(theirs, method)(path, **({"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}), **given)
        content, set_ = found.content, [c.OutputString() for c in found.cookies.values()]
        vary = found.headers.get("Vary", "")
    else:
        found = ours.request(method, path, headers=headers, **({"json": body} if body is not None else {}))
        content, set_, vary = found.content, found.headers.get_list("set-cookie"), found.headers.get("vary", "")
        ours.cookies.clear()
    changed = {}
    for header in set_:
        name, value, shown = told(header)
        changed[name] = {**shown, "deleted": value == "", "length": len(value)}
        jar.pop(name, None) if value == "" else jar.__setitem__(name, value)
    if jar.get("csrftoken") != kept:
        old[browser] = kept
    return [step[2], found.status_code, json.loads(content or "null"), sorted(part.strip() for part in vary.split(",")), changed]

with TestClient(create_app()) as ours:
    theirs = Client(enforce_csrf_checks=True)
    for step in STEPS:
        theirs.cookies.clear()
        print(json.dumps(ask(theirs, ours, step), sort_keys=True))
from notes.models import Person, Try
from django.contrib.sessions.models import Session
print(json.dumps([Try.objects.count(), *([u.username, u.check_password("n1"), u.last_login is not None] for u in Person.objects.order_by("username"))]))
print(Session.objects.count())
"""


def test_a_login_means_the_same_on_both_sides(tmp_path: Path) -> None:
    files = {
        "site_/settings.py": SETTINGS + MORE_SETTINGS,
        "site_/urls.py": URLS,
        "notes/models.py": MODELS,
        "notes/views.py": VIEWS,
        "notes/backends.py": BACKENDS,
    }
    site = Site.make(tmp_path / "site", files)

    site.run("manage.py", "shell", "--verbosity", "0", "-c", PEOPLE)
    shutil.copy(site.root / "db.sqlite3", tmp_path / "before.sqlite3")
    output = tmp_path / "fastapi"
    program, report = site.explore(site.snapshot(), output, cases=250, seconds=20)
    assert differences(report) == []
    refused = {r.route_id.strip("/"): r.reasons[0].code for r in program.refused}
    logins = dict.fromkeys(("several", "raw", "every", "perhaps"), "login")
    assert "user: Person | None = only(" in (output / "app/notes/backends.py").read_text()
    others = {
        "deny": "expression",
        "mark": "assign-attribute",
        "ticket": "authentication-backend",
        "card": "authentication-backend",
    }
    assert {r.method: r.reasons[0].code for r in program.refused if r.route_id == "/below/"} == {
        "GET": "hasattr",
        "POST": "request",
    }
    del refused["below"]
    assert refused == {**logins, **others}
    shutil.copy(tmp_path / "before.sqlite3", site.root / "db.sqlite3")
    alone = site.run("-c", DIALOG, str(tmp_path), str(output), "0")
    statuses = [json.loads(line)[1] for line in alone[:-2]]
    assert {200, 204, 400, 403} == set(statuses)
    assert [json.loads(line)[2] for line in alone if "/mail/" in line] == [{"found": True}, {"found": False}]
    assert [json.loads(line)[2] for line in alone if "/keep/" in line] == [
        {"may": True},
        {"may": True},
        {"may": False},
    ]
    for seed in (1, 2, 3):
        assert site.run("-c", DIALOG, str(tmp_path), str(output), str(seed)) == alone
