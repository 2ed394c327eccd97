"""``AUTHENTICATION_BACKENDS``: what each contributes to sessions, passwords and permissions.

Django asks the backends for three separate things (``django.contrib.auth``): ``get_user`` loads the user of a
session, ``authenticate`` checks credentials, ``has_perm`` and its kin grant permissions. A backend of a package
or of the project usually changes one of them and inherits the others, so each is judged by itself.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable

from segue.refusal import Refused, refuse
from segue.snapshot.model import Class, Function, Where
from segue.translate.context import Context
from segue.translate.load.models import concrete
from segue.translate.specialise.fold import Ref, plain
from segue.translate.user_manager import check_user_manager
from segue.translate.user_permissions import hands_on

_DJANGO = "django.contrib.auth.backends."
_MODEL = f"{_DJANGO}ModelBackend"
_BASE = f"{_DJANGO}BaseBackend"
_ALL = f"{_DJANGO}AllowAllUsersModelBackend"
# Its ``__init__`` keeps ``get_user_model()`` as ``UserModel``.
_OIDC = "mozilla_django_oidc.auth.OIDCAuthenticationBackend."
_RULES = "rules.permissions.ObjectPermissionBackend"
GUARDIAN = "guardian.backends.ObjectPermissionBackend"
_USER_QUERIES = ("get_user", "user_can_authenticate")
_PERMISSIONS = (
    "has_perm", "get_all_permissions", "get_user_permissions", "get_group_permissions",
    "_get_permissions", "_get_user_permissions", "_get_group_permissions",
)  # fmt: skip
_MIXIN = "django.contrib.auth.models.PermissionsMixin."
# What ``AbstractBaseUser`` says; the generated code knows no other answer.
_FLAGS = {"is_authenticated": True, "is_anonymous": False, "is_active": True}
# They answer None unless they are given what only their own views give (``backend=``, ``strategy=``, ``response=``).
_BY_OTHER_CREDENTIALS = frozenset(
    {
        "social_core.backends.base.BaseAuth.authenticate",
        "rules.permissions.ObjectPermissionBackend.authenticate",
        "guardian.backends.ObjectPermissionBackend.authenticate",
    }
)
_AUTH_MODELS = ("django.contrib.auth.base_user.", "django.contrib.auth.models.")


def names(ctx: Context) -> list[str]:
    """The dotted names of the setting."""
    value = ctx.snapshot.settings.values.get("AUTHENTICATION_BACKENDS")
    found = [_MODEL] if value is None else plain(value) or []
    return [b.name if isinstance(b, Ref) else str(b) for b in found]


def of_sessions(ctx: Context, where: Where) -> list[str]:
    """The backends whose sessions have a user.

    ``django.contrib.auth.get_user`` asks the backend that the session names, and gives the anonymous user for the session of
    any other. Raises :class:`Refused` where all that load users have a ``get_user`` that does more than to look for the key.
    """
    loading = [name for name in names(ctx) if _loads(ctx, name)]
    own = left_to_django(ctx)
    if own and not loading:
        why = "Users of sessions are loaded by this backend's own get_user."
        raise _refused(ctx, own[0], "get_user", why, where)
    if loading:
        check_user_manager(ctx, where)
        if ties_sessions(ctx):
            for method in ("get_session_auth_hash", "get_session_auth_fallback_hash"):
                _check_user(ctx, method, "The user ties sessions to something of its own.")
    return loading


def left_to_django(ctx: Context) -> list[str]:
    """The backends with a ``get_user`` of their own: who logged in by one of them is asked of Django."""
    return [name for name in names(ctx) if not _loads(ctx, name) and not _is_silent(ctx, name, ("get_user",))]


def _loads(ctx: Context, name: str) -> bool:
    return _inherits(ctx, name, _USER_QUERIES) or loads_inactive(ctx, name)


def loads_inactive(ctx: Context, name: str) -> bool:
    """Whether the backend's ``get_user`` gives every user there is, active or not.

    Such are ``AllowAllUsersModelBackend``, mozilla-django-oidc's and many a project's own:
    ``try: return User.objects.get(pk=user_id)``, ``except User.DoesNotExist: return None``.
    """
    if name == _ALL:
        return True
    cls = _class(ctx, name)
    if cls is None:
        return False
    found = cls.methods.get("get_user", "")
    if found == f"{_MODEL}.get_user":
        return cls.methods.get("user_can_authenticate") == f"{_ALL}.user_can_authenticate"
    function = ctx.snapshot.functions.get(found)
    return function is not None and _finds_by_key(ctx, cls, function)


def _finds_by_key(ctx: Context, cls: Class, function: Function) -> bool:
    """Whether ``get_user`` is the query by the key alone, with the manager that finds every user."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) != 2 or tree.decorator_list:
        return False
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    match body:
        case [
            ast.Try(
                [ast.Return(ast.Call(ast.Attribute(ast.Attribute(model, manager), "get"), [], [keyword]))],
                [ast.ExceptHandler(ast.Attribute(missing, "DoesNotExist"), None, [ast.Return(nothing)])],
                [],
                [],
            )
        ]:
            pass
        case _:
            return False
    label = ctx.snapshot.settings.user_model
    user = concrete(ctx, label)
    default = user.default_manager or "objects"
    key = next((f.name for f in user.fields if f.attname == user.pk or f.name == user.pk), "pk")
    return (
        ast.unparse(model) == ast.unparse(missing)
        and _is_user_model(ctx, cls, function, model, user.cls)
        and manager in ("_default_manager", default)
        and keyword.arg in ("pk", key)
        and ast.unparse(keyword.value) == tree.args.args[1].arg
        and (nothing is None or (isinstance(nothing, ast.Constant) and nothing.value is None))
    )


def _is_user_model(ctx: Context, cls: Class, function: Function, node: ast.expr, user: str) -> bool:
    """Whether ``node`` names the user model: by itself, or as mozilla-django-oidc's backends keep it."""
    if ast.unparse(node) == "self.UserModel":
        made = cls.methods.get("__init__", "")
        above = ctx.snapshot.functions.get(made)
        hands_on = (
            above is not None and "super().__init__(" in above.source and "UserModel" not in above.source
        )
        return (made.startswith(_OIDC) or hands_on) and _OIDC.rstrip(".") in cls.mro
    found = function.globals.get(ast.unparse(node))
    return found is not None and found.name == user


def ties_sessions(ctx: Context) -> bool:
    """Whether a session ends when its user's password changes: ``django.contrib.auth.get_user`` compares hashes only
    for a user that has ``get_session_auth_hash``, which one without ``AbstractBaseUser`` need not have."""
    user = ctx.snapshot.classes.get(concrete(ctx, ctx.snapshot.settings.user_model).cls)
    return user is None or "get_session_auth_hash" in user.methods


def takes_passwords(ctx: Context) -> bool:
    """Whether any backend can be asked for a user by ``username=`` and ``password=``."""
    return any(
        not _is_silent(ctx, name, ("authenticate",)) and _takes(ctx, name, _CREDENTIALS)
        for name in names(ctx)
    )


def check_login_receivers(ctx: Context) -> None:
    """Raise :class:`Refused` where something listens to ``user_login_failed``."""
    for receiver in ctx.snapshot.receivers:
        if receiver.signal.rpartition(".")[2] == "user_login_failed":
            why = "A receiver of the signal runs when a password is wrong."
            raise refuse("signal", f"user_login_failed → {receiver.function}", why, receiver.where)


_CREDENTIALS = frozenset({"username", "password"})


def asked_for(ctx: Context, where: Where, given: frozenset[str]) -> list[tuple[str, Function | None]]:
    """The backends that ``authenticate`` asks with credentials of these names, and what it calls of each: None for
    ``ModelBackend``'s own. Raises :class:`Refused` where none is asked or one cannot be read."""
    found: list[tuple[str, Function | None]] = []
    for name in names(ctx):
        if _inherits(ctx, name, ("authenticate", "user_can_authenticate")):
            found.append((name, None))
        elif not _is_silent(ctx, name, ("authenticate",)) and _takes(ctx, name, given):
            found.append((name, _own_authenticate(ctx, name, where)))
    if not found:
        raise refuse(
            "authentication-backend", "ModelBackend", "No backend of the project checks passwords.", where
        )
    if any(function is None for _, function in found):
        check_by_name(ctx, where)
    check_login_receivers(ctx)
    return found


def _own_authenticate(ctx: Context, name: str, where: Where) -> Function:
    cls = _class(ctx, name)
    function = ctx.snapshot.functions.get(cls.methods.get("authenticate", "")) if cls is not None else None
    if function is None:
        why = "Passwords are checked by this backend's own authenticate."
        raise _refused(ctx, name, "authenticate", why, where)
    if "PermissionDenied" in function.source:
        why = "PermissionDenied ends the search: no other backend is asked."
        raise _refused(ctx, name, "authenticate", why, where)
    return function


def check_by_name(ctx: Context, where: Where) -> None:
    """Raise :class:`Refused` unless users are found by name and check passwords as ``ModelBackend`` expects."""
    check_user_manager(ctx, where, natural_key=True)
    _check_user(ctx, "check_password", "The user checks passwords itself.")


def check_passwords(ctx: Context, where: Where, given: frozenset[str] = _CREDENTIALS) -> None:
    """Raise :class:`Refused` unless ``authenticate(username=, password=)`` is ``ModelBackend``'s alone; ``given`` are the
    names of the credentials."""
    checking = 0
    for name in names(ctx):
        if _inherits(ctx, name, ("authenticate", "user_can_authenticate")):
            checking += 1
        elif not _is_silent(ctx, name, ("authenticate",)) and _takes(ctx, name, given):
            why = "Passwords are checked by this backend's own authenticate."
            raise _refused(ctx, name, "authenticate", why, where)
    if not checking:
        raise refuse(
            "authentication-backend", "ModelBackend", "No backend of the project checks passwords.", where
        )
    check_by_name(ctx, where)
    check_login_receivers(ctx)


def upgrades_passwords(ctx: Context) -> bool:
    """Whether storing a stronger hash is all that Django does at a login with an old one (``user.save``)."""
    label = ctx.snapshot.settings.user_model
    user = ctx.snapshot.classes.get(concrete(ctx, label).cls)
    for method in ("save", "save_base", "set_password"):
        found = user.methods.get(method, "") if user is not None else ""
        if found and not found.startswith(("django.db.models.", *_AUTH_MODELS)):
            return False
    return not any(
        receiver.signal.rpartition(".")[2] in ("pre_save", "post_save")
        and receiver.sender in ("", label)
        and not receiver.function.startswith(("django.", "rest_framework."))
        for receiver in ctx.snapshot.receivers
    )


def check_permissions(ctx: Context, where: Where) -> None:
    """Raise :class:`Refused` unless ``user.has_perm`` is what ``ModelBackend`` grants.

    A backend without ``has_perm`` is passed over (``django.contrib.auth.models._user_has_perm``), and
    ``BaseBackend``'s grants nothing.
    """
    label = ctx.snapshot.settings.user_model
    model = ctx.snapshot.models.get(label)
    user = ctx.snapshot.classes.get(model.cls) if model is not None else None
    for method in ("has_perm", "has_perms"):
        found = user.methods.get(method, "") if user is not None else ""
        function = ctx.snapshot.functions.get(found)
        if method == "has_perm" and function is not None and user is not None and _hands_on(user, function):
            continue
        if found != _MIXIN + method:
            why = "The user model has permissions of its own."
            place = function.where if function is not None else user.where if user is not None else where
            raise refuse("user-permissions", f"{label}.{method}", why, place)
    check_flag(ctx, "is_superuser", where)
    granting = 0
    for name in names(ctx):
        if _inherits(ctx, name, _PERMISSIONS):
            granting += 1
        elif name != GUARDIAN and not _is_silent(
            ctx, name, _PERMISSIONS
        ):  # that one answers for objects only
            why = "This backend grants permissions of its own."
            raise _refused(ctx, name, "has_perm", why, where)
    if not granting:
        raise refuse(
            "authentication-backend", "ModelBackend", "No backend of the project grants permissions.", where
        )


def check_object_permissions(ctx: Context, where: Where, by: str = _RULES) -> None:
    """Raise :class:`Refused` unless, of an object, the backend ``by`` alone says what a user may do.

    ``ModelBackend`` grants nothing for one, and a backend without ``has_perm`` is passed over.
    """
    for name in names(ctx):
        if name != by and not _inherits(ctx, name, _PERMISSIONS) and not _is_silent(ctx, name, _PERMISSIONS):
            raise _refused(ctx, name, "has_perm", "This backend grants permissions of its own.", where)


def check_flag(ctx: Context, name: str, where: Where) -> None:
    """Raise :class:`Refused` unless ``user.<name>`` is Django's own or a column of the user model.

    Many projects make ``is_staff`` or ``is_active`` a property; what reads the column would then be wrong.
    """
    label = ctx.snapshot.settings.user_model
    model = ctx.snapshot.models.get(label)
    user = ctx.snapshot.classes.get(model.cls) if model is not None else None
    if model is None or user is None or any(f.attname == name for f in model.fields):
        return
    attribute = user.attributes.get(name)
    found = user.methods.get(name) or (attribute.defined_in if attribute is not None else "")
    function = ctx.snapshot.functions.get(found)
    if function is not None and _always(function) is _FLAGS.get(name, ...):
        return
    if not found.startswith(_AUTH_MODELS):
        why = "It is neither a column nor Django's own."
        raise refuse("user-model", f"{label}.{name}", why, user.where)


def _always(function: Function) -> bool | None:
    """The constant that a property returns whatever happens; None for any other."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if function.role != "property" or not isinstance(tree, ast.FunctionDef):
        return None
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match body:
        case [ast.Return(value=ast.Constant(value=bool() as value))]:
            return value
    return None


def _hands_on(user: Class, function: Function) -> bool:
    """Whether ``has_perm`` of the user is Django's for what DRF and most code ask, and nothing is between them."""
    behind = list(user.mro)[list(user.mro).index(function.owner) + 1 :] if function.owner in user.mro else []
    mixin = _MIXIN.removesuffix(".")
    if mixin not in behind:
        return False
    between = behind[: behind.index(mixin)]
    return hands_on(function) and not any(f"{cls}.has_perm" in user.methods.values() for cls in between)


def _check_user(ctx: Context, method: str, why: str) -> None:
    """Raise :class:`Refused` unless ``method`` of the user is ``AbstractBaseUser``'s.

    ``get_session_auth_fallback_hash`` came with Django 4.1.8 and is not looked for before.
    """
    label = ctx.snapshot.settings.user_model
    user = ctx.snapshot.classes.get(concrete(ctx, label).cls)
    if user is None:
        return
    found = user.methods.get(method, "")
    if not found and method == "get_session_auth_fallback_hash":
        return
    if not found.startswith(_AUTH_MODELS):
        function = ctx.snapshot.functions.get(found)
        place = function.where if function is not None else user.where
        raise refuse("user-model", f"{label}.{method}", why, place)


def _inherits(ctx: Context, name: str, methods: Iterable[str]) -> bool:
    """Whether all ``methods`` of the backend are ``ModelBackend``'s."""
    if name == _MODEL:
        return True
    cls = _class(ctx, name)
    return (
        cls is not None
        and _MODEL in cls.mro
        and all(cls.methods.get(m, "").startswith((f"{_MODEL}.", f"{_BASE}.")) for m in methods)
    )


def _is_silent(ctx: Context, name: str, methods: Iterable[str]) -> bool:
    """Whether the backend has none of ``methods``, or ``BaseBackend``'s, which answer nothing."""
    if name == _BASE:
        return True
    cls = _class(ctx, name)
    return cls is not None and all(cls.methods.get(m, f"{_BASE}.").startswith(f"{_BASE}.") for m in methods)


def _takes(ctx: Context, name: str, given: frozenset[str]) -> bool:
    """Whether ``authenticate(request, …)`` can be called with these names at all; Django passes others over."""
    cls = _class(ctx, name)
    if cls is not None and cls.methods.get("authenticate") in _BY_OTHER_CREDENTIALS:
        return False
    function = ctx.snapshot.functions.get(cls.methods.get("authenticate", "")) if cls is not None else None
    if function is None:
        return True
    node = next(
        (n for n in ast.walk(ast.parse(textwrap.dedent(function.source))) if isinstance(n, ast.FunctionDef)),
        None,
    )
    if node is None or node.decorator_list:
        return True
    arguments = node.args
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)][2:]  # self, request
    optional = positional[len(positional) - len(arguments.defaults) :] if arguments.defaults else []
    needed = {a for a in positional if a not in optional}
    needed |= {a.arg for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is None}
    named = {*positional, *(a.arg for a in arguments.kwonlyargs)} - {a.arg for a in arguments.posonlyargs}
    return needed <= given and (arguments.kwarg is not None or given <= named)


def _class(ctx: Context, name: str) -> Class | None:
    return ctx.snapshot.classes.get(name)


def _refused(ctx: Context, name: str, method: str, why: str, where: Where) -> Refused:
    cls = _class(ctx, name)
    if cls is None:
        return refuse("authentication-backend", name, why, where)
    function = ctx.snapshot.functions.get(cls.methods.get(method, ""))
    return refuse(
        "authentication-backend", f"{name}.{method}", why, function.where if function else cls.where
    )
