"""The bridge's side of the tests of tokens and identities: ``auth_user`` mapped, and a database that Django's child shares."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column
from starlette.requests import Request
from tests.bridge.auth.child import Child

from segue_bridge.auth.permissions import Grants, Permissions
from segue_bridge.auth.users import Identity, UserMixin
from segue_bridge.db.base import Base, ModelInfo
from segue_bridge.db.database import Database
from segue_bridge.db.types import BigInt, Bool, Text
from segue_bridge.db.types.aware import AwareDateTime

T = TypeVar("T")


class Apart(Base):
    """Keeps the tables out of the way of other tests, which map them in this process as well."""

    __abstract__ = True
    metadata = MetaData()


class User(UserMixin, Apart):
    """``auth.User``."""

    __tablename__ = "auth_user"
    __segue__ = ModelInfo("auth.User")
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    password: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(Bool)
    is_staff: Mapped[bool] = mapped_column(Bool)
    is_superuser: Mapped[bool] = mapped_column(Bool)
    last_login: Mapped[datetime | None] = mapped_column(AwareDateTime)


GRANTS = Grants("auth_user_user_permissions", "auth_user_groups", "user_id")
PERMISSIONS = Permissions(GRANTS)


def identity() -> Identity:
    """A new one: it has learned of no route yet."""
    return Identity(User)


class Sides:
    """One SQLite file that Django has in a child process, and the bridge here."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        path = folder / "db.sqlite3"
        fast = {"init_command": "PRAGMA synchronous=OFF"}
        given = {
            "DATABASES": {
                "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": fast}
            }
        }
        self._child = Child("identity_child.py", {**given, **settings})
        self._child.ask(["ready"])
        self._runner = asyncio.Runner()
        self._database = Database(f"sqlite+aiosqlite:///{path}")

    def django(self, command: str, *arguments: Any) -> Any:
        """The answer to one command."""
        return self._child.ask([command, *arguments])

    def session(self) -> Any:
        """A session of the bridge."""
        return self._database.session()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on this side's loop."""
        return self._runner.run(work)

    def close(self) -> None:
        """End both."""
        self._runner.run(self._database.close())
        self._runner.close()
        self._child.close()


def request(endpoint: Any = None, **headers: str) -> Request:
    """A request to the route of ``endpoint``; names of ``headers`` with ``_`` for ``-``."""
    raw = [(n.replace("_", "-").encode(), v.encode("latin-1")) for n, v in headers.items()]
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": raw,
            "endpoint": endpoint,
        }
    )
