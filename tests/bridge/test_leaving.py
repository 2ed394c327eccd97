"""Who may still hand a request to Django: nobody who has written anything but what DRF's authentication writes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Integer, column, insert, table, text

from segue_bridge.auth.backend import Authentication
from segue_bridge.auth.own import Authenticated
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.db.database import Database
from segue_bridge.db.session import Session
from segue_bridge.errors import TooLate, Unserved
from segue_bridge.http import dispatch
from segue_bridge.leaving import left_to_django

_rows = table("rows", column("n", Integer))


class Ends:
    """An authenticator of DRF's or a package's, such as one that ends old tokens."""

    challenge = None

    async def authenticate(self, request: Any, db: Session, session: Any) -> Any:
        await db.execute(insert(_rows).values(n=1))
        return AnonymousUser(), None


@pytest.mark.parametrize("own", [False, True])
def test_what_authentication_writes_may_be_written_again(tmp_path: Path, own: bool) -> None:
    """``key.uses += 1`` may not: Django, asked from the start, counts the request as well."""

    async def main() -> None:
        database = Database(f"sqlite:///{tmp_path / 'db.sqlite3'}")
        async with database.session() as db:
            await db.execute(text("CREATE TABLE rows (n integer)"))
        async with database.session() as db:
            counting = Authenticated(lambda call: Ends().authenticate(call, db, None))
            call: Any = SimpleNamespace(
                scope={},
                db=db,
                stored_session=None,
                set_user=lambda *_: None,
                resource=SimpleNamespace(authentication=Authentication(counting if own else Ends())),
            )
            await dispatch._authenticate(call)
            assert db.kept == 1
            assert isinstance(left_to_django(db, "why"), TooLate if own else Unserved)
            await db.execute(insert(_rows).values(n=2))
            assert isinstance(left_to_django(db, "why"), TooLate)
        await database.close()

    asyncio.run(main())
