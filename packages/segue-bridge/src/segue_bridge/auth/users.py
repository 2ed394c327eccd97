"""The user of a request: an entity of the project's user model, or nobody."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from segue_bridge.auth.who import Users

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.auth.passwords import Passwords
    from segue_bridge.db.session import Session

# The mapped user class belongs to the generated code; `app/access.py` names it.
CurrentUser: TypeAlias = Any


class UserMixin:
    """What ``AbstractBaseUser`` says of everybody who is in the user table."""

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False


class AnonymousUser:
    """``django.contrib.auth.models.AnonymousUser``: nobody is logged in."""

    id: None = None
    pk: None = None
    username = ""
    is_staff: Literal[False] = False
    is_active: Literal[False] = False
    is_superuser: Literal[False] = False
    is_authenticated: ClassVar[bool] = False
    is_anonymous: ClassVar[bool] = True

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """At run time any other attribute is an ``AttributeError``, as in Django."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnonymousUser)

    def __hash__(self) -> int:
        return 1

    def __str__(self) -> str:
        return "AnonymousUser"


def is_authenticated(user: CurrentUser) -> bool:
    """``user.is_authenticated``: True for every entity of the user model."""
    return user is not None and not isinstance(user, AnonymousUser)


U = TypeVar("U")


def member(user: U | AnonymousUser) -> U:
    """``user`` where only a user of the table will do; ``AttributeError`` for anybody else, as in Django."""
    if isinstance(user, AnonymousUser):
        raise AttributeError("'AnonymousUser' object has no such attribute")
    return user


class Named(Protocol):
    """Who has a first and a last name, as ``AbstractUser`` has them."""

    @property
    def first_name(self) -> str | None:
        """``AbstractUser.first_name``."""

    @property
    def last_name(self) -> str | None:
        """``AbstractUser.last_name``."""


def full_name(user: Named) -> str:
    """``AbstractUser.get_full_name``: both names with a space between; only one, or ``""``, where the other is empty."""
    return f"{user.first_name} {user.last_name}".strip()


class Identity:
    """Which mapped class is the user and how Django finds one.

    ``username`` is the attribute of ``USERNAME_FIELD``. ``is_active`` is read where the class has it;
    Django's ``AbstractBaseUser`` is active otherwise. ``session_hash`` is False for a user model without
    ``get_session_auth_hash``, whose sessions Django does not tie to the password.
    """

    def __init__(
        self, model: type[Any], *, username: str = "username", pk: str = "id", session_hash: bool = True
    ) -> None:
        self.model, self.username, self.pk, self.session_hash = model, username, pk, session_hash
        self.users = Users(self)

    def column(self, name: str) -> InstrumentedAttribute[Any]:
        """The mapped column ``name``."""
        column: InstrumentedAttribute[Any] = getattr(self.model, name)
        return column

    async def load(self, db: Session, pk: Any, request: Request | None = None) -> Any | None:
        """The user with primary key ``pk``, or None. One query."""
        found = await self.users.read(db, request, self._by_pk, {"pk": pk})
        return found[0][1] if found else None

    def _by_pk(self, *columns: Any) -> Select[Any]:
        key = self.column(self.pk)
        return select(*columns).where(key == bindparam("pk", type_=key.type))

    async def find(self, db: Session, column: InstrumentedAttribute[Any], value: Any) -> Any | None:
        """The user with that value (``User.objects.get``), or None. One query."""
        return await db.get(self.model, column == value)

    async def by_username(self, db: Session, username: str) -> Any | None:
        """The user of that natural key (``get_by_natural_key``: exact), or None. One query."""
        return await self.find(db, self.column(self.username), username)

    def active(self, user: Any) -> bool:
        """``ModelBackend.user_can_authenticate``."""
        return bool(getattr(user, "is_active", True))

    def pk_of(self, user: Any) -> Any:
        """The user's primary key."""
        return getattr(user, self.pk)

    def parse_pk(self, text: str) -> Any:
        """A session's ``_auth_user_id`` as the key's Python type (``_get_user_session_key``).

        Raises :class:`ValueError` or :class:`TypeError` for what cannot be one: a 500, as in Django.
        """
        return self._kind(text)

    @cached_property
    def _kind(self) -> type[Any]:
        """What keys are in Python; asked once, when all is mapped."""
        kind: type[Any] = self.column(self.pk).type.python_type
        return kind

    def restrict(self, names: Sequence[str]) -> list[str]:
        """Those of ``names`` that the user class maps."""
        return [n for n in names if hasattr(self.model, n)]


async def new_user(
    passwords: Passwords, username: str, email: str | None = None, password: str | None = None, **values: Any
) -> dict[str, Any]:
    """What ``UserManager.create_user`` sets on a new user: name and address normalised, the password hashed.

    Raises ``ValueError`` where the name is empty, and ``TypeError`` where it is not given, as Django does.
    """
    if not username:
        raise ValueError("The given username must be set")
    return {
        "is_staff": False,
        "is_superuser": False,
        **values,
        "username": unicodedata.normalize("NFKC", username),
        "email": normal_email(email),
        "password": await passwords.make(password),
    }


def clean_user(user: Any, username: str = "username", email: str = "") -> None:
    """``AbstractBaseUser.clean``: the name in normal form; with ``email`` ``AbstractUser.clean``, the address as well.

    ``username`` and ``email`` are names of attributes.
    """
    name = getattr(user, username)
    if isinstance(name, str):
        setattr(user, username, unicodedata.normalize("NFKC", name))
    if email:
        setattr(user, email, normal_email(getattr(user, email)))


def normal_email(email: str | None) -> str:
    """``BaseUserManager.normalize_email``: the domain in lower case."""
    email = email or ""
    name, at, domain = email.strip().rpartition("@")
    return f"{name}@{domain.lower()}" if at else email
