"""Which JSON web tokens were issued and which are revoked: the tables of ``rest_framework_simplejwt.token_blacklist``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, String, TableClause, bindparam, column, insert, select, table

from segue_bridge import zone
from segue_bridge.db.errors import IntegrityError
from segue_bridge.db.types.aware import AwareDateTime

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database

_outstanding = table(
    "token_blacklist_outstandingtoken",
    column("id", BigInteger),
    column("user_id"),
    column("jti", String),
    column("token", String),
    column("created_at", AwareDateTime()),
    column("expires_at", AwareDateTime()),
)
_revoked = table(
    "token_blacklist_blacklistedtoken",
    column("id", BigInteger),
    column("token_id", BigInteger),
    column("blacklisted_at", AwareDateTime()),
)
_REVOKED = (
    select(_revoked.c.id)
    .join_from(_revoked, _outstanding, _outstanding.c.id == _revoked.c.token_id)
    .where(_outstanding.c.jti == bindparam("jti", type_=String()))
    .limit(1)
)
_ISSUED = select(_outstanding.c.id).where(_outstanding.c.jti == bindparam("jti", type_=String()))
_ENTRY = select(_revoked.c.id).where(_revoked.c.token_id == bindparam("token", type_=BigInteger()))


class Blacklist:
    """``OutstandingToken`` and ``BlacklistedToken``: what one side revokes is revoked for the other at once."""

    async def has(self, db: Database, jti: Any) -> bool:
        """Whether the token with that ``jti`` claim is revoked (``check_blacklist``). One query."""
        if jti is None:
            return False
        return await db.first(_REVOKED, {"jti": str(jti)}) is not None

    async def issued(
        self, db: Database, jti: str, token: str, user_pk: Any, made: datetime, expires: float
    ) -> None:
        """Note a token that was made for somebody (``for_user``)."""
        await self._insert(db, jti, token, user_pk, made, expires)

    async def outstand(
        self, db: Database, jti: Any, token: str, user_pk: Any, made: datetime | None, expires: float
    ) -> int:
        """Note a token unless it is known (``outstand``): ``user_pk`` of None is nobody's. The key of its row.

        ``made`` of None is what simplejwt before 5.4 notes of a token that it revokes and has not issued.
        """
        given = {"jti": _text(jti)}
        with db.primary():  # get_or_create
            known: int | None = await db.scalar(_ISSUED, given)
            if known is not None:
                return known
            try:
                return await self._insert(db, _text(jti), token, user_pk, made, expires)
            except IntegrityError:  # somebody else was faster
                known = await db.scalar(_ISSUED, given)
                if known is None:
                    raise
                return known

    async def revoke(self, db: Database, issued: int) -> None:
        """Blacklist the outstanding token whose row is ``issued``, unless it is already."""
        with db.primary():  # get_or_create
            if await db.scalar(_ENTRY, {"token": issued}) is not None:
                return
            values = {"token_id": issued, "blacklisted_at": datetime.now(UTC)}
            try:
                await _add(db, _revoked, values)
            except IntegrityError:
                if await db.scalar(_ENTRY, {"token": issued}) is None:
                    raise

    async def _insert(
        self, db: Database, jti: Any, token: str, user_pk: Any, made: datetime | None, expires: float
    ) -> int:
        values = {
            "user_id": user_pk,
            "jti": jti,
            "token": token,
            "created_at": None if made is None else _as_stored(made),
            "expires_at": _as_stored(datetime.fromtimestamp(expires, tz=UTC)),
        }
        return await _add(db, _outstanding, values)


async def _add(db: Database, to: TableClause, values: Mapping[str, Any]) -> int:
    async with db.atomic():
        key: int = await db.scalar(insert(to).values(**values).returning(to.c.id))
    return key


def _as_stored(moment: datetime) -> datetime:
    """simplejwt drops the zone of a moment in UTC where ``USE_TZ = False``, and Django takes it for one in ``TIME_ZONE``."""
    return moment if zone.default() is not None else moment.replace(tzinfo=zone.clock())


def _text(jti: Any) -> Any:
    """``CharField.get_prep_value``."""
    return jti if jti is None else str(jti)
