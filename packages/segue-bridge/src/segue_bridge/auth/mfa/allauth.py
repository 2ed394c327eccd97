"""Codes of ``allauth.mfa``: TOTP and recovery codes, over ``mfa_authenticator`` and the cache that both sides share."""

from __future__ import annotations

import base64
import hmac
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Integer, String, column, select, table, update
from sqlalchemy.types import TypeEngine

from segue_bridge.auth.mfa.codes import hotp
from segue_bridge.db.types.aware import AwareDateTime
from segue_bridge.db.types.misc import Json

if TYPE_CHECKING:
    from segue_bridge.cache.base import Cache
    from segue_bridge.db.session import Session as Database

_LEFT_OUT = str.maketrans("", "", string.punctuation + string.whitespace)


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True)
class MfaCodes:
    """Codes of users whose key is of ``user_key``.

    ``cache``: Django's default cache, where a TOTP code that was used is remembered for as long as it would be good; one that the sides do
    not share lets it be used once on each. ``decrypt``: ``MFA_ADAPTER``'s, where the adapter encrypts. ``digits``, ``period`` (seconds),
    ``tolerance`` (steps), ``recovery_count`` and ``recovery_digits``: the ``MFA_TOTP_…`` and ``MFA_RECOVERY_CODE_…`` settings.
    Sources: ``allauth.mfa.totp.internal.auth``, ``allauth.mfa.recovery_codes.internal.auth`` (65).
    """

    cache: Cache
    decrypt: Callable[[str], str] = _as_it_is
    digits: int = 6
    period: int = 30
    tolerance: int = 0
    recovery_count: int = 10
    recovery_digits: int = 8
    user_key: TypeEngine[Any] = field(default_factory=Integer)

    async def totp(self, db: Database, user_pk: Any, code: str) -> bool:
        """``TOTP.validate_code`` of the user's authenticator: right, and not used before. Marks nothing in the database."""
        found = await self._row(db, user_pk, "totp")
        if found is None:
            return False
        key = base64.b32decode(self.decrypt(found.data["secret"]).encode("ascii"), casefold=True)
        now = int(time.time()) // self.period
        steps = range(now - self.tolerance, now + self.tolerance + 1)
        if not any(_same(code, f"{hotp(key, step, self.digits):0{self.digits}}") for step in steps):
            return False
        name = f"allauth.mfa.totp.used?user={user_pk}&code={_bare(code)}"
        return await self.cache.on(db).add(name, "y", self.period * (2 * self.tolerance + 1))

    async def recovery(self, db: Database, user_pk: Any, code: str) -> bool:
        """``RecoveryCodes.validate_code``: right and not used before; it is used then. The row is locked meanwhile."""
        async with db.atomic():
            found = await self._row(db, user_pk, "recovery_codes", lock=True)
            if found is None:
                return False
            data = dict(found.data)
            if data.get("migrated_codes") is not None:
                codes = [self.decrypt(one) for one in data["migrated_codes"]]
                if code not in codes:
                    return False
                left = list(data["migrated_codes"])
                left.pop(codes.index(code))
                data["migrated_codes"] = left
            else:
                used = data["used_mask"]
                unused = ((n, one) for n, one in enumerate(self._recovery_codes(data)) if not used >> n & 1)
                number = next((n for n, one in unused if _same(code, one)), None)
                if number is None:
                    return False
                data["used_mask"] = used | 1 << number
            rows = self._table
            await db.execute(update(rows).where(rows.c.id == found.id).values(data=data))
            return True

    async def record_usage(self, db: Database, user_pk: Any, kind: str) -> None:
        """``Authenticator.record_usage``, which allauth's own flows call behind a code that was right. ``kind``: ``totp`` or ``recovery_codes``."""
        rows = self._table
        same = (rows.c.user_id == user_pk) & (rows.c.type == kind)
        await db.execute(update(rows).where(same).values(last_used_at=datetime.now(UTC)))

    async def enabled(self, db: Database, user_pk: Any) -> bool:
        """``is_mfa_enabled``: whether the user has any authenticator, a security key too."""
        rows = self._table
        return await db.scalar(select(rows.c.id).where(rows.c.user_id == user_pk).limit(1)) is not None

    @property
    def _table(self) -> Any:
        return table(
            "mfa_authenticator", column("id", BigInteger), column("user_id", self.user_key), column("type", String),
            column("data", Json()), column("last_used_at", AwareDateTime()),
        )  # fmt: skip

    async def _row(self, db: Database, user_pk: Any, kind: str, *, lock: bool = False) -> Any:
        rows = self._table
        found = select(rows.c.id, rows.c.data).where(rows.c.user_id == user_pk, rows.c.type == kind)
        return await db.first(found.with_for_update() if lock else found)

    def _recovery_codes(self, data: dict[str, Any]) -> list[str]:
        digest = hmac.new(self.decrypt(data["seed"]).encode("ascii"), None, "sha1")
        size = min(self.recovery_digits // 2, digest.digest_size)
        found = []
        for number in range(self.recovery_count):
            digest.update(f"{number:3},".encode())
            value = int.from_bytes(digest.digest()[:size], "big") % 10**self.recovery_digits
            found.append(str(value).zfill(self.recovery_digits))
        return found


def _bare(code: str) -> str:
    """``normalize_user_code``: without the dashes and blanks that people type."""
    return code.translate(_LEFT_OUT).lower()


def _same(actual: str, expected: str) -> bool:
    """``compare_user_code``, in constant time; letters beyond ASCII are in no code."""
    given, wanted = _bare(actual), _bare(expected)
    return bool(wanted) and given.isascii() and hmac.compare_digest(given, wanted)
