"""Who may still hand a request to Django: nobody who has written anything but what authentication writes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Integer, column, insert, table, text

from segue_bridge.db.database import Database
from segue_bridge.errors import Unserved
from segue_bridge.http import dispatch
from segue_bridge.leaving import left_to_django

_rows = table("rows", column("n", Integer))


def test_what_authentication_writes_may_be_written_again(tmp_path: Path) -> None:
    async def main() -> None:
        database = Database(f"sqlite:///{tmp_path / 'db.sqlite3'}")
        async with database.session() as db:
            await db.execute(text("CREATE TABLE rows (n integer)"))
        async with database.session() as db:

            async def authenticate(*_: Any) -> Any:
                await db.execute(insert(_rows).values(n=1))
                return None, None

            authentication = SimpleNamespace(authenticators=(1,), authenticate=authenticate)
            call: Any = SimpleNamespace(
                scope={},
                db=db,
                stored_session=None,
                set_user=lambda *_: None,
                resource=SimpleNamespace(authentication=authentication),
            )
            await dispatch._authenticate(call)
            assert isinstance(left_to_django(db, "why"), Unserved)
            await db.execute(insert(_rows).values(n=2))
            assert isinstance(left_to_django(db, "why"), RuntimeError)
        await database.close()

    asyncio.run(main())
