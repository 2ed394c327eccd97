"""Keys of djangorestframework-api-key: they let a program in, and say of nobody who asks.

Sources: ``rest_framework_api_key.models``, ``.crypto`` and ``.permissions`` (3.0 and 3.1).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, String, bindparam, column, false, insert, select, table, update

from segue_bridge.auth.crypto import random_string, same
from segue_bridge.db.types.aware import AwareDateTime

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.auth.passwords import Passwords
    from segue_bridge.db.session import Session as Database

_PREFERRED = "sha512$$"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A row of the key table, without the key."""

    id: str
    prefix: str
    name: str
    expiry_date: datetime | None


class ApiKeys:
    """The keys in one table (``APIKey``, or a model of the project's own).

    ``passwords`` checks keys that were hashed by releases before 3.0 and stores them anew, as the package does; without
    them such a key is refused. ``header`` is ``API_KEY_CUSTOM_HEADER`` as a header's name, ``keyword`` that of
    ``KeyParser``.
    """

    def __init__(
        self,
        table_name: str = "rest_framework_api_key_apikey",
        *,
        keyword: str = "Api-Key",
        header: str | None = None,
        passwords: Passwords | None = None,
    ) -> None:
        self._keyword, self._header, self._passwords = keyword, header, passwords
        self._table = table(
            table_name,
            column("id", String),
            column("prefix", String),
            column("hashed_key", String),
            column("created", AwareDateTime()),
            column("name", String),
            column("revoked", Boolean),
            column("expiry_date", AwareDateTime()),
        )
        keys = self._table.c
        self._usable = select(keys.id, keys.prefix, keys.name, keys.expiry_date, keys.hashed_key).where(
            keys.revoked == false(), keys.prefix == bindparam("prefix", type_=String())
        )

    def of(self, request: Request) -> str | None:
        """The key that a request has (``KeyParser.get``), None without one."""
        if self._header is not None:
            return request.headers.get(self._header) or None
        keyword, found, key = request.headers.get("authorization", "").partition(" ")
        return key if found and keyword.lower() == self._keyword.lower() else None

    async def granted(self, db: Database, request: Request) -> bool:
        """``HasAPIKey.has_permission``: whether the request has a good key. One query where it has one."""
        key = self.of(request)
        return bool(key) and await self.find(db, key or "") is not None

    async def find(self, db: Database, key: str) -> ApiKey | None:
        """The row of a key that is neither unknown, revoked nor expired (``is_valid``). One query."""
        row: Any = await db.first(self._usable, {"prefix": key.partition(".")[0]})
        if row is None or not await self._right(db, key, row[4], row[0]):
            return None
        found = ApiKey(*row[:4])
        expired = found.expiry_date is not None and found.expiry_date < datetime.now(UTC)
        return None if expired else found

    async def create(
        self, db: Database, name: str, *, expiry_date: datetime | None = None, **columns: Any
    ) -> tuple[ApiKey, str]:
        """``create_key``: the row, and the key, which is never seen again. ``columns`` of a model of the project's own."""
        prefix = random_string(8)
        key = f"{prefix}.{random_string(32)}"
        hashed = hashed_key(key)
        made = ApiKey(f"{prefix}.{hashed}", prefix, name, expiry_date)
        own = (column(c.name, c.type) for c in self._table.c)
        full = table(self._table.name, *own, *(column(n) for n in columns))
        await db.execute(
            insert(full).values(
                id=made.id, prefix=prefix, hashed_key=hashed, created=datetime.now(UTC), name=name, revoked=False,
                expiry_date=expiry_date, **columns,
            )
        )  # fmt: skip
        return made, key

    async def revoke(self, db: Database, prefix: str) -> bool:
        """Revoke the key with that prefix; whether there was one."""
        changed = update(self._table).where(self._table.c.prefix == prefix).values(revoked=True)
        return bool(await db.execute(changed))

    async def _right(self, db: Database, key: str, stored: str, row: str) -> bool:
        if stored.startswith(_PREFERRED):
            return same(stored, hashed_key(key))
        if self._passwords is None or not (await self._passwords.check(key, stored))[0]:
            return False
        changed = update(self._table).where(self._table.c.id == row).values(hashed_key=hashed_key(key))
        await db.execute(changed)
        return True


def hashed_key(key: str) -> str:
    """``Sha512ApiKeyHasher.encode``."""
    return _PREFERRED + hashlib.sha512(key.encode()).hexdigest()
