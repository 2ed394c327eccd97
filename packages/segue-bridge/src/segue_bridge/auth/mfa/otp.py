"""Devices of django-otp: TOTP, HOTP and static tokens, over the tables that the package has.

A code counts once, on either side: the step, counter or token that was used is in the row, which is locked while a code is checked.
Wrong codes make the next try wait 1, 2, 4, 8 … seconds, whichever side got them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    String,
    TableClause,
    column,
    delete,
    select,
    table,
    update,
)
from sqlalchemy.types import TypeEngine

from segue_bridge.auth.mfa.codes import hotp
from segue_bridge.db.types.aware import AwareDateTime

if TYPE_CHECKING:
    from segue_bridge.auth.sessions import Session
    from segue_bridge.db.session import Session as Database

SESSION_KEY = "otp_device_id"
"""Where a session names the device that has verified its user (``DEVICE_ID_SESSION_KEY``)."""
_LONGEST = timedelta(days=365 * 100).total_seconds()
_OWN = {
    "otp_totp.totpdevice": ("key", "step", "t0", "digits", "tolerance", "drift", "last_t"),
    "otp_hotp.hotpdevice": ("key", "digits", "tolerance", "counter"),
    "otp_static.staticdevice": (),
}
_TOKENS = table(
    "otp_static_statictoken",
    column("id", BigInteger),
    column("device_id", BigInteger),
    column("token", String),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``ok``; else ``wait``: no code counts before that moment, after ``failures`` wrong ones (None: the code was wrong now)."""

    ok: bool
    wait: datetime | None = None
    failures: int = 0


@dataclass(frozen=True)
class OtpDevices:
    """The devices of users whose key is of ``user_key``.

    ``throttle``: ``OTP_TOTP_THROTTLE_FACTOR`` and its kin by ``totp``, ``hotp`` and ``static``, in seconds (0: no wait).
    ``sync``: ``OTP_TOTP_SYNC``. ``used``: the tables have ``last_used_at`` (django-otp 1.4 and later).
    Sources: ``django_otp.verify_token``, ``django_otp.models.ThrottlingMixin``, ``django_otp.plugins.otp_*``.
    """

    throttle: Mapping[str, float] = field(default_factory=dict)
    sync: bool = True
    used: bool = True
    user_key: TypeEngine[Any] = field(default_factory=Integer)

    async def verify(self, db: Database, user_pk: Any, device_id: str, code: object) -> Verdict:
        """``verify_token(user, device_id, token)``: in a transaction, the device's row locked.

        ``device_id`` is the persistent id (``otp_totp.totpdevice/3``); devices of another user, or that are none, never verify.
        """
        async with db.atomic():
            found = await self._row(db, device_id, lock=True)
            if found is None:
                return Verdict(ok=False)
            model, row = found
            if row["user_id"] != user_pk:
                return Verdict(ok=False)
            return await self._judge(db, model, row, code)

    async def verified_by(self, db: Database, session: Session, user_pk: Any) -> str | None:
        """``request.user.otp_device``, as ``OTPMiddleware`` finds it: its persistent id, None for a user who is not verified.

        A device that is gone, unconfirmed or somebody else's is forgotten by the session.
        """
        await session.open(db)
        named = session.get(SESSION_KEY)
        row = None
        if named:
            found = await self._row(db, _today(str(named)), lock=False)
            row = found[1] if found is not None else None
        if row is not None and row["user_id"] == user_pk and row["confirmed"]:
            return _today(str(named))
        if SESSION_KEY in session:
            del session[SESSION_KEY]
        return None

    async def remember(self, db: Database, session: Session, user_pk: Any, device_id: str) -> bool:
        """``django_otp.login(request, device)``: the session names the device, if it is the user's. Whether it does."""
        found = await self._row(db, device_id, lock=False)
        if found is None or found[1]["user_id"] != user_pk:
            return False
        await session.open(db)
        session[SESSION_KEY] = device_id
        return True

    @cached_property
    def _tables(self) -> dict[str, TableClause]:
        common = {
            "id": BigInteger(),
            "user_id": self.user_key,
            "confirmed": Boolean(),
            "throttling_failure_timestamp": AwareDateTime(),
            "throttling_failure_count": Integer(),
            **({"last_used_at": AwareDateTime()} if self.used else {}),
        }
        return {
            model: table(
                model.replace(".", "_"),
                *(column(name, kind) for name, kind in common.items()),
                *(column(name, String() if name == "key" else BigInteger()) for name in own),
            )
            for model, own in _OWN.items()
        }

    async def _row(self, db: Database, device_id: str, *, lock: bool) -> tuple[str, Mapping[str, Any]] | None:
        """``Device.from_persistent_id``: model and row; None for what names none."""
        model, _, number = device_id.rpartition("/")
        devices = self._tables.get(model)
        try:
            wanted = int(number)
        except ValueError:
            return None
        if devices is None or not -(2**63) <= wanted < 2**63:
            return None
        statement = select(*devices.c).where(devices.c.id == wanted)
        found = await db.first(statement.with_for_update() if lock else statement)
        return None if found is None else (model, dict(zip(devices.c.keys(), found, strict=True)))

    async def _judge(self, db: Database, model: str, row: Mapping[str, Any], code: object) -> Verdict:
        kind = model.partition(".")[0].removeprefix("otp_")
        factor = self.throttle.get(kind, 1)
        failures, last = row["throttling_failure_count"], row["throttling_failure_timestamp"]
        now = _now()
        if factor > 0 and failures > 0 and last is not None:
            needed = min(factor * 2 ** (failures - 1), _LONGEST)
            if (now - last).total_seconds() < needed:
                return Verdict(ok=False, wait=last + timedelta(seconds=needed), failures=failures)
        changed = await {"totp": self._totp, "hotp": self._hotp, "static": self._static}[kind](db, row, code)
        values: dict[str, Any]
        if changed is None:
            values = {"throttling_failure_timestamp": now, "throttling_failure_count": failures + 1}
        else:
            values = {**changed, "throttling_failure_timestamp": None, "throttling_failure_count": 0}
            if self.used:
                values["last_used_at"] = now
        devices = self._tables[model]
        await db.execute(update(devices).where(devices.c.id == row["id"]).values(values))
        return Verdict(ok=changed is not None)

    async def _totp(self, db: Database, row: Mapping[str, Any], code: object) -> dict[str, Any] | None:
        given = _number(code)
        if given is None:
            return None
        now = (int(time.time()) - row["t0"]) // row["step"] + row["drift"]
        for offset in range(-row["tolerance"], row["tolerance"] + 1):
            step = now + offset
            if step > row["last_t"] and hotp(bytes.fromhex(row["key"]), step, row["digits"]) == given:
                drift = {"drift": row["drift"] + offset} if self.sync else {}
                return {"last_t": step, **drift}
        return None

    async def _hotp(self, db: Database, row: Mapping[str, Any], code: object) -> dict[str, Any] | None:
        given = _number(code)
        if given is None:
            return None
        for counter in range(row["counter"], row["counter"] + row["tolerance"] + 1):
            if hotp(bytes.fromhex(row["key"]), counter, row["digits"]) == given:
                return {"counter": counter + 1}
        return None

    async def _static(self, db: Database, row: Mapping[str, Any], code: object) -> dict[str, Any] | None:
        if code is None:
            return None
        same = select(_TOKENS.c.id).where(_TOKENS.c.device_id == row["id"], _TOKENS.c.token == str(code))
        found = await db.scalar(same.order_by(_TOKENS.c.id).limit(1))
        if found is None:
            return None
        await db.execute(delete(_TOKENS).where(_TOKENS.c.id == found))
        return {}


def _now() -> datetime:
    return datetime.now(UTC)


def _number(code: object) -> int | None:
    """``int(token)``: blanks around it, underscores and other digits than ASCII's count, as in Python."""
    try:
        return int(code)  # type: ignore[call-overload, no-any-return]
    except Exception:  # noqa: BLE001 - as the package: whatever it is, it is no code
        return None


def _today(device_id: str) -> str:
    """Ids of old releases were whole import paths (``OTPMiddleware._normalize_persistent_id``)."""
    if device_id.count(".") > 1:
        parts = device_id.split(".")
        return f"{parts[-3]}.{parts[-1]}"
    return device_id
