"""Model permissions as ``django.contrib.auth.backends.ModelBackend`` grants them, and DRF's classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Integer,
    ScalarSelect,
    Select,
    String,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from segue_bridge.auth.users import AnonymousUser, CurrentUser, is_authenticated
from segue_bridge.auth.who import granted_by, permissions_along
from segue_bridge.db.types import Uuid
from segue_bridge.errors import Http404, MethodNotAllowed

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_KEPT = "_perm_cache"

_permission = table(
    "auth_permission", column("id", Integer), column("codename", String), column("content_type_id", Integer)
)
_content_type = table("django_content_type", column("id", Integer), column("app_label", String))
_group_permission = table(
    "auth_group_permissions", column("group_id", Integer), column("permission_id", Integer)
)

_EVERY = select(_content_type.c.app_label, _permission.c.codename).join_from(
    _permission, _content_type, _content_type.c.id == _permission.c.content_type_id
)

MODEL_PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "GET": (),
    "OPTIONS": (),
    "HEAD": (),
    "POST": ("{app}.add_{model}",),
    "PUT": ("{app}.change_{model}",),
    "PATCH": ("{app}.change_{model}",),
    "DELETE": ("{app}.delete_{model}",),
}


def asked(queryset: object) -> bool:
    """True: DRF runs a view's ``get_queryset`` before it looks up the permissions of its model, whatever it gives."""
    return True


class Grants:
    """Where a user's own and group permissions are kept: the user model's two M2M tables.

    ``user_column`` names the user's key column in both (``user_id`` for ``auth.User``, the model's
    name for custom ones).
    """

    def __init__(self, permissions_table: str, groups_table: str, user_column: str) -> None:
        self._own = table(permissions_table, column(user_column), column("permission_id", Integer))
        self._groups = table(groups_table, column(user_column), column("group_id", Integer))
        self._user = user_column

    @cached_property
    def _granted(self) -> Select[Any]:
        """What the user ``pk`` is granted; built once, so that it is compiled once."""
        return self._granted_to(None)

    @cached_property
    def _granted_to_uuid(self) -> Select[Any]:
        """The same for keys that not every database has a type for."""
        return self._granted_to(Uuid())

    def aggregated(self, dialect: str, user: Any) -> ScalarSelect[Any]:
        """What the user whose key is the column ``user`` is granted, as one value: an array, or a JSON text on SQLite."""
        own = select(self._own.c.permission_id).where(self._own.c[self._user] == user)
        groups = (
            select(_group_permission.c.permission_id)
            .join_from(
                _group_permission, self._groups, self._groups.c.group_id == _group_permission.c.group_id
            )
            .where(self._groups.c[self._user] == user)
        )
        source = user.expression.table
        granted = union_all(own.correlate(source), groups.correlate(source))
        name = _content_type.c.app_label + "." + _permission.c.codename
        names = (
            func.json_group_array(name, type_=String())
            if dialect == "sqlite"
            else func.array_agg(name, type_=ARRAY(String))
        )
        return (
            _EVERY.with_only_columns(names, maintain_column_froms=True)
            .where(_permission.c.id.in_(granted))
            .correlate(source)
            .scalar_subquery()
        )

    def _granted_to(self, kind: Uuid | None) -> Select[Any]:
        user: BindParameter[Any] = bindparam("pk", type_=kind)
        own = select(self._own.c.permission_id).where(self._own.c[self._user] == user)
        groups = (
            select(_group_permission.c.permission_id)
            .join_from(
                _group_permission, self._groups, self._groups.c.group_id == _group_permission.c.group_id
            )
            .where(self._groups.c[self._user] == user)
        )
        return _EVERY.where(or_(_permission.c.id.in_(own), _permission.c.id.in_(groups)))

    async def all(self, db: Session, user: CurrentUser, pk: Any) -> frozenset[str]:
        """``user.get_all_permissions()`` as ``app.codename``; at most one query per user object."""
        if not is_authenticated(user) or not getattr(user, "is_active", True):
            return frozenset()
        # Kept on the user object as Django does, so for one request. A dictionary by user would not do: entities
        # of one user are equal, and a revoked permission would live on while an older request does.
        kept: dict[str, Any] = user.__dict__
        known: frozenset[str] | None = kept.get(_KEPT)
        if known is None and not getattr(user, "is_superuser", False):
            along = permissions_along(user, db)
            if along is not None:
                known = kept[_KEPT] = frozenset(along)
        if known is None:
            granted = self._granted_to_uuid if isinstance(pk, UUID) else self._granted
            statement = _EVERY if getattr(user, "is_superuser", False) else granted
            rows: Sequence[Any] = await db.all(statement, None if statement is _EVERY else {"pk": pk})
            known = frozenset(f"{row[0]}.{row[1]}" for row in rows)
            kept[_KEPT] = known
        return known


class Permissions:
    """``has_perm`` and friends for one user model."""

    def __init__(self, grants: Grants, *, pk: str = "id") -> None:
        self.grants, self._pk = grants, pk

    async def has_perm(self, db: Session, user: CurrentUser, name: str) -> bool:
        """``user.has_perm(name)``: always for an active superuser, never for an inactive user."""
        if not is_authenticated(user) or not getattr(user, "is_active", True):
            return False
        if getattr(user, "is_superuser", False):
            return True
        return name in await self.grants.all(db, user, getattr(user, self._pk))

    async def has_perms(self, db: Session, user: CurrentUser, names: Iterable[str]) -> bool:
        """``user.has_perms(names)``. A single name is a ``ValueError``, as in Django."""
        if isinstance(names, str):
            raise ValueError("perm_list must be an iterable of permissions.")
        for name in names:
            if not await self.has_perm(db, user, name):
                return False
        return True

    async def has_module_perms(self, db: Session, user: CurrentUser, app: str) -> bool:
        """``user.has_module_perms(app)``."""
        if not is_authenticated(user) or not getattr(user, "is_active", True):
            return False
        if getattr(user, "is_superuser", False):
            return True
        names = await self.grants.all(db, user, getattr(user, self._pk))
        return any(n.partition(".")[0] == app for n in names)

    async def model_permissions(
        self,
        db: Session,
        user: CurrentUser,
        method: str,
        app: str,
        model: str,
        *,
        anonymous_read: bool = False,
        perms_map: Mapping[str, tuple[str, ...]] = MODEL_PERMISSIONS,
    ) -> bool:
        """``DjangoModelPermissions.has_permission`` (``anonymous_read``: ``…OrAnonReadOnly``).

        A method that the map does not know is answered by :class:`MethodNotAllowed`, as DRF does.
        """
        if not anonymous_read and not is_authenticated(user):
            return False
        return await self.has_perms(db, user, required(perms_map, method, app, model))

    async def object_permissions(
        self,
        db: Session,
        user: CurrentUser,
        method: str,
        app: str,
        model: str,
        *,
        perms_map: Mapping[str, tuple[str, ...]] = MODEL_PERMISSIONS,
    ) -> bool:
        """``DjangoObjectPermissions.has_object_permission`` where only ``ModelBackend`` answers.

        That backend grants nothing for an object except to superusers, so DRF says 404 where reading is not
        allowed either and 403 otherwise. A method that the map does not know, also GET when it asks
        for reading, is answered by :class:`MethodNotAllowed` (``get_required_object_permissions``).
        """
        names = required(perms_map, method, app, model)
        if not names or self._superuser(user):
            return True
        if method in SAFE_METHODS or required(perms_map, "GET", app, model):
            raise Http404()
        return False

    def _superuser(self, user: CurrentUser) -> bool:
        active = is_authenticated(user) and getattr(user, "is_active", True)
        return bool(active and getattr(user, "is_superuser", False))


def is_staff(user: CurrentUser) -> bool:
    """``IsAdminUser``."""
    return not isinstance(user, AnonymousUser) and bool(user and user.is_staff)


def is_authenticated_or_read_only(user: CurrentUser, method: str) -> bool:
    """``IsAuthenticatedOrReadOnly``."""
    return method in SAFE_METHODS or is_authenticated(user)


def required(perms_map: Mapping[str, tuple[str, ...]], method: str, app: str, model: str) -> list[str]:
    """``get_required_permissions``: the names that ``method`` needs. Raises :class:`MethodNotAllowed`."""
    if method not in perms_map:
        raise MethodNotAllowed(method)
    out = []
    for pattern in perms_map[method]:
        name = pattern.replace("%(app_label)s", app).replace("%(model_name)s", model)
        out.append(name.replace("{app}", app).replace("{model}", model))
    return out


__all__ = [
    "MODEL_PERMISSIONS",
    "SAFE_METHODS",
    "Grants",
    "Permissions",
    "is_authenticated",
    "is_authenticated_or_read_only",
    "is_staff",
    "required",
]


_in_use: list[Permissions] = []


def use(permissions: Permissions) -> Permissions:
    """Make ``permissions`` what :func:`has_perm` asks; the generated ``access.py`` calls it once."""
    _in_use[:] = [permissions]
    granted_by(permissions.grants)
    return permissions


async def has_perm(db: Session, user: CurrentUser, name: str) -> bool:
    """``user.has_perm(name)`` for the project's user model. Raises ``LookupError`` before :func:`use`."""
    if not _in_use:
        raise LookupError("no permissions are in use")
    return await _in_use[0].has_perm(db, user, name)
