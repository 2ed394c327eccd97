"""Session, user and permissions in one statement: as much is seen of what Django changes as with three."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.bridge.auth.identity import GRANTS, PERMISSIONS, Sides, identity, request

from segue_bridge.auth.backend import SessionAuthentication, Sessions
from segue_bridge.auth.permissions import use
from segue_bridge.auth.session_settings import SessionSettings
from segue_bridge.auth.stores.database import DatabaseStore
from segue_bridge.auth.who import Known

SETTINGS = SessionSettings("x" * 40)
_MODEL = "django.contrib.auth.backends.ModelBackend"
_ALL = "django.contrib.auth.backends.AllowAllUsersModelBackend"
NAMES = ["add_group", "change_group", "view_user"]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    made = Sides(tmp_path_factory.mktemp("who"))
    yield made
    made.close()


class Here:
    """What one process of the bridge knows."""

    def __init__(self, sides: Sides, known: int = 10_000) -> None:
        use(PERMISSIONS)
        self._sides = sides
        self._sessions = Sessions(
            SETTINGS, DatabaseStore(SETTINGS), (_MODEL, _ALL), inactive=(_ALL,), known=Known(known)
        )
        self._by_session = SessionAuthentication(self._sessions, identity(), enforce_csrf=False)

    def whoami(self, key: str, *, asks: bool = True, between: str = "") -> dict[str, Any]:
        async def ask() -> dict[str, Any]:
            call = request(self.whoami if asks else None, cookie=f"sessionid={key}")
            db = self._sides.session()
            try:
                session = self._sessions.of(call)
                found = await self._by_session.authenticate(call, db, session)
                if not asks:
                    await session.settle(db)
                if found is None:
                    return {"user": None, "permissions": [], "queries": db.queries}
                user = found[0]
                if between:
                    await db.execute(text(between))
                permissions = sorted(await GRANTS.all(db, user, user.id)) if asks else []
                return {"user": user.id, "permissions": permissions, "queries": db.queries}
            finally:
                await db.close()

        return self._sides.run(ask())


WHAT = [
    "active",
    "inactive",
    "password",
    "permit",
    "permit",
    "superuser",
    "flush",
    "login",
    "take over",
    "delete",
]
STEPS = st.lists(
    st.tuples(st.sampled_from(WHAT), st.integers(0, 1), st.lists(st.sampled_from(NAMES)), st.booleans()),
    max_size=5,
)
_number = iter(range(10**9))


@pytest.mark.round_trip("session, user and permissions at once", "Django, changing them", "both")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, size=st.sampled_from([1, 10_000]))
def test_whatever_django_changes_between_two_requests(sides: Sides, steps: list[Any], size: int) -> None:
    users = [sides.django("user", f"u{next(_number)}", {}) for _ in range(2)]
    keys = [sides.django("login", pk) for pk in users]
    here = Here(sides, size)
    for what, who, names, by_group in [("permit", 0, NAMES[:1], False), *steps]:
        pk = users[who]
        if what == "flush":
            sides.django("flush", keys[who])
        elif what == "take over":
            sides.django("take_over", keys[who], keys[1 - who])
        elif pk is None:
            continue
        elif what == "login":
            keys[who] = sides.django("login", pk)
        elif what == "permit":
            sides.django("permit", pk, names, by_group)
        elif what == "delete":
            sides.django("delete", pk)
            users[who] = None
        else:
            values = {
                "active": {"is_active": True},
                "inactive": {"is_active": False},
                "superuser": {"is_superuser": by_group},
                "password": {"password": "q"},
            }
            sides.django("change", pk, values[what])
        for key in keys:
            theirs = sides.django("whoami", key)
            for _ in range(2):
                mine = here.whoami(key)
                assert mine["queries"] <= max(theirs["queries"], 1)
                assert (mine["user"], mine["permissions"]) == (theirs["user"], theirs["permissions"])


@pytest.mark.parametrize("backend", ["ModelBackend", "AllowAllUsersModelBackend"])
def test_a_session_of_an_inactive_user_ends_where_the_backend_gives_that_user(
    sides: Sides, backend: str
) -> None:
    users = [sides.django("user", f"u{next(_number)}", {}) for _ in range(2)]
    keys = [sides.django("login", pk, backend) for pk in users]
    here = Here(sides)
    for change in ({"is_active": False}, {"password": "q"}):
        for pk in users:
            sides.django("change", pk, dict(change))
        assert sides.django("whoami", keys[0])["user"] is here.whoami(keys[1], asks=False)["user"] is None
        assert sides.django("exists", keys[0]) is sides.django("exists", keys[1])


def test_one_statement_from_the_second_request_on(sides: Sides) -> None:
    pk = sides.django("user", f"u{next(_number)}", {})
    sides.django("permit", pk, NAMES, True)
    key = sides.django("login", pk)
    here = Here(sides)
    assert [here.whoami(key, asks=False)["queries"] for _ in range(2)] == [2, 1]
    assert [here.whoami(key)["queries"] for _ in range(2)] == [2, 1]  # what is asked is learned
    assert here.whoami(key)["permissions"] == sides.django("whoami", key)["permissions"] != []
    other = sides.django("login", pk)
    assert [here.whoami(other)["queries"] for _ in range(2)] == [2, 1]
    assert here.whoami(other, asks=False)["permissions"] == []


def test_what_this_request_wrote_is_asked_for_anew(sides: Sides) -> None:
    """Django asks when somebody wants to know, so after the write."""
    pk = sides.django("user", f"u{next(_number)}", {})
    sides.django("permit", pk, NAMES, False)
    key = sides.django("login", pk)
    here = Here(sides)
    assert len(here.whoami(key)["permissions"]) == len(here.whoami(key)["permissions"]) == 3
    revoke = f"DELETE FROM auth_user_user_permissions WHERE user_id = {pk}"
    assert here.whoami(key, between=revoke)["permissions"] == []


def test_no_more_keys_are_kept_than_allowed() -> None:
    known = Known(2)
    for number in range(5):
        known.note(str(number), number)
    assert [known.get(str(n)) for n in range(5)] == [None, None, None, 3, 4]
    known.note("3", None)
    assert known.get("3") is None
