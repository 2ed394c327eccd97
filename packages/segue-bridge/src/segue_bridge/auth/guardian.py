"""Permissions of single objects as django-guardian keeps them, for users and for their groups.

Sources: ``guardian.backends.ObjectPermissionBackend``, ``guardian.core.ObjectPermissionChecker``,
``guardian.shortcuts.get_objects_for_user``, ``assign_perm``, ``remove_perm`` (3.x), over guardian's two generic tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Select, String, and_, bindparam, column, delete, insert, or_, select, table
from sqlalchemy.sql.expression import TableClause

from segue_bridge.auth.permissions import MODEL_PERMISSIONS, SAFE_METHODS, Permissions, required
from segue_bridge.auth.users import CurrentUser, Identity, is_authenticated
from segue_bridge.db.errors import IntegrityError, ObjectDoesNotExist
from segue_bridge.errors import Http404

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database

_permission = table(
    "auth_permission",
    column("id", BigInteger),
    column("codename", String),
    column("content_type_id", BigInteger),
)
_type = table(
    "django_content_type", column("id", BigInteger), column("app_label", String), column("model", String)
)
_OF_MODEL = and_(
    _type.c.app_label == bindparam("app", type_=String()), _type.c.model == bindparam("model", type_=String())
)


class WrongAppError(Exception):
    """``guardian.exceptions.WrongAppError``: a permission of another app than the object's."""


class ObjectPermissions:
    """``guardian_userobjectpermission`` and ``guardian_groupobjectpermission``.

    ``groups_table`` and ``user_column`` are as in :class:`~segue_bridge.auth.permissions.Grants`; ``anonymous`` is
    ``ANONYMOUS_USER_NAME``, the user that stands for nobody, None where nobody is permitted anything. Objects are named by
    app label, model (in lower case) and key.
    """

    def __init__(
        self,
        identity: Identity,
        permissions: Permissions,
        groups_table: str = "auth_user_groups",
        user_column: str = "user_id",
        *,
        anonymous: str | None = "AnonymousUser",
    ) -> None:
        self._identity, self._permissions, self._anonymous = identity, permissions, anonymous
        key = identity.column(identity.pk).type
        self._member = table(groups_table, column(user_column, key), column("group_id", BigInteger))
        self._member_of = user_column
        rows = ("permission_id", BigInteger), ("content_type_id", BigInteger), ("object_pk", String)
        self._users = table(
            "guardian_userobjectpermission", *(column(n, t) for n, t in rows), column("user_id", key)
        )
        self._groups = table(
            "guardian_groupobjectpermission", *(column(n, t) for n, t in rows), column("group_id", BigInteger)
        )
        self._granted = self._names()

    async def has_perm(
        self, db: Database, user: CurrentUser, name: str, app: str, model: str, pk: Any
    ) -> bool:
        """``ObjectPermissionBackend.has_perm(user, name, obj)``; ``name`` with or without its app. At most one query.

        Raises :class:`WrongAppError` for a name of another app. An object's permission does not follow from one of its
        model: ``user.has_perm(name, obj)`` with both backends asks this one alone, but for superusers.
        """
        found = await self._somebody(db, user)
        if found is None:
            return False
        label, dot, code = name.partition(".")
        if dot and label != app:
            raise WrongAppError(f"'{name}' is no permission of '{app}'.")
        if not self._identity.active(found):
            return False
        if getattr(found, "is_superuser", False):
            return True
        return (code if dot else name) in await self._codes(db, found, app, model, pk)

    async def object_permissions(
        self,
        db: Database,
        user: CurrentUser,
        method: str,
        app: str,
        model: str,
        pk: Any,
        *,
        perms_map: Mapping[str, tuple[str, ...]] = MODEL_PERMISSIONS,
    ) -> bool:
        """``DjangoObjectPermissions.has_object_permission``: whether ``user`` has what ``method`` needs for the object.

        Raises :class:`Http404` where she may not even read it, :class:`MethodNotAllowed` for a method that the map does not
        know, and :class:`WrongAppError`. One query for each name.
        """
        for name in required(perms_map, method, app, model):
            if not await self.has_perm(db, user, name, app, model, pk):
                break
        else:
            return True
        if method in SAFE_METHODS:
            raise Http404()
        for name in required(perms_map, "GET", app, model):
            if not await self.has_perm(db, user, name, app, model, pk):
                raise Http404()
        return False

    async def names(self, db: Database, user: CurrentUser, app: str, model: str, pk: Any) -> frozenset[str]:
        """``ObjectPermissionChecker(user).get_perms(obj)``: code names; all of the model for superusers. One query."""
        found = await self._somebody(db, user)
        if found is None or not self._identity.active(found):
            return frozenset()
        if getattr(found, "is_superuser", False):
            every = (
                select(_permission.c.codename)
                .join_from(_permission, _type, self._same_type())
                .where(_OF_MODEL)
            )
            return frozenset(row[0] for row in await db.all(every, {"app": app, "model": model}))
        return await self._codes(db, found, app, model, pk)

    async def keys(
        self,
        db: Database,
        user: CurrentUser,
        codes: str | Iterable[str],
        app: str,
        model: str,
        *,
        any_perm: bool = False,
        use_groups: bool = True,
        with_superuser: bool = True,
        accept_global_perms: bool = True,
    ) -> frozenset[str] | None:
        """``get_objects_for_user``: the keys, as text, of the objects for which ``user`` has all ``codes``; None for every object.

        One query, and one for the permissions of the model where those count. Raises ``ValueError`` without a code.
        """
        wanted = {codes} if isinstance(codes, str) else set(codes)
        if not wanted:
            raise ValueError("at least one permission has to be asked for")
        if with_superuser and getattr(user, "is_superuser", False):
            return None
        found = await self._somebody(db, user)
        if found is None:
            raise ObjectDoesNotExist("User matching query does not exist.", self._identity.model)
        if accept_global_perms and with_superuser:
            of_model = {c for c in wanted if await self._permissions.has_perm(db, found, f"{app}.{c}")}
            wanted -= of_model
            if of_model and (not wanted or any_perm):
                return None
        statement = self._objects(use_groups=use_groups).where(_permission.c.codename.in_(sorted(wanted)))
        values = {"user": self._identity.pk_of(found), "app": app, "model": model}
        held: dict[str, set[str]] = {}
        rows: Sequence[Any] = await db.all(statement, values)
        for key, code in rows:
            held.setdefault(key, set()).add(code)
        return frozenset(pk for pk, granted in held.items() if any_perm or wanted <= granted)

    async def assign(self, db: Database, user: Any, code: str, app: str, model: str, pk: Any) -> None:
        """``assign_perm(code, user, obj)``; nothing where it is granted already. Raises :class:`ObjectDoesNotExist`."""
        permission, content_type = await self._find(db, code, app, model)
        values = {
            "permission_id": permission,
            "content_type_id": content_type,
            "object_pk": str(pk),
            "user_id": self._identity.pk_of(user),
        }
        rows = self._users.c
        there = select(rows.permission_id).where(*(rows[name] == value for name, value in values.items()))
        with db.primary():  # get_or_create
            if await db.first(there) is not None:
                return
            try:
                async with db.atomic():
                    await db.execute(insert(self._users).values(**values))
            except IntegrityError:  # somebody else was faster
                if await db.first(there) is None:
                    raise

    async def remove(self, db: Database, user: Any, code: str, app: str, model: str, pk: Any) -> None:
        """``remove_perm(code, user, obj)``."""
        permission, content_type = await self._find(db, code, app, model)
        rows = self._users.c
        await db.execute(
            delete(self._users).where(
                rows.permission_id == permission,
                rows.content_type_id == content_type,
                rows.object_pk == str(pk),
                rows.user_id == self._identity.pk_of(user),
            )
        )

    async def _somebody(self, db: Database, user: CurrentUser) -> Any | None:
        if is_authenticated(user):
            return user
        return None if self._anonymous is None else await self._identity.by_username(db, self._anonymous)

    async def _codes(self, db: Database, user: Any, app: str, model: str, pk: Any) -> frozenset[str]:
        values = {"user": self._identity.pk_of(user), "app": app, "model": model, "object": str(pk)}
        return frozenset(row[0] for row in await db.all(self._granted, values))

    async def _find(self, db: Database, code: str, app: str, model: str) -> tuple[int, int]:
        statement = (
            select(_permission.c.id, _type.c.id)
            .join_from(_permission, _type, self._same_type())
            .where(_OF_MODEL, _permission.c.codename == code)
        )
        row: Any = await db.first(statement, {"app": app, "model": model})
        if row is None:
            raise ObjectDoesNotExist("Permission matching query does not exist.")
        return row[0], row[1]

    @staticmethod
    def _same_type() -> Any:
        return _type.c.id == _permission.c.content_type_id

    def _mine(self, rows: TableClause) -> Any:
        """The rows that count for the parameter ``user``: its own, or those of its groups."""
        user: Any = bindparam("user", type_=self._identity.column(self._identity.pk).type)
        if rows is self._users:
            return rows.c.user_id == user
        groups = select(self._member.c.group_id).where(self._member.c[self._member_of] == user)
        return rows.c.group_id.in_(groups)

    def _names(self) -> Select[Any]:
        """Code names of what the parameter ``user`` is granted for one object."""
        of_object = []
        for rows in (self._users, self._groups):
            found = select(rows.c.permission_id).where(
                self._mine(rows),
                rows.c.content_type_id == _type.c.id,
                rows.c.object_pk == bindparam("object", type_=String()),
            )
            of_object.append(_permission.c.id.in_(found.correlate(_type)))
        joined = select(_permission.c.codename).join_from(_permission, _type, self._same_type())
        return joined.where(_OF_MODEL, or_(*of_object))

    def _objects(self, *, use_groups: bool) -> Select[Any]:
        """Key and code name of all that the parameter ``user`` is granted for objects of one model."""
        held = [
            select(rows.c.object_pk, rows.c.permission_id, rows.c.content_type_id).where(self._mine(rows))
            for rows in ((self._users, self._groups) if use_groups else (self._users,))
        ]
        every = (held[0].union_all(*held[1:]) if len(held) > 1 else held[0]).subquery("held")
        return (
            select(every.c.object_pk, _permission.c.codename)
            .join_from(every, _permission, _permission.c.id == every.c.permission_id)
            .join(_type, and_(self._same_type(), _type.c.id == every.c.content_type_id))
            .where(_OF_MODEL)
        )
