"""User models whose manager or methods decide who may log in: what they change is refused, or left to Django."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.emit import write
from segue.snapshot.model import Snapshot, Value
from segue.translate.program import translate

MODELS = """\
import os

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models

VARIANT = os.environ.get("VARIANT", "")


class People(UserManager):
    if VARIANT == "hidden":
        def get_queryset(self):
            return super().get_queryset().filter(gone=False)

    if VARIANT == "any-case":
        def get_by_natural_key(self, username):
            return self.get(username__iexact=username)

    def enrol(self, username, email="None@Example.ORG", *, last_name="", **more):
        if username.startswith("-"):
            raise ValueError("A name must be given.")
        more.setdefault("first_name", "New")
        person = self.model(username=username, email=self.normalize_email(email), last_name=last_name, **more)
        person.set_password(more.get("password"))
        person.save(using=self._db)
        return person


class Person(AbstractUser):
    gone = models.BooleanField(default=False)
    objects = People()

    if VARIANT == "own-check":
        def check_password(self, raw_password):
            return not self.gone and super().check_password(raw_password)

    if VARIANT == "own-hash":
        def get_session_auth_hash(self):
            return super().get_session_auth_hash() + str(self.gone)

    if VARIANT == "own-save":
        def save(self, *args, **kwargs):
            self.last_name = "saved"
            super().save(*args, **kwargs)
"""
VIEWS = """\
from rest_framework import authentication, generics, permissions, response, serializers, views

from notes.models import Person


class Base(views.APIView):
    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        return response.Response({"name": request.user.username})


class BySession(Base):
    authentication_classes = [authentication.SessionAuthentication]


class ByPassword(Base):
    authentication_classes = [authentication.BasicAuthentication]


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = Person
        fields = ["username", "email", "first_name", "last_name", "gone", "password"]
        extra_kwargs = {"password": {"write_only": True, "required": False}}

    def create(self, validated_data):
        if validated_data.pop("gone", False):
            validated_data["unknown"] = 1
        return Person.objects.enrol(**validated_data)


class Enrol(generics.CreateAPIView):
    authentication_classes = []
    permission_classes = []
    serializer_class = PersonSerializer
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [
    path("session/", views.BySession.as_view()),
    path("password/", views.ByPassword.as_view()),
    path("enrol/", views.Enrol.as_view()),
]
"""
OWN_SETTINGS = """\
import os

AUTH_USER_MODEL = "notes.Person"
SESSION_ENGINE = "django.contrib.sessions.backends." + os.environ.get("SESSIONS", "cached_db")
SESSION_CACHE_ALIAS = os.environ.get("SESSION_CACHE", "kept-here")
SESSION_FILE_PATH = os.environ.get("SESSION_FOLDER_OF_DJANGO")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "kept-here": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "kept", "KEY_PREFIX": "s",
    },
}
if os.environ.get("SAVED"):
    SESSION_SAVE_EVERY_REQUEST = True
    SESSION_COOKIE_AGE = 5000
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    ALLOWED_HOSTS = ["testserver"]
    INSTALLED_APPS.append("corsheaders")
    CORS_ALLOW_ALL_ORIGINS = True
    MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
        "corsheaders.middleware.CorsMiddleware", *MIDDLEWARE[:1], *MIDDLEWARE[2:],
    ]
"""
# The same requests to Django and to the service, each with the same rows before; what each answers and leaves.
SAVED = """\
import json, os, sys
sys.path.insert(0, sys.argv[1])
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL="sqlite:///db.sqlite3", SECRET_KEY="x", SAVED="1", SESSIONS="db")
import django
django.setup()
from datetime import timedelta
from http.cookies import SimpleCookie
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from fastapi.testclient import TestClient
from app.main import create_app
from notes.models import Person

there = Client()
there.force_login(Person.objects.create_user("saved", "saved@example.org", "secret"))
key = there.cookies["sessionid"].value
data = Session.objects.get(pk=key).session_data
OTHER = "x" * 32
BASIC = {"authorization": "Basic c2F2ZWQ6c2VjcmV0"}
PREFLIGHT = {"origin": "https://a.test", "access-control-request-method": "GET"}
ASKED = [
    ("get", "/session/", key, {}), ("get", "/password/", key, {}), ("get", "/password/", key, BASIC), ("get", "/password/", "", BASIC),
    ("get", "/password/", OTHER, BASIC), ("get", "/password/", "short", BASIC), ("get", "/session/", OTHER, {}), ("put", "/password/", key, BASIC),
    ("post", "/enrol/", key, {}), ("get", "/nothing/", key, {}), ("get", "/password", key, {}), ("get", "/password", "", {}),
    ("get", "/password/", key, {"host": "evil.test"}), ("get", "/nothing/", key, {"host": "evil.test"}), ("head", "/password/", key, BASIC),
    ("options", "/password/", "", PREFLIGHT), ("options", "/password/", key, PREFLIGHT), ("get", "/nothing/", OTHER, {}),
    ("get", "/password/", key, {"accept": "text/csv", **BASIC}),
]

def cookie_of(header):
    (name, morsel), = SimpleCookie(header).items()
    return [name, "known" if morsel.value == key else len(morsel.value), {k: v for k, v in morsel.items() if v and k != "expires"}]

def django_says(method, path, headers, body):
    extra = {"HTTP_" + k.upper().replace("-", "_"): v for k, v in headers.items()}
    found = getattr(Client(), method)(path, **({"data": "{}", "content_type": "application/json"} if body else {}), **extra)
    return found.status_code, [c.OutputString() for c in found.cookies.values()], found.headers.get("Vary", "")

def the_service_says(method, path, headers, body):
    found = ours.request(method, path, headers=headers, **({"json": {}} if body else {}))
    ours.cookies.clear()
    return found.status_code, found.headers.get_list("set-cookie"), found.headers.get("vary", ""), found.headers.get("x-segue-unserved")

def told(side, method, path, cookie, headers):
    Session.objects.all().delete()
    now = timezone.now()
    Session.objects.create(pk=key, session_data=data, expire_date=now + timedelta(seconds=900))
    given = {**headers, **({"cookie": "sessionid=" + cookie} if cookie else {})}
    status, cookies, vary, *left = side(method, path, given, method == "post")
    if any(left):
        return "left to Django"
    rows = [[s.pk == key, (s.expire_date - now).total_seconds() // 100, sorted(s.get_decoded())] for s in Session.objects.all()]
    return [status, sorted(map(cookie_of, cookies)), sorted(part.strip() for part in vary.split(",")), sorted(rows)]

with TestClient(create_app(), follow_redirects=False) as ours:
    for asked in ASKED:
        print(json.dumps([asked, told(django_says, *asked), told(the_service_says, *asked)]))
"""
FILES = {
    "site_/settings.py": SETTINGS + OWN_SETTINGS,
    "site_/urls.py": URLS,
    "notes/models.py": MODELS,
    "notes/views.py": VIEWS,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.make(tmp_path_factory.mktemp("users"), FILES)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


@pytest.mark.parametrize(
    ("variant", "refused"),
    [
        ("", {}),
        ("hidden", {"/session/": "user-manager", "/password/": "user-manager", "/enrol/": "unique-queryset"}),
        ("any-case", {"/password/": "user-manager"}),
        ("own-check", {"/password/": "user-model"}),
        ("own-hash", {"/session/": "user-model"}),
        ("own-save", {}),
    ],
)
def test_what_decides_who_may_log_in(site: Site, variant: str, refused: dict[str, str]) -> None:
    program = translate(site.snapshot(VARIANT=variant))
    assert {r.route_id: r.reasons[0].code for r in program.refused} == refused
    assert all(r.reasons[0].line for r in program.refused)
    text = "\n".join(d.code for d in program.modules["app/access.py"].decls.values()) if not refused else ""
    assert ("upgrade=False" in text) == (variant == "own-save")


BACKENDS = "django.contrib.sessions.backends."
STORES = {
    "db": "DatabaseStore(SESSION_SETTINGS)",
    "cache": "CacheStore(KEPT_HERE_CACHE)",
    "cached_db": "CachedDatabaseStore(SESSION_SETTINGS, KEPT_HERE_CACHE)",
    "file": "FileStore(SESSION_SETTINGS)",
    "signed_cookies": "CookieStore(SESSION_SETTINGS)",
}


@pytest.mark.parametrize(
    ("changed", "store"),
    [
        *(({"ENGINE": BACKENDS + engine}, store) for engine, store in STORES.items()),
        (
            {"ENGINE": f"{BACKENDS}file", "FILE_PATH": "/tmp"},
            "FileStore(SESSION_SETTINGS, settings.session_folder)",
        ),
        ({"ENGINE": f"{BACKENDS}cache", "CACHE_ALIAS": "default"}, "cache-local"),
        ({"ENGINE": f"{BACKENDS}cache", "CACHE_ALIAS": "nowhere"}, "cache-backend"),
        ({"ENGINE": "notes.own_sessions"}, "session-engine"),
        ({"ENGINE": f"{BACKENDS}db", "SERIALIZER": "notes.models.JSONSerializer"}, "session-serializer"),
    ],
    ids=str,
)
def test_sessions_are_kept_where_django_keeps_them(
    snapshot: Snapshot, changed: dict[str, str], store: str
) -> None:
    values = snapshot.settings.values | {f"SESSION_{k}": Value("const", v) for k, v in changed.items()}
    program = translate(replace(snapshot, settings=replace(snapshot.settings, values=values)))
    refused = {r.route_id: r.reasons[0].code for r in program.refused}
    if "(" not in store:
        assert refused == {"/session/": store}
        return
    assert refused == {}
    assert f"Sessions(SESSION_SETTINGS, {store}, " in program.modules["app/access.py"].decls["SESSIONS"].code
    if "KEPT_HERE_CACHE" in store:
        cache = program.modules["app/cache.py"].decls["KEPT_HERE_CACHE"].code
        assert cache == "KEPT_HERE_CACHE = FileCache(settings.kept_here_cache_folder, prefix='s')"


REDIS = "DjangoRedisCache(settings.kept_here_cache_url"
OF_PACKAGE: list[tuple[dict[str, object], str]] = [
    ({}, f"{REDIS})"),
    ({"the setting": True}, f"{REDIS}, ignore_errors=True)"),
    ({"the setting": True, "IGNORE_EXCEPTIONS": False}, f"{REDIS})"),
    ({"CLIENT_CLASS": "django_redis.client.DefaultClient", "IGNORE_EXCEPTIONS": True}, f"{REDIS}, ignore_errors=True)"),
    ({"SERIALIZER": "django_redis.serializers.json.JSONSerializer"}, f"{REDIS}, as_json=True)"),
    ({"COMPRESSOR": "django_redis.compressors.lzma.LzmaCompressor"}, f"{REDIS}, compressor='lzma')"),
    ({"SOCKET_TIMEOUT": 2, "CONNECTION_POOL_KWARGS": {"max_connections": 9}}, f"{REDIS}, timeouts=(None, 2))"),
    ({"DB": 0, "MAX_ENTRIES": 9, "CULL_FREQUENCY": 2}, f"{REDIS})"),
    ({"DB": "0"}, "cache-backend"),
    ({"COMPRESSOR": "django_redis.compressors.zstd.ZStdCompressor"}, "cache-backend"),
    ({"SERIALIZER": "django_redis.serializers.msgpack.MSGPackSerializer"}, "cache-backend"),
    ({"CLIENT_CLASS": "django_redis.client.ShardClient"}, "cache-backend"),
    ({"CONNECTION_POOL_KWARGS": {"decode_responses": True}}, "cache-backend"),
    ({"PASSWORD": "x"}, "cache-backend"),
    ({"REPLICA_READ_ONLY": False}, "cache-backend"),
]  # fmt: skip


def value_of(given: object) -> Value:
    if isinstance(given, dict):
        return Value("dict", pairs=tuple((value_of(k), value_of(v)) for k, v in given.items()))
    return Value("const", given)  # type: ignore[arg-type]


@pytest.mark.parametrize(("options", "made"), OF_PACKAGE, ids=str)
def test_options_of_django_redis(snapshot: Snapshot, options: dict[str, object], made: str) -> None:
    options = dict(options)
    setting = options.pop("the setting", False)
    given = {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://localhost/1",
        "OPTIONS": options,
    }
    changed = {
        "CACHES": value_of({"kept-here": given}),
        "SESSION_ENGINE": Value("const", f"{BACKENDS}cache"),
        "DJANGO_REDIS_IGNORE_EXCEPTIONS": value_of(setting),
    }
    values = snapshot.settings.values | changed
    program = translate(replace(snapshot, settings=replace(snapshot.settings, values=values)))
    refused = {r.route_id: r.reasons[0].code for r in program.refused}
    assert refused == ({} if "(" in made else {"/session/": made})
    if not refused:
        assert program.modules["app/cache.py"].decls["KEPT_HERE_CACHE"].code == f"KEPT_HERE_CACHE = {made}"


def test_a_session_is_saved_with_every_answer_with_which_django_saves_it(site: Site, tmp_path: Path) -> None:
    program = translate(site.snapshot(SAVED="1", SESSIONS="db"))
    assert not program.refused
    write(program, tmp_path / "fastapi")
    main = tmp_path / "fastapi" / "app" / "main.py"
    main.write_text(main.read_text().replace("install(app,", "install(app, hosts=('testserver',),"))
    told = [json.loads(line) for line in site.run("-c", SAVED, str(tmp_path / "fastapi"))]
    assert {django[0] for _, django, _ in told} == {200, 301, 400, 401, 403, 404, 405, 406}
    left = [asked for asked, django, ours in told if ours != django]
    assert left == [asked for asked, *_ in told if asked[0] == "options" and asked[2]]
    assert all(ours == "left to Django" for asked, _, ours in told if asked in left)
    # Nothing of it is so where sessions are saved when they are changed.
    assert sum(django[1] != [] for _, django, _ in told) > 10


def test_both_sides_let_the_same_people_in(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    _, report = site.explore(snapshot, tmp_path / "fastapi", cases=260, seconds=20)
    assert differences(report) == []
    answers = {o.key: o.statuses for o in report.operations}
    assert answers["POST /enrol/"].get("201"), answers
    assert answers["POST /enrol/"].get("500"), answers
    assert all(s.get("200") for key, s in answers.items() if key != "POST /enrol/")
