"""Second factors: codes given now to Django, now to the bridge, do what Django alone would have done with them."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.child import Child

from segue_bridge.auth.mfa import allauth, otp
from segue_bridge.auth.mfa.allauth import MfaCodes
from segue_bridge.auth.mfa.codes import hotp
from segue_bridge.auth.mfa.otp import OtpDevices
from segue_bridge.auth.session_settings import SessionSettings
from segue_bridge.auth.sessions import Session
from segue_bridge.auth.stores.database import DatabaseStore
from segue_bridge.cache.files import FileCache
from segue_bridge.db.database import Database

BEGIN = 1_800_000_000.0
KEY = bytes(range(20))
SECRET = base64.b32encode(KEY).decode()
TOTP, HOTP, STATIC = "otp_totp.totpdevice/1", "otp_hotp.hotpdevice/1", "otp_static.staticdevice/1"
FACTORS = {"OTP_TOTP_THROTTLE_FACTOR": 1, "OTP_HOTP_THROTTLE_FACTOR": 0, "OTP_STATIC_THROTTLE_FACTOR": 2.5}


class World:
    """Django alone over one database, and Django and the bridge over another."""

    def __init__(self, folder: Path, more: dict[str, Any]) -> None:
        self.now = BEGIN
        self.cache = folder / "both-cache"
        given = {"settings": {**FACTORS, **more}}
        self.alone, self.both = (
            Child("mfa_child.py", {**given, "database": str(folder / f"{n}.sqlite3"), "cache": str(folder / f"{n}-cache")})
            for n in ("alone", "both")
        )  # fmt: skip
        self.folder = folder
        self.url = f"sqlite+aiosqlite:///{folder / 'both.sqlite3'}"
        sync = more.get("OTP_TOTP_SYNC", True)
        self.devices = OtpDevices({"totp": 1, "hotp": 0, "static": 2.5}, sync=sync)
        self.codes = MfaCodes(FileCache(str(self.cache)), tolerance=more.get("MFA_TOTP_TOLERANCE", 0))
        self.runner = asyncio.Runner()
        self.database = self.runner.run(self._made())

    async def _made(self) -> Database:
        return Database(self.url)

    def ask(self, side: Child, *command: Any) -> Any:
        return side.ask([self.now, *command])

    def begin(self, tolerance: int, migrated: list[str] | None) -> None:
        self.now = BEGIN
        for side in (self.alone, self.both):
            self.ask(side, "make", KEY.hex(), SECRET, "5eed" * 20, tolerance, migrated)
        for name in ("alone-cache", "both-cache"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def ours(self, command: str, *arguments: Any) -> Any:
        async def run() -> Any:
            db = self.database.session()
            try:
                if command == "otp":
                    user, device, code = arguments
                    verdict = await self.devices.verify(db, user, device, code)
                    return {
                        "ok": verdict.ok,
                        "wait": None if verdict.wait is None else verdict.wait.timestamp(),
                    }
                if command == "totp":
                    return await self.codes.totp(db, *arguments)
                return await self.codes.recovery(db, *arguments)
            finally:
                await db.close()

        return self.runner.run(run())

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        self.alone.close()
        self.both.close()


@pytest.fixture(
    params=[{}, {"OTP_TOTP_SYNC": False, "MFA_TOTP_TOLERANCE": 1}], ids=["usual", "loose"], scope="module"
)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("mfa"), request.param)
    patch = pytest.MonkeyPatch()
    patch.setattr("time.time", lambda: made.now)
    patch.setattr(otp, "_now", lambda: dt.datetime.fromtimestamp(made.now, dt.UTC))
    yield made
    patch.undo()
    made.close()


STEPS = st.lists(
    st.tuples(
        st.booleans(),  # to Django
        st.sampled_from([0.0, 0.4, 1.0, 2.0, 3.0, 8.0, 29.0, 30.0, 31.0, 90.0]),
        st.sampled_from(["totp", "totp", "hotp", "static", "allauth", "recovery", "stranger", "none"]),
        st.integers(-3, 3),  # which code: so many steps away
        st.sampled_from(["plain", "plain", "plain", "blank", "wrong", "text", "number"]),
    ),
    min_size=2,
    max_size=10,
)


#: Wrong codes: waits just too short and just long enough, for factors of 1 and 2.5.
GAPS = [0.0, 0.9, 0.1, 1.9, 0.1, 0.4, 3.5, 0.1, 7.9, 0.1, 2.4, 0.1, 4.9, 0.1, 9.9, 0.1]


def command(world: World, kind: str, near: int, form: str, recovery: list[str]) -> tuple[Any, ...]:
    """One command; codes are those of ``near`` steps away."""
    step = int(world.now) // 30 + near
    code: Any = {
        "hotp": f"{hotp(KEY, max(near, 0) * 2, 8):08}", "static": ["aaaa", "bbbb", "cccc"][near % 3],
        "recovery": recovery[near % len(recovery)] if recovery else "",
    }.get(kind, f"{hotp(KEY, step):06}")  # fmt: skip
    if form == "blank":
        code = f" {code[:3]} {code[3:]}" if kind in ("allauth", "recovery") else f" {code} "
    elif form == "wrong":
        code = f"{(int(code) + 1) % 10**6:06}" if code.isdigit() else "zzzz"
    elif form == "text":
        code = "é" + code
    elif form == "number" and kind in ("totp", "hotp"):
        code = int(code)
    device = {"hotp": HOTP, "static": STATIC, "none": "otp_totp.totpdevice/99"}.get(kind, TOTP)
    if kind == "allauth":
        return ("totp", 7, code)
    if kind == "recovery":
        return ("recovery", 7, code)
    return ("otp", 8 if kind == "stranger" else 7, device, code)


@pytest.mark.round_trip("codes of django-otp and allauth.mfa", "both", "both")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    [(n % 2 == 1, gap, kind, 0, "wrong") for kind in ("totp", "static") for n, gap in enumerate(GAPS)],
    1,
    False,
)
@example(
    # Each code again: on the same side, then on the other.
    [
        (side, gap, kind, near, "plain")
        for kind in ("allauth", "recovery", "totp", "hotp", "static")
        for near, first in ((0, False), (1, True))
        for side, gap in ((first, 30.0), (first, 1.0), (not first, 1.0))
    ],
    1,
    False,
)
@given(steps=STEPS, tolerance=st.sampled_from([0, 1, 2]), migrated=st.booleans())
def test_codes_count_once_on_either_side(
    world: World, steps: list[Any], tolerance: int, migrated: bool
) -> None:
    world.begin(tolerance, ["12345678", "87654321"] if migrated else None)
    recovery = world.ask(world.alone, "recovery_codes")
    for to_django, seconds, kind, near, form in steps:
        world.now += seconds
        asked = command(world, kind, near, form, recovery)
        expected = world.ask(world.alone, *asked)
        if to_django:
            assert world.ask(world.both, *asked) == expected
        else:
            assert world.ours(*asked) == expected
    assert world.ask(world.both, "rows") == world.ask(world.alone, "rows")


def test_a_session_that_is_verified(world: World) -> None:
    """``OTPMiddleware``: who is verified, and which devices verify nobody."""
    world.begin(1, None)
    of_sessions = SessionSettings(secret="x", cookie_age=10**8)  # the clock of the tests is ahead

    async def ours(user: int, key: str) -> Any:
        db = world.database.session()
        try:
            session = Session(of_sessions, DatabaseStore(of_sessions), key)
            found = await world.devices.verified_by(db, session, user)
            return found, session.get(otp.SESSION_KEY)
        finally:
            await db.close()

    def seen(user: int, key: str) -> Any:
        found, kept = world.runner.run(ours(user, key))
        assert (kept is None) == (found is None)  # what verifies nobody is forgotten
        assert found == world.ask(world.both, "verified", user, key)
        return found

    key = world.ask(world.both, "remember", 7, TOTP)
    assert seen(7, key) == TOTP
    assert seen(8, key) is None
    world.ask(world.both, "confirm", False)
    assert seen(7, key) is None
    world.ask(world.both, "confirm", True)
    assert seen(7, world.ask(world.both, "remember", 8, TOTP)) is None  # another user's is not taken

    async def remembered(user: int, device: str) -> str | None:
        db = world.database.session()
        try:
            session = Session(of_sessions, DatabaseStore(of_sessions), None)
            if not await world.devices.remember(db, session, user, device):
                return None
            await session.save(db)
            return session.key
        finally:
            await db.close()

    mine = world.runner.run(remembered(7, HOTP))
    assert mine is not None
    assert world.ask(world.both, "verified", 7, mine) == HOTP
    assert world.runner.run(remembered(8, HOTP)) is None


def test_the_codes_of_the_rfc() -> None:
    """RFC 4226, appendix D."""
    key = b"12345678901234567890"
    assert [hotp(key, n) for n in range(10)] == [755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489]  # fmt: skip
    assert allauth._same("755-224 ", "755224")
