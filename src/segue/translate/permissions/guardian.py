"""Permissions of single objects where django-guardian is asked → ``OBJECTS`` in ``access.py``.

Sources: ``django.contrib.auth.models._user_has_perm`` (a superuser may do all; then each backend is asked, and ``ModelBackend``
grants nothing for an object), ``guardian.backends.ObjectPermissionBackend``, ``guardian.core.ObjectPermissionChecker`` (3.x).
"""

from __future__ import annotations

from segue.refusal import Refused, refuse
from segue.snapshot.model import Where
from segue.target.ir import Decl, Import
from segue.translate.backends import GUARDIAN, check_flag, check_object_permissions, names
from segue.translate.context import Context
from segue.translate.kinds import Instance
from segue.translate.load.models import concrete, field_of, pk_field
from segue.translate.load.needs import column
from segue.translate.specialise.fold import Ref, plain
from segue.translate.versions import since
from segue.translate.views import access, authentication

_DISTRIBUTION = "django-guardian"
_ROWS = ("guardian.UserObjectPermission", "guardian.GroupObjectPermission")
_BASES = (
    "guardian.models.models.UserObjectPermissionBase",
    "guardian.models.models.GroupObjectPermissionBase",
)
_USUAL = {
    "ANONYMOUS_USER_CACHE_TTL": 0,
    "AUTO_PREFETCH": False,
    "GET_CONTENT_TYPE": "guardian.ctypes.get_default_content_type",
    "USER_OBJ_PERMS_MODEL": _ROWS[0],
    "GROUP_OBJ_PERMS_MODEL": _ROWS[1],
}


def asked(ctx: Context) -> bool:
    """Whether the project's backends ask django-guardian."""
    return GUARDIAN in names(ctx)


def target(ctx: Context, kind: Instance, where: Where) -> tuple[str, str, str]:
    """App label, model and attribute of the key of an object, as guardian names it. Raises ``Refused``."""
    model = ctx.model(kind.model)
    described = ctx.snapshot.classes.get(model.cls)
    order = described.mro if described is not None else ()
    if model.proxy or any(name.startswith("polymorphic.") for name in order):
        raise refuse("guardian", kind.model, "Objects of this model may be of another content type.", where)
    key = pk_field(ctx, kind.model)
    column(ctx, kind.site, key.attname)
    return model.app, model.cls.rpartition(".")[2].lower(), key.attname


def declare(ctx: Context, where: Where) -> Import:
    """``OBJECTS``. Raises ``Refused`` where rows of its own tables are not all that guardian goes by."""
    module = access.module(ctx)
    imported = Import(f"{ctx.program.package}.access", "OBJECTS")
    if "OBJECTS" in module.decls:
        return imported
    _check(ctx, where)
    authentication.base(ctx, where)
    if "PERMISSIONS" not in module.decls:
        raise refuse("guardian", ctx.snapshot.settings.user_model, "The user model has no groups.", where)
    groups = field_of(concrete(ctx, ctx.snapshot.settings.user_model), "groups")
    assert groups is not None
    assert groups.relation is not None
    member = ctx.model(groups.relation.through)
    own = next(f.column for f in member.fields if f.name == groups.relation.through_source)
    arguments = "IDENTITY, PERMISSIONS"
    if (member.table, own) != ("auth_user_groups", "user_id"):
        arguments += f", {member.table!r}, {own!r}"
    anonymous = _setting(ctx, "ANONYMOUS_USER_NAME")
    if anonymous != "AnonymousUser":
        arguments += f", anonymous={anonymous!r}"
    text = f"OBJECTS = ObjectPermissions({arguments})"
    module.add(
        Decl("OBJECTS", text, frozenset({Import("segue_bridge.auth.guardian", "ObjectPermissions")}), 19)
    )
    return imported


def _check(ctx: Context, where: Where) -> None:
    check_object_permissions(ctx, where, by=GUARDIAN)
    for flag in ("is_superuser", "is_active"):
        check_flag(ctx, flag, where)
    installed = {k.lower().replace("_", "-"): v for k, v in ctx.snapshot.versions.packages.items()}
    version = installed.get(_DISTRIBUTION, "")
    if not version or not since(version, 3, 0) or since(version, 4, 0):
        raise _refused(ctx, f"{_DISTRIBUTION} {version}", "Segue knows the permissions of guardian 3.")
    for name, usual in _USUAL.items():
        found = _setting(ctx, name, usual)
        if (found.name if isinstance(found, Ref) else found) != usual:
            raise _refused(ctx, f"GUARDIAN_{name}", "Segue knows its default only.")
    if not isinstance(_setting(ctx, "ANONYMOUS_USER_NAME"), str | None):
        raise _refused(ctx, "ANONYMOUS_USER_NAME", "Segue cannot read this setting.")
    for label, model in ctx.snapshot.models.items():
        described = ctx.snapshot.classes.get(model.cls)
        if label not in _ROWS and described is not None and set(_BASES) & set(described.mro):
            raise refuse(
                "guardian",
                label,
                "It holds the permissions of one model in a table of its own.",
                described.where,
            )


def _setting(ctx: Context, name: str, default: object = None) -> object:
    found = ctx.snapshot.settings.values.get("GUARDIAN")
    pairs = found.pairs if found is not None else ()
    return next((plain(value) for key, value in pairs if key.data == name), default)


def _refused(ctx: Context, what: str, why: str) -> Refused:
    return refuse("guardian", what, why, Where(ctx.snapshot.settings.module))
