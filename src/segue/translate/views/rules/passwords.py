"""``user.set_password(raw)`` → ``user.password = await PASSWORDS.make(raw)``."""

from __future__ import annotations

import ast
import re

from segue.refusal import Refused
from segue.snapshot.model import Class
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.scope import CALL
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import Const, Instance, Manager, Scalar, User
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete
from segue.translate.models.writing import save_problem
from segue.translate.needs import Needs
from segue.translate.rules.model_class import column_value, spread_values
from segue.translate.rules.own_save import own_save
from segue.translate.rules.receivers import saved_by, send_post_save, send_pre_save
from segue.translate.rules.registry import method

_HARMLESS = re.compile(r"await call\.data\(\)")
_VALIDATORS = "django.contrib.auth.password_validation."


@method(Instance, "set_password")
def set_password(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``AbstractBaseUser.set_password``; the next ``save()`` would call validators that keep passwords."""
    from segue.translate.views.authentication import passwords

    assert isinstance(owner.kind, Instance)
    ctx = frame.ctx
    user = ctx.snapshot.classes.get(ctx.model(owner.kind.model).cls)
    if (
        user is None
        or user.methods.get("set_password") != "django.contrib.auth.base_user.AbstractBaseUser.set_password"
    ):
        return None
    call.only("raw_password", at_most=1)
    raw = call.argument(0, "raw_password")
    if owner.kind.nullable or owner.node is None or raw is None or raw.node is None or not is_text(raw):
        raise frame.refuse(
            "password", ast.unparse(call.node), "Segue cannot tell what is hashed here.", call.node
        )
    validators = ctx.snapshot.settings.values.get("AUTH_PASSWORD_VALIDATORS")
    for entry in validators.items if validators is not None else ():
        names = [str(v.data or v.name) for k, v in entry.pairs if k.data == "NAME"]
        if any(not name.startswith(_VALIDATORS) and _keeps(ctx, name) for name in names):
            raise frame.refuse(
                "password",
                names[0],
                "A password validator that is not Django's may keep the new password.",
                call.node,
            )
    passwords(ctx, frame.where(call.node))
    frame.use(Import(f"{ctx.program.package}.access", "PASSWORDS"))
    if owner.kind.mode == "row":
        owner.kind.site.written = True
    frame.is_async = True
    frame.emit(f"{owner.text}.password = await PASSWORDS.make({raw.text})")
    return Val(Const(None))


@method(Instance, "set_unusable_password")
def set_unusable_password(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``AbstractBaseUser.set_unusable_password``: no password logs in."""
    from segue.translate.views.authentication import passwords

    assert isinstance(owner.kind, Instance)
    base = "django.contrib.auth.base_user.AbstractBaseUser.set_unusable_password"
    user = frame.ctx.snapshot.classes.get(frame.ctx.model(owner.kind.model).cls)
    if user is None or user.methods.get("set_unusable_password") != base or owner.kind.nullable:
        return None
    call.only(at_most=0)
    passwords(frame.ctx, frame.where(call.node))
    frame.use(Import(f"{frame.ctx.program.package}.access", "PASSWORDS"))
    if owner.kind.mode == "row":
        owner.kind.site.written = True
    frame.is_async = True
    frame.emit(f"{owner.text}.password = await PASSWORDS.make(None)")
    return Val(Const(None))


def _keeps(ctx: Context, name: str) -> bool:
    """Whether a validator of the project's may be told the new password (``password_changed``)."""
    known = ctx.snapshot.classes.get(name)
    return known is None or "password_changed" in known.methods


@method(Instance, "check_password")
def check_password(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``AbstractBaseUser.check_password``: a hash of old strength is stored anew."""
    from segue.translate.load.needs import column
    from segue.translate.views.authentication import passwords

    assert isinstance(owner.kind, Instance)
    ctx = frame.ctx
    label = ctx.model(owner.kind.model).label
    user = ctx.snapshot.classes.get(ctx.model(label).cls)
    base = "django.contrib.auth.base_user.AbstractBaseUser."
    if user is None or any(user.methods.get(n) != f"{base}{n}" for n in ("check_password", "set_password")):
        return None
    call.only("raw_password", at_most=1)
    raw = call.argument(0, "raw_password")
    if owner.kind.nullable or owner.node is None or raw is None or raw.node is None or not is_text(raw):
        raise frame.refuse(
            "password", ast.unparse(call.node), "Segue cannot tell what is checked here.", call.node
        )
    runs_code = saved_by(ctx, label) or own_save(ctx, label) is not None
    if runs_code and not _is_first(frame):
        raise frame.refuse(
            "password",
            ast.unparse(call.node),
            "Where the hash is of old strength the user is saved, which runs code of the project.",
            call.node,
        )
    passwords(ctx, frame.where(call.node))
    frame.use(Import(f"{ctx.program.package}.access", "PASSWORDS"))
    column(ctx, owner.kind.site, "password")
    if owner.kind.mode == "row":
        owner.kind.site.written = True
    helper = frame.imported("segue_bridge.auth.passwords", "check_password")
    upgrade = ", upgrade=False" if runs_code else ""
    made = quote(
        f"await {{0}}({{1}}, PASSWORDS, {{2}}, {{3}}{upgrade})", helper, frame.db, owner.node, raw.node
    )
    return Val(Scalar("bool"), made)


def _is_first(frame: Frame) -> bool:
    """Whether the view has done nothing yet but look at who asks and what is asked: the request can still be left to Django."""
    said = _HARMLESS.sub("", "\n".join(frame.lines))
    in_path_operation = frame.scope is not None and frame.scope.names == CALL.names
    return in_path_operation and not frame.captured and "await" not in said


@method(User, "check_password")
def check_of_request(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The same of ``request.user``."""
    from segue.translate.rules.user import entity_of

    return check_password(frame, entity_of(frame, owner), call)


@method(Manager, "create_user")
def create_user(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``UserManager.create_user``: name and address normalised, the password hashed, the row inserted."""
    from segue.translate.views.authentication import passwords

    assert isinstance(owner.kind, Manager)
    ctx = frame.ctx
    model = concrete(ctx, owner.kind.model)
    dotted = model.managers.get(owner.kind.name, "")
    known = ctx.snapshot.classes.get(dotted)
    defined = known.methods.get("create_user", "") if known is not None else f"{dotted}.create_user"
    user = ctx.snapshot.classes.get(model.cls)
    plain = "django.contrib.auth.base_user.AbstractBaseUser.normalize_username"
    if defined != "django.contrib.auth.models.UserManager.create_user" or user is None:
        return None
    inner = ("_create_user", "_create_user_object")
    if known is not None and any(not known.methods.get(m, "django.").startswith("django.") for m in inner):
        return None
    if user.methods.get("normalize_username") != plain or not _normal_email(known):
        return None
    spread_values(frame, model.label, call)
    fields = {f.name for f in model.fields}
    if call.args or not {"username", "email", "password", "is_staff", "is_superuser"} <= fields:
        raise frame.refuse(
            "create-user", ast.unparse(call.node), "Its arguments are not given by name.", call.node
        )
    problem = save_problem(ctx, model.label, set(call.kwargs))
    if problem is not None:
        raise Refused(problem)
    own_save(ctx, model.label)
    passwords(ctx, frame.where(call.node))
    frame.use(Import(f"{ctx.program.package}.access", "PASSWORDS"))
    cls, item = entity_type(ctx, model.label)
    frame.use(item)
    keywords = [ast.keyword(None, node) for node in call.double_star]
    for key, value in call.kwargs.items():
        keywords.append(ast.keyword(*column_value(frame, model.label, key, value, call.node)))
    values = ast.Call(frame.imported("segue_bridge.auth.users", "new_user"), [name("PASSWORDS")], keywords)
    made = ast.Call(name(cls), [], [ast.keyword(None, ast.Await(values))])
    frame.is_async = True
    local = name(frame.wished("user", call.node)) if not frame.no_hoist else None
    if local is None:
        local = frame.hoist("user", made, call.node)
    else:
        frame.emit(f"{ast.unparse(local)} = {ast.unparse(made)}")
    send_pre_save(frame, model.label, local, adding=True)
    frame.emit(f"await {ast.unparse(frame.db)}.insert({ast.unparse(local)})")
    send_post_save(frame, model.label, local, const(True))
    return Val(Instance(model.label, Needs(model.label, written=True), "entity"), local)


def _normal_email(manager: Class | None) -> bool:
    base = "django.contrib.auth.base_user.BaseUserManager.normalize_email"
    return manager is None or manager.methods.get("normalize_email", base) == base


@method(User, "set_password")
def of_request(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The same of ``request.user``."""
    from segue.translate.rules.user import entity_of

    return set_password(frame, entity_of(frame, owner), call)


def is_text(value: Val) -> bool:
    """Whether it is a text, None or anything of the request, as hashers take it."""
    kind = value.kind
    return (isinstance(kind, Scalar) and kind.type in ("str", "Any")) or (
        isinstance(kind, Const) and (kind.value is None or isinstance(kind.value, str))
    )
