"""Rate limits: whom DRF lets wait and how long, and whom the bridge does."""

from __future__ import annotations

import asyncio
import math
import tempfile
from types import SimpleNamespace
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from segue_bridge.auth.throttles import CacheHistory, ProcessHistory, Rate, Throttle, client_address
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.cache.files import FileCache

if not django_settings.configured:
    django_settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        SECRET_KEY="x",
    )
    django.setup()

from django.contrib.auth import models
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from rest_framework import throttling

CLASSES: dict[str, Any] = {
    "anon": throttling.AnonRateThrottle,
    "user": throttling.UserRateThrottle,
    "scope": throttling.ScopedRateThrottle,
}
ADDRESSES = st.one_of(
    st.none(), st.sampled_from(["1.1.1.1", "1.1.1.1, 2.2.2.2", " 1.1.1.1 ,2.2.2.2 , 3.3.3.3", "", ",", "a b"])
)
CHAINS = ADDRESSES | st.lists(
    st.sampled_from(["1.1.1.1", "::1", " a b", "", " ", "\t", "2.2.2.2 "]), max_size=6
).map(",".join)


RUNNER = asyncio.Runner()


class Clock:
    """A clock that the test moves, for both sides (the cache of Django included)."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def requests(user: int | None, forwarded: str | None) -> tuple[Any, Request]:
    headers = {"x-forwarded-for": forwarded} if forwarded is not None else {}
    person: Any = models.AnonymousUser() if user is None else models.User(pk=user)
    theirs = SimpleNamespace(headers=headers, META={"REMOTE_ADDR": "9.9.9.9"}, user=person)
    if forwarded is not None:
        theirs.META["HTTP_X_FORWARDED_FOR"] = forwarded
    raw = [(k.encode(), v.encode()) for k, v in headers.items()]
    return theirs, Request({"type": "http", "headers": raw, "client": ("9.9.9.9", 1)})


class Identity:
    def pk_of(self, user: Any) -> Any:
        return user.pk


@pytest.mark.round_trip("throttle rates", "generated", "both")
@pytest.mark.filterwarnings("ignore::django.core.cache.CacheKeyWarning")
@settings(max_examples=150, deadline=None)
@given(
    who=st.sampled_from(["anon", "user", "scope"]),
    rate=st.sampled_from(["0/min", "1/s", "2/min", "3/minute", "2/h", "5/day"]),
    steps=st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.3, 1.0, 20.0, 30.0, 61.0, 3599.0, 90000.0]),
            st.sampled_from([None, 1, 2]),
            ADDRESSES,
        ),
        max_size=14,
    ),
    proxies=st.sampled_from([None, 0, 1, 2, 5]),
)
def test_the_same_requests_wait_as_long(
    who: str, rate: str, steps: list[tuple[float, int | None, str | None]], proxies: int | None
) -> None:
    clock = Clock()
    cache = LocMemCache(f"throttles {id(steps)}", {})
    cache.clear()
    patch = pytest.MonkeyPatch()
    patch.setattr("django.core.cache.backends.locmem.time.time", clock)
    patch.setattr(throttling.api_settings, "NUM_PROXIES", proxies, raising=False)
    history = ProcessHistory(clock=clock)
    mine = Throttle(who, who, Rate.parse(rate), history, Identity(), proxies, clock)  # type: ignore[arg-type]
    namespace = {"cache": cache, "timer": staticmethod(clock), "THROTTLE_RATES": {who: rate}, "scope": who}
    theirs_class = type("Theirs", (CLASSES[who],), namespace)
    try:
        for seconds, user, forwarded in steps:
            clock.now += seconds
            theirs, ours = requests(user, forwarded)
            limit = theirs_class()
            allowed = limit.allow_request(theirs, SimpleNamespace(throttle_scope=who))
            wait = None if allowed else limit.wait()
            person = AnonymousUser() if user is None else theirs.user
            found = RUNNER.run(mine.wait(ours, person))
            assert (found is None) == allowed
            if not allowed:
                assert (None if found is None or math.isinf(found) else found) == wait
    finally:
        patch.undo()


@pytest.mark.round_trip("throttle histories in a cache", "both", "both")
@pytest.mark.filterwarnings("ignore::django.core.cache.CacheKeyWarning")
@settings(max_examples=60, deadline=None)
@given(
    who=st.sampled_from(["anon", "user", "scope"]),
    rate=st.sampled_from(["0/min", "1/s", "2/min", "3/minute", "5/day"]),
    steps=st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from([0.0, 0.3, 20.0, 30.0, 61.0]),
            st.sampled_from([None, 1, 2]),
            ADDRESSES,
        ),
        min_size=4,
        max_size=14,
    ),
)
def test_asking_now_this_side_and_now_that_gains_nothing(
    who: str, rate: str, steps: list[tuple[bool, float, int | None, str | None]]
) -> None:
    """A limit in a cache that both sides have: requests to Django and to the bridge wait as if Django had got them all."""
    clock = Clock()
    patch = pytest.MonkeyPatch()
    patch.setattr("time.time", clock)
    with tempfile.TemporaryDirectory() as folder:
        shared = FileBasedCache(folder, {"KEY_PREFIX": "p"})
        alone = LocMemCache(f"alone {id(steps)}", {})
        alone.clear()
        history = CacheHistory(FileCache(folder, prefix="p"))
        mine = Throttle(who, who, Rate.parse(rate), history, Identity(), clock=clock)  # type: ignore[arg-type]
        both = {"timer": staticmethod(clock), "THROTTLE_RATES": {who: rate}, "scope": who}
        oracle = type("Oracle", (CLASSES[who],), {**both, "cache": alone})
        theirs_class = type("Theirs", (CLASSES[who],), {**both, "cache": shared})
        view = SimpleNamespace(throttle_scope=who)
        try:
            for to_django, seconds, user, forwarded in steps:
                clock.now += seconds
                theirs, ours = requests(user, forwarded)
                allowed = oracle().allow_request(theirs, view)
                if to_django:
                    assert theirs_class().allow_request(theirs, view) == allowed
                else:
                    person = AnonymousUser() if user is None else theirs.user
                    assert (RUNNER.run(mine.wait(ours, person)) is None) == allowed
        finally:
            patch.undo()


@pytest.mark.round_trip("throttle identity", "generated", "both")
@given(forwarded=CHAINS, proxies=st.sampled_from([None, 0, 1, 2, 9]))
def test_who_is_asking(forwarded: str | None, proxies: int | None) -> None:
    theirs, ours = requests(None, forwarded)
    patch = pytest.MonkeyPatch()
    patch.setattr(throttling.api_settings, "NUM_PROXIES", proxies, raising=False)
    try:
        assert client_address(ours, proxies) == throttling.BaseThrottle().get_ident(theirs)
    finally:
        patch.undo()
