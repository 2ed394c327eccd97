"""Permissions: what Django's ModelBackend and DRF's classes grant, and what the bridge grants, over one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column
from tests.bridge.auth.child import Child

from segue_bridge.auth.permissions import MODEL_PERMISSIONS, Grants, Permissions, is_authenticated, is_staff
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.db.base import Base, ModelInfo
from segue_bridge.db.database import Database
from segue_bridge.db.types import BigInt, Bool
from segue_bridge.errors import Http404, MethodNotAllowed

if not django_settings.configured:
    django_settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        SECRET_KEY="x",
    )
    django.setup()

from django.contrib.auth.models import AnonymousUser as DjangoAnonymousUser


class Apart(Base):
    """Keeps the table out of the way of other tests, which map ``auth_user`` in this process as well."""

    __abstract__ = True
    metadata = MetaData()


class User(Apart):
    """``auth.User``, as far as permissions read it."""

    __tablename__ = "auth_user"
    __segue__ = ModelInfo("auth.User")
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    is_active: Mapped[bool] = mapped_column(Bool)
    is_staff: Mapped[bool] = mapped_column(Bool)
    is_superuser: Mapped[bool] = mapped_column(Bool)


NAMES = ["auth.add_group", "auth.change_group", "auth.view_group", "auth.delete_group", "contenttypes.add_contenttype"]  # fmt: skip
ASKED = [*NAMES, "auth.no_such", "nowhere.add_group", "add_group", ""]
APPS = ["auth", "contenttypes", "nowhere", ""]
READS = {**{m: list(p) for m, p in MODEL_PERMISSIONS.items()}, "GET": ["%(app_label)s.view_%(model_name)s"]}
WRITES = {"POST": ["%(app_label)s.add_%(model_name)s"], "DELETE": ["auth.no_such"], "OPTIONS": []}
MAPS: list[Any] = [None, {m: [n.format(app="%(app_label)s", model="%(model_name)s") for n in p] for m, p in READS.items()}, WRITES]  # fmt: skip
SOME = st.lists(st.sampled_from(NAMES), max_size=4, unique=True)
USERS = st.none() | st.fixed_dictionaries(
    {
        "flags": st.fixed_dictionaries(
            {"is_active": st.booleans(), "is_staff": st.booleans(), "is_superuser": st.booleans()}
        ),
        "own": SOME,
        "groups": st.lists(SOME, max_size=2),
    }
)


class Side:
    """Django in a child process."""

    def __init__(self, database: Path) -> None:
        self.url = f"sqlite+aiosqlite:///{database}"
        given = {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}}}
        self.child = Child("permissions_child.py", given)

    def ask(self, **command: Any) -> Any:
        """One command of the child."""
        return self.child.ask(command)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Any]:
        """A session of the bridge on the same database."""
        database = Database(self.url)
        db = database.session()
        try:
            yield db
        finally:
            await db.close()
            await database.close()

    def close(self) -> None:
        """End the child."""
        self.child.close()


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    made = Side(tmp_path_factory.mktemp("permissions") / "db.sqlite3")
    yield made
    made.close()


def bridge() -> tuple[Grants, Permissions]:
    grants = Grants("auth_user_user_permissions", "auth_user_groups", "user_id")
    return grants, Permissions(grants)


async def told(answer: Awaitable[bool]) -> Any:
    """The answer, or the name of the exception."""
    try:
        return await answer
    except (Http404, MethodNotAllowed) as error:
        return type(error).__name__


async def modern(side: Side, pk: int | None) -> dict[str, Any]:
    grants, permissions = bridge()
    async with side.session() as db:
        user: Any = AnonymousUser() if pk is None else await db.get(User, User.id == pk)
        out: dict[str, Any] = {
            "pk": user.id,
            "all": sorted(await grants.all(db, user, user.id)),
            "has_perm": {name: await permissions.has_perm(db, user, name) for name in ASKED},
            "has_perms": await permissions.has_perms(db, user, ASKED),
            "modules": {app: await permissions.has_module_perms(db, user, app) for app in APPS},
            "IsAdminUser": is_staff(user),
            "IsAuthenticated": is_authenticated(user),
        }
        assert db.queries <= 2  # the user, and at most one for all permissions
        for number, given in enumerate(MAPS):
            extra = {} if given is None else {"perms_map": given}
            for method in ("GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE", "PURGE"):
                what = (db, user, method, "auth", "group")
                for name, answer in {
                    "DjangoModelPermissions": permissions.model_permissions(*what, **extra),
                    "DjangoModelPermissionsOrAnonReadOnly": permissions.model_permissions(
                        *what, anonymous_read=True, **extra
                    ),
                    "DjangoObjectPermissions": permissions.object_permissions(*what, **extra),
                }.items():
                    out[f"{number} {name} {method}"] = await told(answer)
        return out


@pytest.mark.round_trip("permissions and groups", "generated", "both")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(USERS)
def test_the_same_is_granted(side: Side, user: Any) -> None:
    expected = side.ask(user=user, names=ASKED, apps=APPS, maps=MAPS)
    assert asyncio.run(modern(side, expected["pk"])) == expected


def test_a_revoked_permission_is_gone_for_the_next_request_while_an_older_one_still_runs(side: Side) -> None:
    """Django keeps the set on the user object: another request's object of the same user has its own."""
    flags = {"is_active": True, "is_staff": False, "is_superuser": False}
    user = {"flags": flags, "own": ["auth.add_group"], "groups": []}
    pk = side.ask(user=user, names=ASKED, apps=APPS, maps=MAPS)["pk"]

    async def ask() -> list[bool]:
        _, permissions = bridge()
        async with side.session() as db:
            older = await db.get(User, User.id == pk)
            said = [await permissions.has_perm(db, older, "auth.add_group")]
            side.ask(revoke=pk)
            newer = await db.get(User, User.id == pk)
            said.append(await permissions.has_perm(db, newer, "auth.add_group"))
            return [*said, await permissions.has_perm(db, older, "auth.add_group")]

    assert asyncio.run(ask()) == [True, False, True]


def test_a_single_name_is_no_list_of_names(side: Side) -> None:
    """``has_perms("a.b")`` is an error of the caller, not a question about letters."""

    async def ask() -> None:
        _, permissions = bridge()
        async with side.session() as db:
            await permissions.has_perms(db, AnonymousUser(), "auth.add_group")

    with pytest.raises(ValueError) as expected:
        DjangoAnonymousUser().has_perms("auth.add_group")
    with pytest.raises(ValueError, match=str(expected.value)):
        asyncio.run(ask())


@pytest.mark.parametrize(
    "name", ["id", "pk", "username", "is_staff", "is_active", "is_superuser", "is_anonymous"]
)
def test_nobody_looks_as_in_django(name: str) -> None:
    assert getattr(AnonymousUser(), name) == getattr(DjangoAnonymousUser(), name)
    assert str(AnonymousUser()) == str(DjangoAnonymousUser())
    assert hash(AnonymousUser()) == hash(DjangoAnonymousUser())
