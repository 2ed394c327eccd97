"""Knox tokens, OAuth2 tokens and API keys on both sides: one project that asks for all, and what is refused of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.translate.program import translate

MORE = """
import os
from datetime import timedelta

INSTALLED_APPS += ["knox", "rest_framework_api_key", "oauth2_provider", "guardian", "rest_framework.authtoken"]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "guardian.backends.ObjectPermissionBackend"]
GUARDIAN_AUTO_PREFETCH = os.environ.get("KNOX_CASE") == "hash"
ANONYMOUS_USER_NAME = "nobody"
OAUTH2_PROVIDER = {
    "plain": {"READ_SCOPE": "r", "SCOPES": {"r": "Read", "write": "Write"}},
    "hash": {"OAUTH2_VALIDATOR_CLASS": "notes.hashes.Validator"},
    "endless": {"RESOURCE_SERVER_INTROSPECTION_URL": "http://elsewhere/", "RESOURCE_SERVER_AUTH_TOKEN": "x"},
}[os.environ.get("KNOX_CASE", "plain")]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_KNOX = {
    "plain": {"AUTO_REFRESH": True, "TOKEN_TTL": timedelta(hours=8), "AUTH_HEADER_PREFIX": "Knox", "TOKEN_LIMIT_PER_USER": 40, "SECURE_HASH_ALGORITHM": "hashlib.sha256"},
    "hash": {"SECURE_HASH_ALGORITHM": "notes.hashes.own"},
    "endless": {"AUTO_REFRESH": True, "TOKEN_TTL": None},
}[os.environ.get("KNOX_CASE", "plain")]
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


class Watched(Base):
    permission_classes = [HasWatchedKey]


class Parsed(Base):
    permission_classes = [ParsesItself]
"""
URLS = """\
from django.urls import path
from knox import views as knox_views
from notes import views
from rest_framework.authtoken.views import ObtainAuthToken

urlpatterns = [path(f"{v.__name__.lower()}/", v.as_view())
               for v in (views.Knox, views.Keys, views.Partners, views.Either, views.Watched, views.Parsed, views.Scoped,
                         views.Changed, views.Alternate, views.Asks, views.Freely, views.OwnLogin,
                         knox_views.LoginView, knox_views.LogoutView, knox_views.LogoutAllView, ObtainAuthToken)]
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
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=400)
    reasons = {r.route_id: r.reasons[0].construct for r in program.refused}
    assert set(reasons) == {"/watched/", "/parsed/", "/asks/"}
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
