"""``django.contrib.sessions.backends.db``: rows of ``django_session``."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, String, bindparam, column, delete, insert, select, table, update
from sqlalchemy.orm import outerjoin

from segue_bridge.auth.session_settings import SessionSettings, decode, encode
from segue_bridge.auth.sessions import Found, SessionGone, WithUsers
from segue_bridge.auth.stores.keys import new_key
from segue_bridge.db.types.aware import AwareDateTime

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.auth.users import Identity
    from segue_bridge.auth.who import Make
    from segue_bridge.db.session import Session as Database


_sessions = table(
    "django_session",
    column("session_key", String),
    column("session_data", String),
    column("expire_date", AwareDateTime()),
)


# Once for all requests: such a statement is compiled once.
_LIVE = select(_sessions.c.session_data, _sessions.c.expire_date).where(
    _sessions.c.session_key == bindparam("key", type_=String()),
    _sessions.c.expire_date > bindparam("now", type_=AwareDateTime()),
)


class Rows:
    """Rows of ``django_session``: what both engines that keep some do alike."""

    in_key = False

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        self._makers: dict[Identity, Make] = {}

    async def save(
        self,
        db: Database,
        key: str | None,
        data: dict[str, Any],
        expires: datetime,
        age: float,
        *,
        create: bool,
    ) -> str:
        """INSERT for a new key, else UPDATE."""
        values = {"session_data": encode(data, self._settings), "expire_date": expires}
        if create or key is None:
            key = new_key()
            while await self._exists(db, key):
                key = new_key()
            await db.execute(insert(_sessions).values(session_key=key, **values))
        elif not await db.execute(update(_sessions).where(_sessions.c.session_key == key).values(**values)):
            raise SessionGone(key)
        return key

    async def delete(self, db: Database, key: str) -> None:
        await db.execute(delete(_sessions).where(_sessions.c.session_key == key))

    async def _row(self, db: Database, key: str) -> tuple[dict[str, Any], datetime] | None:
        """The data and the moment when it expires, of what has not expired."""
        found: Any = await db.first(_LIVE, {"key": key, "now": datetime.now(UTC)})
        if found is None:
            return None
        data, expires = found
        return decode(data, self._settings), expires

    async def _exists(self, db: Database, key: str) -> bool:
        return bool(await db.scalar(select(_sessions.c.session_key).where(_sessions.c.session_key == key)))


class DatabaseStore(Rows, WithUsers):
    """``django.contrib.sessions.backends.db``."""

    async def load(self, db: Database, key: str) -> Found | None:
        """One query; the expiry is compared by the database as Django does."""
        row = await self._row(db, key)
        return None if row is None else Found(row[0])

    async def load_with(
        self, db: Database, key: str, request: Request, identity: Identity, pk: Any
    ) -> tuple[Found | None, Any]:
        """:meth:`load` and the user ``pk`` (None where there is none), in one query."""
        values = {"key": key, "now": datetime.now(UTC), "pk": pk}
        make = self._makers.get(identity)
        if make is None:
            make = self._makers[identity] = partial(_live_with, identity)
        rows = await identity.users.read(db, request, make, values, before=1)
        if not rows:
            return None, None
        (data,), user = rows[0]
        return Found(decode(data, self._settings)), user


def _live_with(identity: Identity, *columns: Any) -> Select[Any]:
    key = identity.column(identity.pk)
    wanted = key == bindparam("pk", type_=key.type)
    both = outerjoin(_sessions, identity.model, wanted)
    return _LIVE.with_only_columns(
        _sessions.c.session_data, *columns, maintain_column_froms=False
    ).select_from(both)
