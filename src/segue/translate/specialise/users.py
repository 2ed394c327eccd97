"""What every user answers whom DRF may find: those of ``AUTH_USER_MODEL``, and the anonymous one."""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refused
from segue.snapshot.model import Where
from segue.translate.context import Context

_ANONYMOUS = "django.contrib.auth.models.AnonymousUser"
_BASE = "django.contrib.auth.base_user.AbstractBaseUser"
_FLAGS = frozenset({"is_staff", "is_superuser", "is_active"})
# ``AnonymousUser`` has these as well.
_FIELDS = frozenset({*_FLAGS, "id", "username"})
_OF_DJANGO = frozenset({"is_authenticated", "is_anonymous", "is_active"})


def anonymous_is_djangos(ctx: Context) -> bool:
    """Whether ``request.user`` is Django's ``AnonymousUser`` where nobody is signed in: ``UNAUTHENTICATED_USER`` may be None."""
    framework = ctx.snapshot.settings.values.get("REST_FRAMEWORK")
    for key, value in framework.pairs if framework is not None else ():
        if key.data == "UNAUTHENTICATED_USER":
            return value.kind == "ref" and value.name == _ANONYMOUS
    return True  # DRF's default


def every_user_has(ctx: Context, name: str, *, flag: bool = False) -> bool:
    """Whether ``user.<name>`` is there for everybody, and nothing happens by asking for it; with ``flag`` only where it is a bool."""
    model = ctx.snapshot.models.get(ctx.snapshot.settings.user_model)
    known = ctx.snapshot.classes.get(model.cls) if model is not None else None
    if model is None or known is None or not anonymous_is_djangos(ctx) or "__getattribute__" in known.methods:
        return False
    field = next((f for f in model.fields if f.attname == name), None)
    if field is not None:
        plain = name not in known.methods and field.cls.startswith("django.db.models.")
        return (
            plain
            and name in (_FLAGS if flag else _FIELDS)
            and (name not in _FLAGS or (field.base.endswith(".BooleanField") and not field.null))
        )
    attribute = known.attributes.get(name)
    found = known.methods.get(name) or (f"{attribute.defined_in}.{name}" if attribute is not None else "")
    return name in _OF_DJANGO and found == f"{_BASE}.{name}"


def every_user_has_text(ctx: Context) -> bool:
    """Whether ``str(user)`` fails for nobody: Django's own, or one of plain columns alone."""
    from segue.translate.load.models import python_type

    model = ctx.snapshot.models.get(ctx.snapshot.settings.user_model)
    known = ctx.snapshot.classes.get(model.cls) if model is not None else None
    if model is None or known is None or not anonymous_is_djangos(ctx) or "__getattribute__" in known.methods:
        return False
    functions = ctx.snapshot.functions
    own = next(
        (f"{base}.__str__" for base in known.mro if f"{base}.__str__" in functions), "django.db.models."
    )
    name = known.methods.get("__str__", own)
    if name.startswith(("django.contrib.auth.", "django.db.models.")):
        return True
    function = functions.get(name)
    plain = {
        f.attname: f
        for f in model.fields
        if f.attname not in known.methods and f.cls.startswith("django.db.models.")
    }
    if function is None or function.wrapped_by:
        return False
    match ast.parse(textwrap.dedent(function.source)).body[0]:
        case ast.FunctionDef(body=[ast.Return(ast.Attribute(ast.Name("self"), column))]):
            found = plain.get(column)
            return found is not None and not found.null and python_type(ctx, found) == "str"
        case ast.FunctionDef(body=[ast.Return(ast.JoinedStr(parts))]):
            shown = [ast.unparse(p.value) for p in parts if isinstance(p, ast.FormattedValue)]
            return all(one.startswith("self.") and one.removeprefix("self.") in plain for one in shown)
    return False


def every_user_has_perm(ctx: Context) -> bool:
    """Whether ``user.has_perm(name)`` is Django's own, and only asks backends that do what Django's do."""
    from segue.translate.backends import check_permissions

    model = ctx.snapshot.models.get(ctx.snapshot.settings.user_model)
    known = ctx.snapshot.classes.get(model.cls) if model is not None else None
    if known is None or not known.methods.get("has_perm", "").startswith("django.contrib.auth."):
        return False
    try:
        check_permissions(ctx, Where(""))
    except Refused:
        return False
    return anonymous_is_djangos(ctx)


__all__ = ["anonymous_is_djangos", "every_user_has", "every_user_has_perm", "every_user_has_text"]
