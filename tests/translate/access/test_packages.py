"""Knox tokens, OAuth2 tokens and API keys on both sides: one project that asks for all, and what is refused of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.translate.program import translate

MORE = """
import os
from datetime import timedelta

INSTALLED_APPS += ["knox", "rest_framework_api_key", "oauth2_provider"]
OAUTH2_PROVIDER = {
    "plain": {"READ_SCOPE": "r", "SCOPES": {"r": "Read", "write": "Write"}},
    "hash": {"OAUTH2_VALIDATOR_CLASS": "notes.hashes.Validator"},
    "endless": {"RESOURCE_SERVER_INTROSPECTION_URL": "http://elsewhere/", "RESOURCE_SERVER_AUTH_TOKEN": "x"},
}[os.environ.get("KNOX_CASE", "plain")]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_KNOX = {
    "plain": {"AUTO_REFRESH": True, "TOKEN_TTL": timedelta(hours=8), "AUTH_HEADER_PREFIX": "Knox", "SECURE_HASH_ALGORITHM": "hashlib.sha256"},
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
from knox.auth import TokenAuthentication
from oauth2_provider.contrib.rest_framework import (
    IsAuthenticatedOrTokenHasScope, OAuth2Authentication, TokenHasReadWriteScope, TokenHasResourceScope, TokenHasScope,
    TokenMatchesOASRequirements,
)
from rest_framework import generics, permissions, serializers
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


class Somehow(Of, generics.ListAPIView):
    permission_classes = [IsAuthenticatedOrTokenHasScope]
    authentication_classes = [TokenAuthentication, OAuth2Authentication]
    required_scopes = ["r"]


class Alternate(Of, generics.CreateAPIView):
    permission_classes = [TokenMatchesOASRequirements]
    authentication_classes = [OAuth2Authentication]
    required_alternate_scopes = {"GET": [["r"]], "POST": [["notes", "write"], ["all"]]}


class OwnScopes(TokenHasScope):
    def get_scopes(self, request, view):
        return ["r"] if request.query_params.get("easy") else ["write"]


class Asks(Base):
    permission_classes = [OwnScopes]
    authentication_classes = [OAuth2Authentication]


class Watched(Base):
    permission_classes = [HasWatchedKey]


class Parsed(Base):
    permission_classes = [ParsesItself]
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [path(f"{v.__name__.lower()}/", v.as_view())
               for v in (views.Knox, views.Keys, views.Partners, views.Either, views.Watched, views.Parsed, views.Scoped,
                         views.Changed, views.Somehow, views.Alternate, views.Asks)]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/settings.py": SETTINGS + MORE, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "notes/hashes.py": HASHES,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("keys"), files)


def test_tokens_and_keys_mean_the_same_on_both_sides(site: Site, tmp_path: Path) -> None:
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=400)
    reasons = {r.route_id: r.reasons[0].construct for r in program.refused}
    assert set(reasons) == {"/watched/", "/parsed/", "/asks/"}
    assert reasons["/asks/"] == "notes.views.OwnScopes.get_scopes"
    assert differences(report) == []
    for operation in report.operations:
        assert {"200", "201"} & set(operation.statuses), operation.key
        assert {"401", "403"} & set(operation.statuses), operation.key
    access = (tmp_path / "fastapi" / "app" / "access.py").read_text()
    assert 'KnoxSettings(algorithm="sha256", ttl=28800, auto_refresh=True, keyword="Knox")' in access
    assert "API_KEYS = ApiKeys(passwords=PASSWORDS)" in access
    assert "OAUTH2 = OAuth2(IDENTITY)" in access
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
    assert reasons["/scoped/"] == reasons["/alternate/"] == oauth2
    assert reasons["/watched/"] == "notes.WatchedKey"
    assert reasons["/parsed/"] == "notes.views.ParsesItself.key_parser"
