"""Content that is made to hurt: pickles, keys of caches, what is too long."""

from __future__ import annotations

import asyncio
import datetime
import io
import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymemcache import MemcacheIllegalInputError

from segue_bridge.auth import serializers, signing
from segue_bridge.cache import values
from segue_bridge.cache.files import FileCache
from segue_bridge.cache.memcached import InvalidCacheKey, MemcachedCache


class Runs:
    """Its pickle runs something as it is read."""

    def __init__(self, function: Callable[..., Any], *given: Any) -> None:
        self.call = function, given

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def made(name: str, marker: Path) -> bytes:
    """A pickle that writes ``marker`` where it can."""
    text = f"open({str(marker)!r}, 'w').close()"
    if name == "exec":
        return pickle.dumps(Runs(exec, text))
    if name == "process":
        return pickle.dumps(Runs(subprocess.check_call, [sys.executable, "-c", text]))
    if name == "in a list":
        return pickle.dumps({"a": [1, Runs(exec, text)]})
    if name == "state":
        return pickle.dumps(Runs(exec, text), protocol=0)
    if name == "getattr":  # what the pickle of a ZoneInfo needs, asked for something else
        return b"cbuiltins\ngetattr\n(cdatetime\ndatetime\nS'__class__'\ntR."
    if name == "getattr of a zone":
        return b"cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\nS'__subclasses__'\ntR."
    if name == "dotted":
        return b"\x80\x04\x8c\x08datetime\x8c\x17datetime.today.__self__\x93."
    return b"cposix\nsystem\n(S'true'\ntR."


NAMES = ["exec", "process", "in a list", "state", "getattr", "getattr of a zone", "dotted", "posix"]


@pytest.mark.parametrize("name", NAMES)
def test_a_pickle_runs_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "ran"
    content = made(name, marker)
    with pytest.raises(values.NotPlain):
        values.loads(content)
    with pytest.raises(values.NotPlain):
        serializers.PickleSerializer().loads(content)
    assert not marker.exists()
    # The defence is the list of classes: without it the pickle does what it was made for.
    monkeypatch.setattr(values, "_Unpickler", pickle.Unpickler)
    values.loads(content)
    assert marker.exists() == (name in ("exec", "process", "in a list", "state"))


def test_pickles_are_not_read_unless_the_settings_say_so() -> None:
    signed = signing.dumps({"a": 1}, "key", serializer=serializers.PickleSerializer())
    with pytest.raises(ValueError, match=r"codec|Expecting|JSON|decode"):
        signing.loads(signed, "key")
    assert signing.loads(signed, "key", serializer=serializers.PickleSerializer()) == {"a": 1}


@pytest.mark.parametrize("name", ["bytearray", "list of a range"])
def test_a_short_pickle_makes_nothing_huge(name: str) -> None:
    """``bytearray(10**9)`` is 30 bytes as a pickle."""
    content = {
        "bytearray": b"cbuiltins\nbytearray\n(I1000000000\ntR.",
        "list of a range": pickle.dumps(Runs(list, range(10**8))),
    }[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(values.NotPlain):
        values.loads(content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
    assert values.loads(pickle.dumps(bytearray(b"abc"))) == bytearray(b"abc")


def test_broken_pickles_are_broken_sessions() -> None:
    good = pickle.dumps({"a": [1, datetime.date(2026, 1, 1)]})
    for end in range(len(good)):
        with pytest.raises((ValueError, values.NotPlain)):
            serializers.PickleSerializer().loads(good[:end])


KEYS = ["a b", "a\r\nset x 0 0 1\r\n1\r\n", "a\nb", "a\0b", "a\tb", "a\x7fb", "k" * 251]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_a_key_adds_no_command(key: str) -> None:
    """Django's own word for each is in tests/bridge/cache; here that nothing is sent at all."""

    class Client:
        def __getattr__(self, name: str) -> Any:
            def sent(*given: Any) -> None:
                raise AssertionError(f"{name} was sent")

            return sent

    class Unreached(MemcachedCache):
        @property
        def _client(self) -> Any:
            return Client()

    cache = Unreached("127.0.0.1:1")

    async def all_ways() -> None:
        for way in (
            lambda: cache.get(key), lambda: cache.set(key, 1), lambda: cache.add(key, 1), lambda: cache.touch(key),
            lambda: cache.delete(key), lambda: cache.has_key(key), lambda: cache.incr(key),
            lambda: cache.get_many([key]), lambda: cache.set_many({key: 1}), lambda: cache.delete_many([key]),
            lambda: cache.get_or_set(key, 1),
        ):  # fmt: skip
            with pytest.raises(InvalidCacheKey):
                await way()

    asyncio.run(all_ways())


def test_a_key_of_too_many_bytes_is_refused_by_the_client_of_both_sides() -> None:
    """Django's rule counts letters: 200 of them pass, in 400 bytes."""
    with pytest.raises(MemcacheIllegalInputError):
        asyncio.run(MemcachedCache("127.0.0.1:1").get("é" * 200))


@pytest.mark.parametrize("key", ["../../outside", "/etc/passwd", "a\0b", "k" * 5000, "..", "con", "é\n"])
def test_a_key_leaves_the_folder_of_the_cache_alone(key: str, tmp_path: Path) -> None:
    cache = FileCache(str(tmp_path / "cache"))

    async def kept() -> Any:
        await cache.set(key, 1)
        return await cache.get(key)

    assert asyncio.run(kept()) == 1
    assert {p.parent for p in tmp_path.rglob("*") if p.is_file()} == {tmp_path / "cache"}


def test_the_reader_of_values_is_the_one_that_is_tested() -> None:
    assert values.load(io.BytesIO(pickle.dumps({"a": 1}))) == {"a": 1}
