"""Sessions: what Django writes and the bridge writes, each read by the other, in every time zone setting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.child import Child

from segue_bridge import zone
from segue_bridge.auth.backend import Authentication, SessionAuthentication, Sessions, auth_hash, session_user
from segue_bridge.auth.session_settings import SessionSettings, decode, encode
from segue_bridge.auth.sessions import Session
from segue_bridge.auth.stores.cookies import CookieStore
from segue_bridge.auth.stores.database import DatabaseStore
from segue_bridge.db.database import Database
from segue_bridge.errors import Unserved
from segue_bridge.http import handlers
from segue_bridge.http.call import Call
from segue_bridge.http.resource import Resource
from segue_bridge.http.router import Router

SECRET, OLDER = "the key of these tests", "the key before it"
ENGINES = {"db": DatabaseStore, "signed_cookies": CookieStore}
ZONES = [("UTC", True), ("America/Chicago", True), ("America/Chicago", False), ("Asia/Tokyo", False)]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DATA = st.dictionaries(
    TEXT.filter(lambda k: not k.startswith("_")),
    st.recursive(st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT, lambda i: st.lists(i, max_size=3), max_leaves=4),
    max_size=4,
)  # fmt: skip
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Side:
    """Django in a child process, and the bridge's settings for the same project."""

    def __init__(self, database: Path, engine: str, name: str, use_tz: bool) -> None:
        self.url = f"sqlite+aiosqlite:///{database}"
        self.zone, self.use_tz = name, use_tz
        self.settings = SessionSettings(secret=SECRET, fallbacks=(OLDER,))
        self.store = ENGINES[engine](self.settings)
        given = {
            "SECRET_KEY": SECRET, "SECRET_KEY_FALLBACKS": [OLDER], "TIME_ZONE": name, "USE_TZ": use_tz,
            "SESSION_ENGINE": f"django.contrib.sessions.backends.{engine}",
            "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        }  # fmt: skip
        self.child = Child("sessions_child.py", given)

    def ask(self, command: str, *arguments: Any) -> Any:
        """One command of the child."""
        return self.child.ask([command, *arguments])

    @asynccontextmanager
    async def session(self, key: str | None) -> AsyncIterator[tuple[Session, Any]]:
        """The bridge's session of ``key``, and a database."""
        zone.configure(self.zone, use_tz=self.use_tz)
        database = Database(self.url)
        db = database.session()
        try:
            yield Session(self.settings, self.store, key), db
        finally:
            await db.close()
            await database.close()
            zone.configure("UTC")

    def close(self) -> None:
        """End the child."""
        self.child.close()


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Side]]:
    known: dict[tuple[str, str, bool], Side] = {}

    def make(engine: str = "db", name: str = "UTC", use_tz: bool = True) -> Side:
        key = (engine, name, use_tz)
        if key not in known:
            known[key] = Side(tmp_path_factory.mktemp("sessions") / "db.sqlite3", *key)
        return known[key]

    yield make
    for one in known.values():
        one.close()


async def load(side: Side, key: str | None) -> tuple[dict[str, Any], str | None, int, bool]:
    async with side.session(key) as (session, db):
        await session.open(db)
        return dict(session), session.key, session.expiry_age(), session.until_browser_closes


@pytest.mark.parametrize(("name", "use_tz"), ZONES)
@pytest.mark.parametrize("expiry", [None, 0, 600, 1, -5, [900], [-900], [20000], [-20000]], ids=str)
def test_expiry_is_the_same_on_both_sides(side: Any, name: str, use_tz: bool, expiry: Any) -> None:
    """Half an hour and an hour's offset must not be mixed up: a dead session stays dead, a live one lives."""
    there = side("db", name, use_tz)
    key = there.ask("write", {"a": 1}, expiry)
    expected = there.ask("read", key)
    data, found, age, browser = asyncio.run(load(there, key))
    assert (data, found) == (expected["data"], expected["key"])
    if found:
        assert abs(age - expected["age"]) <= 2
        assert browser == expected["browser"]


@pytest.mark.parametrize(("name", "use_tz"), ZONES)
@pytest.mark.parametrize("seconds", [None, 0, 1500, -30])
def test_django_reads_what_the_bridge_saved(side: Any, name: str, use_tz: bool, seconds: int | None) -> None:
    there = side("db", name, use_tz)

    async def save() -> str:
        async with there.session(None) as (session, db):
            await session.open(db)
            session["n"] = {"x": [1, "ä"]}
            session.set_expiry(seconds)
            await session.save(db, create=True)
            assert session.key is not None
            return session.key

    key = asyncio.run(save())
    found = there.ask("read", key)
    if seconds is not None and seconds < 0:
        assert found["data"] == {}
    else:
        assert found["data"]["n"] == {"x": [1, "ä"]}
        assert found["browser"] is (seconds == 0)


@pytest.mark.round_trip("session data", "both", "the other")
@quick
@given(data=DATA)
def test_stored_data_both_ways(side: Any, data: dict[str, Any]) -> None:
    there = side()
    assert decode(there.ask("encode", data), there.settings) == data
    assert there.ask("decode", encode(data, there.settings)) == data


@pytest.mark.round_trip("damaged session data", "bridge, then damaged", "both")
@quick
@given(
    data=DATA,
    at=st.integers(0, 200),
    letter=st.sampled_from("aZ0:-_.é "),
    how=st.sampled_from(["swap", "cut", "add"]),
)
def test_damaged_data_is_judged_as_django_judges_it(
    side: Any, data: dict[str, Any], at: int, letter: str, how: str
) -> None:
    there = side()
    text = encode(data, there.settings)
    at %= len(text)
    damaged = {"swap": text[:at] + letter + text[at + 1 :], "cut": text[:at], "add": text + letter}[how]
    assert decode(damaged, there.settings) == there.ask("decode", damaged)


def test_data_under_an_older_key_is_read_and_under_another_is_not(side: Any) -> None:
    there = side()
    for secret in (OLDER, "somebody else's"):
        text = encode({"a": 1}, SessionSettings(secret=secret))
        assert decode(text, there.settings) == there.ask("decode", text)


def test_signed_cookies(side: Any) -> None:
    there = side("signed_cookies")
    key = there.ask("write", {"a": "ä"}, None)
    assert asyncio.run(load(there, key))[0] == there.ask("read", key)["data"] == {"a": "ä"}
    for damaged in (key[:-1], key + "x", "", "abcdefgh", key.replace(":", ";")):
        assert asyncio.run(load(there, damaged))[0] == there.ask("read", damaged)["data"] == {}


@pytest.mark.round_trip("session auth hash", "both", "both")
@quick
@given(password=TEXT)
def test_the_auth_hash(side: Any, password: str) -> None:
    there = side()
    expected = there.ask("user", password)
    assert auth_hash(password, SECRET) == expected["hash"]
    assert [auth_hash(password, OLDER)] == expected["older"]


@pytest.mark.parametrize("name", ["UTC", "America/Chicago", "Asia/Tokyo"])
@pytest.mark.parametrize("use_tz", [True, False])
def test_clocks(side: Any, name: str, use_tz: bool) -> None:
    """Django sets the clock of its process to ``TIME_ZONE``; this process has another."""
    expected = side("db", name, use_tz).ask("now")
    zone.configure(name, use_tz=use_tz)
    try:
        now, wall, today = zone.now(), zone.wall_time(), zone.today()
    finally:
        zone.configure("UTC")
    theirs = datetime.fromisoformat(expected["now"])
    assert (now.tzinfo is None) == (theirs.tzinfo is None)
    assert abs((now - theirs).total_seconds()) < 20
    assert abs((wall - datetime.fromisoformat(expected["wall"])).total_seconds()) < 20
    assert abs((today - date.fromisoformat(expected["today"])).days) <= (1 if wall.hour in (0, 23) else 0)


@pytest.mark.parametrize("gone", ["user", "inactive", "backend", "hash", "no hash"])
def test_sessions_that_name_nobody(side: Any, gone: str) -> None:
    """``django.contrib.auth.get_user`` gives the anonymous user; a session with a wrong hash is flushed."""
    there = side()
    person = SimpleNamespace(password="p", is_active=gone != "inactive")

    class People:
        session_hash = True

        def parse_pk(self, text: str) -> int:
            return int(text)

        async def load(self, db: Any, pk: int, request: Any) -> Any:
            return None if gone == "user" else person

        def active(self, user: Any) -> bool:
            return bool(user.is_active)

    async def run() -> tuple[bool, dict[str, Any]]:
        async with there.session(None) as (session, db):
            await session.open(db)
            session["_auth_user_id"] = "1"
            session["_auth_user_backend"] = "other" if gone == "backend" else "known"
            if gone != "no hash":
                session["_auth_user_hash"] = auth_hash("other" if gone == "hash" else "p", SECRET)
            if gone == "backend":
                with pytest.raises(Unserved):
                    await session_user(session, db, People(), ["known"], left=["other"])  # type: ignore[arg-type]
            found = await session_user(session, db, People(), ["known"])  # type: ignore[arg-type]
            return found is person, dict(session)

    let_in, left = asyncio.run(run())
    assert not let_in
    assert (left == {}) == (gone in ("hash", "no hash"))


@pytest.mark.parametrize("served", [True, False])
@pytest.mark.parametrize("hashed", ["older key", "another password"])
def test_a_request_that_is_left_to_django_changes_no_session(side: Any, served: bool, hashed: str) -> None:
    """Served, the row moves to a new key or goes, as Django does; left to Django, that finds the cookie's row as it was."""
    there = side()
    person = SimpleNamespace(password="p", is_active=True, pk=1)
    data = {
        "_auth_user_id": "1",
        "_auth_user_backend": "known",
        "_auth_user_hash": auth_hash("p", OLDER) if hashed == "older key" else auth_hash("q", SECRET),
    }
    key = there.ask("write", data, None)

    class People:
        session_hash = True

        def parse_pk(self, text: str) -> int:
            return int(text)

        async def load(self, db: Any, pk: int, request: Any) -> Any:
            return person

        def active(self, user: Any) -> bool:
            return True

    sessions = Sessions(there.settings, there.store, ("known",))
    authenticator = SessionAuthentication(sessions, People(), enforce_csrf=False)  # type: ignore[arg-type]
    routes = Router()

    @routes.get(
        Resource(
            "/", name="", methods=("GET",), authentication=Authentication(authenticator, sessions=sessions)
        ),
        action="list",
    )
    async def index(call: Call) -> list[int]:
        if not served:
            raise Unserved("a reason")
        return []

    async def run() -> Response:
        app = FastAPI()
        app.state.database = Database(there.url)
        app.include_router(routes)
        handlers.install(app, headers={}, append_slash=False)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
            answer = await client.get("/", headers={"cookie": f"sessionid={key}"})
        await app.state.database.close()
        return answer

    answer = asyncio.run(run())
    assert answer.status_code == (200 if served else 501)
    assert (there.ask("read", key)["data"] == {}) == served
    assert ("set-cookie" in answer.headers) == served
    if served and hashed == "older key":
        moved = there.ask("read", answer.cookies["sessionid"])["data"]
        assert moved == {**data, "_auth_user_hash": auth_hash("p", SECRET)}


def test_a_session_that_was_deleted_meanwhile_is_a_bad_request(side: Any) -> None:
    """``SessionMiddleware`` raises ``SessionInterrupted`` there, which Django answers with 400."""
    there = side()
    key = there.ask("write", {"a": 1}, None)
    routes = Router()
    sessions = Sessions(there.settings, there.store)

    @routes.get(
        Resource("/", name="", methods=("GET",), authentication=Authentication(sessions=sessions)),
        action="list",
    )
    async def index(call: Call) -> list[int]:
        session = await call.open_session()
        session["a"] = 2
        await Session(there.settings, there.store, key).flush(call.db)
        return []

    async def run() -> Response:
        app = FastAPI()
        app.state.database = Database(there.url)
        app.include_router(routes)
        handlers.install(app, headers={}, append_slash=False)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
            answer = await client.get("/", headers={"cookie": f"sessionid={key}"})
        await app.state.database.close()
        return answer

    there.ask("begin", {})
    there.ask("step", "open", 0, there.ask("write", {"a": 1}, None))
    there.ask("step", "set", 0, "a", 2)
    there.ask("step", "open", 1, there.ask("step", "facts", 0)[0])
    there.ask("step", "flush", 1)
    assert there.ask("step", "finish", 0, "", 200) == ["gone"]
    answer = asyncio.run(run())
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers
