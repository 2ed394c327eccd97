"""Knox tokens, OAuth2 tokens and API keys on both sides: one project that asks for all, and what is refused of them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.emit import write
from segue.translate.program import translate

MORE = """
import os
from datetime import timedelta

INSTALLED_APPS += ["knox", "rest_framework_api_key", "oauth2_provider", "guardian", "rest_framework.authtoken"]
CASE = os.environ.get("KNOX_CASE", "plain")
if CASE == "otp":
    CASE = "plain"
    INSTALLED_APPS += ["django_otp", "django_otp.plugins.otp_totp"]
    MIDDLEWARE += ["django_otp.middleware.OTPMiddleware"]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "guardian.backends.ObjectPermissionBackend"]
GUARDIAN_AUTO_PREFETCH = os.environ.get("KNOX_CASE") == "hash"
ANONYMOUS_USER_NAME = "nobody"
OAUTH2_PROVIDER = {
    "plain": {"READ_SCOPE": "r", "SCOPES": {"r": "Read", "write": "Write"}},
    "hash": {"OAUTH2_VALIDATOR_CLASS": "notes.hashes.Validator"},
    "endless": {"RESOURCE_SERVER_INTROSPECTION_URL": "http://elsewhere/", "RESOURCE_SERVER_AUTH_TOKEN": "x"},
}[CASE]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_KNOX = {
    "plain": {"AUTO_REFRESH": True, "TOKEN_TTL": timedelta(hours=8), "AUTH_HEADER_PREFIX": "Knox", "TOKEN_LIMIT_PER_USER": 40, "SECURE_HASH_ALGORITHM": "hashlib.sha256"},
    "hash": {"SECURE_HASH_ALGORITHM": "notes.hashes.own"},
    "endless": {"AUTO_REFRESH": True, "TOKEN_TTL": None},
}[CASE]
"""
HASHES = """\
import hashlib

from oauth2_provider.oauth2_validators import OAuth2Validator


class Validator(OAuth2Validator):
    pass


class own:
    def __init__(self, data=b""):
        self._held = hashlib.sha256(b"own" + data)

    def update(self, data):
        self._held.update(data)

    def hexdigest(self):
        return self._held.hexdigest()
"""
MODELS = """\
from django.db import models
from rest_framework_api_key.models import AbstractAPIKey


class Note(models.Model):
    title = models.CharField(max_length=10)


class PartnerKey(AbstractAPIKey):
    level = models.IntegerField(default=1)


class WatchedKey(AbstractAPIKey):
    touched = models.DateTimeField(auto_now=True)
"""
VIEWS = """\
from datetime import timedelta

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from knox import views as knox_views
from knox.auth import TokenAuthentication
from oauth2_provider.contrib.rest_framework import (
    OAuth2Authentication, TokenHasReadWriteScope, TokenHasResourceScope, TokenHasScope,
    TokenMatchesOASRequirements,
)
from oauth2_provider.models import AccessToken
from oauth2_provider.settings import oauth2_settings
from rest_framework import generics, permissions, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_api_key.permissions import BaseHasAPIKey, HasAPIKey, KeyParser

from notes.models import Note, PartnerKey, WatchedKey


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


class HasPartnerKey(BaseHasAPIKey):
    model = PartnerKey
    message = "Partners only."


class HasWatchedKey(BaseHasAPIKey):
    model = WatchedKey


class OwnParser(KeyParser):
    keyword = "Own"


class ParsesItself(HasAPIKey):
    key_parser = OwnParser()


class Of:
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    authentication_classes = []


class Base(Of, generics.ListCreateAPIView):
    pass


class Knox(Base):
    permission_classes = [permissions.IsAuthenticated]
    authentication_classes = [TokenAuthentication]


class Keys(Base):
    permission_classes = [HasAPIKey]


class Partners(Base):
    permission_classes = [HasPartnerKey]


class Either(Base):
    permission_classes = [HasAPIKey | permissions.IsAuthenticated]
    authentication_classes = [TokenAuthentication]


class Scoped(Of, generics.ListAPIView):
    permission_classes = [TokenHasResourceScope]
    authentication_classes = [OAuth2Authentication]
    required_scopes = ["notes"]


class Changed(Base):
    permission_classes = [permissions.IsAuthenticated, TokenHasReadWriteScope]
    authentication_classes = [OAuth2Authentication, TokenAuthentication]


class Alternate(Of, generics.CreateAPIView):
    permission_classes = [TokenMatchesOASRequirements]
    authentication_classes = [OAuth2Authentication]
    required_alternate_scopes = {"GET": [["r"]], "POST": [["notes", "write"], ["all"]]}


class OwnScopes(TokenHasScope):
    def get_scopes(self, request, view):
        return ["r"] if request.query_params.get("easy") else ["write"]


class Lenient(TokenHasReadWriteScope):
    # As tandoor has it: scopes count for tokens alone.
    def get_scopes(self, request, view):
        if request.method.upper() in permissions.SAFE_METHODS:
            return [oauth2_settings.READ_SCOPE]
        return [oauth2_settings.WRITE_SCOPE]

    def has_permission(self, request, view):
        if isinstance(request.auth, AccessToken):
            return super().has_permission(request, view)
        return request.user.is_authenticated


class Freely(Base):
    permission_classes = [Lenient]
    authentication_classes = [OAuth2Authentication, TokenAuthentication]


class Asks(Base):
    permission_classes = [OwnScopes]
    authentication_classes = [OAuth2Authentication]


class Computes(Base):
    permission_classes = [TokenHasReadWriteScope]
    authentication_classes = [OAuth2Authentication]

    @property
    def required_scopes(self):
        return ["notes"]


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["username"]


class OwnLogin(knox_views.LoginView):
    authentication_classes = [TokenAuthentication]

    def get_token_ttl(self):
        return timedelta(minutes=5)

    def get_token_prefix(self):
        return "own_"

    def get_user_serializer_class(self):
        return UserSerializer

    def get_expiry_datetime_format(self):
        return "%Y"


class Readable(permissions.DjangoObjectPermissions):
    perms_map = {**permissions.DjangoObjectPermissions.perms_map, "GET": ["%(app_label)s.view_%(model_name)s"]}
    authenticated_users_only = False


class ByObject(Of, generics.RetrieveDestroyAPIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [Readable]


class Asked(APIView):
    def get(self, request, pk):
        note = get_object_or_404(Note, pk=pk)
        if not request.user.has_perm("notes.view_note", note):
            raise PermissionDenied
        return Response({"change": request.user.has_perm("change_note", note)})


class Verified(APIView):
    def get(self, request):
        return Response({"verified": request.user.is_verified()})


class Watched(Base):
    permission_classes = [HasWatchedKey]


class Parsed(Base):
    permission_classes = [ParsesItself]
"""
URLS = """\
from django.urls import path
from knox import views as knox_views
from notes import views

urlpatterns = [path(f"{v.__name__.lower()}/", v.as_view())
               for v in (views.Knox, views.Keys, views.Partners, views.Either, views.Watched, views.Parsed, views.Scoped,
                         views.Changed, views.Alternate, views.Asks, views.Computes, views.Freely, views.Verified, views.OwnLogin,
                         knox_views.LoginView, knox_views.LogoutView, knox_views.LogoutAllView)]
urlpatterns += [path(f"{v.__name__.lower()}/<int:pk>/", v.as_view()) for v in (views.ByObject, views.Asked)]
"""


GRANTS = """
import django; django.setup()
from django.contrib.auth.models import Group, Permission, User
from guardian.shortcuts import assign_perm
from notes.models import Note
group = Group.objects.create(name="readers")
ann, bob = (User.objects.create_user(name) for name in ("ann", "bob"))
for user in (ann, bob):
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="notes"))
bob.groups.add(group)
for number in range(4):
    note = Note.objects.create(title=str(number))
    for name in ("view", "change", "delete")[:number]:
        assign_perm(f"{name}_note", ann if number % 2 else group, note)
assign_perm("view_note", User.objects.get(username="nobody"), note)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/settings.py": SETTINGS + MORE, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "notes/hashes.py": HASHES,
    }  # fmt: skip
    made = Site.make(tmp_path_factory.mktemp("keys"), files)
    monkey = {"DJANGO_SETTINGS_MODULE": "site_.settings"}
    made.run("-c", f"import os; os.environ.update({monkey!r})\n{GRANTS}")
    return made


def test_tokens_and_keys_mean_the_same_on_both_sides(site: Site, tmp_path: Path) -> None:
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=400)
    # Before 3.4.1 its permissions fail for tokens of other kinds, which /changed/ and /freely/ take as well.
    packages = {**snapshot.versions.packages, "django-oauth-toolkit": "3.4.0"}
    versions = dataclasses.replace(snapshot.versions, packages=packages)
    old = translate(dataclasses.replace(snapshot, versions=versions))
    asked = [line for m in old.modules.values() for d in m.decls.values() for line in d.code.splitlines() if "has_scopes(" in line]  # fmt: skip
    assert [line.strip() for line in asked if "'notes:" in line]
    assert all(("strict=True" in line) == ("'notes:" not in line) for line in asked), asked
    reasons = {r.route_id: r.reasons[0].construct for r in program.refused}
    assert set(reasons) == {"/watched/", "/parsed/", "/asks/", "/verified/", "/computes/"}
    assert reasons["/computes/"] == "notes.views.Computes.required_scopes"
    assert reasons["/asks/"] == "notes.views.OwnScopes.get_scopes"
    assert differences(report) == []
    for operation in report.operations:
        assert {"200", "201", "204"} & set(operation.statuses), operation.key
        assert {"401", "403", "400", "404"} & set(operation.statuses), operation.key
    access = (tmp_path / "fastapi" / "app" / "access.py").read_text()
    given = 'algorithm="sha256", ttl=28800, limit=40, auto_refresh=True, keyword="Knox"'
    assert given in " ".join(access.split()).replace(", )", ")")
    assert "API_KEYS = ApiKeys(passwords=PASSWORDS)" in access
    assert "OAUTH2 = OAuth2(IDENTITY)" in access
    assert 'OBJECTS = ObjectPermissions(IDENTITY, PERMISSIONS, anonymous="nobody")' in access
    assert 'NOTES_PARTNERKEYS = ApiKeys("notes_partnerkey", passwords=PASSWORDS)' in access


SESSIONS = """
import django; django.setup()
import sys
from importlib import import_module
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice
store = import_module(settings.SESSION_ENGINE).SessionStore
ann = User.objects.get(username="ann")
good = TOTPDevice.objects.create(user=ann, confirmed=True)
new = TOTPDevice.objects.create(user=ann, confirmed=False)
for device in (good.persistent_id, new.persistent_id, "otp_totp.totpdevice/99"):
    for side in ("django", "service"):
        client = Client()
        client.force_login(ann, "django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["otp_device_id"] = device
        session.save()
        if side == "django":
            client.get("/asked/1/")
        print(session.session_key)
"""
ASK = """
import sys
from app.main import create_app
from starlette.testclient import TestClient
with TestClient(create_app()) as client:
    for key in sys.argv[1:]:
        print(client.get("/asked/1/", headers={"cookie": f"sessionid={key}"}).status_code)
"""
LEFT = """
import django; django.setup()
import sys
from django.contrib.sessions.backends.db import SessionStore
for key in sys.argv[1:]:
    print(SessionStore(key).get("otp_device_id"))
"""


def test_a_device_that_verifies_no_more_is_forgotten_by_the_session_on_both_sides(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOX_CASE", "otp")
    snapshot = site.snapshot(KNOX_CASE="otp")
    program, service = translate(snapshot), tmp_path / "service"
    reasons = {r.route_id: r.reasons[0].construct for r in program.refused}
    assert reasons["/verified/"] == "request.user.is_verified"
    write(program, service)
    setting = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'site_.settings'\n"
    site.run("manage.py", "migrate", "-v0")
    keys = site.run("-c", setting + SESSIONS)
    assert set(_asked(service, site, keys[1::2])) <= {"200", "404", "403"}
    left = site.run("-c", setting + LEFT, *keys)
    assert left[::2] == left[1::2]
    assert left[0].startswith("otp_totp.")
    assert left[2] == left[4] == "None"
    # Devices of a kind that Segue does not know: sessions that name one are Django's.
    own = dataclasses.replace(snapshot.models["otp_totp.TOTPDevice"], label="own.Device", table="own_device")
    models = {**snapshot.models, "own.Device": own}
    write(translate(dataclasses.replace(snapshot, models=models)), tmp_path / "other")
    answers = _asked(tmp_path / "other", site, keys)
    assert answers[:2] == ["501", "501"]
    assert "501" not in answers[2:]


def _asked(service: Path, site: Site, keys: list[str]) -> list[str]:
    asked = subprocess.run(
        [sys.executable, "-c", ASK, *keys], cwd=service, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "SEGUE_TEST_FORK": "1", "DATABASE_URL": f"sqlite:///{site.root / 'db.sqlite3'}", "SECRET_KEY": "x"},
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.split()


@pytest.mark.parametrize(
    ("case", "construct", "oauth2"),
    [
        ("hash", "SECURE_HASH_ALGORITHM", "OAUTH2_VALIDATOR_CLASS"),
        ("endless", "AUTO_REFRESH", "RESOURCE_SERVER_INTROSPECTION_URL"),
    ],
)
def test_settings_that_are_refused(site: Site, case: str, construct: str, oauth2: str) -> None:
    program = translate(site.snapshot(KNOX_CASE=case))
    reasons = {r.route_id: r.reasons[0].construct for r in program.refused}
    assert reasons["/knox/"] == reasons["/either/"] == construct
    assert (reasons.get("/asked/{pk}/") == "GUARDIAN_AUTO_PREFETCH") is (case == "hash")
    assert reasons["/scoped/"] == reasons["/alternate/"] == oauth2
    assert reasons["/watched/"] == "notes.WatchedKey"
    assert reasons["/parsed/"] == "notes.views.ParsesItself.key_parser"
