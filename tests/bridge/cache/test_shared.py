"""What one side keeps in a cache the other finds: Django's backends and the bridge's over one folder, one server."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django_redis.exceptions import CompressorError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.cache.places import OTHER_PLACES, PLACES, Django, redis, run

from segue_bridge.cache.base import DEFAULT, Cache
from segue_bridge.cache.compressors import COMPRESSORS
from segue_bridge.cache.database import DatabaseCache
from segue_bridge.cache.files import FileCache
from segue_bridge.cache.values import NotPlain

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


# What JSON makes other values of, or cannot hold: written and read.
STRANGE: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = tuple(
    call
    for value in (
        1.5, float("inf"), True, False, None, "12", "é\n", "x" * 100, [1, (2, None)], {1: "a", "b": {"c": []}}, Decimal("1.50"), UUID(int=5), b"\0",
        {1, 2}, datetime.date(2024, 2, 29), datetime.time(1, 2, 3, 4567), datetime.timedelta(days=-1, seconds=2.5), 2**70, [2**70] * 9, (),
        datetime.datetime(2024, 2, 29, 12, 30, 1, 5678, tzinfo=datetime.UTC), datetime.time(1, 2, tzinfo=datetime.UTC),
    )
    for call in (("set", ("s", value), {}), ("get", ("s",), {}), ("incr", ("s",), {}), ("get", ("s",), {}), ("delete", ("s",), {}))
)  # fmt: skip


def outcome(cache: Cache, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    given = {"seconds" if k == "timeout" else k: v for k, v in kwargs.items()}
    try:
        return ("value", run(getattr(cache, method)(*args, **given)))
    except Exception as error:  # noqa: BLE001 - compared with Django's
        return ("error", type(error).__name__, str(error))


@pytest.mark.parametrize("name", PLACES)
def test_what_one_side_keeps_the_other_finds(place: Any, name: str) -> None:
    backend, django, cache, _ = place(name)
    names: dict[str, Any] = {}
    exec("import datetime, decimal, uuid, zoneinfo\nfrom collections import OrderedDict", names)
    nothing = "('value', None)"
    for number, text in enumerate(VALUES):
        value = eval(text, names)
        django("set", f"('from-django-{number}', {text})")
        run(cache.set(f"from-bridge-{number}", value))
        found = run(cache.get(f"from-django-{number}"))
        read = django("get", f"('from-bridge-{number}',)")
        if backend == "dummy":
            assert found is None
            assert read == nothing
            continue
        assert found == value
        assert type(found) is type(value)
        assert read == repr(("value", value))
        # Each side forgets what the other has kept.
        assert django("delete", f"('from-bridge-{number}',)") == "('value', True)"
        assert run(cache.delete(f"from-django-{number}"))
        assert django("get", f"('from-django-{number}',)") == nothing


@pytest.mark.parametrize("name", [*PLACES, *OTHER_PLACES])
def test_calls_end_alike(place: Any, name: str) -> None:
    _, one, cache, alone = place(name)
    one("clear", "()")
    alone("clear", "()")
    for method, args, kwargs in [*CALLS, *(STRANGE if name == "django-redis, json" else ())]:
        expected = alone(method, repr(args), repr(kwargs))
        found = repr(outcome(cache, method, args, kwargs)).replace("p:é", alone_prefix(name))
        if "ConnectionError" in found:  # each client has its own words for it
            found, expected = found.partition("Error")[0], expected.partition("Error")[0]
        assert found == expected, (method, args, kwargs)


def alone_prefix(name: str) -> str:
    return "q:é" if name == "memcached" else "p:é"


# Django's FileBasedCache.touch unlocks a file that it has closed, where the value has expired.
CLOSED_FILE = "('error', 'ValueError', 'I/O operation on closed file')"
KEYS = st.sampled_from(["a", "b", "é", 5])
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.binary(max_size=5) | st.decimals(allow_nan=False) | st.uuids() | st.dates() | st.datetimes(timezones=st.just(datetime.UTC)) | st.timedeltas(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=4,
)  # fmt: skip
LASTING = st.sampled_from(
    [{}, {"timeout": None}, {"timeout": 100}, {"timeout": 3_000_000}, {"timeout": 0}, {"timeout": -5}]
)
NONE: Any = st.just({})
STEPS = st.one_of(
    st.tuples(st.sampled_from(["set", "add", "get_or_set"]), st.tuples(KEYS, PLAIN), LASTING),
    st.tuples(st.just("touch"), st.tuples(KEYS), LASTING),
    st.tuples(st.sampled_from(["get", "delete", "has_key"]), st.tuples(KEYS), NONE),
    st.tuples(st.sampled_from(["incr", "decr"]), st.tuples(KEYS, st.integers(-5, 10**6)), NONE),
    st.tuples(st.just("set"), st.tuples(KEYS, st.integers(-3, 10**6)), LASTING),
    st.tuples(st.just("set_many"), st.tuples(st.dictionaries(KEYS, PLAIN, max_size=3)), LASTING),
    st.tuples(st.sampled_from(["get_many", "delete_many"]), st.tuples(st.lists(KEYS, max_size=3, unique=True)), NONE),
    st.tuples(st.just("clear"), st.just(()), NONE),
)  # fmt: skip


@pytest.mark.round_trip("one cache used by both sides", "both", "Django alone")
@pytest.mark.parametrize("name", [p for p in (*PLACES, "django-redis, json") if p != "dummy"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEPS, st.booleans()), min_size=3, max_size=16))
def test_both_sides_find_what_django_alone_finds(place: Any, name: str, steps: list[Any]) -> None:
    _, one, cache, alone = place(name)
    one("clear", "()")
    alone("clear", "()")
    ends = [("get_many", (["a", "b", "é", 5],), {})]
    for (method, args, kwargs), ours in [*steps, *((end, side) for end in ends for side in (True, False))]:
        expected = alone(method, repr(args), repr(kwargs))
        found = repr(outcome(cache, method, args, kwargs)) if ours else one(method, repr(args), repr(kwargs))
        if ours and expected == CLOSED_FILE:
            expected = "('value', False)"
        if method == "get_many" and name == "postgresql":
            found, expected = in_order(found), in_order(expected)
        assert found.replace("p:é", alone_prefix(name)) == expected, (method, args, kwargs)


@pytest.mark.parametrize("name", ["zlib", "gzip", "lzma"])
@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=200) | st.binary(min_size=1, max_size=9).map(lambda part: part * 40))
def test_each_side_unpacks_what_the_other_has_packed(name: str, content: bytes) -> None:
    theirs = import_module(f"django_redis.compressors.{name}")
    made, ours = getattr(theirs, f"{name.title()}Compressor")({}), COMPRESSORS[name]

    def unpacked(text: bytes) -> bytes:  # DefaultClient.decode
        try:
            found: bytes = made.decompress(text)
        except CompressorError:
            return text
        return found

    def verdict(unpack: Callable[[bytes], bytes], text: bytes) -> tuple[str, object]:
        try:
            return "gives", unpack(text)
        except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
            return "raises", type(error)

    assert verdict(unpacked, content) == verdict(ours.unpacked, content)
    for text in (made.compress(content), ours.packed(content)):
        assert verdict(unpacked, text) == verdict(ours.unpacked, text)
    assert (made.compress(content) == content) == (ours.packed(content) == content)
    assert unpacked(ours.packed(content)) == content or len(content) <= ours.least


def in_order(text: str) -> str:
    """PostgreSQL gives rows in any order, to either side."""
    names = {"datetime": datetime, "Decimal": Decimal, "UUID": UUID, "inf": float("inf")}
    what, value = eval(text, names)
    return repr((what, sorted(value.items(), key=repr)))


def test_timeouts_are_the_same(server: str) -> None:
    from redis import Redis

    made = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": server,
        "TIMEOUT": 77,
        "OPTIONS": {"db": 4},
    }
    django, cache, client = (
        Django({"CACHES": {"default": made}}),
        redis(server, timeout=77, db=4),
        Redis.from_url(server, db=4),
    )
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


PATTERNS = (
    "a*", "*", "a?", "[ab]1", "[^a]1", "[a-c]?", "[c-a]?", "\\*", "x[", "x]", "*[*", "a\\", "[", "[^]", "[]", "?:é", "", "\\[ab]", "[a\\]]1", "b*1*",
)  # fmt: skip
NAMED = ("a", "a1", "a2", "b1", "c1", "c2", "*", "x[", "x]", "a\\", "]1", "é:é", "b*1", "b21", "[ab]")


def test_patterns_forget_the_same(place: Any) -> None:
    """Each pattern on the same keys: django-redis, the bridge, and what stands for either where both sides are verified in one process."""
    from segue.verify.joined.redis_glob import matcher, pattern

    _, one, cache, alone = place("django-redis")
    forgotten = 0
    for text in PATTERNS:
        left = []
        for forget in (
            lambda t: run(cache.delete_pattern(t)),
            lambda t: eval(alone("delete_pattern", repr((t,))))[1],
        ):
            for side in (one, alone):
                side("clear", "()")
                side("set_many", f"({dict.fromkeys(NAMED, 1)!r},)")
            count = forget(text)
            side = one if not left else alone
            left.append((count, sorted(eval(side("get_many", repr((NAMED,))))[1])))
        assert left[0] == left[1], text
        glob = matcher(pattern(text, "p:é", 3))
        assert [n for n in sorted(NAMED) if not glob(f"p:é:3:{n}")] == left[0][1], text
        forgotten += left[0][0]
    assert forgotten > len(NAMED)
    one("set", "('a1', 1)")
    assert run(cache.delete_pattern("a1", prefix="other")) == 0
    assert run(cache.delete_pattern("a1", prefix="p:é")) == 1


def test_files_expire_and_make_room(tmp_path: Path) -> None:
    given = {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path / "kept"),
        "OPTIONS": {"MAX_ENTRIES": 4, "CULL_FREQUENCY": 2},
    }  # fmt: skip
    django, cache = Django({"CACHES": {"default": given}}), FileCache(str(tmp_path / "kept"), most=4, share=2)
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
    given = {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path)}
    django, cache = Django({"CACHES": {"default": given}}), FileCache(str(tmp_path))
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


@pytest.mark.parametrize("share", [0, 3])
@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_tables_make_room(place: Any, vendor: str, share: int) -> None:
    """Django culls before it writes: with the same entries there, each side leaves as many."""
    _, one, cache, _ = place(vendor)
    one("limit", repr((4, share)))
    cache._most, cache._share = 4, share
    left: list[list[str]] = []
    for write in (lambda n: one("set", repr((n, n))), lambda n: run(cache.set(n, n))):
        one("clear", "()")
        one("set", "('over', 1, -5)")
        left.append([])
        for number in range(9):
            write(number)
            left[-1].append(one("rows", "()"))
    one("limit", repr((300, 3)))
    cache._most, cache._share = 300, 3
    assert left[0] == left[1]
    assert left[0][4] != left[0][5]


def test_memcached_refuses_keys_that_django_refuses(place: Any) -> None:
    _, one, cache, _ = place("memcached")
    for key in ("a b", "a" * 300, "a\x7f", "\n"):
        found, expected = outcome(cache, "get", (key,), {}), eval(one("get", repr((key,))))
        assert found[:2] == expected[:2] == ("error", "InvalidCacheKey")


def test_a_table_needs_the_session_of_a_request() -> None:
    with pytest.raises(RuntimeError, match=r"on\(db\)"):
        run(DatabaseCache("kept").get("a"))
