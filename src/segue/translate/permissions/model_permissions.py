"""``DjangoModelPermissions`` and its kin: permissions of the view's model by HTTP method."""

from __future__ import annotations

import re

from segue.snapshot.model import Class
from segue.target.ir import Decl, Import
from segue.translate.backends import check_flag, check_object_permissions, check_permissions
from segue.translate.kinds import Instance
from segue.translate.permissions import guardian
from segue.translate.permissions.asked_queryset import model_asked
from segue.translate.permissions.condition import Condition
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain

_DRF = "rest_framework.permissions."
# What DjangoModelPermissions.has_permission calls on itself.
_OWN_PARTS = ("get_required_permissions", "_queryset")
_OF_OBJECTS = ("get_required_object_permissions", *_OWN_PARTS)


def model_permissions(endpoint: Endpoint, cls: str) -> Condition:
    """``DjangoModelPermissions.has_permission`` for the view's model, with the ``perms_map`` of ``cls``."""
    ctx = endpoint.ctx
    check_permissions(ctx, endpoint.where)
    known = ctx.snapshot.classes.get(cls)
    anonymous = f"{_DRF}DjangoModelPermissionsOrAnonReadOnly" in (known.mro if known else (cls,))
    package = ctx.program.package
    imports, extra = {Import(f"{package}.access", "PERMISSIONS")}, ""
    if known is not None and known.origin != "drf":
        for part in _OWN_PARTS:
            if not known.methods.get(part, _DRF).startswith(_DRF):
                raise endpoint.refuse(
                    "permission", f"{cls}.{part}", "It computes permissions of its own.", known.where
                )
        name = _perms_map(endpoint, known)
        if name:
            imports.add(Import(f"{package}.access", name))
            extra = f", perms_map={name}"
        only_users = known.attributes.get("authenticated_users_only")
        if only_users is not None:
            anonymous = only_users.value.data is False
    if anonymous:
        extra = ", anonymous_read=True" + extra
    label, asked = endpoint.view.queryset_model, ""
    if endpoint.overridden("get_queryset"):
        label, asked, needed = model_asked(endpoint, anonymous=anonymous)
        imports |= needed
    if not label:
        raise endpoint.refuse("permission", cls, "The view has no queryset that Segue knows.")
    app, _, model = label.partition(".")
    text = f"await PERMISSIONS.model_permissions(call.db, call.user, call.method, {app!r}, {model.lower()!r}{extra})"
    if asked:
        imports.add(Import("segue_bridge.auth.permissions", "asked"))
        text = f"asked({asked}) and {text}"
        if not anonymous:
            imports.add(Import("segue_bridge.auth.users", "is_authenticated"))
            text = f"is_authenticated(call.user) and {text}"
    return Condition(text, imports=imports)


def object_permissions(endpoint: Endpoint, cls: str, instance: Instance, name: str) -> Condition:
    """``DjangoObjectPermissions.has_object_permission`` for the object in the local ``name``.

    django-guardian says what is granted for an object, where it is one of the backends; ``ModelBackend`` grants nothing.
    """
    ctx, where = endpoint.ctx, endpoint.where
    check_permissions(ctx, where)
    label = endpoint.view.queryset_model
    if not label or endpoint.overridden("get_queryset") or label != instance.model:
        why = "The model behind DjangoObjectPermissions is computed by get_queryset, or the object is of another one."
        raise endpoint.refuse("permission", cls, why)
    known = ctx.snapshot.classes.get(cls)
    extra, imports = "", set[Import]()
    if known is not None and known.origin != "drf":
        for part in _OF_OBJECTS:
            if not known.methods.get(part, _DRF).startswith(_DRF):
                raise endpoint.refuse(
                    "permission", f"{cls}.{part}", "It computes permissions of its own.", known.where
                )
        constant = _perms_map(endpoint, known)
        if constant:
            imports.add(Import(f"{ctx.program.package}.access", constant))
            extra = f", perms_map={constant}"
    app, _, model = label.partition(".")
    asked = f"object_permissions(call.db, call.user, call.method, {app!r}, {model.lower()!r}"
    if guardian.asked(ctx):
        imports.add(guardian.declare(ctx, where))
        app, model, key = guardian.target(ctx, instance, where)
        return Condition(f"await OBJECTS.{asked}, {name}.{key}{extra})", imports=imports)
    check_object_permissions(ctx, where, by="")
    check_flag(ctx, "is_superuser", where)
    imports.add(Import(f"{ctx.program.package}.access", "PERMISSIONS"))
    return Condition(f"await PERMISSIONS.{asked}{extra})", imports=imports)


def _perms_map(endpoint: Endpoint, known: Class) -> str:
    """Name of the constant in ``access.py`` with the map of ``known``; empty where it is DRF's own."""
    attribute = known.attributes.get("perms_map")
    if attribute is None or attribute.defined_in.startswith(_DRF):
        return ""
    found = plain(attribute.value)
    where = attribute.where or known.where
    if not isinstance(found, dict) or not all(
        isinstance(m, str)
        and isinstance(p, (list, tuple))
        and all(isinstance(n, str) and not set(n) & set("{}") for n in p)
        for m, p in found.items()
    ):
        raise endpoint.refuse(
            "permission", f"{known.name}.perms_map", "The map is not of plain texts.", where
        )
    try:
        names = {
            m: tuple(n % {"app_label": "{app}", "model_name": "{model}"} for n in p) for m, p in found.items()
        }
    except (KeyError, TypeError, ValueError):
        why = "A permission of the map is not written with %(app_label)s and %(model_name)s."
        raise endpoint.refuse("permission", f"{known.name}.perms_map", why, where) from None
    owner = attribute.defined_in.rpartition(".")[2]
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", owner).upper()
    ctx = endpoint.ctx
    module = ctx.program.module(f"{ctx.program.package}/access.py", "Who is asking, and how often they may.")
    entries = ", ".join(f"{m!r}: {p!r}" for m, p in names.items())
    text = f"{name}: Mapping[str, tuple[str, ...]] = {{{entries}}}"
    taken = module.decls.get(name)
    if taken is not None and taken.code != text:
        raise endpoint.refuse(
            "permission", f"{known.name}.perms_map", f"Two maps would be called {name}.", where
        )
    module.add(Decl(name, text, frozenset({Import("collections.abc", "Mapping")}), 12))
    return name
