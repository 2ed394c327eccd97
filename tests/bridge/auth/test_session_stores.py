"""Every store of sessions: random work on the same sessions, by Django alone and by Django and the bridge in turns, ends alike."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.child import Child

from segue_bridge import zone
from segue_bridge.auth.serializers import JSONSerializer, PickleSerializer
from segue_bridge.auth.session_cookie import finish
from segue_bridge.auth.session_settings import SessionSettings, decode, encode
from segue_bridge.auth.sessions import Session, SessionGone
from segue_bridge.auth.stores.cached import CachedDatabaseStore, CacheStore
from segue_bridge.auth.stores.cookies import CookieStore
from segue_bridge.auth.stores.database import DatabaseStore
from segue_bridge.auth.stores.files import FileStore
from segue_bridge.cache.files import FileCache
from segue_bridge.cache.values import NotPlain
from segue_bridge.db.database import Database
from segue_bridge.errors import Unserved
from segue_bridge.http.pages import SuspiciousOperation

SECRET, OLDER = "the key of these tests", "the key before it"
ENGINES = ("db", "cache", "cached_db", "file", "signed_cookies")
# What a browser sends that no store has given it.
FOREIGN = ("", "short", "x" * 32, "UPPERCASE" * 3, "../../../etc/passwd", "a/b/c/d/e/f", "no:such:session")
NAMES = st.sampled_from(["a", "b", "_auth_user_id"])
VALUES = st.none() | st.integers(-(2**40), 2**40) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.lists(st.booleans(), max_size=2)  # fmt: skip
EXPIRY = st.sampled_from([None, 0, 600, 40, -5, {"in": 900}, {"in": -900}, {"delta": 900}, {"delta": -900}])
HANDLE = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("open"), HANDLE, st.integers(0, 3) | st.sampled_from(FOREIGN) | st.none()),
    st.tuples(st.just("set"), HANDLE, NAMES, VALUES),
    st.tuples(st.sampled_from(["get", "del", "pop"]), HANDLE, NAMES),
    st.tuples(st.just("expiry"), HANDLE, EXPIRY),
    st.tuples(st.sampled_from(["save", "flush", "cycle", "clear", "age", "all", "facts"]), HANDLE),
    st.tuples(st.just("update"), HANDLE, st.dictionaries(NAMES, VALUES, max_size=2)),
    st.tuples(st.just("finish"), HANDLE, st.booleans(), st.sampled_from([200, 404, 500, 503])),
)
SETTINGS: Any = st.fixed_dictionaries(
    {},
    optional={
        "SESSION_SAVE_EVERY_REQUEST": st.booleans(),
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": st.booleans(),
        "SESSION_COOKIE_AGE": st.sampled_from([100, 1209600]),
        "SESSION_COOKIE_SECURE": st.booleans(),
        "SESSION_COOKIE_HTTPONLY": st.booleans(),
        "SESSION_COOKIE_SAMESITE": st.sampled_from(["Lax", "Strict", "None", False]),
        "SESSION_COOKIE_DOMAIN": st.sampled_from([None, ".example.org"]),
        "SESSION_COOKIE_PATH": st.sampled_from(["/", "/app"]),
    },
)


class Place:
    """Where sessions are kept: a database, a cache and a folder, which Django has in a child process and the bridge here."""

    def __init__(self, folder: Path, engine: str, serializer: str) -> None:
        self.folder, self.engine = folder, engine
        (folder / "files").mkdir()
        given = {
            "SECRET_KEY": SECRET, "SECRET_KEY_FALLBACKS": [OLDER],
            "SESSION_ENGINE": f"django.contrib.sessions.backends.{engine}",
            "SESSION_SERIALIZER": {
                "json": "django.contrib.sessions.serializers.JSONSerializer",
                "pickle": "sessions_child.PickleSerializer",
            }[serializer],
            "SESSION_FILE_PATH": str(folder / "files"), "SESSION_CACHE_ALIAS": "other",
            "CACHES": {
                "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
                "other": {
                    "BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(folder / "cache"),
                    "KEY_PREFIX": "s", "OPTIONS": {"MAX_ENTRIES": 100_000},
                },
            },
            "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db.sqlite3")}},
        }  # fmt: skip
        self.child = Child("sessions_child.py", given)
        self.serializer = PickleSerializer() if serializer == "pickle" else JSONSerializer()
        self.database = Database(f"sqlite+aiosqlite:///{folder / 'db.sqlite3'}")
        self.runner = asyncio.Runner()
        self.db = self.runner.run(self._session())

    async def _session(self) -> Any:
        return self.database.session()

    def store(self, given: SessionSettings) -> Any:
        cache = FileCache(str(self.folder / "cache"), prefix="s", most=100_000)
        return {
            "db": lambda: DatabaseStore(given),
            "cache": lambda: CacheStore(cache),
            "cached_db": lambda: CachedDatabaseStore(given, cache),
            "file": lambda: FileStore(given, str(self.folder / "files")),
            "signed_cookies": lambda: CookieStore(given),
        }[self.engine]()

    def close(self) -> None:
        async def end() -> None:
            await self.db.close()
            await self.database.close()

        self.runner.run(end())
        self.runner.close()
        self.child.close()


class Work:
    """One run of some steps: which sessions are held, and by whom. ``ours`` are the numbers of those that the bridge holds."""

    def __init__(self, place: Place, changed: dict[str, Any], ours: set[int]) -> None:
        self.place, self.ours = place, ours
        self.held: dict[int, Session | None] = {}
        self.sent: dict[int, str | None] = {}
        self.keys: list[str] = []
        names = {k: k.removeprefix("SESSION_").lower() for k in changed}
        given: dict[str, Any] = {names[k]: v for k, v in changed.items()}
        if "cookie_samesite" in given:
            given["cookie_samesite"] = (given["cookie_samesite"] or "").lower() or None
        self.settings = replace(SessionSettings(SECRET, (OLDER,), serializer=place.serializer), **given)
        place.child.ask(["begin", changed])

    def run(self, steps: list[Any]) -> list[Any]:
        return [self.step(*one) for one in steps]

    def step(self, name: str, number: int, *arguments: Any) -> Any:
        if name == "open":
            (key,) = arguments
            if isinstance(key, int):
                key = self.keys[key % len(self.keys)] if self.keys else None
            self.sent[number], self.held[number] = key, None
            arguments = (key,)
        elif number not in self.held:
            return None
        elif name == "finish":
            cookie, status = arguments
            arguments = ((self.sent[number] or "") if cookie else None, status)
        if number in self.ours:
            outcome = self.place.runner.run(self._here(name, number, *copy.deepcopy(arguments)))
        else:
            outcome = self.place.child.ask(["step", name, number, *arguments])
        if outcome in (["gone"], ["KeyError"], ["invalid"]):
            if outcome != ["KeyError"]:
                del self.held[number]  # its key is nobody's, and the request has ended with 400
            return outcome
        if name in ("save", "cycle"):
            self.step("facts", number)
        return self._told(name, outcome)

    def _told(self, name: str, outcome: Any) -> Any:
        """The outcome without what no two runs have in common: keys and seconds."""
        if name == "facts":
            key, *rest = outcome
            return [self._number(key), *rest]
        if name == "age":
            return [(outcome[0] + 30) // 60, outcome[1]]
        if name == "all" and isinstance(outcome.get("_session_expiry"), str):
            left = dt.datetime.fromisoformat(outcome["_session_expiry"]) - dt.datetime.now(dt.UTC)
            return outcome | {"_session_expiry": (left.total_seconds() + 30) // 60}
        if name == "finish" and outcome[0]:
            text, vary = outcome
            first, *rest = text.split("; ")
            found: dict[str, Any] = dict((*p.split("=", 1), "")[:2] for p in rest)
            if "expires" in found and found.get("Max-Age") != "0":
                left = dt.datetime.strptime(found["expires"], "%a, %d %b %Y %H:%M:%S GMT") - dt.datetime.now(
                    dt.UTC
                ).replace(tzinfo=None)
                found["expires"] = (left.total_seconds() + 30) // 60
            if "Max-Age" in found:
                found["Max-Age"] = (int(found["Max-Age"]) + 30) // 60
            cookie, _, key = first.partition("=")
            return [cookie, self._number(None if key == '""' else key), found, vary]
        return outcome

    def _number(self, key: str | None) -> Any:
        if key is None:
            return None
        if self.place.engine == "signed_cookies":
            # The key has the second in it: one session has many, and two may have the same.
            self.keys.append(key)
            return "a cookie"
        if key not in self.keys:
            self.keys.append(key)
        return self.keys.index(key)

    async def _here(self, name: str, number: int, *arguments: Any) -> Any:
        db = self.place.db
        if name == "open":
            self.held[number] = Session(self.settings, self.place.store(self.settings), arguments[0])
            return None
        session = self.held[number]
        assert session is not None
        if name in ("set", "get", "del", "pop", "expiry", "age", "all", "update"):
            await session.open(db)
            await session.settle(db)
        try:
            match name:
                case "facts":
                    return [session.key, session.accessed, session.modified, session.empty]
                case "all":
                    return dict(session)
                case "age":
                    return [session.expiry_age(), session.until_browser_closes]
                case "set":
                    session[arguments[0]] = arguments[1]
                case "del":
                    del session[arguments[0]]
                case "expiry":
                    session.set_expiry(_moment(arguments[0]))
                case "save":
                    await session.save(db)
                case "flush":
                    await session.flush(db)
                case "cycle":
                    await session.cycle_key(db)
                case "finish":
                    cookie, status = arguments
                    made = dict(await finish(session, db, had_cookie=cookie is not None, status=status))
                    return [made.get("set-cookie"), made.get("vary")]
                case _:
                    return getattr(session, name)(*arguments)
        except SessionGone:
            return ["gone"]
        except KeyError:
            return ["KeyError"]
        except SuspiciousOperation:
            return ["invalid"]
        return None


def _moment(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    delta = dt.timedelta(seconds=next(iter(value.values())))
    return zone.now() + delta if "in" in value else delta


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., tuple[Place, Place]]]:
    made: dict[tuple[str, str], tuple[Place, Place]] = {}

    def get(engine: str, serializer: str = "json") -> tuple[Place, Place]:
        key = (engine, serializer)
        if key not in made:
            made[key] = (
                Place(tmp_path_factory.mktemp("alone"), *key), Place(tmp_path_factory.mktemp("both"), *key)
            )  # fmt: skip
        return made[key]

    yield get
    for pair in made.values():
        for place in pair:
            place.close()


@pytest.mark.round_trip("sessions worked on by both sides at once", "both", "Django alone")
@pytest.mark.parametrize(
    ("engine", "serializer"),
    [*((e, "json") for e in ENGINES), ("db", "pickle"), ("signed_cookies", "pickle")],
)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(STEPS, min_size=4, max_size=24),
    changed=SETTINGS,
    ours=st.sets(HANDLE, min_size=1),
)
@example(
    steps=[("open", 0, "x" * 32), ("finish", 0, True, 200)],
    changed={"SESSION_SAVE_EVERY_REQUEST": True},
    ours={0, 1},
)
@example(
    steps=[("set", 0, "a", 1), ("save", 0), ("open", 1, 0), ("finish", 1, True, 200)],
    changed={"SESSION_SAVE_EVERY_REQUEST": True},
    ours={1},
)
@example(steps=[("open", 0, "x" * 32), ("save", 0)], changed={}, ours={0})
@example(steps=[("save", 0), ("open", 0, 0), ("save", 0), ("finish", 0, False, 200)], changed={}, ours={0})
@example(
    steps=[("open", 0, "UPPERCASE" * 3), ("flush", 0), ("facts", 0), ("finish", 0, True, 200)],
    changed={},
    ours={0},
)
@example(
    steps=[
        ("set", 0, "a", 1),
        ("save", 0),
        ("open", 1, 0),
        ("flush", 1),
        ("set", 0, "b", 1),
        ("finish", 0, True, 200),
    ],
    changed={},
    ours={0},
)
@example(
    steps=[("open", 1, "x" * 32), ("pop", 1, "a"), ("finish", 1, False, 200)],
    changed={},
    ours={1},
)
@example(
    steps=[("open", 1, "x" * 32), ("get", 1, "a"), ("pop", 1, "a"), ("finish", 1, False, 200)],
    changed={},
    ours={1},
)
@example(
    steps=[("set", 0, "a", 1), ("save", 0), ("open", 1, 0), ("update", 1, {}), ("facts", 1)],
    changed={},
    ours={1},
)
def test_both_sides_leave_what_django_alone_leaves(
    places: Any, engine: str, serializer: str, steps: list[Any], changed: dict[str, Any], ours: set[int]
) -> None:
    """Three browsers' worth of sessions, opened, changed and saved in any order: nothing that Django alone keeps is lost."""
    alone, both = places(engine, serializer)
    first = [("open", n, None) for n in range(3)]
    last = [("all", n) for n in range(3)]
    expected = Work(alone, changed, set()).run([*first, *steps, *last])
    assert Work(both, changed, ours).run([*first, *steps, *last]) == expected


def test_pickles_are_read_only_where_the_settings_say_so_and_run_nothing(places: Any, tmp_path: Path) -> None:
    """Django's child reads and runs any pickle; here other than plain classes leave the request to Django."""
    place, _ = places("db", "pickle")
    work = Work(place, {}, {0})

    class Evil:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "ran"), "w"))

    text = encode({"evil": Evil()}, work.settings)
    with pytest.raises(NotPlain):
        decode(text, work.settings)
    assert not (tmp_path / "ran").exists()
    assert decode(text, replace(work.settings, serializer=JSONSerializer())) == {}
    key = place.child.ask(["write", {"a": 1}, {"fraction": 3}])

    async def load() -> None:
        await Session(work.settings, place.store(work.settings), key).open(place.db)

    with pytest.raises(Unserved):
        place.runner.run(load())
